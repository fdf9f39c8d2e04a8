//! What happens, told to whoever counts it. No event holds a secret, an address, or a name.

use std::time::Duration;

/// Counts. Every method does nothing unless it is written; they are called on the way of a call,
/// so they must be quick.
pub trait Metrics: Send + Sync + 'static {
    /// A call was sent, and came to an end.
    fn call(&self, _event: &CallEnd) {}

    /// A call is made again after `delay`, for the `attempt`-th time.
    fn retry(&self, _endpoint: &'static str, _attempt: u32, _delay: Duration) {}

    /// Calls to the vault are held back from now on, or let through again.
    fn breaker(&self, _state: BreakerState) {}

    /// A server session was begun, or begun again, or was not: once for each sign-in that was
    /// made, however many calls waited for it. Lane 0 is the one that
    /// [`Client::sign_in`](crate::Client::sign_in) begins. One that waits for a second factor is
    /// told when it has been answered.
    fn sign_in(&self, _lane: usize, _succeeded: bool) {}

    /// A read waits for another one's call.
    fn coalesced(&self, _endpoint: &'static str) {}

    /// A read was answered from the cache.
    fn cached(&self, _endpoint: &'static str, _age: Duration) {}
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallEnd {
    /// The call, as method and path pattern.
    pub endpoint: &'static str,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took; unknown to a client without runtime.
    pub took: Option<Duration>,
}

/// What is done with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// They are sent.
    Closed,
    /// They are refused here, because the vault failed.
    Open,
    /// One is sent, to see.
    HalfOpen,
}

/// Counts nothing.
pub(crate) struct Nobody;

impl Metrics for Nobody {}
