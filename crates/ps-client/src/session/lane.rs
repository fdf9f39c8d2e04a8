//! One server session: its cookies, and signing in again when the vault has forgotten it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Mutex as AsyncMutex;

use crate::cookies::Cookies;
use crate::endpoint::ApiAnswer;
use crate::error::Error;

/// A server session that calls go through one after the other; the vault sees to that.
pub(super) struct Lane {
    state: Mutex<State>,
    /// Held by the one who signs in again; the others wait for it.
    signing_in: AsyncMutex<()>,
    /// Calls that are on their way.
    busy: AtomicUsize,
    /// The vault did not want another session; this one is left alone.
    is_closed: AtomicBool,
}

#[derive(Clone)]
pub(super) struct State {
    pub(super) cookies: Cookies,
    /// Whether it was ever signed in.
    is_begun: bool,
    /// Raised with each sign-in, so that one expiry causes one sign-in.
    generation: u64,
    /// Raised with each sign-in that failed, so that those who waited for it share its outcome: a
    /// refused password is sent once, not once for each call that waits.
    failures: u64,
    last_failure: Option<Error>,
}

/// A call on its way through a lane.
pub(super) struct Ride<'a>(&'a Lane);

impl Drop for Ride<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Lane {
    pub(super) fn begun(cookies: Cookies) -> Self {
        Self::new(cookies, true)
    }

    pub(super) fn later() -> Self {
        Self::new(Cookies::default(), false)
    }

    fn new(cookies: Cookies, is_begun: bool) -> Self {
        let state = State { cookies, is_begun, generation: 0, failures: 0, last_failure: None };
        Self {
            state: Mutex::new(state),
            signing_in: AsyncMutex::new(()),
            busy: AtomicUsize::new(0),
            is_closed: AtomicBool::new(false),
        }
    }

    pub(super) fn ride(&self) -> Ride<'_> {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Ride(self)
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

    /// Whether it was ever signed in, without a copy of its cookies.
    pub(super) fn is_begun(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_begun
    }

    pub(super) fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A balancer may move the session to another node and set its cookie anew.
    pub(super) fn keep_cookies(&self, sent_with: &State, answer: &ApiAnswer) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.generation == sent_with.generation {
            state.cookies.take(&answer.0.headers);
        }
    }

    /// Signs in by `begin` after the session of `expired` was refused, unless somebody else just
    /// has, or has just been refused.
    pub(super) async fn sign_in_again(
        &self,
        expired: &State,
        begin: impl Future<Output = Result<Cookies, Error>>,
    ) -> Result<(), Error> {
        let _only_one = self.signing_in.lock().await;
        let now = self.state();
        if now.generation != expired.generation {
            return Ok(());
        }
        if now.failures != expired.failures
            && let Some(failure) = now.last_failure
        {
            return Err(failure);
        }
        let begun = begin.await;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match begun {
            Ok(cookies) => {
                let State { generation, failures, .. } = now;
                let generation = generation + 1;
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

    /// Nobody uses the cookies any more.
    pub(super) fn forget(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_begun = false;
        state.cookies = Cookies::default();
        state.generation += 1;
    }
}
