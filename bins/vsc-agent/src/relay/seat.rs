//! What waits to be sent on one connection, and the connection.
//!
//! Messages are queued while the relay's state is locked, so that their order is the order of the
//! decisions behind them. They are written afterwards by whoever caused them: a forwarded message
//! needs no other task to wake up, and a slow reader slows the one who writes to it, not the relay.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use vsc_core::mailbox::{CloseReason, FromRelay};
use vsc_core::relay::{ConnectionId, Source};

use crate::websocket::{Socket, WRITE_STALL};

/// Bytes that may wait for one connection. A conversation with a card has one message under way.
const MOST_WAITING: usize = 512 * 1024;

/// Where a connection's messages go.
pub(super) enum Way {
    /// A socket.
    Socket(Box<tokio::sync::Mutex<SplitSink<Socket, Message>>>),
    /// The agent in this very process (direct mode).
    Inside(mpsc::Sender<Vec<u8>>),
}

impl Way {
    /// Says why there is no seat, and hangs up.
    pub(super) async fn refuse(self, reason: CloseReason) {
        let Self::Socket(sink) = self else { return };
        let mut sink = sink.into_inner();
        let message = Message::Binary(Bytes::from(FromRelay::Closed(reason).encode()));
        let said = async {
            sink.send(message).await?;
            sink.close().await
        };
        // Who does not hear it sees the connection close.
        let _ = tokio::time::timeout(WRITE_STALL, said).await;
    }
}

/// One connection.
pub(super) struct Seat {
    pub(super) id: ConnectionId,
    pub(super) source: Source,
    way: Way,
    queue: Mutex<Queue>,
    /// Told when the relay hangs up.
    hung_up: Notify,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
    last: bool,
}

/// The other side does not read, or is gone.
pub(super) struct Stalled;

impl Seat {
    pub(super) fn new(id: ConnectionId, source: Source, way: Way) -> Self {
        Self { id, source, way, queue: Mutex::default(), hung_up: Notify::new() }
    }

    /// Queues a message; `false` when too much waits already.
    #[must_use]
    pub(super) fn push(&self, message: Vec<u8>) -> bool {
        let mut queue = self.queue();
        if queue.last {
            return true;
        }
        queue.bytes += message.len();
        queue.waiting.push_back(message);
        queue.bytes <= MOST_WAITING
    }

    /// Nothing is queued after this, and the connection ends when all was written.
    pub(super) fn finish(&self) {
        self.queue().last = true;
    }

    /// Resolves when the relay has hung up.
    pub(super) async fn until_hung_up(&self) {
        self.hung_up.notified().await;
    }

    /// Writes what waits.
    pub(super) async fn flush(&self) -> Result<(), Stalled> {
        let written = tokio::time::timeout(WRITE_STALL, self.write_all()).await;
        let done = matches!(written, Ok(Ok(())));
        let last = self.queue().last;
        if last || !done {
            self.hung_up.notify_one();
        }
        if done { Ok(()) } else { Err(Stalled) }
    }

    /// Asks the other side whether it is still there.
    pub(super) async fn ask(&self) -> bool {
        let Way::Socket(sink) = &self.way else { return true };
        let ask = async { sink.lock().await.send(Message::Ping(Bytes::new())).await };
        matches!(tokio::time::timeout(WRITE_STALL, ask).await, Ok(Ok(())))
    }

    async fn write_all(&self) -> Result<(), Stalled> {
        match &self.way {
            Way::Socket(sink) => {
                let mut sink = sink.lock().await;
                while let Some(message) = self.pop() {
                    sink.send(Message::Binary(Bytes::from(message))).await.map_err(|_| Stalled)?;
                }
                if self.queue().last {
                    // The goodbye of the WebSocket; who does not hear it sees the socket close.
                    let _ = sink.close().await;
                }
                Ok(())
            }
            Way::Inside(agent) => {
                while let Some(message) = self.pop() {
                    agent.send(message).await.map_err(|_| Stalled)?;
                }
                Ok(())
            }
        }
    }

    fn pop(&self) -> Option<Vec<u8>> {
        let mut queue = self.queue();
        let message = queue.waiting.pop_front()?;
        queue.bytes -= message.len();
        Some(message)
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
