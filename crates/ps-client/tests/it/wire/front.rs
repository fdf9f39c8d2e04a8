//! What stands before a mocked vault: TLS, and a proxy.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::{HandshakeKind, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Ends TLS before a server that speaks plain HTTP, and keeps how each connection began.
pub(super) struct TlsFront {
    pub(super) address: SocketAddr,
    handshakes: Arc<Mutex<Vec<Handshake>>>,
}

/// How a connection began: anew or resumed, and for which protocol.
#[derive(Clone)]
struct Handshake {
    kind: HandshakeKind,
    protocol: String,
}

impl TlsFront {
    pub(super) async fn before(plain: SocketAddr, tls: ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let handshakes = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&handshakes);
        tokio::spawn(async move {
            while let Ok((outer, _)) = listener.accept().await {
                let (acceptor, keep) = (acceptor.clone(), Arc::clone(&keep));
                tokio::spawn(async move {
                    let Ok(mut outer) = acceptor.accept(outer).await else { return };
                    let tls = outer.get_ref().1;
                    let protocol = tls.alpn_protocol().unwrap_or_default();
                    let protocol = String::from_utf8_lossy(protocol).into_owned();
                    let kind = tls.handshake_kind().unwrap();
                    keep.lock().unwrap().push(Handshake { kind, protocol });
                    let mut inner = TcpStream::connect(plain).await.unwrap();
                    let _ = copy_bidirectional(&mut outer, &mut inner).await;
                    let _ = outer.shutdown().await;
                });
            }
        });
        Self { address, handshakes }
    }

    /// How each connection so far began, in order.
    pub(super) fn handshakes(&self) -> Vec<HandshakeKind> {
        self.handshakes.lock().unwrap().iter().map(|one| one.kind).collect()
    }

    /// What each connection so far speaks, in order.
    pub(super) fn protocols(&self) -> Vec<String> {
        self.handshakes.lock().unwrap().iter().map(|one| one.protocol.clone()).collect()
    }
}

/// A proxy that connects every name to one address, and keeps what it was asked.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(super) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let keep = Arc::clone(&keep);
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = client.read_u8().await else { return };
                        head.push(byte);
                    }
                    keep.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
                    let _ = client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await;
                    let mut server = TcpStream::connect(target).await.unwrap();
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self { address, asked }
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}
