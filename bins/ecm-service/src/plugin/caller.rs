//! Asking a plugin: what the rest of the service holds in its hands.

use std::sync::Arc;
use std::time::Duration;

use ecm_core::source::{SourceError, SourceFailure};
use ecm_protocol::codec::Frame;
use source_plugin::{
    AnswerError, Ask, Batch, CallId, Capability, Line, encode_call, failure_of, read_line,
    read_result,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

/// What a plugin is doing.
#[derive(Debug, Clone)]
pub enum State {
    /// Being started.
    Starting,
    /// Serving, with these abilities.
    Ready(Arc<Abilities>),
    /// Dead, and to be started again.
    Waiting {
        /// Why it died.
        why: String,
    },
    /// Ended for good.
    Stopped,
}

/// What a plugin that serves has said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abilities {
    /// Its version.
    pub version: String,
    /// Its process id.
    pub process: Option<u32>,
    /// Named by both its description and its greeting.
    pub capabilities: Vec<Capability>,
}

/// One call on its way to the process.
pub(super) struct Order {
    pub(super) encode: Box<dyn FnOnce(CallId) -> Frame + Send>,
    /// How many parts may come before the answer.
    pub(super) parts: usize,
    pub(super) owed: Owed,
}

/// What the plugin owes to whoever asked.
pub(super) struct Owed {
    pub(super) parts_to: Option<UnboundedSender<Batch>>,
    pub(super) reply: oneshot::Sender<Result<Answered, SourceError>>,
    /// Whether nobody may take the call back.
    pub(super) changes: bool,
    /// Held for as long as the answer is owed.
    pub(super) _place: OwnedSemaphorePermit,
}

/// The line of an answer, wiped when dropped.
pub(super) type Answered = Zeroizing<Vec<u8>>;

/// What the process is told.
pub(super) enum Told {
    Order(Order),
    /// Whoever waited for an answer has gone; look who.
    SomebodyLeft,
}

/// Asks one plugin. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    pub(super) vault: String,
    pub(super) orders: UnboundedSender<Told>,
    pub(super) places: Arc<Semaphore>,
    pub(super) state: watch::Receiver<State>,
    pub(super) patience: Duration,
}

impl Caller {
    /// What the plugin is doing.
    #[must_use]
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// How long one call may take.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Its deadline on the wire.
    #[must_use]
    pub fn deadline_ms(&self) -> u64 {
        u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX)
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    ///
    /// What the plugin says, or what kept it from answering. After a call that changes something
    /// and was not answered, the change may have been made.
    pub async fn call<A: Ask + Send + 'static>(&self, ask: A) -> Result<A::Answer, SourceError> {
        self.begin(ask, 0, None).await?.await
    }

    /// As [`call`](Self::call), for a call that may be answered in parts.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call).
    pub(super) async fn begin<A: Ask + Send + 'static>(
        &self,
        ask: A,
        parts: usize,
        parts_to: Option<UnboundedSender<Batch>>,
    ) -> Result<impl Future<Output = Result<A::Answer, SourceError>> + use<A>, SourceError> {
        let until = Instant::now() + self.patience;
        self.ready(until).await?;
        let place = Arc::clone(&self.places).acquire_owned();
        let Ok(Ok(place)) = timeout_at(until, place).await else {
            return Err(self.unreachable("has too much to do"));
        };
        let (reply, answer) = oneshot::channel();
        let order = Order {
            encode: Box::new(move |id| encode_call(id, &ask)),
            parts,
            owed: Owed { parts_to, reply, changes: A::CHANGES, _place: place },
        };
        if self.orders.send(Told::Order(order)).is_err() {
            return Err(self.unreachable("has been ended"));
        }
        let leaving = Leaving { orders: self.orders.clone() };
        let (gone, late) = (self.unreachable("has been ended"), self.unreachable("gave no answer"));
        Ok(async move {
            let answered = timeout_at(until, answer).await;
            drop(leaving);
            let line = match answered {
                Ok(Ok(line)) => line,
                Ok(Err(_)) => Err(gone),
                Err(_) => Err(late),
            };
            line.and_then(|line| read_answer::<A>(&line))
                .map_err(|error| if A::CHANGES { perhaps(error) } else { error })
        })
    }

    /// Waits while the plugin is being started; one that is dead is not waited for.
    async fn ready(&self, until: Instant) -> Result<(), SourceError> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| !matches!(state, State::Starting));
        let settled = timeout_at(until, settled).await;
        match settled.as_ref().map(|state| state.as_deref()) {
            Ok(Ok(State::Ready(_))) => Ok(()),
            Ok(Ok(State::Waiting { why })) => {
                Err(self.unreachable(&format!("is not there: {why}")))
            }
            Ok(Ok(State::Starting)) | Err(_) => Err(self.unreachable("is still being started")),
            Ok(Ok(State::Stopped) | Err(_)) => Err(self.unreachable("has been ended")),
        }
    }

    fn unreachable(&self, what: &str) -> SourceError {
        let words = format!("the plugin of {} {what}", self.vault);
        SourceError::new(SourceFailure::Unreachable, words)
    }

    /// Something the plugin said that it must not say.
    pub(super) fn nonsense(&self, error: &AnswerError) -> SourceError {
        SourceError::new(SourceFailure::Broken, format!("the plugin of {}: {error}", self.vault))
    }
}

/// Tells the process that nobody waits any more, whichever way the waiting ends.
struct Leaving {
    orders: UnboundedSender<Told>,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        // When the process has gone, nobody need be told.
        let _ = self.orders.send(Told::SomebodyLeft);
    }
}

fn read_answer<A: Ask>(line: &Answered) -> Result<A::Answer, SourceError> {
    let broken = |words: String| SourceError::new(SourceFailure::Broken, words);
    match read_line(line) {
        Ok(Line::Result { result, .. }) => read_result(result)
            .map_err(|error| broken(format!("the plugin's answer to `{}`: {error}", A::METHOD))),
        Ok(Line::Failure { error, .. }) => Err(match failure_of(error) {
            Ok(failure) => failure,
            Err(error) => broken(format!("the plugin's error for `{}`: {error}", A::METHOD)),
        }),
        Ok(Line::Partial { .. } | Line::Unknown) => Err(broken("not an answer".to_owned())),
        Err(error) => Err(broken(error.to_string())),
    }
}

/// A call that changes something has perhaps done so, unless its failure is one that a plugin
/// tells before it begins.
fn perhaps(error: SourceError) -> SourceError {
    match error.failure {
        SourceFailure::Unreachable | SourceFailure::Broken => error.uncertain(),
        _ => error,
    }
}
