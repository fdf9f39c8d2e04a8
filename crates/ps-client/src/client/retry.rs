//! When a call is made again, and after how long.

use std::time::Duration;

use crate::error::{Error, ErrorKind, ReasonCode};

/// How often, and after which delays, a call is made again that may be.
///
/// Only calls that do no harm when made twice, and those that were certainly not executed, are
/// made again; see [`Error::may_repeat`]. The delay is random between nothing and a limit that
/// doubles with each attempt ("full jitter"), so that many clients do not come back together; what
/// the vault says in `Retry-After` is waited for, and given up where it is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts altogether: 4 unless it is changed; 1 makes every call once.
    pub attempts: u32,
    /// Limit of the first delay: 200 ms.
    pub base: Duration,
    /// Limit of every delay: 10 s.
    pub longest: Duration,
    /// No attempt begins after this time: 60 s.
    pub deadline: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_millis(200),
            longest: Duration::from_secs(10),
            deadline: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy {
    /// Every call once.
    #[must_use]
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// How long to wait before the next attempt, `attempt` of them made in `elapsed`; `None` when
    /// there is none.
    pub(crate) fn delay(
        &self,
        error: &Error,
        attempt: u32,
        elapsed: Duration,
        random: u64,
    ) -> Option<Duration> {
        // Approval takes people, not attempts; whoever waits for it polls.
        let waits_for_people =
            matches!(error.kind(), ErrorKind::Refused(code) if *code == ReasonCode::NotApproved);
        if attempt >= self.attempts || waits_for_people || !error.may_repeat() {
            return None;
        }
        let delay = match error.retry_after() {
            Some(wanted) if wanted > self.longest => return None,
            Some(wanted) => wanted,
            None => self.jitter(attempt, random),
        };
        (elapsed.saturating_add(delay) < self.deadline).then_some(delay)
    }

    fn jitter(&self, attempt: u32, random: u64) -> Duration {
        let doubled = self.base.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        let limit = doubled.min(self.longest);
        // A part of the limit, in 2^32nds of it.
        let part = f64::from(u32::try_from(random >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX);
        limit.mul_f64(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repeat::Repeat;

    fn server_error(repeat: Repeat) -> Error {
        Error::new("GET X", ErrorKind::Server).with_answer(503, None).with_repeat(repeat)
    }

    #[test]
    fn delays_are_spread_below_a_limit_that_doubles_up_to_the_longest() {
        let policy = RetryPolicy { attempts: 99, ..RetryPolicy::default() };
        let error = server_error(Repeat::Safe);
        let delay = |attempt, random| policy.delay(&error, attempt, Duration::ZERO, random);
        assert_eq!(delay(1, 0), Some(Duration::ZERO));
        for (attempt, limit) in
            [(1, 200_u32), (2, 400), (3, 800), (6, 6_400), (7, 10_000), (40, 10_000)]
        {
            assert_eq!(
                delay(attempt, u64::MAX),
                Some(Duration::from_millis(limit.into())),
                "{attempt}"
            );
            let half = delay(attempt, u64::MAX / 2).unwrap().as_secs_f64() * 1_000.0;
            assert!((half - f64::from(limit) / 2.0).abs() < 0.001, "{attempt}: {half}");
        }
    }

    #[test]
    fn attempts_and_time_run_out() {
        let policy = RetryPolicy::default();
        let error = server_error(Repeat::Safe);
        let delay = |attempt, elapsed| policy.delay(&error, attempt, elapsed, u64::MAX);
        assert!(delay(3, Duration::ZERO).is_some());
        assert_eq!(delay(4, Duration::ZERO), None);
        assert!(delay(1, Duration::from_millis(59_799)).is_some());
        assert_eq!(delay(1, Duration::from_millis(59_800)), None);
    }

    #[test]
    fn what_might_do_something_twice_is_not_made_again() {
        for repeat in [Repeat::Unsafe, Repeat::AfterLookup] {
            let delay =
                RetryPolicy::default().delay(&server_error(repeat), 1, Duration::ZERO, u64::MAX);
            assert_eq!(delay, None, "{repeat:?}");
        }
    }

    #[test]
    fn the_vaults_own_delay_is_kept_unless_it_is_too_long() {
        for (wanted, expected) in [(3, Some(3)), (10, Some(10)), (11, None), (86_400, None)] {
            let wanted = Duration::from_secs(wanted);
            let error = server_error(Repeat::Safe).with_retry_after(Some(wanted));
            let delay = RetryPolicy::default().delay(&error, 1, Duration::ZERO, 0);
            assert_eq!(delay, expected.map(Duration::from_secs));
        }
    }

    #[test]
    fn an_approval_is_waited_for_by_whoever_wants_it() {
        let kind = ErrorKind::Refused(ReasonCode::NotApproved);
        let error = Error::new("GET Credentials/{requestId}", kind).with_repeat(Repeat::Safe);
        assert!(error.may_repeat());
        assert_eq!(RetryPolicy::default().delay(&error, 1, Duration::ZERO, 0), None);
    }
}
