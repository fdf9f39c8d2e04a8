//! Whatever the other desk sends.

use std::time::Duration;

use proptest::prelude::*;
use vsc_core::apdu::Command;
use vsc_core::guard::{OwnPin, Profile, RealPin};

use crate::guard_world::{Counters, GENERIC_PIN, Lent, PIV_PIN, PW1, PW3};

const REAL: &[u8] = b"839105";
const HANDED_OUT: &[u8] = b"777777";

/// What the other desk does next.
#[derive(Clone, Debug)]
enum Step {
    Command(Vec<u8>),
    Reset,
    Wait,
}

fn select() -> impl Strategy<Value = Vec<u8>> {
    let application = prop::sample::select(vec![
        vec![0xA0, 0x00, 0x00, 0x03, 0x08],
        vec![0xD2, 0x76, 0x00, 0x01, 0x24, 0x01],
        vec![0xE8, 0x28],
        vec![0xA0, 0x00, 0x00, 0x03, 0x97, 0x42, 0x54, 0x46, 0x59],
        vec![0xA0, 0x00],
        vec![0x3F, 0x00],
    ]);
    (class(), prop::sample::select(vec![0x04_u8, 0x00]), application).prop_map(
        |(cla, p1, identifier)| {
            let head = [cla, 0xA4, p1, 0x00, identifier.len() as u8];
            [&head[..], &identifier].concat()
        },
    )
}

fn class() -> impl Strategy<Value = u8> {
    prop_oneof![
        8 => Just(0x00_u8),
        1 => Just(0x01),
        1 => Just(0x40),
        1 => Just(0x10),
        1 => Just(0x80),
        1 => Just(0x0C),
        1 => any::<u8>(),
    ]
}

fn pins() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(vec![
        PIV_PIN.to_vec(),
        PW1.to_vec(),
        PW3.to_vec(),
        GENERIC_PIN.to_vec(),
        b"000000\xFF\xFF".to_vec(),
        b"000000".to_vec(),
        b"777777\xFF\xFF".to_vec(),
        HANDED_OUT.to_vec(),
        [&[0x00; 4], HANDED_OUT].concat(),
        [HANDED_OUT, &[0x00; 4]].concat(),
        vec![],
    ])
}

fn with_pin() -> impl Strategy<Value = Vec<u8>> {
    let ins = prop_oneof![6 => Just(0x20_u8), 1 => Just(0x24), 1 => Just(0x2C), 1 => any::<u8>()];
    let p1 = prop_oneof![6 => Just(0x00_u8), 1 => Just(0xFF), 1 => any::<u8>()];
    let p2 = prop::sample::select(vec![0x80_u8, 0x81, 0x82, 0x83, 0x01, 0x00]);
    (class(), ins, p1, p2, pins(), any::<bool>()).prop_map(|(cla, ins, p1, p2, pin, extended)| {
        let head = [cla, ins, p1, p2];
        let length = pin.len() as u8;
        match (pin.is_empty(), extended) {
            (true, _) => head.to_vec(),
            (false, false) => [&head[..], &[length], &pin].concat(),
            (false, true) => [&head[..], &[0, 0, length], &pin].concat(),
        }
    })
}

fn anything() -> impl Strategy<Value = Vec<u8>> {
    let p2 = prop_oneof![any::<u8>(), prop::sample::select(vec![0x9A_u8, 0x9B, 0x9C, 0x80])];
    let header = (class(), any::<u8>(), prop_oneof![Just(0_u8), any::<u8>()], p2);
    let well_formed = (header, prop::collection::vec(any::<u8>(), 0..20)).prop_map(
        |((cla, ins, p1, p2), data)| {
            let mut bytes = vec![cla, ins, p1, p2];
            if !data.is_empty() {
                bytes.push(data.len() as u8);
                bytes.extend(data);
            }
            bytes
        },
    );
    prop_oneof![4 => well_formed, 1 => prop::collection::vec(any::<u8>(), 0..30)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => select().prop_map(Step::Command),
        6 => with_pin().prop_map(Step::Command),
        3 => anything().prop_map(Step::Command),
        1 => Just(Step::Reset),
        1 => Just(Step::Wait),
    ];
    prop::collection::vec(step, 1..60)
}

/// Takes the steps; a person who is asked answers `yes`. Everything that the other desk was
/// answered is kept.
fn take(lent: &mut Lent, steps: &[Step], yes: bool) -> Vec<u8> {
    let mut answers = Vec::new();
    for step in steps {
        match step {
            Step::Command(bytes) => {
                let mut answer = lent.send(bytes.clone());
                if answer.is_none() && lent.guard.question().is_some() {
                    answer = lent.say(yes);
                }
                answers.extend(answer.expect("every command is answered").bytes());
            }
            Step::Reset => lent.reset(),
            Step::Wait => lent.now += Duration::from_secs(61),
        }
    }
    answers
}

/// What changes a card, by the standards' lists of instructions; written apart from the table.
fn changes_the_card(bytes: &[u8]) -> bool {
    let [cla, ins, p1, p2, ..] = *bytes else { return false };
    match cla {
        0x00..=0x1F | 0x40..=0x7F => match ins {
            0x24..=0x26 | 0x28 | 0x2C | 0x2D | 0x04 | 0x0C..=0x0F | 0x44 | 0x46 => true,
            0x47 => p1 != 0x81,
            0x82 | 0xD0..=0xE8 | 0xFA | 0xFB | 0xFE | 0xFF | 0xF6 => true,
            0x86 | 0x87 => matches!(p2, 0x9B | 0x04 | 0x00),
            0x22 => matches!(p1, 0xF2 | 0xF4),
            _ => false,
        },
        0x80..=0x8F => matches!(ins, 0x50 | 0x82 | 0xD8 | 0xE2..=0xE8 | 0xF0 | 0x58),
        _ => true,
    }
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

proptest! {
    #[test]
    fn nothing_that_changes_the_card_passes_the_profile_use(steps in steps()) {
        let mut lent = Lent::with(Profile::usual());
        take(&mut lent, &steps, false);
        for bytes in &lent.card.asked {
            prop_assert!(!changes_the_card(bytes), "{bytes:02X?}");
            prop_assert!(Command::new(bytes.clone()).unwrap().header().is_some());
        }
        for entry in &lent.entries {
            if entry.deed.operation.is_admin() {
                let refused = entry.to_string().contains("refused");
                prop_assert!(refused, "{entry}");
            }
        }
    }

    #[test]
    fn reading_only_never_verifies_signs_or_changes(steps in steps()) {
        let mut lent = Lent::with(Profile::read_only());
        take(&mut lent, &steps, true);
        for bytes in &lent.card.asked {
            prop_assert!(!changes_the_card(bytes), "{bytes:02X?}");
            let uses = matches!(bytes[1], 0x2A | 0x88 | 0x86 | 0x87 | 0x22)
                || (bytes[1] == 0x20 && bytes.len() > 5);
            prop_assert!(!uses, "{bytes:02X?}");
        }
    }

    /// With every profile, and whatever was left at the beginning.
    #[test]
    fn the_last_tries_are_never_spent(
        steps in steps(),
        profile in 0_usize..3,
        left in (1_u8..=3, 1_u8..=3, 1_u8..=3, 1_u8..=3),
    ) {
        let profile = [Profile::usual(), Profile::read_only(), Profile::admin()][profile].clone();
        let (piv, pw1, pw3, generic) = left;
        let counters = Counters { piv, pw1, pw3, generic };
        let mut lent = Lent::new(profile, None, counters);
        take(&mut lent, &steps, false);
        prop_assert!(lent.card.left.lowest() >= 1, "{:?}", lent.card.left);
    }

    /// A person may let a try be spent whose number is not known, but where the card can be
    /// asked the last one stays, whatever the person says.
    #[test]
    fn consent_does_not_spend_the_last_try_of_a_card_that_can_be_asked(
        steps in steps(),
        left in (1_u8..=3, 1_u8..=3, 1_u8..=3),
    ) {
        let (piv, pw1, pw3) = left;
        let counters = Counters { piv, pw1, pw3, generic: 3 };
        let mut lent = Lent::new(Profile::admin(), None, counters);
        take(&mut lent, &steps, true);
        let Counters { piv, pw1, pw3, .. } = lent.card.left;
        prop_assert!(piv.min(pw1).min(pw3) >= 1, "{:?}", lent.card.left);
    }

    #[test]
    fn a_one_time_pin_never_reaches_the_card_and_the_real_one_never_leaves(steps in steps()) {
        let real = RealPin::new(std::str::from_utf8(REAL).unwrap()).unwrap();
        let own_pin = OwnPin::new(real, &[17; 64]).unwrap();
        let mut lent = Lent::new(Profile::usual(), Some(own_pin), Counters::FULL);
        let sent_real = steps.iter().any(|step| matches!(step, Step::Command(b) if holds(b, REAL)));
        let answers = take(&mut lent, &steps, false);
        prop_assert!(!holds(&answers, REAL));
        for bytes in &lent.card.asked {
            prop_assert!(!holds(bytes, HANDED_OUT), "{bytes:02X?}");
            let is_verify = bytes[1] == 0x20 && bytes[2] == 0x00;
            if holds(bytes, REAL) && !sent_real {
                prop_assert!(is_verify, "{bytes:02X?}");
            }
            // No other PIN is tried at the card.
            if is_verify && bytes.len() > 5 {
                prop_assert!(holds(bytes, REAL), "{bytes:02X?}");
            }
        }
        for entry in &lent.entries {
            let text = format!("{entry} {entry:?}");
            prop_assert!(!holds(text.as_bytes(), REAL) && !holds(text.as_bytes(), HANDED_OUT));
        }
    }
}
