//! A session of the representative's desk in this process, between a card and an agent of the
//! other desk that the test plays itself.

use std::collections::HashMap;
use std::ffi::CString;
use std::io;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use vsc_agent::connection::Connection;
use vsc_agent::link_driver::LinkDriver;
use vsc_agent::pairing::{PairEvent, Pairing};
use vsc_agent::relay::Hub;
use vsc_agent::rep::card_thread::{CardThread, Hold, Tell, Told};
use vsc_agent::rep::desk::Desk;
use vsc_agent::rep::reader_watch::{CardState, Reader, Readers};
use vsc_agent::rep::session::{Cards, Order, Session};
use vsc_agent::rep::terms::Terms;
use vsc_agent::session_link::SessionLink;
use vsc_agent::status::{Board, SessionState};
use vsc_agent::way::Way;
use vsc_core::atr::Atr;
use vsc_core::cards::{Epoch, Message, ShareId};
use vsc_core::guard::Policy;
use vsc_core::handshake::{Hello, Proof, Role};
use vsc_core::link::{End, Event, Invitation, Link, Meeting};
use vsc_core::pairing::{Code, Words};
use vsc_core::relay::RelayLimits;
use vsc_core::rep::CardReport;
use vsc_core::session::{EndReason, Timers};

/// How the played cards of all tests tell what happens, by their readers' names.
static CARDS: Mutex<Option<HashMap<CString, Tell>>> = Mutex::new(None);

fn play_card(reader: CString, _: Hold, tell: Tell) -> io::Result<CardThread> {
    CARDS.lock().unwrap().get_or_insert_default().insert(reader, tell);
    // Nothing is ordered in these tests.
    Ok(CardThread::played_by(mpsc::channel().0))
}

pub(crate) fn hello(role: Role) -> Hello {
    Hello { role, machine: "pc".to_owned(), program: "test".to_owned() }
}

fn now() -> std::time::Instant {
    tokio::time::Instant::now().into_std()
}

fn atr(historical: u8) -> Atr {
    Atr::new(&[0x3B, 0x01, historical]).unwrap()
}

/// The other desk's agent.
pub(crate) struct Far {
    way: Arc<Way>,
    link: Link,
    connection: Option<Connection>,
}

impl Far {
    pub(crate) fn new(way: Arc<Way>, meeting: Meeting) -> Self {
        let hello = hello(meeting.role());
        Self { way, link: Link::new(meeting, hello, Timers::default()), connection: None }
    }

    pub(crate) async fn connect(&mut self) {
        self.connection = Some(self.way.connect().await.unwrap());
        self.link.handle_connected();
    }

    fn disconnect(&mut self) {
        self.connection = None;
        self.link.handle_disconnected(now());
    }

    pub(crate) async fn next(&mut self) -> Event {
        loop {
            let connection = self.connection.as_mut().unwrap();
            while let Some(message) = self.link.poll_message() {
                // One that is closed has something to say first.
                let _ = connection.outgoing.send(message.to_vec()).await;
            }
            if let Some(event) = self.link.poll_event() {
                return event;
            }
            let message = connection.incoming.recv().await.unwrap();
            self.link.handle_message(now(), &message);
        }
    }

    pub(crate) async fn next_message(&mut self) -> Message {
        loop {
            match self.next().await {
                Event::Message(message) => return Message::decode(&message).unwrap(),
                Event::Ended(end) => panic!("it is over: {end}"),
                _ => {}
            }
        }
    }

    pub(crate) fn say(&mut self, message: &Message) {
        self.link.send(&message.encode()).unwrap();
    }
}

/// A desk whose reader is shown at the other one.
struct Played {
    far: Far,
    board: Arc<Board>,
    share: ShareId,
    reader: CString,
    _orders: tokio::sync::mpsc::Sender<Order>,
    _readers: watch::Sender<Readers>,
}

impl Played {
    async fn with_shared_reader(test: &str) -> Self {
        Self::with_policy(test, &Policy::default()).await
    }

    async fn with_policy(test: &str, policy: &Policy) -> Self {
        let reader = CString::new(test).unwrap();
        let seen =
            Reader { name: reader.clone(), card: CardState::Absent, held: false, changes: 0 };
        let (watched, readers) = watch::channel(Readers::Seen(vec![seen]));
        let way = Arc::new(Way::Inside(Hub::new(RelayLimits::default(), 10)));
        let board = Arc::new(Board::default());

        let meeting = Meeting::Open(Invitation::Words(Words::from_random([1, 2, 3])));
        let role = Role::Representative;
        let driver = LinkDriver::new(meeting, hello(role), Timers::default(), Arc::clone(&way));
        let (pairing, mut steps) = Pairing::new();
        let link = SessionLink::new(1, driver, pairing, board.line(1));
        let cards = Cards { hold: Hold::Exclusive, start: play_card };
        let (orders, queue) = tokio::sync::mpsc::channel(8);
        tokio::spawn(Session::new(link, Desk::new(readers), cards, queue).run());

        let Some(PairEvent::Code(code)) = steps.recv().await else { panic!("no code") };
        let code: Code = code.parse().unwrap();
        let meeting = Meeting::Join(code.mailbox(), Proof::Words(code.words().clone()));
        let mut far = Far::new(way, meeting);
        far.connect().await;
        while !matches!(far.next().await, Event::Established(_)) {}

        let (answer, answered) = oneshot::channel();
        let terms = Box::new(Terms::new(policy, None, None).unwrap());
        orders.send(Order::Share { reader: reader.clone(), terms, answer }).await.unwrap();
        let Message::Share { share, .. } = far.next_message().await else { panic!("no share") };
        far.say(&Message::Up { share, name: "slot 0".to_owned() });
        let shown = tokio::select! {
            shown = answered => shown,
            event = far.next_message() => panic!("{event:?}"),
        };
        assert_eq!(shown.unwrap().unwrap(), "slot 0");
        Self { far, board, share, reader, _orders: orders, _readers: watched }
    }

    fn tell(&self, report: CardReport) {
        CARDS.lock().unwrap().as_ref().unwrap()[&self.reader](Told::Report(report));
    }

    /// Waits until nobody has anything to do: only then the clock of the test moves.
    async fn settle(&self) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    fn state(&self) -> Option<SessionState> {
        self.board.sessions().first().map(|session| session.state)
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_flaps_while_the_other_desk_is_away_does_not_end_the_session() {
    let mut played = Played::with_shared_reader("flaps").await;
    let share = played.share;
    played.tell(CardReport::Present(atr(1)));
    let inserted =
        |epoch, historical| Message::Inserted { share, epoch: Epoch(epoch), atr: atr(historical) };
    assert_eq!(played.far.next_message().await, inserted(1, 1));

    played.far.disconnect();
    played.settle().await;
    assert_eq!(played.state(), Some(SessionState::Suspended));
    for _ in 0..1_000 {
        played.tell(CardReport::Absent);
        played.tell(CardReport::Present(atr(2)));
    }
    played.settle().await;

    played.far.connect().await;
    assert_eq!(played.far.next_message().await, Message::Removed { share });
    assert_eq!(played.far.next_message().await, inserted(1_001, 2));
    assert_eq!(played.state(), Some(SessionState::Connected));
    // And it goes on as before.
    played.tell(CardReport::Absent);
    assert_eq!(played.far.next_message().await, Message::Removed { share });
}

#[tokio::test(start_paused = true)]
async fn whoever_shows_a_reader_twice_gets_no_second_thread_at_its_card() {
    let mut played = Played::with_shared_reader("twice").await;
    played.far.say(&Message::Up { share: played.share, name: "slot 1".to_owned() });
    let end = loop {
        match played.far.next().await {
            Event::Ended(end) => break end,
            Event::RoundTrip(_) => {}
            event => panic!("{event:?}"),
        }
    };
    assert_eq!(end, End::Session(EndReason::Protocol));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_come_back_within_the_grace_ends_the_session_for_both() {
    let mut played = Played::with_shared_reader("grace").await;
    played.far.disconnect();
    tokio::time::sleep(Duration::from_secs(44)).await;
    assert_eq!(played.state(), Some(SessionState::Suspended));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(played.state(), None);
    played.far.link.handle_timeout(now());
    let ends = std::iter::from_fn(|| played.far.link.poll_event());
    let Some(Event::Ended(end)) = ends.last() else { panic!("it is not over") };
    assert_eq!(end.to_string(), "the connection did not come back");
}

#[tokio::test(start_paused = true)]
async fn a_share_whose_time_is_up_is_taken_back_and_both_desks_know() {
    let file = toml::from_str("profile = 'short'\n[profiles.short]\nshare-minutes = 1\n").unwrap();
    let policy = Policy::check(&file).unwrap();
    let mut played = Played::with_policy("short", &policy).await;
    played.tell(CardReport::Present(atr(1)));
    assert!(matches!(played.far.next_message().await, Message::Inserted { .. }));
    let shared_at = now();
    let reason = loop {
        if let Message::Unshare { reason, .. } = played.far.next_message().await {
            break reason;
        }
    };
    assert_eq!(reason, EndReason::Policy);
    let lasted = now() - shared_at;
    assert!(lasted <= Duration::from_secs(60) && lasted > Duration::from_secs(50), "{lasted:?}");
    played.settle().await;
    assert_eq!(played.board.sessions()[0].shares, []);
}
