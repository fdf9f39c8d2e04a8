//! Security identifiers and GUIDs, in text and in octets.

use proptest::prelude::*;
use user_mapping::{Guid, Sid, SidProblem};

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        hex.chars().filter_map(|c| c.to_digit(16)).map(|d| u8::try_from(d).unwrap()).collect();
    digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect()
}

#[test]
fn identifiers_of_a_directory_are_read_and_written_as_it_does() {
    let table = [
        // A user of a Samba domain controller.
        (
            "S-1-5-21-1734453186-1476520036-3569928760-1103",
            "010500000000000515000000c2a7616764e8015838cac8d44f040000",
        ),
        // Well-known ones of [MS-DTYP] 2.4.2.4.
        ("S-1-0-0", "010100000000000000000000"),
        ("S-1-1-0", "010100000000000100000000"),
        ("S-1-5-18", "010100000000000512000000"),
        ("S-1-5-32-544", "01020000000000052000000020020000"),
        ("S-1-15-2-1", "010200000000000f0200000001000000"),
        // The authority is hexadecimal from 2^32 on.
        ("S-1-4294967295-1", "01010000ffffffff01000000"),
        ("S-1-0x000100000000-4294967295", "0101000100000000ffffffff"),
        ("S-1-0xFFFFFFFFFFFF-0", "0101ffffffffffff00000000"),
    ];
    for (text, hex) in table {
        let sid = Sid::parse(text).unwrap_or_else(|error| panic!("{}", error.pointing_at(text)));
        assert_eq!(sid.to_octets(), octets(hex), "{text}");
        assert_eq!(Sid::from_octets(&octets(hex)), Ok(sid), "{text}");
        assert_eq!(sid.to_string(), text);
        assert_eq!(serde_json::to_string(&sid).unwrap(), format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<Sid>(&format!("\"{text}\"")).unwrap(), sid);
    }
}

#[test]
fn other_spellings_of_one_identifier_are_equal() {
    for text in ["s-1-5-32-544", "S-1-05-0032-0000000544", "S-1-0x000000000005-32-544"] {
        assert_eq!(Sid::parse(text).unwrap().to_string(), "S-1-5-32-544", "{text}");
    }
}

#[test]
fn what_is_no_security_identifier_is_refused_where_it_is_wrong() {
    use SidProblem::{BadAuthority, BadNumber, BadPrefix, None, TooMany};
    let fifteen = format!("S-1-5{}", "-1".repeat(15));
    assert_eq!(Sid::parse(&fifteen).unwrap().sub_authorities().len(), 15);
    let sixteen = format!("{fifteen}-1");
    let table = [
        ("", BadPrefix, 0),
        ("S-1", BadPrefix, 0),
        ("S-2-5-18", BadPrefix, 0),
        (" S-1-5-18", BadPrefix, 0),
        ("é-1-5-18", BadPrefix, 0),
        ("S-1-", BadAuthority, 4),
        ("S-1--18", BadAuthority, 4),
        ("S-1-+5-18", BadAuthority, 4),
        ("S-1-4294967296-1", BadAuthority, 4),
        ("S-1-0x5-18", BadAuthority, 4),
        ("S-1-0x+00000000005-18", BadAuthority, 4),
        ("S-1-5", None, 5),
        ("S-1-5-", BadNumber, 6),
        ("S-1-5-21-", BadNumber, 9),
        ("S-1-5-21--1", BadNumber, 9),
        ("S-1-5-4294967296", BadNumber, 6),
        ("S-1-5-00000000001", BadNumber, 6),
        ("S-1-5-1٣", BadNumber, 6),
        ("S-1-5-18 ", BadNumber, 6),
        (&sixteen, TooMany, 36),
    ];
    for (text, problem, at) in table {
        let error = Sid::parse(text).expect_err(text);
        assert_eq!((error.problem(), error.at()), (problem, at), "{text:?}");
        assert_eq!(error.pointing_at(text).to_string().lines().count(), 4);
    }
    assert!(serde_json::from_str::<Sid>("\"S-1-5\"").is_err());
}

#[test]
fn octets_that_are_not_as_long_as_they_say_are_refused() {
    use SidProblem::{BadLength, BadPrefix, None, TooMany};
    let table = [
        ("", BadLength, 0),
        ("01010000000000", BadLength, 7),
        ("0101000000000005", BadLength, 8),
        ("010100000000000512", BadLength, 9),
        ("01010000000000051200000000", BadLength, 13),
        ("010200000000000512000000", BadLength, 12),
        ("020100000000000512000000", BadPrefix, 0),
        ("0100000000000005", None, 1),
        ("0110000000000005", TooMany, 1),
    ];
    for (hex, problem, at) in table {
        let error = Sid::from_octets(&octets(hex)).expect_err(hex);
        assert_eq!((error.problem(), error.at()), (problem, at), "{hex}");
    }
}

#[test]
fn accounts_of_a_domain_are_told_from_built_in_ones() {
    let sid = |text: &str| Sid::parse(text).unwrap();
    let domain = sid("S-1-5-21-1-2-3");
    assert!(sid("S-1-5-21-1-2-3-1104").is_below(&domain));
    for other in ["S-1-5-21-1-2-4-1104", "S-1-5-21-1-2-3", "S-1-5-21-1-2-3-4-5", "S-1-6-21-1-2-3-1"]
    {
        assert!(!sid(other).is_below(&domain), "{other}");
    }
    assert!(sid("S-1-5-21-1-2-3-1104").is_domain_account());
    for other in ["S-1-5-32-544", "S-1-5-18", "S-1-5-21-1-2-3", "S-1-1-0", "S-1-6-21-1-2-3-4"] {
        assert!(!sid(other).is_domain_account(), "{other}");
    }
}

#[test]
fn guids_are_read_in_every_spelling_and_written_in_one() {
    // The objectGUID of the same user.
    let binary = octets("6d02b1063dc12e4fb9538c37b16f0a4d");
    let guid = Guid::from_octets(binary.try_into().unwrap());
    assert_eq!(guid.to_string(), "06b1026d-c13d-4f2e-b953-8c37b16f0a4d");
    for text in ["{06B1026D-C13D-4F2E-B953-8C37B16F0A4D}", "06b1026d-C13D-4f2e-b953-8c37b16f0a4d"] {
        assert_eq!(Guid::parse(text), Ok(guid), "{text}");
    }
    let refused = [
        "",
        "{}",
        "06b1026dc13d4f2eb9538c37b16f0a4d",
        "{06b1026d-c13d-4f2e-b953-8c37b16f0a4d",
        "06b1026d-c13d-4f2e-b953-8c37b16f0a4d}",
        "06b1026d-c13d-4f2e-b953-8c37b16f0a4d-",
        "06b1026-dc13d-4f2e-b953-8c37b16f0a4d",
        "06b1026g-c13d-4f2e-b953-8c37b16f0a4d",
        "é6b1026-c13d-4f2e-b953-8c37b16f0a4d",
    ];
    for text in refused {
        assert!(Guid::parse(text).is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn every_identifier_survives_print_and_parse(
        authority in 0_u64..1 << 48, numbers in prop::collection::vec(any::<u32>(), 1..=15)
    ) {
        let mut octets = vec![1, u8::try_from(numbers.len()).unwrap()];
        octets.extend(authority.to_be_bytes()[2..].iter());
        octets.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        let sid = Sid::from_octets(&octets).unwrap();
        prop_assert_eq!((sid.authority(), sid.sub_authorities()), (authority, &*numbers));
        prop_assert_eq!(Sid::parse(&sid.to_string()), Ok(sid));
        prop_assert_eq!(sid.to_octets(), octets);
    }

    #[test]
    fn every_guid_survives_print_and_parse(octets in any::<[u8; 16]>()) {
        let guid = Guid::from_octets(octets);
        prop_assert_eq!(Guid::parse(&guid.to_string()), Ok(guid));
        prop_assert_eq!(guid.to_octets(), octets);
    }
}
