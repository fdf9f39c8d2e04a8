//! One server session: its cookies, and signing in again when the vault has forgotten it.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};
use http::HeaderMap;

use crate::cookies::Cookies;
use crate::error::Error;

/// A sign-in on its way. Whoever waits for it drives it, and it is given up with the last of them.
pub(super) type SigningIn = Shared<Beginning>;

/// What a sign-in is before it is shared.
pub(super) type Beginning = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A server session that calls go through one after the other; the vault sees to that.
pub(super) struct Lane {
    /// Its place among those of one session; the first has number 0.
    number: usize,
    books: Mutex<Books>,
    /// Calls that are on their way.
    busy: AtomicUsize,
    /// The vault did not want another session; this one is left alone.
    is_closed: AtomicBool,
}

struct Books {
    state: State,
    signing_in: Option<WeakShared<Beginning>>,
}

#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) cookies: Cookies,
    /// Whether it is signed in, as far as we know.
    pub(super) is_begun: bool,
    /// Raised with each sign-in, so that one expiry causes one sign-in.
    generation: u64,
    /// Raised with each sign-in that failed, so that those who waited for it share its outcome: a
    /// refused password is sent once, not once for each call that waits.
    failures: u64,
    last_failure: Option<Error>,
}

/// A call on its way through a lane.
pub(super) struct Ride(Arc<Lane>);

impl Ride {
    pub(super) fn lane(&self) -> &Arc<Lane> {
        &self.0
    }
}

impl Drop for Ride {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Lane {
    /// The one that somebody has just signed in.
    pub(super) fn first(cookies: Cookies) -> Arc<Self> {
        Self::new(0, State { cookies, is_begun: true, ..State::default() })
    }

    /// One that may be begun.
    pub(super) fn further(number: usize) -> Arc<Self> {
        Self::new(number, State::default())
    }

    fn new(number: usize, state: State) -> Arc<Self> {
        let books = Mutex::new(Books { state, signing_in: None });
        Arc::new(Self {
            number,
            books,
            busy: AtomicUsize::new(0),
            is_closed: AtomicBool::new(false),
        })
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn is_first(&self) -> bool {
        self.number == 0
    }

    pub(super) fn ride(self: &Arc<Self>) -> Ride {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Ride(Arc::clone(self))
    }

    pub(super) fn calls(&self) -> usize {
        self.busy.load(Ordering::Relaxed)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is signed in, without a copy of its cookies.
    pub(super) fn is_begun(&self) -> bool {
        self.books().state.is_begun
    }

    pub(super) fn state(&self) -> State {
        self.books().state.clone()
    }

    /// Whether nobody has signed in or out since.
    pub(super) fn is_still(&self, before: &State) -> bool {
        self.books().state.generation == before.generation
    }

    /// A balancer may move the session to another node and set its cookie anew.
    pub(super) fn keep_cookies(&self, sent_with: &State, headers: &HeaderMap) {
        let state = &mut self.books().state;
        if state.generation == sent_with.generation {
            state.cookies.take(headers);
        }
    }

    /// A sign-in that is on its way, for whoever wants to see its end.
    pub(super) fn signing_in(&self) -> Option<SigningIn> {
        self.books().signing_in.as_ref()?.upgrade()
    }

    /// Signs in by what `begin` makes, after the session of `expired` was refused, unless somebody
    /// else does, just has, or has just been refused. What `begin` makes ends with
    /// [`settle`](Self::settle).
    pub(super) async fn sign_in_again(
        &self,
        expired: &State,
        begin: impl FnOnce() -> Beginning,
    ) -> Result<(), Error> {
        let signing_in = {
            let Books { state, signing_in } = &mut *self.books();
            if state.is_begun && state.generation != expired.generation {
                return Ok(());
            }
            if state.failures != expired.failures
                && let Some(failure) = &state.last_failure
            {
                return Err(failure.clone());
            }
            let running = signing_in.as_ref().and_then(WeakShared::upgrade);
            running.unwrap_or_else(|| {
                let shared = begin().shared();
                *signing_in = shared.downgrade();
                shared
            })
        };
        signing_in.await
    }

    /// What a sign-in came to.
    pub(super) fn settle(&self, begun: Result<Cookies, Error>) -> Result<(), Error> {
        let Books { state, signing_in } = &mut *self.books();
        *signing_in = None;
        match begun {
            Ok(cookies) => {
                let (generation, failures) = (state.generation + 1, state.failures);
                *state =
                    State { cookies, is_begun: true, generation, failures, last_failure: None };
                Ok(())
            }
            Err(error) => {
                state.failures += 1;
                state.last_failure = Some(error.clone());
                Err(error)
            }
        }
    }

    /// The session of `ended` is over, and its cookies are of no use any more.
    pub(super) fn forget(&self, ended: &State) {
        let state = &mut self.books().state;
        if state.generation == ended.generation {
            state.is_begun = false;
            state.cookies = Cookies::default();
            state.generation += 1;
        }
    }
}
