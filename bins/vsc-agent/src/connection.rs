//! One connection between an agent and whoever holds the mailboxes: whole messages, both ways.
//!
//! Over a network it is a WebSocket ([`websocket`](crate::websocket)); in direct mode one of the
//! two agents holds the mailboxes itself and its own connection never leaves the process.

use tokio::sync::mpsc;

/// Messages that may wait on their way to the agent, which reads as fast as it can.
const WAITING_IN: usize = 64;

/// Messages that may wait on their way out; more mean that the other side does not read. A session
/// that comes back after a break says at once all that was not acknowledged, up to 256 frames.
const WAITING_OUT: usize = 512;

/// An agent's end. Dropping it closes the connection, after what was sent on it.
#[derive(Debug)]
pub struct Connection {
    /// Towards the mailbox.
    pub outgoing: mpsc::Sender<Vec<u8>>,
    /// From the mailbox. `None` means that the connection is gone.
    pub incoming: mpsc::Receiver<Vec<u8>>,
}

/// The other end of a [`Connection`]'s two queues.
#[derive(Debug)]
pub(crate) struct FarEnd {
    pub(crate) outgoing: mpsc::Receiver<Vec<u8>>,
    pub(crate) incoming: mpsc::Sender<Vec<u8>>,
}

/// The two ends of a new connection.
pub(crate) fn pair() -> (Connection, FarEnd) {
    let (outgoing, their_incoming) = mpsc::channel(WAITING_OUT);
    let (their_outgoing, incoming) = mpsc::channel(WAITING_IN);
    let near = Connection { outgoing, incoming };
    (near, FarEnd { outgoing: their_incoming, incoming: their_outgoing })
}
