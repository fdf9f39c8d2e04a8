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

/// The sign-ins of all lanes. They are all by the same password, which is not sent once for each
/// lane when it is refused, nor once for each call that waits: vaults lock users for that.
#[derive(Default)]
pub(super) struct SignIns(Mutex<Ledger>);

#[derive(Default)]
struct Ledger {
    failures: u64,
    /// Of the last one.
    failure: Option<Error>,
    /// One that goes ahead. When it is in, all others go at once.
    scout: Option<WeakShared<Beginning>>,
}

impl SignIns {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many have failed.
    pub(super) fn failures(&self) -> u64 {
        self.ledger().failures
    }

    /// What became of one.
    pub(super) fn ended<A>(&self, outcome: &Result<A, Error>) {
        let mut ledger = self.ledger();
        ledger.failures += u64::from(outcome.is_err());
        ledger.failure = outcome.as_ref().err().cloned();
    }

    /// What `begin` makes, which is given the scout, or is it; unless the last one was a failure,
    /// and there had been only so many before.
    fn follow(
        &self,
        failures: u64,
        begin: impl FnOnce(Option<SigningIn>) -> Beginning,
    ) -> Result<SigningIn, Error> {
        let mut ledger = self.ledger();
        if ledger.failures != failures
            && let Some(failure) = &ledger.failure
        {
            return Err(failure.clone());
        }
        let scout = ledger.scout.as_ref().and_then(WeakShared::upgrade);
        let scout = scout.filter(|scout| scout.peek().is_none());
        let is_scout = scout.is_none();
        let shared = begin(scout).shared();
        if is_scout {
            ledger.scout = shared.downgrade();
        }
        Ok(shared)
    }
}

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
    /// else does, just has, or has failed since there were so many `failures`. What `begin` makes
    /// waits for the sign-in it is given, and ends with [`settle`](Self::settle).
    pub(super) async fn sign_in_again(
        &self,
        expired: &State,
        (sign_ins, failures): (&SignIns, u64),
        begin: impl FnOnce(Option<SigningIn>) -> Beginning,
    ) -> Result<(), Error> {
        let signing_in = {
            let Books { state, signing_in } = &mut *self.books();
            if state.is_begun && state.generation != expired.generation {
                return Ok(());
            }
            match signing_in.as_ref().and_then(WeakShared::upgrade) {
                Some(running) => running,
                None => {
                    let shared = sign_ins.follow(failures, begin)?;
                    *signing_in = shared.downgrade();
                    shared
                }
            }
        };
        signing_in.await
    }

    /// What a sign-in came to.
    pub(super) fn settle(&self, begun: Result<Cookies, Error>) -> Result<(), Error> {
        let Books { state, signing_in } = &mut *self.books();
        *signing_in = None;
        let cookies = begun?;
        *state = State { cookies, is_begun: true, generation: state.generation + 1 };
        Ok(())
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
