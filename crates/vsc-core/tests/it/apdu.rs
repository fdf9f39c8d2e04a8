//! Commands and responses: every case of ISO/IEC 7816-4, and everything that is none.

use proptest::prelude::*;
use vsc_core::apdu::{
    ApduError, Class, Command, Malformed, Response, SecureMessaging, Shape, Status,
};

/// "00 A4 04 00" and the like.
fn command(hex: &str) -> Command {
    let bytes = hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    Command::new(bytes).unwrap()
}

#[test]
fn every_case_of_the_standard_is_told_apart() {
    let short = false;
    let long = true;
    for (hex, shape) in [
        ("00 A4 04 00", Shape::Case1),
        ("00 CB 3F FF 00", Shape::Case2 { le: 256, extended: short }),
        ("00 20 00 80 00", Shape::Case2 { le: 256, extended: short }),
        ("00 C0 00 00 1A", Shape::Case2 { le: 26, extended: short }),
        ("00 CB 3F FF 05 5C 03 5F C1 05", Shape::Case3 { lc: 5, extended: short }),
        ("00 CB 3F FF 05 5C 03 5F C1 05 00", Shape::Case4 { lc: 5, le: 256, extended: short }),
        ("00 CB 3F FF 05 5C 03 5F C1 05 08", Shape::Case4 { lc: 5, le: 8, extended: short }),
        (
            "00 CB 3F FF 00 00 05 5C 03 5F C1 05 00 00",
            Shape::Case4 { lc: 5, le: 65_536, extended: long },
        ),
        ("00 D6 00 00 00 00 02 AA BB", Shape::Case3 { lc: 2, extended: long }),
        ("00 B0 00 00 00 00 00", Shape::Case2 { le: 65_536, extended: long }),
        ("00 B0 00 00 00 01 02", Shape::Case2 { le: 258, extended: long }),
        ("00 B0 00", Shape::Malformed(Malformed::NoHeader)),
        ("", Shape::Malformed(Malformed::NoHeader)),
        ("00 B0 00 00 00 01", Shape::Malformed(Malformed::BadExtendedLength)),
        ("00 B0 00 00 00 00 00 00", Shape::Malformed(Malformed::BadExtendedLength)),
        ("00 D6 00 00 02 AA", Shape::Malformed(Malformed::LengthMismatch)),
        ("00 D6 00 00 01 AA BB CC", Shape::Malformed(Malformed::LengthMismatch)),
        ("00 D6 00 00 00 00 02 AA", Shape::Malformed(Malformed::LengthMismatch)),
        ("00 D6 00 00 00 00 01 AA BB", Shape::Malformed(Malformed::LengthMismatch)),
    ] {
        assert_eq!(command(hex).shape(), shape, "{hex}");
    }
}

#[test]
fn the_longest_command_is_case_4_extended_with_65535_bytes() {
    let mut bytes = vec![0x00, 0xDB, 0x3F, 0xFF, 0x00, 0xFF, 0xFF];
    bytes.extend(std::iter::repeat_n(0xA5, 65_535));
    bytes.extend([0x00, 0x00]);
    assert_eq!(bytes.len(), Command::MAX_LEN);
    let longest = Command::new(bytes.clone()).unwrap();
    assert_eq!(longest.shape(), Shape::Case4 { lc: 65_535, le: 65_536, extended: true });
    assert_eq!(longest.data().unwrap().len(), 65_535);
    bytes.push(0);
    assert_eq!(Command::new(bytes), Err(ApduError::CommandTooLong { len: 65_545 }));
}

#[test]
fn a_chain_link_of_a_signature_keeps_its_255_bytes() {
    let mut bytes = vec![0x10, 0x87, 0x07, 0x9A, 0xFF];
    bytes.extend([0x7C; 255]);
    let link = Command::new(bytes).unwrap();
    assert_eq!(link.shape(), Shape::Case3 { lc: 255, extended: false });
    assert_eq!(
        link.header().unwrap().class(),
        Class::Interindustry { chained: true, secure_messaging: SecureMessaging::None, channel: 0 }
    );
}

#[test]
fn class_bytes_tell_chaining_protection_and_channel() {
    let interindustry = |chained, secure, channel| Class::Interindustry {
        chained,
        secure_messaging: if secure { SecureMessaging::Used } else { SecureMessaging::None },
        channel,
    };
    for (cla, class) in [
        (0x00, interindustry(false, false, 0)),
        (0x03, interindustry(false, false, 3)),
        (0x10, interindustry(true, false, 0)),
        (0x04, interindustry(false, true, 0)),
        (0x0C, interindustry(false, true, 0)),
        (0x40, interindustry(false, false, 4)),
        (0x4F, interindustry(false, false, 19)),
        (0x70, interindustry(true, true, 4)),
        (0x20, Class::Reserved),
        (0x3F, Class::Reserved),
        (0x80, Class::Proprietary),
        (0xFE, Class::Proprietary),
        (0xFF, Class::Reader),
    ] {
        let header = Command::new(vec![cla, 0xA4, 0, 0]).unwrap().header().unwrap();
        assert_eq!(header.class(), class, "CLA {cla:02X}");
    }
}

#[test]
fn a_response_needs_its_status_and_has_an_end() {
    assert_eq!(Response::new(vec![]), Err(ApduError::ResponseTooShort { len: 0 }));
    assert_eq!(Response::new(vec![0x90]), Err(ApduError::ResponseTooShort { len: 1 }));
    let longest = Response::new(vec![0x11; Response::MAX_LEN]).unwrap();
    assert_eq!(longest.data().len(), 65_536);
    assert_eq!(
        Response::new(vec![0; Response::MAX_LEN + 1]),
        Err(ApduError::ResponseTooLong { len: 65_539 })
    );
}

#[test]
fn status_words_tell_what_clients_act_upon() {
    let word = Status::from_word;
    assert_eq!(word(0x61FF).bytes_waiting(), Some(255));
    assert_eq!(word(0x6100).bytes_waiting(), Some(256));
    assert_eq!(word(0x9000).bytes_waiting(), None);
    assert_eq!(word(0x6C20).right_le(), Some(32));
    assert_eq!(word(0x6C00).right_le(), Some(256));
    assert_eq!(word(0x63C3).tries_left(), Some(3));
    assert_eq!(word(0x6983).tries_left(), Some(0));
    assert_eq!(word(0x6300).tries_left(), None);
    assert_eq!(word(0x6A82).to_string(), "6A82 file or application not found");
    assert_eq!(word(0x1234).to_string(), "1234 unknown");
    assert_eq!(Response::status_only(Status::NOT_FOUND).bytes(), [0x6A, 0x82]);
}

proptest! {
    #[test]
    fn any_bytes_are_a_command_that_is_carried_unchanged(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let command = Command::new(bytes.clone()).unwrap();
        prop_assert_eq!(command.bytes(), &bytes[..]);
        let rebuilt = match command.shape() {
            Shape::Case1 => Some(4),
            Shape::Case2 { extended, .. } => Some(if extended { 7 } else { 5 }),
            Shape::Case3 { lc, extended } => Some(lc + if extended { 7 } else { 5 }),
            Shape::Case4 { lc, extended, .. } => Some(lc + if extended { 9 } else { 6 }),
            Shape::Malformed(_) => None,
        };
        if let Some(len) = rebuilt {
            prop_assert_eq!(len, bytes.len());
        }
        prop_assert_eq!(command.data().is_some(), matches!(command.shape(), Shape::Case3 { .. } | Shape::Case4 { .. }));
    }
}
