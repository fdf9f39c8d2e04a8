//! What must hold for any bytes at all. Used by the tests and, bytes from libFuzzer, by `fuzz/`.

use std::time::{Duration, Instant};

use vsc_core::apdu::{Command, Response};
use vsc_core::atr::Atr;
use vsc_core::cards::{Message, ShareId};
use vsc_core::customer::{Customer, DriverAction};
use vsc_core::guard::{Guard, OwnPin, Profile, RealPin};
use vsc_core::handshake::{Handshake, Hello, Proof, Role};
use vsc_core::link::{Event, Invitation, Link, Meeting};
use vsc_core::mailbox::{FromRelay, MailboxNumber, ToRelay};
use vsc_core::pairing::Words;
use vsc_core::relay::{ConnectionId, Entropy, Relay, RelayLimits, Source};
use vsc_core::rep::{CardOrder, CardReport, CardWork, OrderNumber, Rep};
use vsc_core::sensitive::Sensitivity;
use vsc_core::session::{MAX_MESSAGE, Session, Timers};
use vsc_core::vpcd::{Ask, AskReader, encode_ask};

/// Commands and responses are read as far as they go, and never shown.
pub(crate) fn apdu(bytes: &[u8]) {
    if let Ok(command) = Command::new(bytes.to_vec()) {
        assert_eq!(command.bytes(), bytes);
        let _ = (command.header(), command.shape(), Sensitivity::of(&command));
        assert!(format!("{command:?}").len() < 200, "contents are shown");
    }
    if let Ok(response) = Response::new(bytes.to_vec()) {
        assert_eq!(response.data().len() + 2, bytes.len());
        let _ = response.status().to_string();
    }
}

/// An answer to reset is kept whole, and read without surprise.
pub(crate) fn atr(bytes: &[u8]) {
    if let Ok(atr) = Atr::new(bytes) {
        assert_eq!(atr.bytes(), bytes);
        let _ = format!("{:?}", atr.read());
    }
}

/// The reader driver's stream means the same however it is cut.
pub(crate) fn vpcd(bytes: &[u8]) {
    let (cuts, stream) = bytes.split_at(bytes.len().min(8));
    let whole = asks(std::iter::once(stream));
    let step = cuts.iter().map(|cut| usize::from(*cut)).sum::<usize>() % 97 + 1;
    assert_eq!(whole, asks(stream.chunks(step)));
    let mut again = Vec::new();
    for ask in &whole {
        again.extend_from_slice(&encode_ask(ask).unwrap());
    }
    assert!(stream.starts_with(&again));
}

fn asks<'b>(chunks: impl Iterator<Item = &'b [u8]>) -> Vec<Ask> {
    let mut reader = AskReader::new();
    let mut asks = Vec::new();
    for chunk in chunks {
        reader.handle_bytes(chunk);
        loop {
            match reader.poll_ask() {
                Ok(Some(ask)) => asks.push(ask),
                Ok(None) => break,
                Err(_) => return asks,
            }
        }
    }
    asks
}

/// Mailbox messages are written as they were read.
pub(crate) fn mailbox(bytes: &[u8]) {
    if let Ok(message) = ToRelay::decode(bytes) {
        assert_eq!(message.encode(), bytes);
    }
    if let Ok(message) = FromRelay::decode(bytes) {
        assert_eq!(message.encode(), bytes);
    }
}

/// Messages about cards are written as they were read, but for what later versions append.
pub(crate) fn cards(bytes: &[u8]) {
    if let Ok(message) = Message::decode(bytes) {
        let again = message.encode();
        let read = Message::decode(&again).unwrap();
        assert_eq!(read, message);
        assert_eq!(read.share(), message.share());
    }
}

/// Whatever a peer sends, a session holds little and ends in an orderly way.
pub(crate) fn session(bytes: &[u8]) {
    let mut now = Instant::now();
    let mut session = Session::new(Timers::default(), now);
    for frame in pieces(bytes) {
        match frame {
            [0xFF, ..] => session.handle_disconnected(now),
            [0xFE, ..] => session.handle_reconnected(now),
            [0xFD, seconds, ..] => {
                now += Duration::from_secs(u64::from(*seconds));
                session.handle_timeout(now);
                let next = session.poll_timeout();
                assert!(next.is_none_or(|next| next > now), "it wants to be woken again at once");
            }
            [0xFC, rest @ ..] => drop(session.send(rest)),
            frame => drop(session.handle_frame(now, frame)),
        }
        while session.poll_frame().is_some() {}
        while let Some(event) = session.poll_event() {
            if let vsc_core::session::Event::Message(message) = event {
                assert!(message.len() <= MAX_MESSAGE);
            }
        }
        if session.is_ended() {
            assert!(session.send(b"x").is_err());
            assert!(session.poll_timeout().is_none());
        }
    }
}

/// Whatever a relay says, an agent takes part in one handshake, lets no stranger in, and goes on
/// or is over.
pub(crate) fn link(bytes: &[u8]) {
    let words = Words::from_random([1, 2, 3]);
    for meeting in [
        Meeting::Open(Invitation::Words(words.clone())),
        Meeting::Join(MailboxNumber(1), Proof::Words(words.clone())),
    ] {
        let hello = Hello { role: meeting.role(), machine: String::new(), program: String::new() };
        let mut link = Link::new(meeting, hello, Timers::default());
        let (mut now, mut said) = (Instant::now(), 0);
        for message in pieces(bytes) {
            match message {
                [0xFF, ..] => link.handle_disconnected(now),
                [0xFE, ..] => link.handle_connected(),
                [0xFD, seconds, ..] => {
                    now += Duration::from_secs(u64::from(*seconds));
                    link.handle_timeout(now);
                    let next = link.poll_timeout();
                    assert!(next.is_none_or(|next| next > now), "it wants to be woken at once");
                }
                message => link.handle_message(now, message),
            }
            while let Some(message) = link.poll_message() {
                said +=
                    usize::from(matches!(ToRelay::decode(&message).unwrap(), ToRelay::Forward(_)));
            }
            while let Some(event) = link.poll_event() {
                assert!(!matches!(event, Event::Established(_) | Event::Message(_)), "{event:?}");
            }
        }
        assert!(said <= 1, "more than one guess was answered");
    }
}

/// Whatever the other desk says about a share: one order at a time for the card, and one answer
/// for each command of the driver at the most.
pub(crate) fn share(bytes: &[u8]) {
    let mut now = Instant::now();
    let (mut rep, mut customer) = (Rep::new(ShareId(0)), Customer::new(ShareId(0)));
    let mut at_the_card: Option<CardOrder> = None;
    let mut asked = false;
    for piece in pieces(bytes) {
        match piece {
            [0xFF, seconds, ..] => {
                now += Duration::from_secs(u64::from(*seconds));
                rep.handle_timeout(now);
                customer.handle_timeout(now);
                let next = rep.poll_timeout().into_iter().chain(customer.poll_timeout()).min();
                assert!(next.is_none_or(|next| next > now), "it wants to be woken at once");
            }
            [0xFE, ..] => {
                let atr = Atr::new(&[0x3B, 0x00]).unwrap();
                match at_the_card.take() {
                    Some(CardOrder { number, work: CardWork::Transmit(_) }) => {
                        let outcome = Ok(Response::new(vec![0x90, 0x00]).unwrap());
                        rep.handle_card(CardReport::Transmitted { number, outcome });
                    }
                    Some(CardOrder { number, work: CardWork::Reset { .. } }) => {
                        rep.handle_card(CardReport::Reset { number, outcome: Ok(atr) });
                    }
                    None => rep.handle_card(CardReport::Present(atr)),
                }
            }
            [0xFD, ..] => rep.handle_card(CardReport::Absent),
            [0xFC, ask @ ..] => {
                let ask = match ask {
                    [0] => Ask::PowerOff,
                    [1] => Ask::PowerOn,
                    [2] => Ask::Reset,
                    [4] => Ask::Atr,
                    command => Ask::Transmit(Command::new(command.to_vec()).unwrap()),
                };
                asked |= matches!(ask, Ask::Transmit(_));
                customer.handle_driver(now, ask);
            }
            [0xFB, ..] => customer.handle_driver_lost(),
            message => {
                if let Ok(message) = Message::decode(message) {
                    rep.handle_message(now, message);
                }
                if let Ok(message) = Message::decode(message) {
                    customer.handle_message(now, message);
                }
            }
        }
        while let Some(order) = rep.poll_order() {
            assert!(at_the_card.is_none(), "the card has something to do already");
            at_the_card = Some(order);
        }
        while let Some(action) = customer.poll_action() {
            if matches!(action, DriverAction::Respond(_)) {
                assert!(std::mem::take(&mut asked), "an answer to nothing");
            }
        }
        let waiting = std::iter::from_fn(|| rep.poll_message())
            .chain(std::iter::from_fn(|| customer.poll_message()));
        assert!(waiting.count() <= 4, "what waits grows");
    }
}

/// Nobody gets through a handshake by luck.
pub(crate) fn handshake(bytes: &[u8]) {
    let proof = Proof::Words(Words::from_random([1, 2, 3]));
    for role in [Role::Representative, Role::Customer] {
        let hello = Hello { role, machine: String::new(), program: String::new() };
        let begun = Handshake::begin(role, MailboxNumber(1), hello, &proof);
        let (mut handshake, _) = begun.unwrap();
        for message in pieces(bytes) {
            if let Ok(step) = handshake.handle_message(message) {
                assert!(step.done.is_none(), "a stranger was let in");
            }
        }
    }
}

/// Whatever is said to a relay by whomever, it forgets everything in the end.
pub(crate) fn relay(bytes: &[u8]) {
    let now = Instant::now();
    let mut relay = Relay::new(RelayLimits { mailboxes: 8, ..RelayLimits::default() });
    for (message, step) in pieces(bytes).zip((0_u8..=255).cycle()) {
        let (from, message) = message.split_first().unwrap_or((&0, &[]));
        let from = ConnectionId(u64::from(from % 6));
        let entropy = Entropy { number: 1, tickets: [[step; 16], [step ^ 0x80; 16]] };
        relay.handle_message(now, from, Source(from.0 % 2), message, entropy);
        assert!(relay.mailboxes() <= 8);
    }
    relay.handle_timeout(now + Duration::from_secs(86_400));
    assert_eq!(relay.mailboxes(), 0);
    assert!(relay.poll_timeout().is_none());
}

/// Whatever is sent to a lent card, every command is answered or reaches the card, a card that is
/// only used never gets what would change it, and nothing waits for ever.
pub(crate) fn guard(bytes: &[u8]) {
    let mut now = Instant::now();
    let pin = RealPin::new("839105").unwrap();
    let own_pin = bytes.first().is_some_and(|first| first & 1 == 1);
    let own_pin = own_pin.then(|| OwnPin::new(pin, &[17; 64]).unwrap());
    let mut guard = Guard::new(now, Profile::usual(), own_pin);
    for (message, number) in pieces(bytes).zip(0..) {
        let Ok(command) = Command::new(message.to_vec()) else { continue };
        let number = OrderNumber(number);
        guard.handle_order(now, CardOrder { number, work: CardWork::Transmit(command) });
        while let Some(order) = guard.poll_order() {
            let CardWork::Transmit(command) = order.work else { panic!("nobody reset the card") };
            let changes = matches!(Sensitivity::of(&command), Sensitivity::Change);
            assert!(!changes, "{command:?} reached the card");
            assert!(!format!("{guard:?}").contains("839105"));
            let answer = Response::new([message, &[0x90, 0x00]].concat()).unwrap();
            let report = CardReport::Transmitted { number: order.number, outcome: Ok(answer) };
            guard.handle_report(now, report);
        }
        if let Some((_, until)) = guard.question() {
            now = until;
            guard.handle_timeout(now);
        }
        assert!(guard.poll_report().is_some(), "a command was lost");
        assert!(guard.poll_report().is_none());
    }
}

/// Cuts bytes into messages: a length byte each, and the rest.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (len, after) = rest.split_first()?;
        let (piece, after) = after.split_at(after.len().min(usize::from(*len)));
        rest = after;
        Some(piece)
    })
}
