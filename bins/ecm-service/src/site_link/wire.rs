//! The seam between conversation and transport: moving whole frames, knowing no meanings.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use service_host::outbound::ReachError;
use zeroize::Zeroizing;

use super::framed::{FramedDialer, FramedWire};
use super::refusal::Refusal;
use super::token::AccessToken;
use super::websocket::{WebSocketDialer, WebSocketWire};

/// What goes out.
pub enum Outgoing {
    /// One message. The buffer is wiped once it is written.
    Frame(Zeroizing<Vec<u8>>),
    /// A sign of life, answered by the other side's transport.
    Ping,
}

/// What comes in.
#[derive(Debug)]
pub enum Incoming {
    /// One message.
    Frame(Bytes),
    /// The answer to a ping, or any other sign of life without a message.
    Life,
}

/// One open, authenticated connection to a site.
pub trait SiteWire: Send {
    /// Sends; returns when the operating system has taken it.
    fn send(&mut self, what: Outgoing) -> impl Future<Output = Result<(), LinkLost>> + Send;
    /// Waits for the next frame or sign of life. Dropping the future loses nothing.
    fn receive(&mut self) -> impl Future<Output = Result<Incoming, LinkLost>> + Send;
    /// Says goodbye with a code the other side understands.
    fn close(self, code: u16, reason: &str) -> impl Future<Output = ()> + Send;
}

/// How a site is reached: dial, and prove who we are.
pub trait SiteDialer: Send + Sync {
    /// The connection it makes.
    type Wire: SiteWire;
    /// Opens one connection.
    fn connect(
        &self,
        token: &AccessToken,
    ) -> impl Future<Output = Result<Self::Wire, ConnectError>> + Send;
}

/// Why an open connection ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkLost {
    /// The other side closed it.
    #[error("the site closed the link with code {code}{}", quoted(.reason))]
    Closed {
        /// Close code, 1005 when the site gave none.
        code: u16,
        /// Its words, at most 123 bytes, shown as they came but for control characters.
        reason: String,
    },
    /// The network broke it.
    #[error("the link broke")]
    Broken(#[source] io::Error),
    /// It ended without a goodbye.
    #[error("the link ended without a goodbye")]
    Ended,
    /// A message is larger than agreed.
    #[error("a message is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// A message is not text.
    #[error("the site sent a binary message")]
    Binary,
    /// Something the transport does not allow. The library's words are kept, never a message.
    #[error("the site broke the transport's rules: {rule}")]
    Protocol {
        /// Which rule.
        rule: String,
    },
    /// The operating system did not take our bytes in time.
    #[error("nothing could be written for {waited:?}")]
    WriteStalled {
        /// How long was waited.
        waited: Duration,
    },
}

impl LinkLost {
    /// The close code to send for it, if there is still somebody to send it to.
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        match self {
            Self::TooLarge { .. } => Some(1009),
            Self::Binary => Some(1003),
            Self::Protocol { .. } => Some(1002),
            Self::Closed { .. } | Self::Broken(_) | Self::Ended | Self::WriteStalled { .. } => None,
        }
    }
}

fn quoted(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
}

/// Why no connection was made. Sorted by who must act.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The host is not reached: name, network, proxy or certificate.
    #[error(transparent)]
    NotReached(#[from] ReachError),
    /// The Unix socket cannot be opened.
    #[error("socket {path} cannot be opened")]
    NoSocket {
        /// The socket.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// The site refuses the upgrade.
    #[error("the site refuses the link: {0}")]
    Refused(Refusal),
    /// The site answers, but not as this protocol wants it.
    #[error("the site does not speak the open ECM protocol: {rule}")]
    NotSpoken {
        /// What it did.
        rule: String,
    },
    /// It took too long.
    #[error("no link within {waited:?}")]
    TimedOut {
        /// How long was waited.
        waited: Duration,
    },
}

/// The transports there are. An enum rather than dynamic dispatch: the set is closed.
#[derive(Debug)]
pub enum AnyDialer {
    /// `open-websocket`
    WebSocket(WebSocketDialer),
    /// `open-framed`
    Framed(FramedDialer),
}

/// A connection made by [`AnyDialer`].
pub enum AnyWire {
    /// `open-websocket`
    WebSocket(Box<WebSocketWire>),
    /// `open-framed`
    Framed(Box<FramedWire>),
}

impl SiteDialer for AnyDialer {
    type Wire = AnyWire;

    async fn connect(&self, token: &AccessToken) -> Result<AnyWire, ConnectError> {
        match self {
            Self::WebSocket(dialer) => {
                Ok(AnyWire::WebSocket(Box::new(dialer.connect(token).await?)))
            }
            Self::Framed(dialer) => Ok(AnyWire::Framed(Box::new(dialer.connect(token).await?))),
        }
    }
}

impl SiteWire for AnyWire {
    async fn send(&mut self, what: Outgoing) -> Result<(), LinkLost> {
        match self {
            Self::WebSocket(wire) => wire.send(what).await,
            Self::Framed(wire) => wire.send(what).await,
        }
    }

    async fn receive(&mut self) -> Result<Incoming, LinkLost> {
        match self {
            Self::WebSocket(wire) => wire.receive().await,
            Self::Framed(wire) => wire.receive().await,
        }
    }

    async fn close(self, code: u16, reason: &str) {
        match self {
            Self::WebSocket(wire) => wire.close(code, reason).await,
            Self::Framed(wire) => wire.close(code, reason).await,
        }
    }
}
