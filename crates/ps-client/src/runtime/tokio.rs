//! The runtime of tokio: one of the two files of this crate that reach outside.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant, SystemTime};

use tokio::runtime::Handle;

use super::{Runtime, Task};

/// Clock, timer and tasks of a tokio runtime, which must have its timer enabled.
///
/// Tasks are lost when that runtime is shut down: whoever drops a runtime gives back first.
#[derive(Clone, Debug)]
pub struct TokioRuntime {
    handle: Handle,
}

impl TokioRuntime {
    /// With this handle, from anywhere.
    #[must_use]
    pub fn new(handle: Handle) -> Self {
        Self { handle }
    }

    /// The runtime that this is called in; `None` outside of any.
    #[must_use]
    pub fn current() -> Option<Self> {
        Handle::try_current().ok().map(Self::new)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where clock and tasks come from")]
impl Runtime for TokioRuntime {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall_clock(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, time: Duration) -> Task {
        // A timer belongs to the runtime that it is made in.
        let _inside = self.handle.enter();
        Box::pin(tokio::time::sleep(time))
    }

    fn spawn(&self, task: Task) {
        self.handle.spawn(task);
    }

    fn random(&self) -> u64 {
        // Each is keyed anew by the standard library, from the operating system's randomness.
        RandomState::new().build_hasher().finish()
    }
}
