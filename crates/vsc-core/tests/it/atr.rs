//! Answers to reset of real cards, and of cards that break the rules.

use proptest::prelude::*;
use vsc_core::atr::{Atr, AtrError, Capabilities, Oddity, Protocol};

fn atr(hex: &str) -> Atr {
    let bytes: Vec<u8> =
        hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    Atr::new(&bytes).unwrap()
}

#[test]
fn real_cards_read_without_an_oddity() {
    let smart_pgp = "3B DA 18 FF 81 B1 FE 75 1F 03 00 31 F5 73 C0 01 60 00 90 00 1C";
    let chains_extended = Some(Capabilities { chaining: false, extended_length: true });
    for (hex, protocols, historical, capabilities) in [
        ("3B 80 80 01 01", vec![Protocol::T0, Protocol::T1], 0, None),
        ("3B 95 13 81 01 80 73 FF 01 00 0B", vec![Protocol::T1], 5, Some((false, false))),
        (smart_pgp, vec![Protocol::T1], 10, Some((false, true))),
        ("3B 8F 01 80 5D 4E 69 74 72 6F 6B 65 79 00 00 00 00 00 6A", vec![Protocol::T1], 15, None),
        ("3B 02 14 50", vec![Protocol::T0], 2, None),
    ] {
        let atr = atr(hex);
        let read = atr.read();
        assert_eq!(read.oddities, [], "{hex}");
        assert_eq!(read.protocols, protocols, "{hex}");
        assert_eq!(read.historical.len(), historical, "{hex}");
        let expected = capabilities
            .map(|(chaining, extended_length)| Capabilities { chaining, extended_length });
        assert_eq!(read.capabilities, expected, "{hex}");
    }
    assert_eq!(atr(smart_pgp).read().capabilities, chains_extended);
}

#[test]
fn what_breaks_the_standard_is_listed_and_still_carried() {
    for (hex, oddities) in [
        ("3B 80 80 01 02", vec![Oddity::CheckCharacter { found: 2, expected: 1 }]),
        ("3B 80 80 01", vec![Oddity::Truncated]),
        ("3B 84 80", vec![Oddity::Truncated]),
        ("3B 02 14", vec![Oddity::Truncated]),
        ("3B 00 FF", vec![Oddity::Trailing { bytes: 1 }]),
        ("3B 80 80 01 01 00 00", vec![Oddity::Trailing { bytes: 2 }]),
        ("3C 00", vec![Oddity::InitialCharacter(0x3C)]),
    ] {
        let atr = atr(hex);
        assert_eq!(atr.read().oddities, oddities, "{hex}");
        assert_eq!(atr.to_string(), hex);
    }
}

#[test]
fn only_the_length_can_be_refused() {
    assert_eq!(Atr::new(&[]), Err(AtrError { len: 0 }));
    assert_eq!(Atr::new(&[0x3B]), Err(AtrError { len: 1 }));
    assert!(Atr::new(&[0x3B; 33]).is_ok());
    let error = Atr::new(&[0x3B; 34]).unwrap_err();
    assert_eq!(error.to_string(), "an answer to reset has 2 to 33 bytes, this has 34");
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 2..=33)) {
        let atr = Atr::new(&bytes).unwrap();
        prop_assert_eq!(atr.bytes(), &bytes[..]);
        prop_assert!(!atr.read().protocols.is_empty());
    }
}
