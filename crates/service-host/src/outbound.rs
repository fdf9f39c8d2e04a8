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

mod proxy;

pub use proxy::{NoProxyAddress, ProxyAddress};

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
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;

    use super::*;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    /// A proxy that answers one request with `answer` and then says `hello` through the tunnel.
    async fn proxy_at(answer: &'static str) -> (ProxyAddress, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(head).unwrap()
        });
        (ProxyAddress::parse(&url).unwrap(), asked)
    }

    const LET_THROUGH: &str = "HTTP/1.1 200 Connected\r\n\r\nhello";

    #[tokio::test]
    async fn proxy_is_asked_for_the_host_and_then_carries_its_bytes() {
        for (host, target) in
            [("relay.example.com", "relay.example.com:443"), ("2001:db8::1", "[2001:db8::1]:443")]
        {
            let (proxy, asked) = proxy_at(LET_THROUGH).await;
            let mut stream = reach(host, 443, Some(&proxy)).await.unwrap();
            let mut heard = String::new();
            stream.read_to_string(&mut heard).await.unwrap();
            assert_eq!(heard, "hello");
            let asked = asked.await.unwrap().to_lowercase();
            assert!(asked.starts_with(&format!("connect {target} http/1.1\r\n")), "{asked}");
            assert!(asked.contains(&format!("host: {target}\r\n")), "{asked}");
        }
    }

    #[tokio::test]
    async fn proxy_named_by_its_ipv6_address_needs_no_resolver() {
        // Nobody listens there, and the machine may have no IPv6 at all: the address was tried.
        let proxy = ProxyAddress::parse("http://[::1]:1").unwrap();
        let error = reach("relay.example.com", 443, Some(&proxy)).await.err().unwrap();
        assert!(matches!(error, ReachError::Unreachable { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn what_is_wrong_on_the_way_is_told_apart() {
        let no = "HTTP/1.1 407 Log on first\r\nContent-Length: 0\r\n\r\n";
        let (proxy, _asked) = proxy_at(no).await;
        let refused = reach("relay.example.com", 443, Some(&proxy)).await.err().unwrap();
        assert!(matches!(refused, ReachError::ProxyRefused { status: 407, .. }), "{refused:?}");

        let (proxy, _asked) = proxy_at("SSH-2.0-other\r\n").await;
        let broken = reach("relay.example.com", 443, Some(&proxy)).await.err().unwrap();
        assert!(matches!(broken, ReachError::ProxyBroken(_)), "{broken:?}");

        // A port that was ours a moment ago, and at which nobody listens any more.
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let nobody = reach("127.0.0.1", port, None).await.err().unwrap();
        assert!(matches!(nobody, ReachError::Unreachable { .. }), "{nobody:?}");
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
