//! From a host name to an open byte stream: names, all addresses, proxy, TLS.

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

use super::wire::ConnectError;
use crate::config::site::Bracketed;
use crate::config::tls::ProxyAddress;

/// How long the next address waits for the one before it (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// A byte stream, direct or through a proxy.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// TLS over whatever reached the host.
pub type SecureStream = TlsStream<Box<dyn ByteStream>>;

/// Opens a TLS connection to `host`, through `proxy` if there is one.
///
/// # Errors
///
/// See [`ConnectError`]; it tells name, network, proxy and certificate apart.
pub async fn reach(
    host: &str,
    port: u16,
    proxy: Option<&ProxyAddress>,
    tls: Arc<ClientConfig>,
) -> Result<SecureStream, ConnectError> {
    let stream: Box<dyn ByteStream> = match proxy {
        None => Box::new(dial(host, port).await?),
        Some(proxy) => Box::new(tunnel(proxy, host, port).await?),
    };
    let name = ServerName::try_from(host.to_owned()).map_err(|_| ConnectError::NoAddress {
        host: host.to_owned(),
        cause: io::Error::new(io::ErrorKind::InvalidInput, "not a host name"),
    })?;
    TlsConnector::from(tls).connect(name, stream).await.map_err(|error| tls_failed(host, error))
}

fn tls_failed(host: &str, error: io::Error) -> ConnectError {
    let host = host.to_owned();
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(reason @ rustls::Error::InvalidCertificate(_)) => {
            ConnectError::Untrusted { host, reason: reason.clone() }
        }
        _ => ConnectError::Tls { host, cause: error },
    }
}

/// Resolves anew at every call, and tries all addresses.
async fn dial(host: &str, port: u16) -> Result<TcpStream, ConnectError> {
    let found = tokio::net::lookup_host((host, port)).await;
    let addresses: Vec<SocketAddr> = match found {
        Ok(addresses) => alternate_families(addresses.collect()),
        Err(cause) => return Err(ConnectError::NoAddress { host: host.to_owned(), cause }),
    };
    let stream = first_to_answer(&addresses, TcpStream::connect).await;
    let stream = stream.map_err(|cause| ConnectError::Unreachable {
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
) -> Result<impl ByteStream + 'static, ConnectError> {
    let stream = dial(&proxy.host, proxy.port).await?;
    let target = format!("{}:{port}", Bracketed(host));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(ConnectError::ProxyBroken)?;
    // Carries the bytes until the tunnel is taken out of it; ends by itself when either side goes.
    tokio::spawn(connection.with_upgrades());
    let request = Request::connect(&target).header(http::header::HOST, &target);
    let request = request.body(Empty::<Bytes>::new()).map_err(|_| ConnectError::NotSpoken {
        rule: format!("`{target}` cannot be asked of a proxy"),
    })?;
    let answer = sender.send_request(request).await.map_err(ConnectError::ProxyBroken)?;
    if !answer.status().is_success() {
        return Err(ConnectError::ProxyRefused { target, status: answer.status().as_u16() });
    }
    let upgraded = hyper::upgrade::on(answer).await.map_err(ConnectError::ProxyBroken)?;
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
