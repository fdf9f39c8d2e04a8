//! No body of a command or response in any text this crate makes.

use std::time::Instant;

use vsc_core::apdu::{Command, Response};
use vsc_core::atr::Atr;
use vsc_core::cards::ShareId;
use vsc_core::customer::Customer;
use vsc_core::mailbox::{FromRelay, ToRelay};
use vsc_core::rep::{CardReport, Rep};
use vsc_core::session::{Session, Timers};
use vsc_core::vpcd::{Ask, AskReader, Reply};

const PLANTED: &[u8] = b"secret-pin-31337";

/// The planted bytes as text, as hex in the usual spellings, and as a list of numbers.
fn spellings() -> Vec<String> {
    let hex = |gap: &str, upper: bool| {
        let digits: Vec<_> = PLANTED
            .iter()
            .map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") })
            .collect();
        digits.join(gap)
    };
    let numbers: Vec<_> = PLANTED.iter().map(u8::to_string).collect();
    vec![
        String::from_utf8(PLANTED.to_vec()).unwrap(),
        hex("", true),
        hex(" ", true),
        hex("", false),
        hex(" ", false),
        numbers.join(", "),
    ]
}

#[test]
fn a_planted_pin_is_in_no_debug_output() {
    let mut bytes = vec![0x00, 0x20, 0x00, 0x80, 16];
    bytes.extend(PLANTED);
    let command = Command::new(bytes.clone()).unwrap();
    let response = Response::new([PLANTED, &[0x90, 0x00]].concat()).unwrap();
    let mut reader = AskReader::new();
    reader.handle_bytes(&[0x00, 0x30]);
    reader.handle_bytes(&bytes);
    let shown = [
        format!("{command:?} {command:#?}"),
        format!("{response:?} {response:#?}"),
        format!("{:?} {:#?}", Ask::Transmit(command.clone()), Ask::Transmit(command.clone())),
        format!("{:?} {:#?}", Reply::Response(&response), Reply::Response(&response)),
        format!("{reader:?} {reader:#?}"),
    ];
    for text in shown {
        for spelling in spellings() {
            assert!(!text.contains(&spelling), "{spelling} shown in {text}");
        }
    }
}

#[test]
fn debug_shows_what_an_operator_needs() {
    let command = Command::new(vec![0x00, 0x20, 0x00, 0x80, 0x01, 0x31]).unwrap();
    assert_eq!(format!("{command:?}"), "Command(00 20 00 80, 6 bytes)");
    let response = Response::new(vec![1, 2, 3, 0x63, 0xC2]).unwrap();
    assert_eq!(
        format!("{response:?}"),
        "Response(3 bytes, 63C2 verification failed, tries left in the last digit)"
    );
}

/// Every value that can hold a command or a response while one is under way.
#[test]
fn a_planted_pin_is_in_no_debug_output_of_a_session_at_work() {
    let now = Instant::now();
    let verify = || {
        let verify = [&[0x00, 0x20, 0x00, 0x80, 16][..], PLANTED].concat();
        Ask::Transmit(Command::new(verify).unwrap())
    };
    let (mut rep, mut customer) = (Rep::new(ShareId(1)), Customer::new(ShareId(1)));
    rep.handle_card(CardReport::Present(Atr::new(&[0x3B, 0x00]).unwrap()));
    customer.handle_message(now, rep.poll_message().unwrap());
    customer.handle_driver(now, verify());
    let mut shown = vec![format!("{customer:?} {customer:#?}")];
    let transmit = customer.poll_message().unwrap();
    shown.push(format!("{transmit:?} {transmit:#?}"));
    let mut session = Session::new(Timers::default(), now);
    session.send(&transmit.encode()).unwrap();
    shown.push(format!("{session:?} {session:#?}"));
    let mut peer = Session::new(Timers::default(), now);
    peer.handle_frame(now, &session.poll_frame().unwrap()).unwrap();
    shown.push(format!("{peer:?} {peer:#?}"));
    let event = peer.poll_event().unwrap();
    shown.push(format!("{event:?} {event:#?}"));
    let body = FromRelay::Forwarded(transmit.encode().to_vec());
    shown.push(format!("{body:?} {:?}", ToRelay::Forward(transmit.encode().to_vec())));
    rep.handle_message(now, transmit);
    shown.push(format!("{rep:?} {rep:#?}"));
    let order = rep.poll_order().unwrap();
    shown.push(format!("{order:?} {order:#?}"));
    let response = Response::new([PLANTED, &[0x90, 0x00]].concat()).unwrap();
    let report = CardReport::Transmitted { number: order.number, outcome: Ok(response) };
    shown.push(format!("{report:?} {report:#?}"));
    rep.handle_card(report);
    shown.push(format!("{rep:?} {rep:#?}"));
    customer.handle_message(now, rep.poll_message().unwrap());
    shown.push(format!("{customer:?} {customer:#?}"));
    let action = customer.poll_action();
    customer.handle_driver(now, Ask::Reset);
    customer.handle_driver(now, verify());
    shown.push(format!("{action:?} {customer:?} {customer:#?}"));
    for text in shown {
        for spelling in spellings() {
            assert!(!text.contains(&spelling), "{spelling} shown in {text}");
        }
    }
}
