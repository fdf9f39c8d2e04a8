//! Notices that the machine slept or that its clock was set.
//!
//! Monotonic time stands still while a machine sleeps (Linux), so a sleeping machine sees no
//! silence; the wall clock goes on. When the two disagree, the site has most likely given this
//! link up, and deadlines mean nothing any more.

use std::time::{Duration, Instant, SystemTime};

/// Differences below this are adjustments of the clock, not jumps.
const JUMP: Duration = Duration::from_secs(30);

/// Compares the two clocks.
#[derive(Debug)]
pub struct JumpWatch {
    wall: SystemTime,
    steady: Instant,
}

impl JumpWatch {
    /// Begins to watch.
    #[must_use]
    pub fn new(wall: SystemTime, steady: Instant) -> Self {
        Self { wall, steady }
    }

    /// How far the clocks moved apart since the last look, if that is a jump.
    pub fn look(&mut self, wall: SystemTime, steady: Instant) -> Option<Duration> {
        let passed = steady.saturating_duration_since(self.steady);
        let apart = match wall.duration_since(self.wall) {
            Ok(wall_passed) => wall_passed.abs_diff(passed),
            Err(back) => back.duration() + passed,
        };
        self.wall = wall;
        self.steady = steady;
        (apart > JUMP).then_some(apart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_and_set_clocks_are_jumps_but_adjustments_are_not() {
        let (wall, steady) =
            (SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000), Instant::now());
        let s = Duration::from_secs;
        for (wall_after, steady_after, jump) in [
            (wall + s(10), steady + s(10), None),
            (wall + s(3600), steady + s(3600), None),
            (wall + s(40), steady + s(10), None),
            (wall + s(41), steady + s(10), Some(s(31))),
            (wall + s(3600), steady + s(5), Some(s(3595))),
            (wall - s(25), steady + s(10), Some(s(35))),
        ] {
            let mut watch = JumpWatch::new(wall, steady);
            assert_eq!(watch.look(wall_after, steady_after), jump);
            assert_eq!(watch.look(wall_after + s(1), steady_after + s(1)), None);
        }
    }
}
