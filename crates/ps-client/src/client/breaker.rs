//! A circuit breaker: a vault that fails is left alone for a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::metrics::BreakerState;

/// When calls are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerPolicy {
    /// After so many failures in a row: 8 unless it is changed.
    pub failures: u32,
    /// For so long: 15 s. Then one call is sent, and its fate decides.
    pub pause: Duration,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self { failures: 8, pause: Duration::from_secs(15) }
    }
}

/// One vault's breaker. It has no clock: every question brings the time.
#[derive(Debug)]
pub(crate) struct Breaker {
    policy: BreakerPolicy,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// So many failures in a row.
    Closed(u32),
    /// Until then.
    Open(Instant),
    /// One call is on its way; if nothing is heard of it, the next goes at that time.
    HalfOpen(Instant),
}

impl Breaker {
    pub(crate) fn new(mut policy: BreakerPolicy) -> Self {
        // A time that clocks can be set to.
        policy.pause = policy.pause.min(Duration::from_secs(86_400));
        Self { policy, state: Mutex::new(State::Closed(0)) }
    }

    /// Whether a call may be sent now; else how long calls are held back yet. The second value is
    /// the state that was entered, if that is news.
    pub(crate) fn ask(&self, now: Instant) -> (Result<(), Duration>, Option<BreakerState>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            State::Closed(_) => (Ok(()), None),
            State::Open(until) | State::HalfOpen(until) if now < until => {
                (Err(until.duration_since(now)), None)
            }
            State::Open(_) | State::HalfOpen(_) => {
                // A call that was dropped says nothing, and must not hold the others for ever.
                *state = State::HalfOpen(now + self.policy.pause);
                (Ok(()), Some(BreakerState::HalfOpen))
            }
        }
    }

    /// What a call came to: whether the vault was there at all.
    pub(crate) fn tell(&self, now: Instant, was_there: bool) -> Option<BreakerState> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, news) = match (*state, was_there) {
            (State::Closed(0), true) => return None,
            (State::Closed(_), true) => (State::Closed(0), None),
            (State::Open(_) | State::HalfOpen(_), true) => {
                (State::Closed(0), Some(BreakerState::Closed))
            }
            (State::Closed(failures), false) if failures + 1 < self.policy.failures => {
                (State::Closed(failures + 1), None)
            }
            (State::Open(until), false) => (State::Open(until), None),
            (State::Closed(_) | State::HalfOpen(_), false) => {
                (State::Open(now + self.policy.pause), Some(BreakerState::Open))
            }
        };
        *state = next;
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: BreakerPolicy = BreakerPolicy { failures: 3, pause: Duration::from_secs(10) };

    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    fn start() -> Instant {
        Instant::now()
    }

    fn opened(now: Instant) -> Breaker {
        let breaker = Breaker::new(POLICY);
        assert_eq!(breaker.tell(now, false), None);
        assert_eq!(breaker.tell(now, false), None);
        assert_eq!(breaker.tell(now, false), Some(BreakerState::Open));
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_success_between_does_not() {
        let now = start();
        let breaker = Breaker::new(POLICY);
        for was_there in [false, false, true, false, false] {
            assert_eq!(breaker.tell(now, was_there), None);
            assert_eq!(breaker.ask(now), (Ok(()), None));
        }
        assert_eq!(breaker.tell(now, false), Some(BreakerState::Open));
        assert_eq!(breaker.ask(now), (Err(POLICY.pause), None));
    }

    #[test]
    fn after_the_pause_one_call_goes_and_its_success_lets_the_others_through() {
        let now = start();
        let breaker = opened(now);
        let later = now + POLICY.pause;
        assert_eq!(breaker.ask(later), (Ok(()), Some(BreakerState::HalfOpen)));
        assert!(breaker.ask(later).0.is_err(), "only one");
        assert_eq!(breaker.tell(later, true), Some(BreakerState::Closed));
        assert_eq!(breaker.ask(later), (Ok(()), None));
    }

    #[test]
    fn a_probe_that_fails_opens_it_again_and_one_that_is_dropped_is_followed_by_another() {
        let now = start();
        let breaker = opened(now);
        let later = now + POLICY.pause;
        breaker.ask(later).0.unwrap();
        assert_eq!(breaker.tell(later, false), Some(BreakerState::Open));
        assert!(breaker.ask(later).0.is_err());
        let again = later + POLICY.pause;
        breaker.ask(again).0.unwrap();
        assert!(breaker.ask(again).0.is_err());
        assert_eq!(breaker.ask(again + POLICY.pause).0, Ok(()));
    }
}
