//! From a host name to an open byte stream: names, all addresses, proxy, TLS.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Url;

/// How long the next address waits for the one before it (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// A byte stream, direct or through a proxy.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// TLS over whatever reached the host.
pub type SecureStream = TlsStream<Box<dyn ByteStream>>;

/// A host as it stands in a URL or `Host` header: IPv6 addresses in brackets.
pub struct Bracketed<'h>(pub &'h str);

impl fmt::Display for Bracketed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains(':') { write!(f, "[{}]", self.0) } else { f.write_str(self.0) }
    }
}

/// An HTTP proxy, `http://host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyAddress {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// A text is no address of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a proxy is http://host:port, without user, path or query")]
pub struct NoProxyAddress;

impl ProxyAddress {
    /// Reads `http://host:port`.
    ///
    /// # Errors
    ///
    /// [`NoProxyAddress`]. Proxies that want a password are not spoken to.
    pub fn parse(text: &str) -> Result<Self, NoProxyAddress> {
        let url = Url::parse(text).map_err(|_| NoProxyAddress)?;
        let plain = url.scheme() == "http"
            && url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none();
        match (url.host_str(), url.port_or_known_default()) {
            (Some(host), Some(port)) if plain => Ok(Self { host: host.to_owned(), port }),
            _ => Err(NoProxyAddress),
        }
    }

    /// The proxy as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }
}

/// Why a host was not reached. Sorted by who must act.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReachError {
    /// The name has no address.
    #[error("the name {host} cannot be resolved")]
    NoAddress {
        /// The name.
        host: String,
        /// What the resolver said.
        #[source]
        cause: io::Error,
    },
    /// Nobody answers at any of its addresses.
    #[error("{target} cannot be reached")]
    Unreachable {
        /// Host and port.
        target: String,
        /// What the last try said.
        #[source]
        cause: io::Error,
    },
    /// The proxy does not let us through.
    #[error("the proxy refuses the way to {target} with status {status}")]
    ProxyRefused {
        /// Host and port behind the proxy.
        target: String,
        /// Its HTTP status.
        status: u16,
    },
    /// The proxy does not talk HTTP.
    #[error("the proxy did not answer as a proxy")]
    ProxyBroken(#[source] hyper::Error),
    /// The name cannot be asked of a proxy.
    #[error("`{target}` cannot be asked of a proxy")]
    NotForProxies {
        /// Host and port.
        target: String,
    },
    /// The certificate is not trusted.
    #[error("the certificate of {host} is not trusted: {reason}")]
    Untrusted {
        /// The host.
        host: String,
        /// What is wrong with it.
        reason: rustls::Error,
    },
    /// The TLS handshake failed for another reason.
    #[error("no TLS connection with {host}")]
    Tls {
        /// The host.
        host: String,
        /// What was said.
        #[source]
        cause: io::Error,
    },
}

/// Opens a byte stream to `host`, through `proxy` if there is one.
///
/// # Errors
///
/// See [`ReachError`]; it tells name, network and proxy apart.
pub async fn reach(
    host: &str,
    port: u16,
    proxy: Option<&ProxyAddress>,
) -> Result<Box<dyn ByteStream>, ReachError> {
    Ok(match proxy {
        None => Box::new(dial(host, port).await?),
        Some(proxy) => Box::new(tunnel(proxy, host, port).await?),
    })
}

/// Opens a TLS connection to `host`, through `proxy` if there is one.
///
/// # Errors
///
/// See [`ReachError`]; it tells name, network, proxy and certificate apart.
pub async fn reach_securely(
    host: &str,
    port: u16,
    proxy: Option<&ProxyAddress>,
    tls: Arc<ClientConfig>,
) -> Result<SecureStream, ReachError> {
    let stream = reach(host, port, proxy).await?;
    let name = ServerName::try_from(host.to_owned()).map_err(|_| ReachError::NoAddress {
        host: host.to_owned(),
        cause: io::Error::new(io::ErrorKind::InvalidInput, "not a host name"),
    })?;
    TlsConnector::from(tls).connect(name, stream).await.map_err(|error| tls_failed(host, error))
}

fn tls_failed(host: &str, error: io::Error) -> ReachError {
    let host = host.to_owned();
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(reason @ rustls::Error::InvalidCertificate(_)) => {
            ReachError::Untrusted { host, reason: reason.clone() }
        }
        _ => ReachError::Tls { host, cause: error },
    }
}

/// Resolves anew at every call, and tries all addresses.
async fn dial(host: &str, port: u16) -> Result<TcpStream, ReachError> {
    let found = tokio::net::lookup_host((host, port)).await;
    let addresses: Vec<SocketAddr> = match found {
        Ok(addresses) => alternate_families(addresses.collect()),
        Err(cause) => return Err(ReachError::NoAddress { host: host.to_owned(), cause }),
    };
    let stream = first_to_answer(&addresses, TcpStream::connect).await;
    let stream = stream.map_err(|cause| ReachError::Unreachable {
        target: format!("{}:{port}", Bracketed(host)),
        cause,
    })?;
    // Small messages, each waited for. Not being able to set it costs time, not correctness.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// The first address's family first, then by turns (RFC 8305, section 4), so that a broken family
/// costs one head start and not the whole list.
fn alternate_families(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut preferred, mut other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    preferred.reverse();
    other.reverse();
    let mut order = Vec::new();
    while let Some(address) = preferred.pop() {
        order.push(address);
        order.extend(other.pop());
    }
    other.reverse();
    order.extend(other);
    order
}

/// Tries the addresses one after the other, each with a short head start over the next.
async fn first_to_answer<S, F>(
    addresses: &[SocketAddr],
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<S>
where
    S: Send + 'static,
    F: Future<Output = io::Result<S>> + Send + 'static,
{
    let mut waiting = addresses.iter();
    let mut tries = JoinSet::new();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    loop {
        if let Some(address) = waiting.next() {
            tries.spawn(connect(*address));
        } else if tries.is_empty() {
            return Err(last);
        }
        let answered = if waiting.len() == 0 {
            tries.join_next().await
        } else {
            // Nobody within the head start: the next address joins the race.
            match tokio::time::timeout(HEAD_START, tries.join_next()).await {
                Ok(answered) => answered,
                Err(_) => continue,
            }
        };
        match answered {
            Some(Ok(Ok(stream))) => return Ok(stream),
            Some(Ok(Err(error))) => last = error,
            Some(Err(error)) => last = io::Error::other(error),
            None => {}
        }
    }
}

/// Asks an HTTP proxy for a way to the host (`CONNECT`, RFC 9110 section 9.3.6).
async fn tunnel(
    proxy: &ProxyAddress,
    host: &str,
    port: u16,
) -> Result<impl ByteStream + 'static, ReachError> {
    let stream = dial(&proxy.host, proxy.port).await?;
    let target = format!("{}:{port}", Bracketed(host));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(ReachError::ProxyBroken)?;
    // Carries the bytes until the tunnel is taken out of it; ends by itself when either side goes.
    tokio::spawn(connection.with_upgrades());
    let request = Request::connect(&target).header(http::header::HOST, &target);
    let request = request
        .body(Empty::<Bytes>::new())
        .map_err(|_| ReachError::NotForProxies { target: target.clone() })?;
    let answer = sender.send_request(request).await.map_err(ReachError::ProxyBroken)?;
    if !answer.status().is_success() {
        return Err(ReachError::ProxyRefused { target, status: answer.status().as_u16() });
    }
    let upgraded = hyper::upgrade::on(answer).await.map_err(ReachError::ProxyBroken)?;
    Ok(TokioIo::new(upgraded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_take_turns_and_nobody_is_lost() {
        let mixed = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]);
        let order = alternate_families(mixed);
        assert_eq!(order, addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]));
        let mixed = addresses(&["1.1.1.1:1", "[::1]:1", "[::2]:1", "[::3]:1"]);
        assert_eq!(alternate_families(mixed.clone()), mixed);
    }

    #[tokio::test(start_paused = true)]
    async fn silent_address_costs_only_the_head_start() {
        let list = addresses(&["1.1.1.1:1", "2.2.2.2:1"]);
        let started = tokio::time::Instant::now();
        let winner = first_to_answer(&list, |address| async move {
            if address.ip().to_string() == "1.1.1.1" {
                std::future::pending::<()>().await;
            }
            Ok(address)
        });
        assert_eq!(winner.await.unwrap().to_string(), "2.2.2.2:1");
        assert_eq!(started.elapsed(), HEAD_START);
    }

    #[tokio::test(start_paused = true)]
    async fn refused_address_does_not_wait_for_the_head_start() {
        let list = addresses(&["1.1.1.1:1", "2.2.2.2:1"]);
        let started = tokio::time::Instant::now();
        let nobody = first_to_answer::<(), _>(&list, |address| async move {
            Err(io::Error::other(address.to_string()))
        });
        assert_eq!(nobody.await.unwrap_err().to_string(), "2.2.2.2:1");
        assert_eq!(started.elapsed(), Duration::ZERO);
        let none = first_to_answer::<(), _>(&[], |_| async { Ok(()) });
        assert_eq!(none.await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
