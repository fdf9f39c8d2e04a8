//! A circuit breaker: a vault that fails is left alone for a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::metrics::BreakerState;

/// When calls are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerPolicy {
    /// After so many failures in a row: 8 unless it is changed.
    pub failures: u32,
    /// For so long: 15 s. Then one call is sent, and its fate decides.
    pub pause: Duration,
    /// A call that was not answered for so long when its caller gave it up is a failure: 5 s.
    /// One that was given up earlier says nothing about the vault, nor does a sign-in, which may
    /// wait for a person.
    pub patience: Duration,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self { failures: 8, pause: Duration::from_secs(15), patience: Duration::from_secs(5) }
    }
}

/// One vault's breaker. It has no clock: every question brings the time.
#[derive(Debug)]
pub(crate) struct Breaker {
    policy: BreakerPolicy,
    state: Mutex<State>,
}

#[derive(Clone, Debug)]
enum State {
    /// So many failures in a row.
    Closed(u32),
    /// Until then, after this failure.
    Open(Instant, Error),
    /// One call is on its way; if nothing is heard of it, the next goes at that time.
    HalfOpen(Instant, Error),
}

/// Leave to send one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// As always.
    Usual,
    /// To see whether the vault is back; nobody else goes until then.
    Probe(Instant),
}

/// No leave to send a call.
#[derive(Debug)]
pub(crate) struct HeldBack {
    /// For how long yet.
    pub(crate) left: Duration,
    /// Why.
    pub(crate) last: Error,
}

/// What became of a call.
#[derive(Debug)]
pub(crate) enum Fate {
    /// Whatever it was, the vault answered.
    Answered,
    /// The vault was not there, or failed.
    Failed(Error),
    /// There was no connection to be trusted. Whether the vault is well nobody knows, but a call
    /// that was to find out has not.
    Unclear(Error),
    /// The caller did not wait for the end.
    Dropped,
}

impl Breaker {
    pub(crate) fn new(mut policy: BreakerPolicy) -> Self {
        // A time that clocks can be set to.
        policy.pause = policy.pause.min(Duration::from_secs(86_400));
        Self { policy, state: Mutex::new(State::Closed(0)) }
    }

    /// Whether a caller who gave up after `waited` has seen the vault fail.
    pub(crate) fn is_out_of_patience(&self, waited: Duration) -> bool {
        waited >= self.policy.patience
    }

    /// Whether a call may be sent now. The second value is the state that was entered, if that is
    /// news.
    pub(crate) fn ask(&self, now: Instant) -> Result<(Turn, Option<BreakerState>), HeldBack> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, last) = match &*state {
            State::Closed(_) => return Ok((Turn::Usual, None)),
            State::Open(until, last) | State::HalfOpen(until, last) => (*until, last.clone()),
        };
        if now < until {
            return Err(HeldBack { left: until.duration_since(now), last });
        }
        // Nothing may ever be heard of it; that must not hold the others for ever.
        let until = now + self.policy.pause;
        *state = State::HalfOpen(until, last);
        Ok((Turn::Probe(until), Some(BreakerState::HalfOpen)))
    }

    /// What became of a call that had that turn; the state that was entered, if that is news.
    pub(crate) fn tell(&self, now: Instant, turn: Turn, fate: Fate) -> Option<BreakerState> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_the_probe = matches!((&*state, turn), (State::HalfOpen(one, _), Turn::Probe(other)) if *one == other);
        match fate {
            Fate::Answered => {
                let was_closed = matches!(*state, State::Closed(_));
                *state = State::Closed(0);
                (!was_closed).then_some(BreakerState::Closed)
            }
            Fate::Failed(error) => {
                match &*state {
                    State::Open(..) => return None,
                    State::Closed(failures) if failures + 1 < self.policy.failures => {
                        *state = State::Closed(failures + 1);
                        return None;
                    }
                    State::Closed(_) | State::HalfOpen(..) => {}
                }
                *state = State::Open(now + self.policy.pause, error);
                Some(BreakerState::Open)
            }
            Fate::Unclear(error) if is_the_probe => {
                *state = State::Open(now + self.policy.pause, error);
                Some(BreakerState::Open)
            }
            Fate::Dropped if is_the_probe => {
                // The next call finds out instead, without waiting.
                if let State::HalfOpen(until, _) = &mut *state {
                    *until = now;
                }
                None
            }
            Fate::Unclear(_) | Fate::Dropped => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    const POLICY: BreakerPolicy = BreakerPolicy {
        failures: 3,
        pause: Duration::from_secs(10),
        patience: Duration::from_secs(5),
    };

    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    fn start() -> Instant {
        Instant::now()
    }

    fn failed(endpoint: &'static str) -> Fate {
        Fate::Failed(Error::new(endpoint, ErrorKind::Server))
    }

    fn opened(now: Instant) -> Breaker {
        let breaker = Breaker::new(POLICY);
        assert_eq!(breaker.tell(now, Turn::Usual, failed("GET A")), None);
        assert_eq!(breaker.tell(now, Turn::Usual, failed("GET B")), None);
        let news = breaker.tell(now, Turn::Usual, failed("GET C"));
        assert_eq!(news, Some(BreakerState::Open));
        breaker
    }

    /// The turn of the one call that goes after the pause.
    fn probe(breaker: &Breaker, now: Instant) -> Turn {
        let (turn, news) = breaker.ask(now).unwrap();
        assert!(matches!(turn, Turn::Probe(_)), "{turn:?}");
        assert_eq!(news, Some(BreakerState::HalfOpen));
        assert!(breaker.ask(now).is_err(), "only one");
        turn
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_success_between_does_not() {
        let now = start();
        let breaker = Breaker::new(POLICY);
        let fates = [failed("GET A"), failed("GET A"), Fate::Answered, failed("GET A")];
        for fate in fates.into_iter().chain([failed("GET B")]) {
            assert_eq!(breaker.tell(now, Turn::Usual, fate), None);
            assert_eq!(breaker.ask(now).unwrap(), (Turn::Usual, None));
        }
        let news = breaker.tell(now, Turn::Usual, failed("GET C"));
        assert_eq!(news, Some(BreakerState::Open));
        let held_back = breaker.ask(now).unwrap_err();
        assert_eq!((held_back.left, held_back.last.endpoint()), (POLICY.pause, "GET C"));
    }

    #[test]
    fn after_the_pause_one_call_goes_and_its_success_lets_the_others_through() {
        let now = start();
        let breaker = opened(now);
        let later = now + POLICY.pause;
        let turn = probe(&breaker, later);
        assert_eq!(breaker.tell(later, turn, Fate::Answered), Some(BreakerState::Closed));
        assert_eq!(breaker.ask(later).unwrap(), (Turn::Usual, None));
    }

    #[test]
    fn a_probe_that_fails_opens_it_again_and_one_of_which_nothing_is_heard_is_followed() {
        let now = start();
        let breaker = opened(now);
        let later = now + POLICY.pause;
        let turn = probe(&breaker, later);
        assert_eq!(breaker.tell(later, turn, failed("GET D")), Some(BreakerState::Open));
        assert_eq!(breaker.ask(later).unwrap_err().last.endpoint(), "GET D");
        let again = later + POLICY.pause;
        probe(&breaker, again);
        probe(&breaker, again + POLICY.pause);
    }

    #[test]
    fn what_cannot_be_trusted_neither_opens_nor_closes_it() {
        let now = start();
        let breaker = Breaker::new(POLICY);
        let untrusted = || Fate::Unclear(Error::new("GET E", ErrorKind::Server));
        for fate in [failed("GET A"), failed("GET B"), untrusted(), untrusted()] {
            assert_eq!(breaker.tell(now, Turn::Usual, fate), None);
        }
        let news = breaker.tell(now, Turn::Usual, failed("GET C"));
        assert_eq!(news, Some(BreakerState::Open), "it was no success between");
        let later = now + POLICY.pause;
        let turn = probe(&breaker, later);
        assert_eq!(breaker.tell(later, Turn::Usual, untrusted()), None, "another, late");
        assert_eq!(breaker.tell(later, turn, untrusted()), Some(BreakerState::Open));
        let held_back = breaker.ask(later).unwrap_err();
        assert_eq!((held_back.left, held_back.last.endpoint()), (POLICY.pause, "GET E"));
    }

    #[test]
    fn the_next_call_finds_out_when_the_probe_was_dropped() {
        let now = start();
        let breaker = opened(now);
        let later = now + POLICY.pause;
        let first = probe(&breaker, later);
        assert_eq!(breaker.tell(later, Turn::Usual, Fate::Dropped), None);
        assert!(breaker.ask(later).is_err(), "that was another call");
        assert_eq!(breaker.tell(later, first, Fate::Dropped), None);
        let soon = later + Duration::from_secs(1);
        let second = probe(&breaker, soon);
        assert_eq!(breaker.tell(soon, first, Fate::Dropped), None);
        assert!(breaker.ask(soon).is_err(), "the second is still on its way");
        assert_eq!(breaker.tell(soon, second, Fate::Answered), Some(BreakerState::Closed));
    }
}
