//! The relay's door: TCP, TLS, the WebSocket upgrade, and a page that tells whether it is well.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{SplitSink, SplitStream};
use service_host::outbound::ByteStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use vsc_core::mailbox::CloseReason;
use vsc_core::relay::Source;

use super::hub::Hub;
use super::seat::{Seat, Way};
use super::upgrade;
use crate::websocket::{ASK_AFTER, GIVE_UP_AFTER, Socket};

/// How long TLS, the upgrade and the first message may take.
const INTRODUCTION: Duration = Duration::from_secs(10);

/// Connections that may be introducing themselves at once.
const INTRODUCTIONS: usize = 512;

/// How many of them may come from one address. An office whose agents all come back at once needs
/// a few more attempts.
const INTRODUCTIONS_OF_ONE: usize = 64;

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
    let most_of_one = if entrance.behind_proxy { INTRODUCTIONS } else { INTRODUCTIONS_OF_ONE };
    let introductions = Introductions::new(most_of_one);
    loop {
        let Ok(permit) = Arc::clone(&introductions.all).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, from)) => {
                let Some(place) = introductions.place_of(from.ip()) else {
                    tracing::debug!(%from, "too many visitors of one address do not speak");
                    continue;
                };
                let (entrance, hub) = (entrance.clone(), Arc::clone(&hub));
                tokio::spawn(async move {
                    let introduced = introduce(stream, from, &entrance, &hub);
                    let introduced = tokio::time::timeout(INTRODUCTION, introduced).await;
                    drop((permit, place));
                    match introduced {
                        Ok(Ok(Some(visitor))) => receive(&hub, visitor).await,
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

/// Who is introducing itself now. One address that connects and never speaks must not keep all
/// the others waiting.
struct Introductions {
    all: Arc<Semaphore>,
    most_of_one: usize,
    of_each: Arc<Mutex<HashMap<Source, usize>>>,
}

/// One of an address's places, until dropped.
struct Place {
    of_each: Arc<Mutex<HashMap<Source, usize>>>,
    source: Source,
}

impl Introductions {
    fn new(most_of_one: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(INTRODUCTIONS)), most_of_one, of_each: Arc::default() }
    }

    fn place_of(&self, address: IpAddr) -> Option<Place> {
        let source = source_of(address);
        let mut of_each = self.of_each.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = of_each.entry(source).or_default();
        if *taken >= self.most_of_one {
            return None;
        }
        *taken += 1;
        Some(Place { of_each: Arc::clone(&self.of_each), source })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut of_each = self.of_each.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = of_each.get_mut(&self.source) {
            *taken -= 1;
            if *taken == 0 {
                of_each.remove(&self.source);
            }
        }
    }
}

/// Somebody who spoke.
struct Visitor {
    source: Source,
    sink: SplitSink<Socket, Message>,
    stream: SplitStream<Socket>,
    first: Bytes,
}

/// From an accepted socket to a first message; `None` for somebody who only asked how the relay
/// is. May be given up at any time: a visitor has no seat yet.
async fn introduce(
    stream: TcpStream,
    from: SocketAddr,
    entrance: &Entrance,
    hub: &Arc<Hub>,
) -> io::Result<Option<Visitor>> {
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
    match stream.next().await {
        Some(Ok(Message::Binary(first))) => Ok(Some(Visitor { source, sink, stream, first })),
        _ => Err(io::Error::other("it did not speak")),
    }
}

/// Gives a visitor a seat, until it leaves.
async fn receive(hub: &Hub, visitor: Visitor) {
    let Visitor { source, sink, stream, first } = visitor;
    match hub.sit(source, Way::Socket(Box::new(tokio::sync::Mutex::new(sink)))) {
        Ok(seat) => {
            hub.take(&seat, &first).await;
            converse(hub, &seat, stream).await;
        }
        Err(way) => {
            tracing::warn!("there are too many connections");
            way.refuse(CloseReason::Full).await;
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

#[cfg(test)]
mod tests {
    use futures_util::SinkExt;
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    use vsc_core::mailbox::{FromRelay, ToRelay};
    use vsc_core::relay::RelayLimits;

    use super::*;
    use crate::websocket::{PATH, SUBPROTOCOL};

    type Client = tokio_tungstenite::WebSocketStream<TcpStream>;

    async fn relay(most_connections: usize) -> (Arc<Hub>, SocketAddr) {
        let hub = Hub::new(RelayLimits::default(), most_connections);
        let listener = open("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let entrance = Entrance { tls: None, behind_proxy: false };
        tokio::spawn(serve(listener, entrance, Arc::clone(&hub)));
        (hub, address)
    }

    async fn upgraded(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut request = format!("ws://{address}{PATH}").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
        tokio_tungstenite::client_async(request, stream).await.unwrap().0
    }

    async fn heard(client: &mut Client) -> FromRelay {
        let message = client.next().await.unwrap().unwrap();
        FromRelay::decode(&message.into_data()).unwrap()
    }

    #[tokio::test]
    async fn visitors_who_never_speak_leave_nothing_behind() {
        let (hub, address) = relay(2).await;
        let mut silent = Vec::new();
        for _ in 0..3 {
            silent.push(upgraded(address).await);
        }
        // They have no seats while they are silent, and cannot keep others from having one.
        assert_eq!(hub.counts().connections, 0);
        let mut other = upgraded(address).await;
        other.send(Message::binary(ToRelay::Open.encode())).await.unwrap();
        assert!(matches!(heard(&mut other).await, FromRelay::Opened(..)));
        assert_eq!(hub.counts().connections, 1);
        tokio::time::pause();
        tokio::time::advance(INTRODUCTION).await;
        tokio::time::resume();
        for client in &mut silent {
            assert!(matches!(client.next().await, None | Some(Err(_))), "the relay hung up");
        }
        assert_eq!(hub.counts().connections, 1);
    }

    #[tokio::test]
    async fn who_finds_no_seat_is_told_so() {
        let (_hub, address) = relay(1).await;
        let mut first = upgraded(address).await;
        first.send(Message::binary(ToRelay::Open.encode())).await.unwrap();
        assert!(matches!(heard(&mut first).await, FromRelay::Opened(..)));
        let mut second = upgraded(address).await;
        second.send(Message::binary(ToRelay::Open.encode())).await.unwrap();
        assert_eq!(heard(&mut second).await, FromRelay::Closed(CloseReason::Full));
    }

    #[test]
    fn one_address_does_not_take_all_the_places_at_the_door() {
        let introductions = Introductions::new(2);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        let first = introductions.place_of(one).unwrap();
        let _second = introductions.place_of(one).unwrap();
        assert!(introductions.place_of(one).is_none());
        assert!(introductions.place_of(other).is_some());
        drop(first);
        assert!(introductions.place_of(one).is_some());
        drop(_second);
        assert!(introductions.of_each.lock().unwrap().is_empty(), "nothing is remembered");
    }

    #[test]
    fn an_address_counts_alone_and_a_household_together() {
        let source = |text: &str| source_of(text.parse().unwrap());
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
        assert_eq!(source("192.0.2.1"), source("::ffff:192.0.2.1"));
        assert_eq!(source("2001:db8:0:11::1"), source("2001:db8:0:12::2"));
        assert_ne!(source("2001:db8:0:1100::1"), source("2001:db8:0:1200::1"));
    }
}
