//! How long to wait before the next try: full jitter, so that a hundred services do not return to
//! a restarted site in the same second.

use std::time::Duration;

/// The shortest pause between two tries.
pub const SHORTEST: Duration = Duration::from_secs(1);
/// The longest pause.
pub const LONGEST: Duration = Duration::from_secs(60);
/// A link that served this long has proved that the site is well: counting starts again.
pub const PROVEN: Duration = Duration::from_secs(60);

/// Counts failed tries and turns them into pauses. Pure: randomness comes in as an argument.
///
/// ```
/// use std::time::Duration;
/// use ecm_service::site_link::backoff::Backoff;
///
/// let mut backoff = Backoff::default();
/// // random(0, 1 s) would be 500 ms, but there is never more than one try per second.
/// assert_eq!(backoff.after_failure(u64::MAX / 2), Duration::from_secs(1));
/// assert_eq!(backoff.after_failure(u64::MAX), Duration::from_secs(2));
/// assert_eq!(backoff.after_failure(u64::MAX), Duration::from_secs(4));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after one more failure: `random(0, min(60 s, 1 s × 2^n))`, at least one second.
    /// `random` is spread evenly over all of `u64`.
    pub fn after_failure(&mut self, random: u64) -> Duration {
        let ceiling = SHORTEST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        spread(ceiling, random).max(SHORTEST)
    }

    /// Tells that a link ended which had been serving for this long.
    pub fn after_service(&mut self, served: Duration) {
        if served >= PROVEN {
            self.failures = 0;
        }
    }
}

/// A fixed pause, moved by up to a tenth either way.
#[must_use]
pub fn around(pause: Duration, random: u64) -> Duration {
    let tenth = pause / 10;
    pause - tenth + spread(tenth * 2, random)
}

/// `ceiling × random / u64::MAX`, without floating point.
fn spread(ceiling: Duration, random: u64) -> Duration {
    let millis = ceiling.as_millis() * u128::from(random) / u128::from(u64::MAX);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_start_again_after_a_minute_of_service() {
        let mut backoff = Backoff::default();
        let seconds: Vec<u64> = (0..8).map(|_| backoff.after_failure(u64::MAX).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
        backoff.after_service(Duration::from_secs(59));
        assert_eq!(backoff.after_failure(u64::MAX).as_secs(), 60);
        backoff.after_service(PROVEN);
        assert_eq!(backoff.after_failure(u64::MAX).as_secs(), 1);
    }

    #[test]
    fn no_luck_makes_more_than_one_try_per_second() {
        let mut backoff = Backoff::default();
        for _ in 0..100 {
            assert_eq!(backoff.after_failure(0), SHORTEST);
        }
    }

    #[test]
    fn fixed_pauses_move_by_a_tenth() {
        let minute = Duration::from_secs(60);
        assert_eq!(around(minute, 0).as_secs(), 54);
        assert_eq!(around(minute, u64::MAX).as_secs(), 66);
    }
}
