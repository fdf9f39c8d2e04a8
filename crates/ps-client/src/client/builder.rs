//! Settings of a client.

use std::sync::Arc;

use super::breaker::Breaker;
use super::gate::Gate;
use super::{BreakerPolicy, Client, Inner, Limits, RetryPolicy};
use crate::address::VaultAddress;
use crate::metrics::{Metrics, Nobody};
use crate::runtime::Runtime;
use crate::transport::Transport;

/// Settings of a [`Client`]. What needs a clock does nothing without a
/// [`runtime`](Self::runtime).
///
/// # Examples
///
/// ```
/// # fn example<T: ps_client::Transport>(address: ps_client::VaultAddress, transport: T) {
/// use std::sync::Arc;
/// use ps_client::{Client, TokioRuntime};
///
/// let mut builder = Client::builder(address, transport).sessions(4).calls_at_once(32);
/// if let Some(runtime) = TokioRuntime::current() {
///     builder = builder.runtime(Arc::new(runtime));
/// }
/// let client = builder.build();
/// # }
/// ```
#[must_use]
pub struct ClientBuilder<T> {
    address: VaultAddress,
    transport: T,
    limits: Limits,
    runtime: Option<Arc<dyn Runtime>>,
    retry: RetryPolicy,
    breaker: Option<BreakerPolicy>,
    calls_at_once: usize,
    sessions: usize,
    coalesce: bool,
    metrics: Arc<dyn Metrics>,
}

impl<T: Transport> ClientBuilder<T> {
    pub(super) fn new(address: VaultAddress, transport: T) -> Self {
        Self {
            address,
            transport,
            limits: Limits::default(),
            runtime: None,
            retry: RetryPolicy::default(),
            breaker: Some(BreakerPolicy::default()),
            calls_at_once: 64,
            sessions: 1,
            coalesce: true,
            metrics: Arc::new(Nobody),
        }
    }

    /// How much of an answer is taken at the most.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Clock, timer and tasks. With them calls are repeated, held back, waited for and timed.
    pub fn runtime(mut self, runtime: Arc<dyn Runtime>) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// When calls are made again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// When a vault that fails is left alone; `None`: never.
    pub fn breaker(mut self, policy: Option<BreakerPolicy>) -> Self {
        self.breaker = policy;
        self
    }

    /// How many calls are on their way at once, of all sessions together: 64. Sixteen times as
    /// many may wait; what comes then is refused with
    /// [`ErrorKind::Crowded`](crate::ErrorKind::Crowded).
    ///
    /// A call keeps its place until its future is done or dropped, and a download until the file
    /// has come or the stream is dropped: a task that parks so many of them waits in vain for one
    /// more.
    pub fn calls_at_once(mut self, calls: usize) -> Self {
        self.calls_at_once = calls;
        self
    }

    /// How many server sessions one [`Session`](crate::Session) may be: 1. The vault runs the
    /// calls of one server session one after the other; the further ones are begun when all are
    /// busy. Each takes a place in the vault until it is signed out or idle for twenty minutes.
    pub fn sessions(mut self, sessions: usize) -> Self {
        self.sessions = sessions.clamp(1, 64);
        self
    }

    /// Whether the same read, asked twice at once in one session, is one call: yes, unless it is
    /// switched off. Never one that releases a secret.
    ///
    /// Whoever waits drives the call, so that no one waits for somebody who does not; it is given
    /// up when nobody waits any more. A read that follows a write, of whichever session of this
    /// client, does not share the answer of one that was begun before. What others write in the
    /// vault while a read is on its way may be missing from its answer, as from any answer.
    pub fn coalesce(mut self, coalesce: bool) -> Self {
        self.coalesce = coalesce;
        self
    }

    /// Who is told what happens.
    pub fn metrics(mut self, metrics: Arc<dyn Metrics>) -> Self {
        self.metrics = metrics;
        self
    }

    /// The client; nothing is sent yet.
    #[must_use]
    pub fn build(self) -> Client<T> {
        Client {
            inner: Arc::new(Inner {
                address: self.address,
                transport: self.transport,
                limits: self.limits,
                retry: self.retry,
                breaker: self.breaker.filter(|_| self.runtime.is_some()).map(Breaker::new),
                runtime: self.runtime,
                gate: Gate::new(self.calls_at_once),
                sessions: self.sessions,
                coalesce: self.coalesce,
                writes: Arc::default(),
                metrics: self.metrics,
            }),
        }
    }
}

impl<T> std::fmt::Debug for ClientBuilder<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClientBuilder({}, {} sessions)", self.address, self.sessions)
    }
}
