//! The page about the wire, the fixtures and the code say the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use vsc_core::apdu::{Command, Response};
use vsc_core::atr::Atr;
use vsc_core::cards::{CardFailure, CommandNumber, Epoch, Message, PowerAction, ShareId};
use vsc_core::mailbox::{CloseReason, FromRelay, MailboxNumber, Ticket, ToRelay};
use vsc_core::pairing::{Code, Words};
use vsc_core::session::{EndReason, Session, Timers};
use vsc_core::vpcd::{Ask, AskReader, Reply, encode_ask};

fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(path)).unwrap()
}

/// Name to bytes, of those whose name begins like this; each line must be on the page.
pub(crate) fn examples(beginning: &str) -> BTreeMap<String, Vec<u8>> {
    let (fixtures, page) =
        (file("fixtures/data/vsc-core/wire-examples.txt"), file("docs/wire/vsc.md"));
    let mut examples = BTreeMap::new();
    for line in fixtures.lines().filter(|line| !line.starts_with('#')) {
        assert!(page.contains(line), "the page lacks: {line}");
        let (name, bytes) = line.split_once(' ').unwrap();
        if let Some(name) = name.strip_prefix(beginning) {
            let bytes = bytes.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap());
            examples.insert(name.to_owned(), bytes.collect());
        }
    }
    examples
}

/// Every example is one of `values`, and is read and written as it.
fn are<T: PartialEq + std::fmt::Debug>(
    beginning: &str,
    values: &[(&str, T)],
    encode: impl Fn(&T) -> Vec<u8>,
    decode: impl Fn(&[u8]) -> T,
) {
    let mut examples = examples(beginning);
    for (name, value) in values {
        let bytes = examples.remove(*name).unwrap_or_else(|| panic!("{name} has no example"));
        assert_eq!(encode(value), bytes, "{name}");
        assert_eq!(decode(&bytes), *value, "{name}");
    }
    assert!(examples.is_empty(), "not compared: {examples:?}");
}

fn ticket() -> Ticket {
    Ticket(std::array::from_fn(|place| u8::try_from(place).unwrap()))
}

#[test]
fn mailbox_messages_are_as_the_page_shows_them() {
    const RELAY: [&str; 7] =
        ["opened", "joined", "resumed", "forwarded", "peer-here", "peer-away", "closed"];
    let all = examples("mailbox.");
    let body = vec![0xC0, 0xFF, 0xEE];
    let to: [(&str, ToRelay); 5] = [
        ("open", ToRelay::Open),
        ("join", ToRelay::Join(MailboxNumber(417))),
        ("resume", ToRelay::Resume(ticket())),
        ("forward", ToRelay::Forward(body.clone())),
        ("close", ToRelay::Close(CloseReason::PairingFailed)),
    ];
    let from: [(&str, FromRelay); 7] = [
        ("opened", FromRelay::Opened(MailboxNumber(417), ticket())),
        ("joined", FromRelay::Joined(ticket())),
        ("resumed", FromRelay::Resumed { peer_here: true }),
        ("forwarded", FromRelay::Forwarded(body)),
        ("peer-here", FromRelay::PeerHere),
        ("peer-away", FromRelay::PeerAway),
        ("closed", FromRelay::Closed(CloseReason::NoSuchMailbox)),
    ];
    assert_eq!(all.len(), to.len() + from.len());
    for (name, message) in &to {
        assert_eq!(message.encode(), all[*name], "{name}");
        assert_eq!(ToRelay::decode(&all[*name]).unwrap(), *message, "{name}");
    }
    for (name, message) in &from {
        assert!(RELAY.contains(name));
        assert_eq!(message.encode(), all[*name], "{name}");
        assert_eq!(FromRelay::decode(&all[*name]).unwrap(), *message, "{name}");
    }
}

#[test]
fn session_frames_are_as_the_page_shows_them() {
    let now = Instant::now();
    let fresh = || Session::new(Timers::default(), now);
    let said = |session: &mut Session| session.poll_frame().unwrap().to_vec();
    let mut examples = examples("session.");
    let mut shown = |name: &str, frame: Vec<u8>| assert_eq!(examples.remove(name).unwrap(), frame);

    let mut session = fresh();
    session.send(&Message::Removed { share: ShareId(7) }.encode()).unwrap();
    shown("data", said(&mut session));
    let mut session = fresh();
    session.ping(now);
    let ping = said(&mut session);
    let mut other = fresh();
    other.handle_frame(now, &ping).unwrap();
    shown("ping", ping);
    shown("pong", said(&mut other));
    let mut session = fresh();
    session.handle_disconnected(now);
    session.handle_reconnected(now);
    shown("resume", said(&mut session));
    let mut session = fresh();
    session.end(EndReason::User);
    shown("end", said(&mut session));
    assert!(examples.is_empty(), "not compared: {examples:?}");
}

#[test]
fn card_messages_are_as_the_page_shows_them() {
    let (share, epoch) = (ShareId(7), Epoch(2));
    let text = str::to_owned;
    let select = Command::new(vec![0x00, 0xA4, 0x04, 0x00, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08]);
    let outcome =
        |outcome, number| Message::Answer { share, epoch, number: CommandNumber(number), outcome };
    let done = Response::new(vec![0x90, 0x00]).unwrap();
    let values = [
        ("share", Message::Share { share, name: text("ACME 00 00") }),
        ("up", Message::Up { share, name: text("slot 0") }),
        ("failed", Message::ShareFailed { share, reason: text("no slot") }),
        ("unshare", Message::Unshare { share, reason: EndReason::User }),
        (
            "inserted",
            Message::Inserted { share, epoch: Epoch(1), atr: Atr::new(&[0x3B, 0]).unwrap() },
        ),
        ("removed", Message::Removed { share }),
        ("power", Message::Power { share, epoch: Epoch(1), action: PowerAction::Reset }),
        (
            "transmit",
            Message::Transmit {
                share,
                epoch,
                number: CommandNumber(5),
                used: 0,
                command: select.unwrap(),
            },
        ),
        ("answer", outcome(Ok(done), 5)),
        ("answer-failed", outcome(Err(CardFailure::NoCard), 6)),
        ("notice", Message::Notice { share, text: text("busy") }),
    ];
    are(
        "cards.",
        &values,
        |value| value.encode().to_vec(),
        |bytes| Message::decode(bytes).unwrap(),
    );
}

#[test]
fn what_the_driver_and_we_say_is_as_the_page_shows_it() {
    let mut examples = examples("driver.");
    let asks = [
        ("power-on", Ask::PowerOn),
        ("power-off", Ask::PowerOff),
        ("reset", Ask::Reset),
        ("atr", Ask::Atr),
        ("command", Ask::Transmit(Command::new(vec![0x00, 0xC0, 0x00, 0x00, 0x19]).unwrap())),
    ];
    for (name, ask) in asks {
        let bytes = examples.remove(name).unwrap();
        assert_eq!(encode_ask(&ask).unwrap().to_vec(), bytes, "{name}");
        let mut reader = AskReader::new();
        reader.handle_bytes(&bytes);
        assert_eq!(reader.poll_ask().unwrap(), Some(ask), "{name}");
    }
    let done = Response::new(vec![0x90, 0x00]).unwrap();
    for (name, reply) in [("no-card", Reply::NoCard), ("response", Reply::Response(&done))] {
        let bytes = examples.remove(name).unwrap();
        assert_eq!(reply.to_frame().unwrap().to_vec(), bytes, "{name}");
    }
    assert!(examples.is_empty(), "not compared: {examples:?}");
}

#[test]
fn reasons_have_the_numbers_of_the_page() {
    let page = file("docs/wire/vsc.md");
    for code in 0..=10 {
        let closed = FromRelay::decode(&[0x87, code]).unwrap();
        assert_eq!(closed.encode(), [0x87, code]);
        assert!(page.contains(&format!("\n| {code} | ")), "{code}");
    }
    assert!(FromRelay::decode(&[0x87, 11]).is_err());
}

#[test]
fn the_words_of_codes_are_the_list_of_the_page() {
    let words: Vec<_> = (0..=255_u8)
        .map(|byte| {
            let code = Code::new(MailboxNumber(1), Words::from_random([byte; 3]));
            code.spoken().rsplit('-').next().unwrap().to_owned()
        })
        .collect();
    let listed: Vec<_> = words.chunks(16).map(|line| line.join(" ")).collect();
    assert!(file("docs/wire/vsc.md").contains(&listed.join("\n")));
}
