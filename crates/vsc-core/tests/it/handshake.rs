//! Introductions and sealed frames.

use vsc_core::cards::{Message, ShareId};
use vsc_core::handshake::{Handshake, Hello, MAX_FRAME, Proof, Role, SealError, Sealed};
use vsc_core::mailbox::MailboxNumber;
use vsc_core::pairing::Words;

use super::world::hello;

const NUMBER: MailboxNumber = MailboxNumber(417);

/// Two sides that know the same words: the representative's, then the customer's.
fn shake(rep: Hello, customer: Hello) -> [(Sealed, Hello); 2] {
    let words = Proof::Words(Words::from_random([4, 5, 6]));
    let (mut rep, first) = Handshake::begin(Role::Representative, NUMBER, rep, &words).unwrap();
    let (mut customer, _) = Handshake::begin(Role::Customer, NUMBER, customer, &words).unwrap();
    let answer = customer.handle_message(&first.unwrap()).unwrap().reply.unwrap();
    let at_rep = rep.handle_message(&answer).unwrap();
    let at_customer = customer.handle_message(&at_rep.reply.unwrap()).unwrap();
    [at_rep.done.unwrap(), at_customer.done.unwrap()]
}

fn channel() -> [Sealed; 2] {
    let sides = [hello(Role::Representative, "desk"), hello(Role::Customer, "pc")];
    let [rep, customer] = sides;
    shake(rep, customer).map(|(sealed, _)| sealed)
}

#[test]
fn a_machines_name_never_hinders_pairing_and_never_deceives() {
    for (name, shown) in [
        ("desk\n7", "desk?7".to_owned()),
        // Turns the direction of what follows: "desk-gnp.exe" would read "desk-exe.png".
        ("desk-\u{202E}gnp.exe", "desk-?gnp.exe".to_owned()),
        ("de\u{200B}sk", "de?sk".to_owned()),
        // 2 bytes each: the 33rd does not fit, and is not halved.
        (&"ä".repeat(40), "ä".repeat(32)),
        (&format!("x{}", "ä".repeat(40)), format!("x{}", "ä".repeat(31))),
        ("", String::new()),
    ] {
        let [(_, customer), _] =
            shake(hello(Role::Representative, "desk"), hello(Role::Customer, name));
        assert_eq!(customer.machine, shown);
    }
}

#[test]
fn a_readers_name_never_ends_the_session() {
    let share = ShareId(1);
    let sent = Message::Share { share, name: "ACME\r\n\u{2028}00 00".to_owned() };
    let name = "ACME???00 00".to_owned();
    assert_eq!(Message::decode(&sent.encode()).unwrap(), Message::Share { share, name });
}

#[test]
fn sealed_frames_open_once_and_in_order_only() {
    let [mut rep, mut customer] = channel();
    let frames: Vec<_> = (0..3_u8).map(|number| rep.seal(&[number]).unwrap()).collect();
    assert_eq!(customer.open(&frames[1]).unwrap()[..], [1]);
    for passed in &frames[..2] {
        assert_eq!(customer.open(passed).unwrap_err(), SealError::Repeated);
    }
    assert_eq!(customer.open(&frames[2]).unwrap()[..], [2]);
    // What one side sealed is not taken for the other side's.
    assert_eq!(rep.open(&frames[2]).unwrap_err(), SealError::Forged);
}

#[test]
fn a_sealed_frame_with_any_bit_changed_or_any_byte_missing_is_not_opened() {
    let [mut rep, mut customer] = channel();
    let sealed = rep.seal(b"00 20 00 80").unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(customer.open(&changed).unwrap_err(), SealError::Forged, "bit {bit}");
    }
    for len in 0..sealed.len() {
        assert_eq!(customer.open(&sealed[..len]).unwrap_err(), SealError::Forged, "{len} bytes");
    }
    let longer = [&sealed[..], &[0]].concat();
    assert_eq!(customer.open(&longer).unwrap_err(), SealError::Forged);
    let far_too_long = vec![0; 70_000];
    assert_eq!(customer.open(&far_too_long).unwrap_err(), SealError::Forged);
    // The last number is reserved by Noise; whoever claims it is not believed.
    let mut last = sealed.clone();
    last[..8].copy_from_slice(&u64::MAX.to_be_bytes());
    assert_eq!(customer.open(&last).unwrap_err(), SealError::Forged);
    assert_eq!(customer.open(&sealed).unwrap()[..], *b"00 20 00 80");
}

#[test]
fn frames_are_sealed_up_to_their_limit_and_never_cut() {
    let [mut rep, mut customer] = channel();
    let longest = vec![7; MAX_FRAME];
    let sealed = rep.seal(&longest).unwrap();
    assert_eq!(*customer.open(&sealed).unwrap(), longest);
    let error = rep.seal(&vec![7; MAX_FRAME + 1]).unwrap_err();
    assert_eq!(error, SealError::TooLong { len: MAX_FRAME + 1 });
}
