//! One lent card, and what the other desk tries with it.

use std::time::Duration;

use vsc_core::apdu::{Command, Response};
use vsc_core::atr::Atr;
use vsc_core::cards::CardFailure;
use vsc_core::guard::{Over, OwnPin, PinError, Policy, PolicyFile, Profile, RealPin};
use vsc_core::rep::{CardOrder, CardReport, CardWork, OrderNumber};

use crate::guard_world::{Counters, GENERIC_PIN, Lent, PIV_PIN, PW1, hex};

const SELECT_PIV: &str = "00 A4 04 00 05 A0 00 00 03 08";
const SELECT_OPENPGP: &str = "00 A4 04 00 06 D2 76 00 01 24 01";
const SIGN: &str = "00 87 11 9C 01 7C 00";

fn careful(text: &str) -> Profile {
    let file: PolicyFile = toml::from_str(&format!("[profiles.careful]\n{text}")).unwrap();
    Policy::check(&file).unwrap().profile("careful").unwrap().clone()
}

fn own_pin() -> OwnPin {
    OwnPin::new(RealPin::new("839105").unwrap(), &[17; 64]).unwrap()
}

fn with_own_pin() -> Lent {
    Lent::new(Profile::usual(), Some(own_pin()), Counters::FULL)
}

/// The PIN that [`own_pin`] hands out: 17 modulo 10, six times.
const HANDED_OUT: &[u8; 8] = b"777777\xFF\xFF";

#[test]
fn what_is_refused_is_answered_with_a_status_word_and_never_reaches_the_card() {
    for (text, status) in [
        ("00 DB 3F FF 01 5C", 0x6982),
        ("00 47 00 9A 05 AC 03 80 01 07 00", 0x6982),
        ("00 24 00 80 02 31 32", 0x6982),
        ("00 2C 00 80 02 31 32", 0x6982),
        ("00 87 03 9B 01 7C 00", 0x6982),
        ("00 12 00 00", 0x6D00),
        ("B0 12 00 00", 0x6E00),
        ("FF CA 00 00 00", 0x6E00),
        ("0C CB 3F FF 02 5C 00 00", 0x6882),
        ("00 20 00 80 08 31", 0x6700),
        ("10 CB 3F FF 05 5C 03 5F C1 05", 0x6884),
        ("10 20 00 80 02 31 32", 0x6884),
    ] {
        let mut lent = Lent::with(Profile::usual()).in_piv();
        let before = lent.card.asked.len();
        assert_eq!(lent.status(text), status, "{text}");
        assert_eq!(lent.card.asked.len(), before, "{text}");
        assert!(lent.logged().contains(&format!("refused with {status:04X}")), "{}", lent.logged());
    }
}

#[test]
fn reading_does_not_verify_or_sign() {
    let mut lent = Lent::with(Profile::read_only()).in_piv();
    assert_eq!(lent.status("00 CB 3F FF 05 5C 03 5F C1 05 00"), 0x9000);
    assert_eq!(lent.verify(0x80, PIV_PIN), 0x6985);
    assert_eq!(lent.status(SIGN), 0x6985);
    assert_eq!(lent.card.left, Counters::FULL);
}

#[test]
fn a_chain_that_began_goes_on_and_one_that_was_refused_does_not() {
    let mut lent = Lent::with(Profile::usual()).in_piv();
    for text in ["10 87 07 9A 02 7C 82", "10 87 07 9A 02 01 06", SIGN] {
        assert_eq!(lent.status(text), 0x9000, "{text}");
    }
    for text in ["10 DB 3F FF 01 5C", "10 DB 3F FF 01 03", "00 DB 3F FF 01 5F"] {
        assert_eq!(lent.status(text), 0x6982, "{text}");
    }
}

#[test]
fn a_link_of_another_class_does_not_go_on_with_a_chain() {
    let mut lent = Lent::with(Profile::admin()).in_piv();
    assert_eq!(lent.status("10 87 07 9A 02 7C 82"), 0x9000);
    assert!(lent.send(hex("80 87 07 9A 02 01 06")).is_none(), "a person is asked about it");
}

#[test]
fn a_channel_that_is_opened_anew_knows_nothing_of_the_last_one() {
    let left = Counters { generic: 1, ..Counters::FULL };
    let mut lent = Lent::new(Profile::usual(), None, left);
    assert_eq!(lent.status("01 A4 04 00 06 D2 76 00 01 24 01"), 0x9000);
    // PW1 has its three tries; the generic application's PIN of the same reference has not.
    lent.card.generic_reference = 0x81;
    assert_eq!(lent.status("01 20 00 81"), 0x63C3);
    assert_eq!(lent.status("00 70 80 01"), 0x9000);
    assert_eq!(lent.status("00 70 00 00 01"), 0x9000);
    assert!(lent.send(hex("01 20 00 81 04 30 30 30 30")).is_none(), "it is not known");
    assert_eq!(lent.card.left.generic, 1);
}

#[test]
fn a_blocked_pin_is_told_as_blocked() {
    let mut lent = Lent::new(Profile::usual(), None, Counters { piv: 0, ..Counters::FULL });
    lent.status(SELECT_PIV);
    assert_eq!(lent.verify(0x80, PIV_PIN), 0x6983);
}

#[test]
fn a_person_is_asked_once_for_a_chain_and_it_passes_whole() {
    let mut lent = Lent::with(careful("authenticate = 'ask'")).in_piv();
    assert!(lent.send(hex("10 87 07 9A 02 7C 82")).is_none());
    assert_eq!(lent.question().to_string(), "authenticate with key 9A (authentication)");
    assert_eq!(lent.say(true).unwrap().status().word(), 0x9000);
    assert_eq!(lent.status("10 87 07 9A 02 01 06"), 0x9000);
    assert_eq!(lent.status("00 87 07 9A 01 00 00"), 0x9000);
    // The next one is another.
    assert!(lent.send(hex("00 87 07 9A 01 7C 00")).is_none());
}

#[test]
fn no_stands_for_a_while_and_silence_is_a_no() {
    let mut lent = Lent::with(careful("sign = 'ask'\nanswer-seconds = 20")).in_piv();
    let before = lent.card.asked.len();
    assert!(lent.send(hex(SIGN)).is_none());
    assert_eq!(lent.say(false).unwrap().status().word(), 0x6985);
    assert_eq!(lent.status(SIGN), 0x6985, "nobody is asked again at once");
    lent.now += Duration::from_secs(11);
    assert!(lent.send(hex(SIGN)).is_none());
    assert!(lent.wait(Duration::from_secs(19)).is_none());
    assert_eq!(lent.wait(Duration::from_secs(1)).unwrap().status().word(), 0x6985);
    assert!(lent.logged().contains("nobody answered"), "{}", lent.logged());
    assert_eq!(lent.card.asked.len(), before);
}

#[test]
fn once_is_enough_for_the_same_key_and_not_for_another() {
    let mut lent = Lent::with(careful("sign = 'ask-once'\ndecrypt = 'ask-once'")).in_piv();
    assert!(lent.send(hex(SIGN)).is_none());
    assert_eq!(lent.say(true).unwrap().status().word(), 0x9000);
    assert_eq!(lent.status(SIGN), 0x9000);
    assert!(lent.send(hex("00 87 07 9D 01 7C 00")).is_none());
}

#[test]
fn an_administrator_changes_the_card_by_consent_to_each_command() {
    let mut lent = Lent::with(Profile::admin()).in_piv();
    for _ in 0..2 {
        assert!(lent.send(hex("00 47 00 9A 05 AC 03 80 01 07 00")).is_none());
        assert!(lent.question().to_string().contains("key 9A"), "{}", lent.question());
        assert_eq!(lent.say(true).unwrap().status().word(), 0x9000);
        assert!(lent.logged().ends_with("passed with consent"), "{}", lent.logged());
    }
}

#[test]
fn what_may_carry_a_pin_and_is_not_understood_does_not_pass_with_consent_either() {
    for text in ["80 20 00 80 01 31", "00 21 00 80 01 31", "00 20 01 80 01 31", "B0 24 00 80 01 31"]
    {
        let mut lent = Lent::with(Profile::admin()).in_piv();
        let answered = lent.send(hex(text)).map(|answer| answer.status().word());
        assert!(matches!(answered, Some(0x6D00 | 0x6E00)), "{text}: {answered:X?}");
        assert!(lent.logged().contains("may carry a PIN"), "{}", lent.logged());
    }
}

#[test]
fn an_answer_to_an_old_question_is_none() {
    let mut lent = Lent::with(careful("sign = 'ask'")).in_piv();
    assert!(lent.send(hex(SIGN)).is_none());
    let old = lent.question().id;
    lent.say(true);
    assert!(lent.send(hex(SIGN)).is_none());
    assert!(!lent.guard.handle_answer(lent.now, old, true));
    assert!(lent.guard.question().is_some());
}

#[test]
fn a_command_that_was_given_up_is_no_longer_asked_about() {
    let mut lent = Lent::with(careful("sign = 'ask'")).in_piv();
    assert!(lent.send(hex(SIGN)).is_none());
    lent.guard.withdraw_question(lent.now);
    assert!(lent.guard.question().is_none());
    assert!(matches!(
        lent.guard.poll_report(),
        Some(CardReport::Transmitted { outcome: Ok(_), .. })
    ));
}

#[test]
fn a_card_that_is_pulled_takes_the_question_with_it() {
    let mut lent = Lent::with(careful("sign = 'ask'")).in_piv();
    assert!(lent.send(hex(SIGN)).is_none());
    lent.guard.handle_report(lent.now, CardReport::Absent);
    assert!(lent.guard.question().is_none());
    assert_eq!(lent.guard.poll_report(), Some(CardReport::Absent));
    let gone = lent.guard.poll_report().unwrap();
    let CardReport::Transmitted { outcome, .. } = gone else { panic!("{gone:?}") };
    assert_eq!(outcome, Err(CardFailure::NoCard));
}

#[test]
fn a_card_that_changes_between_our_question_and_the_command_does_not_get_the_command() {
    let mut lent = Lent::with(Profile::usual()).in_piv();
    let verify = Command::new(hex("00 20 00 80 08 31 32 33 34 35 36 FF FF")).unwrap();
    let number = OrderNumber(7);
    let order = CardOrder { number, work: CardWork::Transmit(verify) };
    lent.guard.handle_order(lent.now, order);
    let asked = lent.guard.poll_order().unwrap();
    let atr = Atr::new(&[0x3B, 0x00]).unwrap();
    lent.guard.handle_report(lent.now, CardReport::Present(atr));
    let answer = Response::new(vec![0x63, 0xC3]).unwrap();
    let answered = CardReport::Transmitted { number: asked.number, outcome: Ok(answer) };
    lent.guard.handle_report(lent.now, answered);
    assert_eq!(lent.guard.poll_order(), None);
    assert_eq!(lent.guard.poll_report(), Some(CardReport::Present(atr)));
    let outcome = Err(CardFailure::Reset);
    assert_eq!(lent.guard.poll_report(), Some(CardReport::Transmitted { number, outcome }));
}

#[test]
fn the_last_try_stays_with_the_owner() {
    let mut lent = Lent::with(Profile::usual()).in_piv();
    assert_eq!(lent.verify(0x80, b"000000\xFF\xFF"), 0x63C2);
    assert_eq!(lent.verify(0x80, b"000001\xFF\xFF"), 0x63C1);
    for pin in [b"000002\xFF\xFF", PIV_PIN] {
        assert_eq!(lent.verify(0x80, pin), 0x6982);
    }
    assert_eq!(lent.card.left.piv, 1);
    assert!(lent.logged().contains("1 tries left"), "{}", lent.logged());
    // A reset makes nothing forget it.
    lent.reset();
    assert_eq!(lent.status(SELECT_PIV), 0x9000);
    assert_eq!(lent.verify(0x80, b"000003\xFF\xFF"), 0x6982);
    assert_eq!(lent.card.left.piv, 1);
}

#[test]
fn the_card_is_asked_before_the_first_try_and_not_when_the_program_has_just_asked() {
    let mut lent = Lent::with(Profile::usual()).in_piv();
    assert_eq!(lent.verify(0x80, PIV_PIN), 0x9000);
    let verify = [&hex("00 20 00 80 08")[..], PIV_PIN].concat();
    assert_eq!(lent.card.asked[1..], [hex("00 20 00 80"), verify.clone()]);
    let mut lent = Lent::with(Profile::usual()).in_piv();
    assert_eq!(lent.status("00 20 00 80"), 0x63C3);
    assert_eq!(lent.verify(0x80, PIV_PIN), 0x9000);
    assert_eq!(lent.card.asked[1..], [hex("00 20 00 80"), verify]);
}

#[test]
fn a_card_that_begins_with_piv_is_known_without_being_selected() {
    let mut lent = Lent::with(Profile::usual());
    lent.card.begin_with_piv();
    lent.card.left.piv = 1;
    assert_eq!(lent.verify(0x80, PIV_PIN), 0x6982, "nobody is asked about a last try");
    let discovery = hex("00 CB 3F FF 03 5C 01 7E 00");
    assert_eq!(lent.card.asked, [discovery.clone(), hex("00 20 00 80")]);
    // OpenSC reads the discovery object by itself.
    lent.card.left.piv = 3;
    lent.reset();
    assert_eq!(lent.send(discovery).unwrap().status().word(), 0x9000);
    assert!(lent.send(hex("00 87 07 9A 01 7C 00")).is_some());
    assert!(lent.logged().contains("key 9A (authentication) (PIV)"), "{}", lent.logged());
    lent.card.asked.clear();
    assert_eq!(lent.verify(0x80, PIV_PIN), 0x9000);
    assert_eq!(lent.card.asked[0], hex("00 20 00 80"));
}

#[test]
fn personal_data_are_the_cards_to_refuse_until_a_pin_was_verified() {
    let mut lent = Lent::with(Profile::usual()).in_piv();
    let fingerprints = "00 CB 3F FF 05 5C 03 5F C1 03 00";
    assert_eq!(lent.status(fingerprints), 0x9000, "the played card has nothing to hide");
    assert_eq!(lent.verify(0x80, PIV_PIN), 0x9000);
    assert_eq!(lent.status(fingerprints), 0x6982);
    lent.reset();
    assert_eq!(lent.status(fingerprints), 0x9000);
}

#[test]
fn openpgp_is_asked_by_its_status_bytes_on_the_same_channel() {
    let left = Counters { pw1: 1, ..Counters::FULL };
    let mut lent = Lent::new(Profile::usual(), None, left);
    assert_eq!(lent.status("01 A4 04 00 06 D2 76 00 01 24 01"), 0x9000);
    assert_eq!(lent.status("01 20 00 82 06 38 33 39 31 30 35"), 0x6982);
    assert_eq!(lent.card.asked.last().unwrap(), &hex("01 CA 00 C4 00"));
    assert_eq!(lent.card.left.pw1, 1);
}

#[test]
fn gids_is_asked_by_its_pin_status_object() {
    let left = Counters { generic: 2, ..Counters::FULL };
    let mut lent = Lent::new(Profile::usual(), None, left);
    assert_eq!(lent.status("00 A4 04 00 09 A0 00 00 03 97 42 54 46 59"), 0x9000);
    assert_eq!(lent.verify(0x80, b"0000"), 0x63C1);
    assert_eq!(lent.card.asked[1], hex("00 CB 3F FF 04 5C 02 7F 71 00"));
    assert_eq!(lent.verify(0x80, GENERIC_PIN), 0x6982);
    assert_eq!(lent.card.left.generic, 1);
}

#[test]
fn two_spare_tries_leave_one_and_a_right_pin_does_not_make_less_of_them() {
    let mut lent = Lent::with(careful("spare-tries = 2")).in_piv();
    for _ in 0..3 {
        assert_eq!(lent.verify(0x80, PIV_PIN), 0x9000);
    }
    assert_eq!(lent.verify(0x80, b"000000\xFF\xFF"), 0x63C2);
    assert_eq!(lent.verify(0x80, PIV_PIN), 0x6982);
    assert_eq!(lent.card.left.piv, 2);
}

#[test]
fn where_tries_are_not_known_the_person_at_the_card_decides() {
    let mut lent = Lent::with(Profile::usual());
    let verify = [&[0x00, 0x20, 0x00, 0x01, 4][..], GENERIC_PIN].concat();
    assert!(lent.send(verify.clone()).is_none());
    assert!(lent.question().to_string().contains("is not known"), "{}", lent.question());
    assert_eq!(lent.say(true).unwrap().status().word(), 0x9000);
    // A PIN that was right has its tries again.
    assert_eq!(lent.send(verify.clone()).unwrap().status().word(), 0x9000);
    // After another selection that says nothing any more.
    assert_eq!(lent.status("00 A4 04 00 01 E8"), 0x9000);
    assert!(lent.send(verify).is_none());
    lent.say(false);
    // A program that asks the card itself tells the guard, too.
    assert_eq!(lent.status("00 A4 04 00 01 E8"), 0x9000);
    lent.reset();
    assert_eq!(lent.status("00 20 00 01"), 0x63C3);
    assert_eq!(lent.verify(0x01, b"0000"), 0x63C2);
}

#[test]
fn keys_and_pins_are_used_so_often_in_a_minute_and_no_more() {
    let text = "key-uses-per-minute = 2\nverifications-per-minute = 1";
    let mut lent = Lent::with(careful(text)).in_piv();
    assert_eq!([lent.status(SIGN), lent.status(SIGN), lent.status(SIGN)], [0x9000, 0x9000, 0x6985]);
    assert_eq!([lent.verify(0x80, PIV_PIN), lent.verify(0x80, PIV_PIN)], [0x9000, 0x6985]);
    lent.now += Duration::from_secs(60);
    assert_eq!([lent.status(SIGN), lent.verify(0x80, PIV_PIN)], [0x9000, 0x9000]);
}

#[test]
fn a_share_ends_when_nobody_uses_it_and_when_its_time_is_up() {
    let mut lent = Lent::with(careful("idle-minutes = 10\nshare-minutes = 15")).in_piv();
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let began = lent.now;
    assert_eq!(lent.guard.poll_timeout(), Some(began + minutes(10)));
    lent.now += minutes(9);
    lent.status(SIGN);
    assert_eq!(lent.guard.over(began + minutes(14)), None);
    assert_eq!(lent.guard.over(began + minutes(15)), Some(Over::Lasted));
    let mut idle = Lent::with(careful("idle-minutes = 10")).in_piv();
    idle.now += minutes(10);
    assert_eq!(idle.guard.over(idle.now), Some(Over::Idle));
}

#[test]
fn a_one_time_pin_becomes_the_owners_at_the_card() {
    let mut lent = with_own_pin().in_piv();
    assert_eq!(lent.verify(0x80, HANDED_OUT), 0x9000);
    let at_card = lent.card.asked.last().unwrap();
    assert_eq!(at_card[5..], PIV_PIN[..]);
    assert!(lent.logged().contains("one-time PIN exchanged"), "{}", lent.logged());
    // OpenPGP and a generic application send it without filling.
    assert_eq!(lent.status(SELECT_OPENPGP), 0x9000);
    for reference in [0x81, 0x82] {
        assert_eq!(lent.verify(reference, b"777777"), 0x9000);
        assert_eq!(lent.card.asked.last().unwrap()[5..], *PW1);
    }
    assert_eq!(lent.card.left, Counters::FULL);
}

#[test]
fn forms_of_a_one_time_pin_that_middleware_sends_are_understood_and_no_others() {
    let filled = |byte: u8, length: usize| {
        let mut block = b"777777".to_vec();
        block.resize(length, byte);
        block
    };
    for (select, reference, block, understood) in [
        (SELECT_PIV, 0x80, filled(0xFF, 8), true),
        (SELECT_PIV, 0x80, filled(0x00, 8), false),
        (SELECT_PIV, 0x80, filled(0xFF, 6), false),
        (SELECT_PIV, 0x80, filled(0xFF, 9), false),
        (SELECT_PIV, 0x00, filled(0xFF, 8), false),
        (SELECT_OPENPGP, 0x81, filled(0xFF, 6), true),
        (SELECT_OPENPGP, 0x81, filled(0xFF, 8), false),
        (SELECT_OPENPGP, 0x81, vec![0x37; 32], false),
        (SELECT_OPENPGP, 0x83, filled(0xFF, 6), false),
    ] {
        let mut lent = with_own_pin();
        assert_eq!(lent.status(select), 0x9000);
        let passed = lent.verify(reference, &block) == 0x9000;
        assert_eq!(passed, understood, "{reference:02X} {block:02X?}");
        assert_eq!(lent.card.left, Counters::FULL);
    }
}

#[test]
fn another_pin_than_the_one_handed_out_never_reaches_the_card() {
    let mut lent = with_own_pin().in_piv();
    let before = lent.card.asked.len();
    // The owner's own is no exception: at the other desk nobody should know it.
    assert_eq!(lent.verify(0x80, PIV_PIN), 0x63C2);
    assert_eq!(lent.verify(0x80, b"000000\xFF\xFF"), 0x63C1);
    assert_eq!(lent.verify(0x80, b"000001\xFF\xFF"), 0x63C0);
    // After three the one that was handed out is void, too.
    assert_eq!(lent.verify(0x80, HANDED_OUT), 0x6983);
    assert_eq!(lent.card.asked.len(), before);
    assert_eq!(lent.card.left, Counters::FULL);
}

#[test]
fn a_pin_that_the_card_refused_is_not_tried_again() {
    let wrong = OwnPin::new(RealPin::new("111111").unwrap(), &[17; 64]).unwrap();
    let mut lent = Lent::new(Profile::usual(), Some(wrong), Counters::FULL).in_piv();
    assert_eq!(lent.verify(0x80, HANDED_OUT), 0x63C2);
    assert_eq!(lent.verify(0x80, HANDED_OUT), 0x6983);
    assert_eq!(lent.card.left.piv, 2);
    assert!(lent.logged().contains("typed at its desk"), "{}", lent.logged());
}

#[test]
fn while_the_pin_is_at_home_no_other_command_may_carry_one() {
    for text in [
        "00 24 00 80 10 37 37 37 37 37 37 FF FF 31 32 33 34 35 36 FF FF",
        "00 2C 00 80 02 31 32",
        "00 20 00 81 08 37 37 37 37 37 37 FF FF",
        "00 CB 3F FF 06 37 37 37 37 37 37 00",
    ] {
        let profile = Profile::admin();
        let mut lent = Lent::new(profile, Some(own_pin()), Counters::FULL).in_piv();
        let before = lent.card.asked.len();
        assert_eq!(lent.status(text), 0x6985, "{text}");
        assert_eq!(lent.card.asked.len(), before);
        assert!(lent.logged().contains("stays at its desk"), "{}", lent.logged());
    }
}

#[test]
fn an_extended_verify_is_exchanged_in_place() {
    let mut lent = with_own_pin().in_piv();
    let verify = [&hex("00 20 00 80 00 00 08")[..], HANDED_OUT].concat();
    assert_eq!(lent.send(verify).unwrap().status().word(), 0x9000);
    let expected = [&hex("00 20 00 80 00 00 08")[..], PIV_PIN].concat();
    assert_eq!(lent.card.asked.last().unwrap(), &expected);
}

#[test]
fn a_one_time_pin_is_as_long_as_the_real_one_and_never_the_same() {
    let one_time = |real: &str, random: [u8; 64]| {
        let pin = OwnPin::new(RealPin::new(real).unwrap(), &random);
        pin.map(|pin| pin.one_time().digits().to_owned())
    };
    assert_eq!(one_time("777777", [17; 64]).unwrap(), "777778");
    assert_eq!(one_time("9999", [9; 64]).unwrap(), "9990");
    assert_eq!(one_time("Ab1-Ab1-", [0; 64]).unwrap(), "00000000");
    assert_eq!(one_time("777777", [255; 64]), Err(PinError::Randomness));
    for (typed, error) in [
        ("123", PinError::Length),
        ("12345678901234567", PinError::Length),
        ("12 456", PinError::Characters),
        ("12345\u{e9}", PinError::Characters),
        ("123456\n", PinError::Characters),
    ] {
        assert_eq!(RealPin::new(typed).unwrap_err(), error, "{typed:?}");
    }
}

#[test]
fn no_pin_stands_in_any_text_of_the_guard() {
    let mut lent = with_own_pin().in_piv();
    let mut shown = vec![format!("{:?}", own_pin())];
    shown.push(format!("{:?} {:?}", RealPin::new("839105").unwrap(), own_pin().one_time()));
    lent.verify(0x80, b"424242\xFF\xFF");
    lent.verify(0x80, HANDED_OUT);
    shown.push(format!("{:?} {:#?}", lent.guard, lent.guard));
    let number = OrderNumber(1);
    let verify = [&hex("00 20 00 80 08")[..], HANDED_OUT].concat();
    let order = CardOrder { number, work: CardWork::Transmit(Command::new(verify).unwrap()) };
    lent.guard.handle_order(lent.now, order);
    shown.push(format!("{:?} {:#?}", lent.guard, lent.guard));
    shown.extend(lent.entries.iter().map(|entry| format!("{entry} {entry:?}")));
    shown.push(RealPin::new("839105 ").unwrap_err().to_string());
    for text in shown {
        for digits in ["839105", "777777", "424242"] {
            let numbers: Vec<_> = digits.bytes().map(|byte| byte.to_string()).collect();
            let hexes: Vec<_> = digits.bytes().map(|byte| format!("{byte:02x}")).collect();
            for spelling in [digits.to_owned(), numbers.join(", "), hexes.join(" ")] {
                assert!(!text.to_lowercase().contains(&spelling), "{spelling} in {text}");
            }
        }
    }
}
