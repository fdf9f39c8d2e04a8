//! Both agents and a relay, as shipped, between a driver and a card that only answer.

use std::ffi::CString;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use service_host::control::endpoint;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use vsc_agent::control::client::ask;
use vsc_agent::control::{Reply, Request, server};
use vsc_agent::customer::CustomerService;
use vsc_agent::customer::slots::Slots;
use vsc_agent::identity::Peers;
use vsc_agent::meeting::Host;
use vsc_agent::relay::Hub;
use vsc_agent::relay::listener::{self, Entrance};
use vsc_agent::rep::RepService;
use vsc_agent::rep::card_thread::{CardThread, Hold, Job, Tell, Told};
use vsc_agent::rep::desk::Desk;
use vsc_agent::rep::reader_watch::{CardState, Reader, Readers};
use vsc_agent::rep::session::Cards;
use vsc_agent::status::Board;
use vsc_agent::way::{RelayAddress, Way};
use vsc_core::apdu::Response;
use vsc_core::atr::Atr;
use vsc_core::guard::Policy;
use vsc_core::relay::RelayLimits;
use vsc_core::rep::{CardReport, CardWork};

use crate::echo::single;
use crate::tls::Tls;
use crate::{Contestant, Size};

/// What is between the agents.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// A relay, over TLS.
    Relayed,
    /// The representative's agent listens itself, over TLS too.
    Direct,
}

/// A driver whose commands are answered through both agents.
pub(crate) struct Pair {
    link: Link,
    driver: TcpStream,
    control: tempfile::TempDir,
    commands: u64,
}

impl Pair {
    pub(crate) fn new(link: Link) -> Self {
        let tls = Tls::new();
        let folder = tempfile::tempdir().unwrap();
        let entrance =
            Entrance { tls: Some(TlsAcceptor::from(tls.server.clone())), behind_proxy: false };
        let listening = TcpListener::bind("127.0.0.1:0").unwrap();
        listening.set_nonblocking(true).unwrap();
        let address = listening.local_addr().unwrap();
        let hub = || Hub::new(RelayLimits::default(), 100);
        let relay = move || {
            let url = format!("wss://localhost:{}", address.port());
            Way::Relay(RelayAddress::parse(&url, Some(tls.client.clone()), None).unwrap())
        };
        let rep_socket = folder.path().join("rep.sock");
        match link {
            Link::Relayed => {
                // Two threads around one hub, as the relay has one for each processor.
                let hub = hub();
                for _ in 0..2 {
                    let (listening, entrance) = (listening.try_clone().unwrap(), entrance.clone());
                    let hub = hub.clone();
                    std::thread::spawn(move || {
                        single().block_on(async {
                            let listener = tokio::net::TcpListener::from_std(listening).unwrap();
                            listener::serve(listener, entrance, hub).await;
                        });
                    });
                }
                start_rep(&rep_socket, relay(), None);
            }
            Link::Direct => {
                let hub = hub();
                start_rep(&rep_socket, Way::Inside(hub.clone()), Some((listening, entrance, hub)));
            }
        }
        let driver = TcpListener::bind("127.0.0.1:0").unwrap();
        let customer_socket = folder.path().join("customer.sock");
        start_customer(&customer_socket, relay(), driver.local_addr().unwrap());
        pair_and_share(&rep_socket, &customer_socket, driver, folder, link)
    }
}

fn pair_and_share(
    rep: &Path,
    customer: &Path,
    driver: TcpListener,
    folder: tempfile::TempDir,
    link: Link,
) -> Pair {
    let mut invitation = ask(rep, &Request::Pair { code: None, peer: None }).unwrap();
    let Reply::Code { code, .. } = invitation.next_reply().unwrap() else { panic!("no code") };
    ask(customer, &Request::Pair { code: Some(code), peer: None }).unwrap().next_reply().unwrap();
    invitation.next_reply().unwrap();
    let share =
        Request::Share { reader: "card".to_owned(), session: None, profile: None, own_pin: None };
    ask(rep, &share).unwrap().next_reply().unwrap();
    // The agent looks whether a driver listens, then the card is inserted.
    drop(driver.accept().unwrap());
    let (driver, _) = driver.accept().unwrap();
    driver.set_nodelay(true).unwrap();
    // An answer that is shorter than asked for is an error, not a wait without end.
    driver.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    Pair { link, driver, control: folder, commands: 0 }
}

impl Contestant for Pair {
    fn name(&self) -> &'static str {
        match self.link {
            Link::Relayed => "agents, relayed",
            Link::Direct => "agents, direct",
        }
    }

    fn ask(&mut self, size: Size, count: usize) {
        // The card that is played reads from the command how much it shall answer.
        let mut frame = vec![0; 2 + size.command];
        frame[..2].copy_from_slice(&u16::try_from(size.command).unwrap().to_be_bytes());
        frame[4..6].copy_from_slice(&u16::try_from(size.response).unwrap().to_be_bytes());
        // Commands that the guard lets through: reading without data, selecting with them.
        let (instruction, data) = match size.command {
            5 | 7 => (0xb0, None),
            10 => (0xa4, Some(4)),
            longer => (0xa4, Some(u8::try_from(longer - 5).unwrap())),
        };
        frame[3] = instruction;
        if let Some(length) = data {
            frame[6] = length;
        }
        let mut answer = vec![0; 2 + size.response];
        for _ in 0..count {
            self.driver.write_all(&frame).unwrap();
            self.driver.read_exact(&mut answer).unwrap();
        }
        self.commands += count as u64;
    }
}

impl Drop for Pair {
    /// One round trip for each command, not more: counted by the agent itself.
    fn drop(&mut self) {
        let socket = self.control.path().join("customer.sock");
        let Ok(Reply::Status(status)) = ask(&socket, &Request::Status {}).unwrap().next_reply()
        else {
            panic!("no status")
        };
        let counted = status.sessions[0].shares[0].counted.unwrap();
        assert_eq!((counted.commands, counted.round_trips), (self.commands, self.commands));
        println!(
            "{}: {} commands in {} network round trips",
            self.name(),
            counted.commands,
            counted.round_trips
        );
    }
}

fn host(way: Way) -> Host {
    Host {
        way: Arc::new(way),
        machine: "bench".to_owned(),
        identity: None,
        peers: Peers::default(),
        board: Arc::new(Board::default()),
    }
}

type Door = (TcpListener, Entrance, Arc<Hub>);

fn start_rep(socket: &Path, way: Way, door: Option<Door>) {
    let socket = socket.to_owned();
    let (ready, is_ready) = mpsc::channel();
    std::thread::spawn(move || {
        single().block_on(async {
            let reader = Reader {
                name: CString::new("card").unwrap(),
                card: CardState::Present(atr()),
                held: false,
                changes: 0,
            };
            let (_keep, readers) = watch::channel(Readers::Seen(vec![reader]));
            let cards = Cards { hold: Hold::Exclusive, start: play_card };
            let service =
                Arc::new(RepService::new(host(way), Desk::new(readers), cards, Policy::default()));
            let listening = endpoint::listen(&socket).unwrap();
            ready.send(()).unwrap();
            let open_door = async {
                if let Some((listening, entrance, hub)) = door {
                    let listener = tokio::net::TcpListener::from_std(listening).unwrap();
                    listener::serve(listener, entrance, hub).await;
                }
            };
            tokio::join!(server::serve(listening, service), open_door);
        });
    });
    is_ready.recv().unwrap();
}

fn start_customer(socket: &Path, way: Way, driver: SocketAddr) {
    let socket = socket.to_owned();
    let (ready, is_ready) = mpsc::channel();
    std::thread::spawn(move || {
        single().block_on(async {
            let service = Arc::new(CustomerService::new(host(way), Slots::new(driver, 1)));
            let listening = endpoint::listen(&socket).unwrap();
            ready.send(()).unwrap();
            server::serve(listening, service).await;
        });
    });
    is_ready.recv().unwrap();
}

fn atr() -> Atr {
    Atr::new(&[0x3B, 0x00]).unwrap()
}

/// A card that answers at once, on a thread of its own as a real one is.
fn play_card(_: CString, _: Hold, tell: Tell) -> std::io::Result<CardThread> {
    let (jobs, queue) = mpsc::channel();
    std::thread::Builder::new().spawn(move || {
        tell(Told::Report(CardReport::Present(atr())));
        for job in queue {
            let Job::Order(order) = job else { continue };
            let number = order.number;
            tell(Told::Report(match order.work {
                CardWork::Transmit(command) => {
                    let wanted = u16::from_be_bytes([command.bytes()[2], command.bytes()[3]]);
                    let response = Response::new(vec![0x90; usize::from(wanted)]).unwrap();
                    CardReport::Transmitted { number, outcome: Ok(response) }
                }
                CardWork::Reset { .. } => CardReport::Reset { number, outcome: Ok(atr()) },
            }));
        }
    })?;
    Ok(CardThread::played_by(jobs))
}
