//! How long to wait before the next try to connect.

use std::time::Duration;

/// Full jitter: a random time up to a bound that doubles with each failure.
///
/// Many ECMs that lose one site at the same moment must not come back at the same moment.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ecm_protocol::backoff::Backoff;
///
/// let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
/// assert_eq!(backoff.next(1.0), Duration::from_secs(1));
/// assert_eq!(backoff.next(0.5), Duration::from_secs(1)); // half of two seconds
/// assert_eq!(backoff.next(0.0), Duration::from_secs(1)); // never more than one try a second
/// backoff.reset();
/// assert_eq!(backoff.next(1.0), Duration::from_secs(1));
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    base: Duration,
    max: Duration,
    failures: u32,
}

/// Never more than one try a second.
const SHORTEST: Duration = Duration::from_secs(1);

impl Backoff {
    /// Waits up to `base` after the first failure, up to `max` after many.
    #[must_use]
    pub fn new(base: Duration, max: Duration) -> Self {
        Self { base, max, failures: 0 }
    }

    /// The next wait; `random` is uniform between 0 and 1, both included.
    pub fn next(&mut self, random: f64) -> Duration {
        let doubled = self.base.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        doubled.min(self.max).mul_f64(random.clamp(0.0, 1.0)).max(SHORTEST)
    }

    /// The connection held long enough to count as good.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}
