//! What the same bytes cost without us: echoes over TLS and TCP, with and without a forwarder.
//!
//! A question has four length bytes in front: how long it is, and how long the answer shall be.

use std::io::{Read, Write};
use std::net::SocketAddr;

use service_host::outbound::ByteStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::tls::Tls;
use crate::{Contestant, Size};

pub(crate) enum Forwarders {
    None,
    One,
}

/// An echo, and the connection to it.
pub(crate) struct Echo {
    name: &'static str,
    client: Client,
}

enum Client {
    /// As an agent is: one thread, waiting on its socket.
    Tls(Runtime, Box<dyn ByteStream>),
    Plain(std::net::TcpStream),
}

impl Echo {
    pub(crate) fn tls(forwarders: Forwarders) -> Self {
        let tls = Tls::new();
        let echo = serve(Some(TlsAcceptor::from(tls.server.clone())), Answering::AtOnce);
        let (name, address) = match forwarders {
            Forwarders::None => ("TLS echo", echo),
            Forwarders::One => {
                let onward = (TlsConnector::from(tls.client.clone()), echo);
                let accept = TlsAcceptor::from(tls.server.clone());
                ("TLS echo, forwarder", forward(Some(accept), Some(onward.0), onward.1))
            }
        };
        let runtime = single();
        let stream = runtime.block_on(connect(&TlsConnector::from(tls.client), address));
        Self { name, client: Client::Tls(runtime, stream) }
    }

    /// As many hops as a card's command makes: a local socket, TLS, a forwarder, TLS, and another
    /// thread that answers.
    pub(crate) fn same_hops() -> Self {
        let tls = Tls::new();
        let accept = || TlsAcceptor::from(tls.server.clone());
        let connect = || TlsConnector::from(tls.client.clone());
        let echo = serve(Some(accept()), Answering::ByThread);
        let relay = forward(Some(accept()), Some(connect()), echo);
        let near = forward(None, Some(connect()), relay);
        let stream = std::net::TcpStream::connect(near).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { name: "TLS echo, same hops", client: Client::Plain(stream) }
    }

    pub(crate) fn plain() -> Self {
        let address = forward(None, None, serve(None, Answering::AtOnce));
        let stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { name: "TCP echo, forwarder", client: Client::Plain(stream) }
    }
}

impl Contestant for Echo {
    fn name(&self) -> &'static str {
        self.name
    }

    fn ask(&mut self, size: Size, count: usize) {
        let mut question = vec![0; 4 + size.command];
        question[..2].copy_from_slice(&u16::try_from(size.command).unwrap().to_be_bytes());
        question[2..4].copy_from_slice(&u16::try_from(size.response).unwrap().to_be_bytes());
        let mut answer = vec![0; size.response];
        match &mut self.client {
            Client::Tls(runtime, stream) => runtime.block_on(async {
                for _ in 0..count {
                    stream.write_all(&question).await.unwrap();
                    stream.flush().await.unwrap();
                    stream.read_exact(&mut answer).await.unwrap();
                }
            }),
            Client::Plain(stream) => {
                for _ in 0..count {
                    stream.write_all(&question).unwrap();
                    stream.read_exact(&mut answer).unwrap();
                }
            }
        }
    }
}

pub(crate) fn single() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn connect(tls: &TlsConnector, to: SocketAddr) -> Box<dyn ByteStream> {
    let stream = TcpStream::connect(to).await.unwrap();
    stream.set_nodelay(true).unwrap();
    Box::new(tls.connect("localhost".try_into().unwrap(), stream).await.unwrap())
}

/// Lets one visitor in, on a thread of its own.
fn with_visitor<F>(
    tls: Option<TlsAcceptor>,
    talk: impl FnOnce(Box<dyn ByteStream>) -> F + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = ()>,
{
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        single().block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let stream: Box<dyn ByteStream> = match tls {
                Some(tls) => Box::new(tls.accept(stream).await.unwrap()),
                None => Box::new(stream),
            };
            talk(stream).await;
        });
    });
    address
}

/// Who makes the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answering {
    AtOnce,
    /// A thread of its own, as a card has one.
    ByThread,
}

fn serve(tls: Option<TlsAcceptor>, answering: Answering) -> SocketAddr {
    with_visitor(tls, move |mut stream| async move {
        let (order, orders) = std::sync::mpsc::channel::<usize>();
        let (done, mut answers) = tokio::sync::mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for response in orders {
                let _ = done.send(vec![0; response]);
            }
        });
        let mut head = [0; 4];
        let mut buffer = vec![0; 65_536];
        while stream.read_exact(&mut head).await.is_ok() {
            let command = usize::from(u16::from_be_bytes([head[0], head[1]]));
            let response = usize::from(u16::from_be_bytes([head[2], head[3]]));
            stream.read_exact(&mut buffer[..command]).await.unwrap();
            let answer = match answering {
                Answering::AtOnce => vec![0; response],
                Answering::ByThread => {
                    order.send(response).unwrap();
                    answers.recv().await.unwrap()
                }
            };
            stream.write_all(&answer).await.unwrap();
            stream.flush().await.unwrap();
        }
    })
}

/// Passes on what comes, as it comes.
fn forward(tls: Option<TlsAcceptor>, onward: Option<TlsConnector>, to: SocketAddr) -> SocketAddr {
    with_visitor(tls, move |near| async move {
        let far: Box<dyn ByteStream> = match onward {
            Some(tls) => connect(&tls, to).await,
            None => {
                let stream = TcpStream::connect(to).await.unwrap();
                stream.set_nodelay(true).unwrap();
                Box::new(stream)
            }
        };
        let (near_read, near_write) = tokio::io::split(near);
        let (far_read, far_write) = tokio::io::split(far);
        tokio::join!(copy(near_read, far_write), copy(far_read, near_write));
    })
}

async fn copy(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin) {
    let mut buffer = vec![0; 65_536];
    while let Ok(len) = from.read(&mut buffer).await {
        if len == 0 || to.write_all(&buffer[..len]).await.is_err() {
            return;
        }
        let _ = to.flush().await;
    }
}
