//! Any bytes at all, and every example of the wire with bytes changed, cut off or put behind.

use proptest::prelude::*;

use vsc_core::handshake::{Handshake, Proof, Role};
use vsc_core::mailbox::{FromRelay, MailboxNumber, Ticket};
use vsc_core::pairing::Words;

use crate::any_bytes;
use crate::world::hello;

type Claim = fn(&[u8]);

/// All but those with a handshake, whose curve takes its time.
const CLAIMS: [(&str, Claim); 9] = [
    ("apdu", any_bytes::apdu),
    ("atr", any_bytes::atr),
    ("vpcd", any_bytes::vpcd),
    ("mailbox", any_bytes::mailbox),
    ("cards", any_bytes::cards),
    ("session", any_bytes::session),
    ("relay", any_bytes::relay),
    ("share", any_bytes::share),
    ("guard", any_bytes::guard),
];

const SLOW: [(&str, Claim); 2] = [("handshake", any_bytes::handshake), ("link", any_bytes::link)];

fn examples() -> Vec<Vec<u8>> {
    let text = include_str!("../../../../fixtures/data/vsc-core/wire-examples.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let bytes = |line: &str| {
        let bytes = line.split_whitespace().skip(1);
        bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
    };
    lines.map(bytes).collect()
}

#[test]
fn changed_cut_and_lengthened_examples_do_no_harm() {
    for example in examples() {
        for (_, claim) in CLAIMS {
            for len in 0..=example.len() {
                claim(&example[..len]);
            }
            for place in 0..example.len() {
                for change in [0x01, 0x80, 0xFF] {
                    let mut changed = example.clone();
                    changed[place] ^= change;
                    claim(&changed);
                    changed.push(0);
                    claim(&changed);
                }
            }
        }
    }
}

#[test]
fn what_fuzzing_found_stays_harmless() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/regressions");
    for (name, claim) in CLAIMS.into_iter().chain(SLOW) {
        let Ok(folder) = std::fs::read_dir(std::path::Path::new(corpus).join(name)) else {
            continue;
        };
        for file in folder {
            claim(&std::fs::read(file.unwrap().path()).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_bytes_get_through_a_handshake(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for (_, claim) in SLOW {
            claim(&bytes);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for (_, claim) in CLAIMS {
            claim(&bytes);
        }
    }

    /// What a relay can say, in any order, with the connection coming and going.
    #[test]
    fn a_relay_that_says_anything_gets_nothing(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
    ) {
        let element = Handshake::begin(
            Role::Representative,
            MailboxNumber(1),
            hello(Role::Representative, "relay"),
            &Proof::Words(Words::from_random([7, 7, 7])),
        );
        let element = FromRelay::Forwarded(element.unwrap().1.unwrap()).encode();
        let mut said = vec![vec![0xFF], vec![0xFE], vec![0xFD, 21], element.clone(), element];
        said.extend([
            FromRelay::Opened(MailboxNumber(1), Ticket([1; 16])).encode(),
            FromRelay::Joined(Ticket([1; 16])).encode(),
            FromRelay::Joined(Ticket([1; 16])).encode(),
            FromRelay::Resumed { peer_here: true }.encode(),
            FromRelay::PeerHere.encode(),
            FromRelay::PeerAway.encode(),
        ]);
        let mut bytes = vec![1, 0xFE];
        for pick in picks {
            let message = pick.get(&said);
            bytes.push(u8::try_from(message.len()).unwrap());
            bytes.extend(message);
        }
        any_bytes::link(&bytes);
    }

    #[test]
    fn several_examples_in_a_row_do_no_harm(
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let examples = examples();
        let mut bytes = Vec::new();
        for (pick, first) in picks {
            let example = pick.get(&examples);
            // As messages of a session or a relay: a length, sometimes who says it.
            let len = u8::try_from(example.len()).unwrap();
            if first % 2 == 0 {
                bytes.extend([len + 1, first]);
            } else {
                bytes.push(len);
            }
            bytes.extend(example);
        }
        for (_, claim) in CLAIMS {
            claim(&bytes);
        }
    }
}
