//! A runtime whose clock is paper: tokio's own, stopped, which jumps to the next sleeper when
//! nobody has anything to do.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ps_client::{Runtime, Task};

/// To be made inside a `#[tokio::test(start_paused = true)]`.
#[derive(Clone)]
pub(crate) struct Paper {
    /// An instant of the standard library, which tests cannot stop; only used as an origin.
    origin: Instant,
    begun: tokio::time::Instant,
    random: u64,
}

impl Paper {
    pub(crate) fn new() -> Arc<Self> {
        Self::with_random(u64::MAX)
    }

    /// With this for every number by chance.
    pub(crate) fn with_random(random: u64) -> Arc<Self> {
        let begun = tokio::time::Instant::now();
        Arc::new(Self { origin: begun.into_std(), begun, random })
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// 2026-03-01T08:00:00Z.
pub(crate) const START: u64 = 1_772_352_000;

impl Runtime for Paper {
    fn now(&self) -> Instant {
        self.origin + self.elapsed()
    }

    fn wall_clock(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(START) + self.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "a test's sleeps are on paper")]
    fn sleep(&self, time: Duration) -> Task {
        Box::pin(tokio::time::sleep(time))
    }

    #[expect(clippy::disallowed_methods, reason = "a test has a runtime")]
    fn spawn(&self, task: Task) {
        tokio::spawn(task);
    }

    fn random(&self) -> u64 {
        self.random
    }
}
