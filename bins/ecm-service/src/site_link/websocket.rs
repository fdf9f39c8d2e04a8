//! `open-websocket`: one WebSocket text message carries one frame.
//!
//! This is the open protocol of this project (`docs/wire/ecm.md`), not a vendor's.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ecm_protocol::version::Version;
use futures_util::{SinkExt, StreamExt};
use http::HeaderValue;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL, USER_AGENT};
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use service_host::outbound::Bracketed;
use service_host::outbound::ProxyAddress;
use service_host::outbound::{ReachError, SecureStream, reach_securely};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use zeroize::Zeroizing;

use super::refusal::Refusal;
use super::token::AccessToken;
use super::wire::{ConnectError, Incoming, LinkLost, Outgoing, SiteDialer, SiteWire};

/// The largest message that may be agreed upon; the greeting says how much really is.
const LARGEST_MESSAGE: usize = 4 * 1024 * 1024;

/// How long name, network, proxy, TLS and upgrade may take together.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Dials one site.
#[derive(Debug)]
pub struct WebSocketDialer {
    /// Host, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path of the upgrade request.
    pub path: String,
    /// Proxy to go through.
    pub proxy: Option<ProxyAddress>,
    /// Whom to trust.
    pub tls: Arc<ClientConfig>,
}

/// An open WebSocket.
pub struct WebSocketWire {
    stream: WebSocketStream<SecureStream>,
}

impl SiteDialer for WebSocketDialer {
    type Wire = WebSocketWire;

    async fn connect(&self, token: &AccessToken) -> Result<WebSocketWire, ConnectError> {
        let dialling = self.dial(token);
        let timed_out = ConnectError::TimedOut { waited: PATIENCE };
        tokio::time::timeout(PATIENCE, dialling).await.unwrap_or(Err(timed_out))
    }
}

impl WebSocketDialer {
    async fn dial(&self, token: &AccessToken) -> Result<WebSocketWire, ConnectError> {
        let request = self.request(token)?;
        let stream =
            reach_securely(&self.host, self.port, self.proxy.as_ref(), Arc::clone(&self.tls))
                .await?;
        // The library's defaults allow 64 MiB messages and a write buffer without end.
        let limits = WebSocketConfig::default()
            .max_message_size(Some(LARGEST_MESSAGE))
            .max_frame_size(Some(LARGEST_MESSAGE))
            .write_buffer_size(0)
            .max_write_buffer_size(2 * LARGEST_MESSAGE);
        match tokio_tungstenite::client_async_with_config(request, stream, Some(limits)).await {
            Ok((stream, _)) => Ok(WebSocketWire { stream }),
            Err(error) => Err(upgrade_failed(&self.host, error)),
        }
    }

    fn request(&self, token: &AccessToken) -> Result<http::Request<()>, ConnectError> {
        let url = format!("wss://{}:{}{}", Bracketed(&self.host), self.port, self.path);
        let not_a_request =
            |what: &str| ConnectError::NotSpoken { rule: format!("{what} cannot be sent") };
        let mut request = url.into_client_request().map_err(|_| not_a_request("this address"))?;
        let bearer = Zeroizing::new(format!("Bearer {}", token.secret().expose_secret()));
        let mut authorization =
            HeaderValue::from_str(&bearer).map_err(|_| not_a_request("this token"))?;
        authorization.set_sensitive(true);
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(Version::SUBPROTOCOL));
        headers.insert(USER_AGENT, super::user_agent());
        Ok(request)
    }
}

fn upgrade_failed(host: &str, error: Error) -> ConnectError {
    match error {
        Error::Http(answer) => {
            ConnectError::Refused(Refusal::read(answer.status(), answer.headers()))
        }
        Error::Io(cause) => ReachError::Tls { host: host.to_owned(), cause }.into(),
        Error::Protocol(rule) => ConnectError::NotSpoken { rule: rule.to_string() },
        // Other variants can hold pieces of what was received: their words are not passed on.
        _ => ConnectError::NotSpoken { rule: "its answer is no WebSocket upgrade".to_owned() },
    }
}

impl SiteWire for WebSocketWire {
    async fn send(&mut self, what: Outgoing) -> Result<(), LinkLost> {
        let message = match what {
            Outgoing::Ping => Message::Ping(Bytes::new()),
            Outgoing::Frame(buffer) => {
                // The owner is wiped when the last view of it is dropped, after the write.
                let bytes = Bytes::from_owner(Wiped(buffer));
                let text = Utf8Bytes::try_from(bytes)
                    .map_err(|_| LinkLost::Protocol { rule: "frames are text".to_owned() })?;
                Message::Text(text)
            }
        };
        self.stream.send(message).await.map_err(lost)
    }

    async fn receive(&mut self) -> Result<Incoming, LinkLost> {
        match self.stream.next().await {
            None => Err(LinkLost::Ended),
            Some(Err(error)) => Err(lost(error)),
            Some(Ok(message)) => match message {
                Message::Text(text) => Ok(Incoming::Frame(text.into())),
                Message::Binary(_) => Err(LinkLost::Binary),
                Message::Close(frame) => Err(closed(frame.as_ref())),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(Incoming::Life),
            },
        }
    }

    async fn close(mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: CloseCode::from(code), reason: Utf8Bytes::from(reason) };
        // Politeness has a limit, and a broken link cannot be told anything.
        let _ = tokio::time::timeout(GOODBYE, async {
            self.stream.close(Some(frame)).await?;
            while let Some(Ok(_)) = self.stream.next().await {}
            Ok::<(), Error>(())
        })
        .await;
    }
}

struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn closed(frame: Option<&CloseFrame>) -> LinkLost {
    match frame {
        None => LinkLost::Closed { code: 1005, reason: String::new() },
        Some(frame) => LinkLost::Closed {
            code: frame.code.into(),
            reason: frame.reason.chars().filter(|c| !c.is_control()).take(123).collect(),
        },
    }
}

/// Turns the library's error into ours. Never keeps one whose text could hold a message.
fn lost(error: Error) -> LinkLost {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => LinkLost::Ended,
        Error::Io(cause) => LinkLost::Broken(cause),
        Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) => {
            LinkLost::TooLarge { limit: max_size }
        }
        Error::Protocol(rule) => LinkLost::Protocol { rule: rule.to_string() },
        Error::Utf8(_) => LinkLost::Protocol { rule: "text must be UTF-8".to_owned() },
        _ => LinkLost::Protocol { rule: "not a WebSocket conversation".to_owned() },
    }
}
