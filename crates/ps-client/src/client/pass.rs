//! A call that may be sent, until it is known what became of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::breaker::{Breaker, Fate, HeldBack, Turn};
use crate::error::{Error, ErrorKind};
use crate::metrics::Metrics;
use crate::repeat::Repeat;
use crate::runtime::Runtime;
use crate::transport::TransportError;

/// One call's leave to be sent. The breaker hears how the call ended, also when its caller gave it
/// up: else a vault that swallows calls would never fail, if callers have time limits of their own.
pub(super) struct Pass<'a> {
    clock: Option<&'a Arc<dyn Runtime>>,
    breaker: Option<&'a Breaker>,
    metrics: &'a dyn Metrics,
    endpoint: &'static str,
    /// May wait for a person.
    is_sign_in: bool,
    turn: Turn,
    begun: Option<Instant>,
    is_told: bool,
}

impl<'a> Pass<'a> {
    /// Asks the breaker.
    pub(super) fn get(
        clock: Option<&'a Arc<dyn Runtime>>,
        breaker: Option<&'a Breaker>,
        metrics: &'a dyn Metrics,
        (endpoint, is_sign_in): (&'static str, bool),
    ) -> Result<Self, Error> {
        let begun = clock.map(|clock| clock.now());
        let mut turn = Turn::Usual;
        if let (Some(breaker), Some(now)) = (breaker, begun) {
            let (given, news) = breaker.ask(now).map_err(|HeldBack { left, last }| {
                Error::new(endpoint, ErrorKind::Suspended { left, last: Box::new(last) })
            })?;
            turn = given;
            if let Some(news) = news {
                metrics.breaker(news);
            }
        }
        let is_told = false;
        Ok(Self { clock, breaker, metrics, endpoint, is_sign_in, turn, begun, is_told })
    }

    /// How the call ended: with a status, or without; and how long it took.
    pub(super) fn end<A>(
        mut self,
        repeat: Repeat,
        status: Option<u16>,
        outcome: Result<A, TransportError>,
    ) -> (Result<A, Error>, Option<Duration>) {
        let failed = |kind| Error::new(self.endpoint, kind).with_repeat(repeat);
        let outcome = outcome.map_err(|error| failed(ErrorKind::Transport(error)));
        let fate = match (&outcome, status) {
            // Without its body, in which a server may echo what it was sent.
            (Ok(_), Some(status @ 500..)) => {
                Fate::Failed(failed(ErrorKind::Server).with_answer(status, None))
            }
            (Ok(_), _) => Fate::Answered,
            (Err(error), _) => match error.kind() {
                // It answered, if with too much.
                ErrorKind::Transport(TransportError::TooLong { .. }) => Fate::Answered,
                ErrorKind::Transport(TransportError::Untrusted { .. }) => {
                    Fate::Unclear(error.clone())
                }
                _ => Fate::Failed(error.clone()),
            },
        };
        (outcome, self.tell(|_| fate))
    }

    /// Tells the breaker, after how long, what that says.
    fn tell(&mut self, fate: impl FnOnce(Duration) -> Fate) -> Option<Duration> {
        self.is_told = true;
        let now = self.clock?.now();
        let took = now.saturating_duration_since(self.begun?);
        let news = self.breaker.and_then(|breaker| breaker.tell(now, self.turn, fate(took)));
        if let Some(news) = news {
            tracing::warn!(state = ?news, "the vault's circuit breaker has changed");
            self.metrics.breaker(news);
        }
        Some(took)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.is_told {
            return;
        }
        let (endpoint, is_sign_in, breaker) = (self.endpoint, self.is_sign_in, self.breaker);
        self.tell(|waited| {
            let is_out = breaker.is_some_and(|breaker| breaker.is_out_of_patience(waited));
            if is_sign_in || !is_out {
                return Fate::Dropped;
            }
            let why = format!("its caller gave it up after {} ms", waited.as_millis());
            let error = TransportError::TimedOut(why.into());
            Fate::Failed(Error::new(endpoint, ErrorKind::Transport(error)))
        });
    }
}
