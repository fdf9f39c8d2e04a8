//! What commands would do, by the specifications of their applications.

use vsc_core::apdu::Command;
use vsc_core::guard::{Application, Deed, Operation, table};

use crate::guard_world::hex;

fn deed(application: Application, text: &str) -> Deed {
    Deed::of(&Command::new(hex(text)).unwrap(), application)
}

#[test]
fn commands_do_what_their_specifications_say() {
    use Application::{Gids, IsoApplet, OpenPgp, Other, Piv, YubicoManagement};
    use Operation as Op;
    for (application, text, operation) in [
        // SP 800-73-4 part 2, with the bytes that OpenSC and Yubico's tool send.
        (Piv, "00 A4 04 00 05 A0 00 00 03 08", Op::Select),
        (Piv, "00 CB 3F FF 05 5C 03 5F C1 05 00", Op::Read),
        (Piv, "00 CB 3F FF 00 00 05 5C 03 5F C1 05 00 00", Op::Read),
        (Piv, "00 CB 3F FF 05 5C 03 5F C1 03 00", Op::ReadPersonal),
        (Piv, "00 CB 3F FF 05 5C 03 5F C1 08 00", Op::ReadPersonal),
        (Piv, "00 CB 3F FF 05 5C 03 5F C1 09 00", Op::ReadPersonal),
        (Piv, "00 CB 3F FF 05 5C 03 5F C1 21 00", Op::ReadPersonal),
        (Piv, "00 CB 3F FF 06 5C 81 03 5F C1 03 00", Op::ReadPersonal),
        (Piv, "00 20 00 80", Op::PinStatus),
        (Piv, "00 20 00 80 00", Op::PinStatus),
        (Piv, "00 20 FF 80", Op::PinStatus),
        (Piv, "00 20 00 80 08 31 32 33 34 35 36 FF FF", Op::Verify),
        (Piv, "00 20 00 00 08 31 32 33 34 35 36 FF FF", Op::Verify),
        (Piv, "00 20 00 81 08 31 32 33 34 35 36 FF FF", Op::Administer),
        (Piv, "00 20 01 80 08 31 32 33 34 35 36 FF FF", Op::UnknownInstruction),
        (Piv, "00 20 FF 80 08 31 32 33 34 35 36 FF FF", Op::UnknownInstruction),
        (Piv, "00 21 00 80 08 31 32 33 34 35 36 FF FF", Op::UnknownInstruction),
        (Piv, "00 24 00 80 02 31 32", Op::Pins),
        (Piv, "00 2C 00 80 02 31 32", Op::Pins),
        (Piv, "00 87 07 9A 01 7C 00", Op::Authenticate),
        (Piv, "10 87 07 9A 01 7C", Op::Authenticate),
        (Piv, "00 87 07 9C 01 7C 00", Op::Sign),
        (Piv, "00 87 07 9D 01 7C 00", Op::Decrypt),
        (Piv, "00 87 07 9E 01 7C 00", Op::Authenticate),
        (Piv, "00 87 07 82 01 7C 00", Op::Decrypt),
        (Piv, "00 87 07 95 01 7C 00", Op::Decrypt),
        (Piv, "00 87 03 9B 01 7C 00", Op::Administer),
        (Piv, "00 87 27 04 01 7C 00", Op::Administer),
        (Piv, "00 87 07 96 01 7C 00", Op::Administer),
        (Piv, "00 DB 3F FF 01 5C", Op::Write),
        (Piv, "10 DB 3F FF 01 5C", Op::Write),
        (Piv, "00 47 00 9A 05 AC 03 80 01 07 00", Op::Keys),
        (Piv, "00 47 81 9A 05 AC 03 80 01 07 00", Op::Keys),
        // Yubico's extensions.
        (Piv, "00 FD 00 00 00", Op::Read),
        (Piv, "00 F8 00 00 00", Op::Read),
        (Piv, "00 F7 00 9A 00", Op::Read),
        (Piv, "00 F9 9A 00 00", Op::Authenticate),
        (Piv, "00 FE 07 9A 01 01", Op::Keys),
        (Piv, "00 FF FF FF 01 03", Op::Keys),
        (Piv, "00 F6 9A 9C", Op::Keys),
        (Piv, "00 FA 03 03", Op::Pins),
        (Piv, "00 FB 00 00", Op::Lifecycle),
        (YubicoManagement, "00 1D 00 00 00", Op::Read),
        (YubicoManagement, "00 1C 00 00 01 00", Op::Write),
        // OpenPGP card 3.4, chapter 7.
        (OpenPgp, "00 20 00 81 06 31 32 33 34 35 36", Op::Verify),
        (OpenPgp, "00 20 00 82 06 31 32 33 34 35 36", Op::Verify),
        (OpenPgp, "00 20 00 83 08 31 32 33 34 35 36 37 38", Op::Administer),
        (OpenPgp, "00 2A 9E 9A 01 30 00", Op::Sign),
        (OpenPgp, "00 2A 80 86 01 00 00", Op::Decrypt),
        (OpenPgp, "00 2A 86 80 01 00 00", Op::Decrypt),
        (OpenPgp, "00 88 00 00 01 30 00", Op::Authenticate),
        (OpenPgp, "00 47 81 00 02 B6 00 00", Op::Read),
        (OpenPgp, "00 47 80 00 02 B6 00 00", Op::Keys),
        (OpenPgp, "00 A5 00 04 06 60 04 5C 02 7F 21", Op::Select),
        (OpenPgp, "00 CA 00 6E 00", Op::Read),
        (OpenPgp, "00 CC 7F 21 00", Op::Read),
        (OpenPgp, "00 CA 01 03 00", Op::ReadPersonal),
        (OpenPgp, "00 CA 01 04 00", Op::ReadPersonal),
        (OpenPgp, "00 DA 00 5B 01 41", Op::Write),
        (OpenPgp, "00 DB 3F FF 01 4D", Op::Write),
        (OpenPgp, "00 22 41 A4 03 83 01 02", Op::Prepare),
        (OpenPgp, "00 E6 00 00", Op::Lifecycle),
        (OpenPgp, "00 44 00 00", Op::Lifecycle),
        (OpenPgp, "00 84 00 00 08", Op::Challenge),
        (OpenPgp, "00 F2 03 03 03", Op::Pins),
        // GIDS and PKCS#15 cards.
        (Gids, "00 20 00 80 06 31 32 33 34 35 36", Op::Verify),
        (Gids, "00 87 00 00 01 7C 00", Op::Administer),
        (Gids, "00 DB 3F FF 01 5C", Op::Write),
        (Gids, "00 22 41 B6 06 80 01 57 84 01 81", Op::Prepare),
        (IsoApplet, "00 20 00 01 04 31 32 33 34", Op::Verify),
        (IsoApplet, "00 20 00 02 04 31 32 33 34", Op::Administer),
        (IsoApplet, "00 46 00 00 01 00", Op::Keys),
        // Anywhere.
        (Other, "00 20 00 01 04 31 32 33 34", Op::Verify),
        (Other, "00 20 00 83 04 31 32 33 34", Op::Administer),
        (Other, "00 22 F2 01", Op::Keys),
        (Other, "00 22 F3 01", Op::Prepare),
        (Other, "00 22 F4 01", Op::Keys),
        (Other, "00 2A 90 80 01 00", Op::Prepare),
        (Other, "00 B0 00 00 00", Op::Read),
        (Other, "00 B2 01 04 00", Op::Read),
        (Other, "00 C0 00 00 1A", Op::Read),
        (Other, "00 C2 00 00 04 00 20 00 80 00", Op::Protected),
        (Other, "00 70 00 00 01", Op::Select),
        (Other, "00 82 00 01 01 00", Op::Administer),
        (Other, "00 D6 00 00 01 00", Op::Write),
        (Other, "00 D6 00 00 00 00 02 AA BB", Op::Write),
        (Other, "00 E0 00 00 01 62", Op::Write),
        (Other, "00 E4 00 00 02 3F 00", Op::Write),
        (Other, "00 26 00 01 01 31", Op::Pins),
        (Other, "00 28 00 01 01 31", Op::Pins),
        (Other, "00 FE 00 00", Op::Administer),
        (Other, "00 F7 00 9A 00", Op::Administer),
        (Other, "00 12 00 00", Op::UnknownInstruction),
        // The same on a logical channel.
        (Other, "01 B0 00 00 00", Op::Read),
        (Other, "43 DB 3F FF 01 5C", Op::Write),
        (Piv, "50 DB 3F FF 01 5C", Op::Write),
        // Other classes.
        (Other, "80 CA 9F 7F 00", Op::Read),
        (Other, "80 50 00 00 08 01 02 03 04 05 06 07 08 00", Op::Administer),
        (Other, "84 82 00 00 01 00", Op::Administer),
        (Other, "80 E6 02 00 01 00", Op::Administer),
        (Other, "80 42 00 00 01 00", Op::Sign),
        (Other, "80 12 00 00", Op::UnknownClass),
        (Other, "84 CA 00 66 00", Op::Protected),
        (Other, "90 CA 00 66 00", Op::UnknownClass),
        (Other, "B0 B0 00 00 00", Op::UnknownClass),
        (Other, "20 B0 00 00 00", Op::UnknownClass),
        (Piv, "0C CB 3F FF 02 5C 00 00", Op::Protected),
        (Piv, "60 A4 04 00", Op::Protected),
        (Other, "FF CA 00 00 00", Op::Reader),
        // No commands.
        (Other, "", Op::Malformed),
        (Other, "00 A4 04", Op::Malformed),
        (Piv, "00 20 00 80 08 31 32", Op::Malformed),
        (Other, "00 B0 00 00 00 01", Op::Malformed),
    ] {
        assert_eq!(deed(application, text).operation, operation, "{application:?}: {text}");
    }
}

#[test]
fn a_person_reads_which_key_is_used_and_what_for() {
    for (application, text, words) in [
        (Application::Piv, "00 87 11 9C 01 7C 00", "sign with key 9C (digital signature)"),
        (Application::Piv, "10 87 07 9A 01 7C", "authenticate with key 9A (authentication)"),
        (Application::Piv, "00 87 07 83 01 7C 00", "decrypt with key 83 (retired key management)"),
        (
            Application::Piv,
            "00 87 03 9B 01 7C 00",
            "administer the card with key 9B (administration)",
        ),
        (
            Application::Piv,
            "00 47 00 9E 05 AC 03 80 01 07 00",
            "make, import or delete a key with key 9E (card authentication)",
        ),
        (Application::OpenPgp, "00 2A 9E 9A 01 30 00", "sign with the signature key"),
        (Application::OpenPgp, "00 88 00 00 01 30 00", "authenticate with the authentication key"),
        (Application::Other, "00 2A 9E 9A 01 30 00", "sign"),
        (Application::Piv, "00 20 00 80 01 31", "verify with PIN 80"),
        (Application::Piv, "00 24 00 81 01 31", "change or unblock a PIN with PIN 81"),
    ] {
        assert_eq!(deed(application, text).to_string(), words, "{text}");
    }
}

#[test]
fn every_row_names_its_source_and_none_stands_in_the_shadow_of_another_instruction() {
    for row in table() {
        assert!(row.source.len() > 5, "{row:?}");
        assert!(row.first <= row.last, "{row:?}");
        // 6X and 9X are no instructions (ISO/IEC 7816-4, 5.4.2).
        assert!(!matches!(row.first >> 4, 6 | 9), "{row:?}");
    }
}
