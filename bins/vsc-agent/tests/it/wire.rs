//! A stretch of network under the test's control: forwards, cuts, and plays an HTTP proxy.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a connection to the wire must say first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing: it is forwarded to one address.
    Forwarder,
    /// `CONNECT host:port`, which is obeyed.
    Proxy,
    /// The same, which is refused.
    RefusingProxy,
}

/// Ends its connections when dropped.
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    live: Mutex<Vec<TcpStream>>,
    carried: AtomicU64,
    torn: AtomicBool,
}

impl Wire {
    /// `one_way` is how long bytes are under way in either direction.
    pub(crate) fn lay(kind: Kind, to: &str, one_way: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            live: Mutex::default(),
            carried: AtomicU64::new(0),
            torn: AtomicBool::new(false),
        });
        let (here, to) = (Arc::clone(&shared), to.to_owned());
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if here.torn.load(Ordering::SeqCst) {
                    continue;
                }
                let (here, to) = (Arc::clone(&here), to.clone());
                std::thread::spawn(move || carry(kind, near, &to, one_way, &here));
            }
        });
        Self { address, shared }
    }

    /// Ends every connection there is; new ones are carried again.
    pub(crate) fn cut(&self) {
        for stream in self.shared.live.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Ends every connection there is, and lets no new one come about.
    pub(crate) fn tear(&self) {
        self.shared.torn.store(true, Ordering::SeqCst);
        self.cut();
    }

    pub(crate) fn mend(&self) {
        self.shared.torn.store(false, Ordering::SeqCst);
    }

    /// Connections that were carried so far.
    pub(crate) fn carried(&self) -> u64 {
        self.shared.carried.load(Ordering::SeqCst)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.cut();
    }
}

fn carry(kind: Kind, mut near: TcpStream, to: &str, one_way: Duration, shared: &Shared) {
    let target = if kind == Kind::Forwarder { to.to_owned() } else { connect_request(&mut near) };
    if kind == Kind::RefusingProxy {
        let _ = near.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
        return;
    }
    let Ok(far) = TcpStream::connect(target.replace("localhost", "127.0.0.1")) else { return };
    if kind == Kind::Proxy {
        near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    }
    shared.carried.fetch_add(1, Ordering::SeqCst);
    for stream in [&near, &far] {
        stream.set_nodelay(true).unwrap();
        shared.live.lock().unwrap().push(stream.try_clone().unwrap());
    }
    let back = (far.try_clone().unwrap(), near.try_clone().unwrap());
    std::thread::spawn(move || copy(back.0, back.1, one_way));
    copy(near, far, one_way);
}

fn copy(mut from: TcpStream, mut to: TcpStream, one_way: Duration) {
    let (under_way, arriving) = std::sync::mpsc::channel::<(Instant, Vec<u8>)>();
    let sink = to.try_clone().unwrap();
    let arrival = std::thread::spawn(move || {
        for (due, bytes) in arriving {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                return;
            }
        }
    });
    let mut buffer = [0; 16 * 1024];
    while let Ok(len) = from.read(&mut buffer) {
        if len == 0 || under_way.send((Instant::now() + one_way, buffer[..len].to_vec())).is_err() {
            break;
        }
    }
    drop(under_way);
    let _ = arrival.join();
    let _ = sink.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

/// Reads the head of a request, byte by byte so as to take nothing of what follows.
fn connect_request(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|len| len == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    head.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap().to_owned()
}
