//! What became of an attempt to pair, told to whoever asked for it.

use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::status::Peer;

/// One step.
#[derive(Debug)]
pub enum PairEvent {
    /// A mailbox is open; this is to be spoken.
    Code(Zeroizing<String>),
    /// The other agent is there and the right one.
    Paired(Peer),
    /// It did not come to that, or it is over again.
    Failed(String),
    /// The relay cannot be reached.
    NoRelay(String),
}

/// The session's side: says each step to whoever still listens.
#[derive(Debug)]
pub struct Pairing {
    asker: mpsc::UnboundedSender<PairEvent>,
    begun: bool,
}

impl Pairing {
    /// Both sides of a new attempt.
    #[must_use]
    pub fn new() -> (Self, mpsc::UnboundedReceiver<PairEvent>) {
        let (asker, steps) = mpsc::unbounded_channel();
        (Self { asker, begun: false }, steps)
    }

    /// Whether the relay answered: a code was given out, or the other agent met.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.begun
    }

    /// Says a step. Whoever asked may have left; then nobody hears it.
    pub fn say(&mut self, step: PairEvent) {
        self.begun |= matches!(step, PairEvent::Code(_) | PairEvent::Paired(_));
        let _ = self.asker.send(step);
    }
}
