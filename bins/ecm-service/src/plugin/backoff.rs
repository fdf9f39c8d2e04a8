//! How long to wait before a plugin is started again.

use std::time::Duration;

/// After the first death.
const FIRST: Duration = Duration::from_millis(500);
/// At most.
const LONGEST: Duration = Duration::from_secs(60);
/// A plugin that served so long has shown that it can.
const GOOD_LIFE: Duration = Duration::from_secs(60);

/// Doubles from half a second to a minute.
#[derive(Debug, Default)]
pub struct Backoff {
    deaths: u32,
}

impl Backoff {
    /// The wait after a life of this length.
    pub fn after(&mut self, served: Duration) -> Duration {
        if served >= GOOD_LIFE {
            self.deaths = 0;
        }
        let wait = FIRST.saturating_mul(1 << self.deaths.min(16)).min(LONGEST);
        self.deaths = self.deaths.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_a_minute_and_begin_anew_after_a_good_life() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> =
            (0..10).map(|_| backoff.after(Duration::from_secs(1)).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
        assert_eq!(backoff.after(GOOD_LIFE), FIRST);
    }
}
