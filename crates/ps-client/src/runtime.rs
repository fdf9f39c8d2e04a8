//! What the client needs of its surroundings besides the network: clock, timer, tasks, chance.

#[cfg(feature = "tokio-runtime")]
mod tokio;

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

#[cfg(feature = "tokio-runtime")]
pub use self::tokio::TokioRuntime;

/// A piece of work that runs by itself.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The caller's clock, timer, tasks and chance.
///
/// Without one a client waits for nothing and does nothing in the background: it makes each call
/// once. With one it can repeat what may be repeated, wait for an approval, and give back a
/// credential that was dropped. Tests give one whose clock is paper.
pub trait Runtime: Send + Sync + 'static {
    /// The steady clock.
    fn now(&self) -> Instant;

    /// The clock on the wall, to compare with times that the vault writes.
    fn wall_clock(&self) -> SystemTime;

    /// Is done after `time`.
    fn sleep(&self, time: Duration) -> Task;

    /// Runs `task` to its end, whatever becomes of the caller.
    fn spawn(&self, task: Task);

    /// Any number, for spreading repeats; no secret depends on it.
    fn random(&self) -> u64;
}
