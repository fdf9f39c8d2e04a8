//! Pauses between two tries to connect, on top of the protocol's own [`Backoff`].

use std::time::Duration;

use ecm_protocol::backoff::Backoff;

/// The shortest pause between two tries.
pub const SHORTEST: Duration = Duration::from_secs(1);
/// The longest pause after a failure nobody has to do anything about.
pub const LONGEST: Duration = Duration::from_secs(60);
/// A link that served this long has proved that the site is well: counting starts again.
pub const PROVEN: Duration = Duration::from_secs(60);

/// `random(0, min(60 s, 1 s × 2^n))`, at least a second.
#[must_use]
pub fn full_jitter() -> Backoff {
    Backoff::new(SHORTEST, LONGEST)
}

/// A fixed pause, moved by up to a tenth either way; `random` is uniform between 0 and 1.
#[must_use]
pub fn around(pause: Duration, random: f64) -> Duration {
    pause.mul_f64(0.9 + 0.2 * random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_pauses_move_by_a_tenth() {
        let minute = Duration::from_secs(60);
        assert_eq!(around(minute, 0.0).as_secs(), 54);
        assert_eq!(around(minute, 0.5).as_secs(), 60);
        assert_eq!(around(minute, 1.0).as_secs(), 66);
    }
}
