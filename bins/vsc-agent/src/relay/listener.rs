//! The relay's door: TCP, TLS, the WebSocket upgrade, and a page that tells whether it is well.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use service_host::outbound::ByteStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;

use vsc_core::relay::Source;

use super::hub::Hub;
use super::seat::{Seat, Way};
use super::upgrade;
use crate::websocket::{ASK_AFTER, GIVE_UP_AFTER, Socket};

/// How long TLS, the upgrade and the first message may take.
const INTRODUCTION: Duration = Duration::from_secs(10);

/// Connections that may be introducing themselves at once.
const INTRODUCTIONS: usize = 512;

/// Opens the door.
///
/// # Errors
///
/// What the operating system says, with the address.
pub async fn open(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    })
}

/// How visitors are let in.
#[derive(Clone)]
pub struct Entrance {
    /// TLS, where the relay does it itself.
    pub tls: Option<TlsAcceptor>,
    /// Whether every visitor comes through a proxy that tells whom it speaks for.
    pub behind_proxy: bool,
}

/// Serves a listening socket for as long as it is polled.
pub async fn serve(listener: TcpListener, entrance: Entrance, hub: Arc<Hub>) {
    let introductions = Arc::new(Semaphore::new(INTRODUCTIONS));
    loop {
        let Ok(permit) = Arc::clone(&introductions).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, from)) => {
                let (entrance, hub) = (entrance.clone(), Arc::clone(&hub));
                tokio::spawn(async move {
                    let introduced = introduce(stream, from, &entrance, &hub);
                    let introduced = tokio::time::timeout(INTRODUCTION, introduced).await;
                    drop(permit);
                    match introduced {
                        Ok(Ok(Some((seat, stream)))) => converse(&hub, &seat, stream).await,
                        Ok(Ok(None)) => {}
                        Ok(Err(error)) => {
                            tracing::debug!(%from, %error, "a visitor was not let in")
                        }
                        Err(_) => tracing::debug!(%from, "a visitor did not introduce itself"),
                    }
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: those who are here need time to leave.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// From an accepted socket to a seat whose first message was taken; `None` for somebody who only
/// asked how the relay is.
async fn introduce(
    stream: TcpStream,
    from: SocketAddr,
    entrance: &Entrance,
    hub: &Arc<Hub>,
) -> io::Result<Option<(Arc<Seat>, SplitStream<Socket>)>> {
    // Small messages, each waited for. Not being able to set it costs time, not correctness.
    let _ = stream.set_nodelay(true);
    let stream: Box<dyn ByteStream> = match &entrance.tls {
        Some(tls) => Box::new(tls.accept(stream).await?),
        None => Box::new(stream),
    };
    let Some(accepted) = upgrade::accept(stream, hub).await? else { return Ok(None) };
    let forwarded_for = accepted.forwarded_for.filter(|_| entrance.behind_proxy);
    let source = source_of(forwarded_for.unwrap_or(from.ip()));
    let (sink, mut stream) = accepted.socket.split();
    let way = Way::Socket(Box::new(tokio::sync::Mutex::new(sink)));
    let seat =
        hub.sit(source, way).ok_or_else(|| io::Error::other("there are too many connections"))?;
    match stream.next().await {
        Some(Ok(Message::Binary(message))) => {
            hub.take(&seat, &message).await;
            Ok(Some((seat, stream)))
        }
        _ => {
            hub.leave(seat.id).await;
            Err(io::Error::other("it did not speak"))
        }
    }
}

async fn converse(hub: &Hub, seat: &Seat, mut stream: SplitStream<Socket>) {
    let mut unanswered = 0;
    while hub.is_seated(seat.id) {
        let heard = tokio::select! {
            heard = tokio::time::timeout(ASK_AFTER, stream.next()) => heard,
            () = seat.until_hung_up() => break,
        };
        match heard {
            Ok(Some(Ok(Message::Binary(message)))) => {
                unanswered = 0;
                hub.take(seat, &message).await;
            }
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)))) => unanswered = 0,
            // Text does not belong here.
            Ok(Some(Ok(Message::Close(_) | Message::Text(_)) | Err(_)) | None) => break,
            Err(_) => {
                unanswered += 1;
                if unanswered >= GIVE_UP_AFTER || !seat.ask().await {
                    break;
                }
            }
        }
    }
    hub.leave(seat.id).await;
}

/// What counts as one source: an IPv4 address, or an IPv6 network of the size that is given to
/// one household (RFC 6177).
fn source_of(address: IpAddr) -> Source {
    match address.to_canonical() {
        IpAddr::V4(address) => Source(u64::from(address.to_bits())),
        // The upper half is the network; below it, 56 bits are what one customer gets at least.
        IpAddr::V6(address) => {
            Source(u64::try_from(address.to_bits() >> 64).unwrap_or(0) >> 8 << 8 | 1)
        }
    }
}
