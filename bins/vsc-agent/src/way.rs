//! How an agent reaches its mailbox: over the network, or inside this process.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{SEC_WEBSOCKET_PROTOCOL, USER_AGENT};
use http::{HeaderValue, Request};
use rustls::ClientConfig;
use service_host::outbound::{
    Bracketed, ByteStream, ProxyAddress, ReachError, reach, reach_securely,
};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use url::Url;

use crate::connection::{self, Connection};
use crate::relay::Hub;
use crate::websocket::{PATH, SUBPROTOCOL, limits, pump};

/// How long name, network, proxy, TLS and upgrade may take together.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where the mailboxes are.
pub enum Way {
    /// At a relay, or at the other agent if that one listens.
    Relay(RelayAddress),
    /// Here: this agent listens, and the other one dials it.
    Inside(Arc<Hub>),
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relay(relay) => relay.fmt(f),
            Self::Inside(_) => f.write_str("direct, this agent listens"),
        }
    }
}

impl Way {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// See [`DialError`].
    pub async fn connect(&self) -> Result<Connection, DialError> {
        match self {
            Self::Relay(relay) => match tokio::time::timeout(PATIENCE, relay.dial()).await {
                Ok(dialled) => dialled,
                Err(_) => Err(DialError::TimedOut { relay: relay.to_string() }),
            },
            Self::Inside(hub) => Ok(hub.attach()),
        }
    }
}

/// A relay and how to get there.
pub struct RelayAddress {
    host: String,
    port: u16,
    path: String,
    tls: Option<Arc<ClientConfig>>,
    proxy: Option<ProxyAddress>,
}

impl fmt::Display for RelayAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        write!(f, "{scheme}://{}:{}{}", Bracketed(&self.host), self.port, self.path)
    }
}

/// Why a text is no relay's address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// No URL at all.
    #[error("`{text}` is not an address: {cause}; write for example wss://relay.example.com")]
    NotAUrl {
        /// What was written.
        text: String,
        /// What is wrong with it.
        cause: url::ParseError,
    },
    /// Of another protocol.
    #[error("a relay's address begins with wss:// (or ws:// without TLS), not `{scheme}://`")]
    Scheme {
        /// What it begins with.
        scheme: String,
    },
    /// With things in it that would be sent nowhere, or logged.
    #[error("a relay's address has no user name, password, query or fragment")]
    Extra,
}

impl RelayAddress {
    /// Reads `wss://host[:port][/path]`; `wss` needs `tls`.
    ///
    /// # Errors
    ///
    /// See [`AddressError`].
    pub fn parse(
        text: &str,
        tls: Option<Arc<ClientConfig>>,
        proxy: Option<ProxyAddress>,
    ) -> Result<Self, AddressError> {
        let url = Url::parse(text)
            .map_err(|cause| AddressError::NotAUrl { text: text.to_owned(), cause })?;
        let tls = match url.scheme() {
            "wss" => tls,
            "ws" => None,
            scheme => return Err(AddressError::Scheme { scheme: scheme.to_owned() }),
        };
        let extra = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if extra {
            return Err(AddressError::Extra);
        }
        let path = match url.path() {
            "" | "/" => PATH.to_owned(),
            path => path.to_owned(),
        };
        Ok(Self { host, port: url.port_or_known_default().unwrap_or(443), path, tls, proxy })
    }

    async fn dial(&self) -> Result<Connection, DialError> {
        let relay = || self.to_string();
        let stream =
            self.reach().await.map_err(|cause| DialError::Unreachable { relay: relay(), cause })?;
        let request = self.request()?;
        let upgraded =
            tokio_tungstenite::client_async_with_config(request, stream, Some(limits())).await;
        match upgraded {
            Ok((socket, _)) => {
                let (near, far) = connection::pair();
                tokio::spawn(pump(socket, far));
                Ok(near)
            }
            Err(Error::Http(answer)) => {
                Err(DialError::Refused { relay: relay(), status: answer.status().as_u16() })
            }
            Err(Error::Protocol(rule)) => {
                Err(DialError::NoRelay { relay: relay(), rule: rule.to_string() })
            }
            // Other variants can hold pieces of what was received: their words are not passed on.
            Err(_) => {
                let rule = "its answer is no WebSocket upgrade".to_owned();
                Err(DialError::NoRelay { relay: relay(), rule })
            }
        }
    }

    async fn reach(&self) -> Result<Box<dyn ByteStream>, ReachError> {
        let proxy = self.proxy.as_ref();
        match &self.tls {
            Some(tls) => {
                let tls = Arc::clone(tls);
                Ok(Box::new(reach_securely(&self.host, self.port, proxy, tls).await?))
            }
            None => reach(&self.host, self.port, proxy).await,
        }
    }

    fn request(&self) -> Result<Request<()>, DialError> {
        let mut request =
            self.to_string().into_client_request().map_err(|_| DialError::NoRelay {
                relay: self.to_string(),
                rule: "its address cannot be asked for".to_owned(),
            })?;
        let headers = request.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        let agent = HeaderValue::from_static(concat!("vsc-agent/", env!("CARGO_PKG_VERSION")));
        headers.insert(USER_AGENT, agent);
        Ok(request)
    }
}

/// Why there is no connection to the relay.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// Name, network, proxy or certificate.
    #[error("the relay {relay} cannot be reached: {cause}")]
    Unreachable {
        /// Its address.
        relay: String,
        /// What went wrong on the way.
        #[source]
        cause: ReachError,
    },
    /// Nobody answered in time.
    #[error("the relay {relay} did not answer within {} s", PATIENCE.as_secs())]
    TimedOut {
        /// Its address.
        relay: String,
    },
    /// It upgraded the connection and then said nothing.
    #[error(
        "the relay {relay} accepts connections and does not answer; is it the address of a relay?"
    )]
    Silent {
        /// Its address.
        relay: String,
    },
    /// It upgraded the connection and closed it.
    #[error("the relay {relay} hung up without a word; is it the address of a relay?")]
    HungUp {
        /// Its address.
        relay: String,
    },
    /// It answered with another status than the upgrade.
    #[error("{relay} refused with HTTP status {status}; is it the address of a relay?")]
    Refused {
        /// Its address.
        relay: String,
        /// The status.
        status: u16,
    },
    /// What answers there does not speak WebSocket.
    #[error("what answers at {relay} is no relay: {rule}")]
    NoRelay {
        /// Its address.
        relay: String,
        /// What it did.
        rule: String,
    },
}
