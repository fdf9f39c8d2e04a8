//! `open-framed`: frames with a 4-byte length, over TLS or a Unix socket.
//!
//! The first frame carries the token; what follows is the same conversation as over WebSocket.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ecm_protocol::codec::{RequestId, encode_request};
use ecm_protocol::framed::{FrameReader, Opening, length_prefix};
use ecm_protocol::message::Ping;
use rustls::ClientConfig;
use service_host::outbound::ProxyAddress;
use service_host::outbound::{ByteStream, reach_securely};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::token::AccessToken;
use super::wire::{ConnectError, Incoming, LinkLost, Outgoing, SiteDialer, SiteWire};

/// The largest frame that may be agreed upon.
const LARGEST_FRAME: usize = 4 * 1024 * 1024;

/// How long opening may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes read at once.
const PIECE: usize = 16 * 1024;

/// Dials one site.
#[derive(Debug)]
pub struct FramedDialer {
    /// Where.
    pub target: FramedTarget,
}

/// Where a framed site listens.
#[derive(Debug)]
pub enum FramedTarget {
    /// TLS.
    Tls {
        /// Host, without brackets.
        host: String,
        /// Port.
        port: u16,
        /// Proxy to go through.
        proxy: Option<ProxyAddress>,
        /// Whom to trust.
        tls: Arc<ClientConfig>,
    },
    /// A socket of this machine.
    Unix {
        /// The socket.
        path: PathBuf,
    },
}

/// An open stream of frames.
pub struct FramedWire {
    stream: Box<dyn ByteStream>,
    /// Keeps what is not a whole frame yet, so that a dropped read loses nothing.
    reader: FrameReader,
    /// What one read puts its bytes into. Nothing secret comes in this direction.
    piece: Vec<u8>,
}

impl FramedWire {
    /// Frames on a stream that is open already, and whose other end is known.
    pub(crate) fn new(stream: Box<dyn ByteStream>) -> Self {
        Self { stream, reader: FrameReader::new(LARGEST_FRAME), piece: vec![0; PIECE] }
    }

    async fn send_bytes(&mut self, frame: &[u8]) -> Result<(), LinkLost> {
        let prefix = length_prefix(frame).ok().filter(|_| frame.len() <= LARGEST_FRAME);
        let prefix = prefix.ok_or(LinkLost::TooLarge { limit: LARGEST_FRAME })?;
        self.stream.write_all(&prefix).await.map_err(LinkLost::Broken)?;
        self.stream.write_all(frame).await.map_err(LinkLost::Broken)?;
        self.stream.flush().await.map_err(LinkLost::Broken)
    }
}

impl SiteDialer for FramedDialer {
    type Wire = FramedWire;

    async fn connect(&self, token: &AccessToken) -> Result<FramedWire, ConnectError> {
        let dialling = self.dial(token);
        let timed_out = ConnectError::TimedOut { waited: PATIENCE };
        tokio::time::timeout(PATIENCE, dialling).await.unwrap_or(Err(timed_out))
    }
}

impl FramedDialer {
    async fn dial(&self, token: &AccessToken) -> Result<FramedWire, ConnectError> {
        let stream = self.open().await?;
        let mut wire = FramedWire::new(stream);
        let opening = Opening::bearer(token.secret()).to_frame();
        let sent = wire.send_bytes(&opening).await;
        sent.map_err(|lost| ConnectError::NotSpoken { rule: lost.to_string() })?;
        Ok(wire)
    }

    async fn open(&self) -> Result<Box<dyn ByteStream>, ConnectError> {
        match &self.target {
            FramedTarget::Tls { host, port, proxy, tls } => {
                Ok(Box::new(reach_securely(host, *port, proxy.as_ref(), Arc::clone(tls)).await?))
            }
            #[cfg(unix)]
            FramedTarget::Unix { path } => match tokio::net::UnixStream::connect(path).await {
                Ok(stream) => Ok(Box::new(stream)),
                Err(cause) => Err(ConnectError::NoSocket { path: path.clone(), cause }),
            },
            #[cfg(not(unix))]
            FramedTarget::Unix { path } => Err(ConnectError::NoSocket {
                path: path.clone(),
                cause: std::io::ErrorKind::Unsupported.into(),
            }),
        }
    }
}

impl SiteWire for FramedWire {
    async fn send(&mut self, what: Outgoing) -> Result<(), LinkLost> {
        match what {
            // This transport has no ping of its own; the conversation's says the same. Its answer
            // is a sign of life and nothing else, so one id will do.
            Outgoing::Ping => match RequestId::new("ping") {
                Some(id) => {
                    let ping = encode_request(&id, "$/ping", &Ping {});
                    self.send_bytes(ping.bytes()).await
                }
                None => Ok(()),
            },
            Outgoing::Frame(frame) => self.send_bytes(&frame).await,
        }
    }

    async fn receive(&mut self) -> Result<Incoming, LinkLost> {
        loop {
            match self.reader.poll_frame() {
                Ok(Some(frame)) => return Ok(Incoming::Frame(Bytes::from_owner(frame))),
                Ok(None) => {}
                Err(_) => return Err(LinkLost::TooLarge { limit: LARGEST_FRAME }),
            }
            match self.stream.read(&mut self.piece).await {
                Ok(0) => return Err(LinkLost::Ended),
                Ok(count) => self.reader.handle_bytes(self.piece.get(..count).unwrap_or_default()),
                Err(cause) => return Err(LinkLost::Broken(cause)),
            }
        }
    }

    async fn close(mut self, _code: u16, _reason: &str) {
        // There is no goodbye frame; an orderly end of the stream says the same.
        let _ = tokio::time::timeout(Duration::from_secs(2), self.stream.shutdown()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_arrive_whole_however_the_bytes_are_cut_and_dropped_reads_lose_nothing() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let mut wire = FramedWire::new(Box::new(ours));
        let bytes = [&[0, 0, 0, 2][..], b"{}", &[0, 0, 0, 3], b"[1]"].concat();
        let mut frames = Vec::new();
        for byte in bytes {
            theirs.write_all(&[byte]).await.unwrap();
            // Polls once and drops the read, as the pump does whenever something else happens.
            let read = tokio::select! {
                biased;
                frame = wire.receive() => Some(frame.unwrap()),
                () = std::future::ready(()) => None,
            };
            if let Some(Incoming::Frame(frame)) = read {
                frames.push(frame);
            }
        }
        assert_eq!(frames, [&b"{}"[..], b"[1]"]);
    }

    #[tokio::test]
    async fn announced_length_beyond_the_limit_ends_the_link_before_anything_is_stored() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let mut wire = FramedWire::new(Box::new(ours));
        theirs.write_all(&[0xff, 0xff, 0xff, 0xff]).await.unwrap();
        assert!(matches!(wire.receive().await, Err(LinkLost::TooLarge { .. })));
    }
}
