//! What is known of commands that carry secrets.

use proptest::prelude::*;
use vsc_core::apdu::Command;
use vsc_core::sensitive::{PinUse, Sensitivity};

fn judged(hex: &str) -> Sensitivity {
    let bytes = hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    Sensitivity::of(&Command::new(bytes).unwrap())
}

#[test]
fn commands_of_the_common_cards_are_judged_as_their_specifications_say() {
    for (hex, expected) in [
        ("00 A4 04 00 05 A0 00 00 03 08", Sensitivity::Public),
        ("00 CB 3F FF 05 5C 03 5F C1 05 00", Sensitivity::Public),
        ("00 C0 00 00 00", Sensitivity::Public),
        ("00 FD 00 00 00", Sensitivity::Public),
        ("00 20 00 80", Sensitivity::PinStatus),
        ("00 20 00 80 00", Sensitivity::PinStatus),
        ("00 20 FF 80", Sensitivity::Authentication),
        ("00 20 00 80 02 31 32", Sensitivity::Pin(PinUse::Verify { reference: 0x80 })),
        ("00 20 00 82 02 31 32", Sensitivity::Pin(PinUse::Verify { reference: 0x82 })),
        ("10 24 00 80 02 31 32", Sensitivity::Pin(PinUse::Change { reference: 0x80 })),
        ("00 2C 00 80 02 31 32", Sensitivity::Pin(PinUse::Unblock { reference: 0x80 })),
        ("00 28 00 81 01 31", Sensitivity::Pin(PinUse::Requirement { reference: 0x81 })),
        ("10 87 07 9A 01 7C", Sensitivity::PrivateKey),
        ("00 2A 9E 9A 01 30 00", Sensitivity::PrivateKey),
        ("00 F9 9A 00 00", Sensitivity::PrivateKey),
        ("00 84 00 00 08", Sensitivity::Authentication),
        ("00 DB 3F FF 01 00", Sensitivity::Change),
        ("10 DB 3F FF 01 00", Sensitivity::Change),
        ("00 47 81 00 02 B6 00 00", Sensitivity::Public),
        ("00 47 80 00 02 B6 00 00", Sensitivity::Change),
        ("00 FE 07 9A 01 01", Sensitivity::Change),
        ("80 D8 01 81 01 00", Sensitivity::Change),
        ("80 42 00 00 01 00", Sensitivity::PrivateKey),
        ("0C 20 00 80 02 31 32", Sensitivity::Protected),
        ("60 A4 04 00", Sensitivity::Protected),
        ("FF CA 00 00 00", Sensitivity::Reader),
        ("00 77 00 00", Sensitivity::Unknown),
        ("90 10 00 00", Sensitivity::Unknown),
        ("00 A4 04", Sensitivity::Unknown),
        ("00 A4 04 00 05 A0", Sensitivity::Unknown),
    ] {
        assert_eq!(judged(hex), expected, "{hex}");
    }
}

proptest! {
    /// A PIN never counts as public, whatever the channel, the chaining bit or the lengths.
    #[test]
    fn data_behind_a_pin_instruction_is_never_public(
        cla in any::<u8>(),
        ins in prop::sample::select(vec![0x20_u8, 0x21, 0x24, 0x25, 0x26, 0x28, 0x2C, 0x2D]),
        p1 in any::<u8>(), p2 in any::<u8>(),
        body in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let command = Command::new([&[cla, ins, p1, p2][..], &body].concat()).unwrap();
        prop_assert_ne!(Sensitivity::of(&command), Sensitivity::Public);
    }
}
