//! Mailbox messages over WebSocket: one binary message carries one of them.
//!
//! The open protocol of this project (`docs/wire/vsc.md`), not a vendor's.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use service_host::outbound::ByteStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use vsc_core::mailbox;

use crate::connection::FarEnd;

/// The subprotocol that both sides must name (RFC 6455, section 1.9).
pub const SUBPROTOCOL: &str = "vsc.link.v1";

/// Where a relay serves it.
pub const PATH: &str = "/vsc/v1";

/// Silence after which a side asks the other's WebSocket whether it is still there.
pub(crate) const ASK_AFTER: Duration = Duration::from_secs(20);

/// Silence after which a connection is given up: three questions without an answer.
pub(crate) const GIVE_UP_AFTER: u32 = 3;

/// How long the operating system may take to accept what is written.
pub(crate) const WRITE_STALL: Duration = Duration::from_secs(10);

/// A WebSocket over whatever reached the other side.
pub(crate) type Socket = WebSocketStream<Box<dyn ByteStream>>;

/// Limits of one message: a mailbox message, and nothing that is buffered beyond it.
pub(crate) fn limits() -> WebSocketConfig {
    let largest = mailbox::MAX_BODY + 32;
    WebSocketConfig::default()
        .max_message_size(Some(largest))
        .max_frame_size(Some(largest))
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * largest)
}

/// Moves messages between a WebSocket and an agent's queues until either ends.
pub(crate) async fn pump(mut socket: Socket, mut agent: FarEnd) {
    let mut unanswered = 0;
    loop {
        tokio::select! {
            message = agent.outgoing.recv() => {
                let Some(message) = message else { break };
                if !write(&mut socket, Message::Binary(Bytes::from(message))).await {
                    return;
                }
            }
            heard = tokio::time::timeout(ASK_AFTER, socket.next()) => match heard {
                Ok(Some(Ok(Message::Binary(message)))) => {
                    unanswered = 0;
                    if agent.incoming.send(message.into()).await.is_err() {
                        break;
                    }
                }
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)))) => {
                    unanswered = 0;
                }
                // Text does not belong here.
                Ok(Some(Ok(Message::Close(_) | Message::Text(_)) | Err(_)) | None) => break,
                Err(_) => {
                    unanswered += 1;
                    let asked = write(&mut socket, Message::Ping(Bytes::new())).await;
                    if unanswered >= GIVE_UP_AFTER || !asked {
                        return;
                    }
                }
            },
        }
    }
    // What the agent said last still goes out: that it is done, most likely.
    while let Ok(message) = agent.outgoing.try_recv() {
        if !write(&mut socket, Message::Binary(Bytes::from(message))).await {
            return;
        }
    }
    let _ = tokio::time::timeout(WRITE_STALL, socket.close(None)).await;
}

async fn write(socket: &mut Socket, message: Message) -> bool {
    matches!(tokio::time::timeout(WRITE_STALL, socket.send(message)).await, Ok(Ok(())))
}
