//! What holds for every distinguished name.

use proptest::prelude::*;
use user_mapping::{Dn, DnProblem, LeafUser, NoDnsDomain, NotAPerson};

/// A value in one of the spellings that mean it.
fn value() -> impl Strategy<Value = String> {
    let plain = "[a-zA-Z0-9 .=#()*'éßЖ⭐]{0,8}";
    let escaped = prop::collection::vec(
        prop_oneof![
            "[a-z0-9]",
            r##"\\[ "#+,;<=>\\]"##,
            r"\\(00|0[aA]|2[cC]|7[fF])",
            Just(r"\C4\8D".to_owned()),
        ],
        0..8,
    );
    let hex = prop_oneof![Just("#04024869".to_owned()), Just("#0203010001".to_owned())];
    prop_oneof![
        4 => plain.prop_map(|text| {
            // A value may not start with either, and only the space may not end it.
            text.trim_start_matches([' ', '#']).trim_end_matches(' ').to_owned()
        }),
        4 => escaped.prop_map(|parts| parts.concat()),
        1 => hex,
    ]
}

fn dn_text() -> impl Strategy<Value = String> {
    let attribute = prop_oneof!["[a-zA-Z][a-zA-Z0-9-]{0,5}", "CN|dc|Uid|ou", r"2\.5\.4\.(3|11|99)"];
    let ava = (attribute, value()).prop_map(|(attribute, value)| format!("{attribute}={value}"));
    let rdn = prop::collection::vec(ava, 1..4).prop_map(|avas| avas.join("+"));
    prop::collection::vec(rdn, 0..8).prop_map(|rdns| rdns.join(","))
}

/// Text that is mostly made of what the grammar is made of.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        r##"[a-c=,;+"\\<># 0-9A-Fé\x00]{0,40}"##,
        (dn_text(), any::<prop::sample::Index>(), any::<char>()).prop_map(
            |(mut text, index, c)| {
                let places: Vec<_> =
                    (0..=text.len()).filter(|&at| text.is_char_boundary(at)).collect();
                text.insert(*index.get(&places), c);
                text
            }
        ),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_to_the_same_name(text in dn_text()) {
        let dn = Dn::parse(&text).unwrap();
        let printed = dn.to_string();
        let again = Dn::parse(&printed).unwrap();
        prop_assert!(again.is_identical(&dn), "{} {}", text, printed);
        prop_assert_eq!(again.to_string(), printed);
    }

    #[test]
    fn what_is_strict_is_lenient_with_the_same_meaning(text in hostile()) {
        if let Ok(strict) = Dn::parse(&text) {
            prop_assert!(Dn::parse_lenient(&text).unwrap().is_identical(&strict));
        }
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_inside_it(text in hostile()) {
        for parsed in [Dn::parse(&text), Dn::parse_lenient(&text)] {
            match parsed {
                Ok(dn) => {
                    let printed = dn.to_string();
                    prop_assert!(Dn::parse(&printed).unwrap().is_identical(&dn));
                    let _ = (dn.dns_domain(), dn.leaf_user(), dn.not_a_person());
                    prop_assert!(dn.is_within(&dn));
                }
                Err(error) => {
                    prop_assert!(error.at() <= text.len());
                    prop_assert!(error.pointing_at(&text).to_string().lines().count() == 4);
                }
            }
        }
    }

    #[test]
    fn any_octets_that_are_text_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..64)) {
        let text = String::from_utf8_lossy(&octets);
        let _ = (Dn::parse(&text), Dn::parse_lenient(&text));
    }

    #[test]
    fn letter_case_order_in_a_set_and_spelling_do_not_make_another_entry(text in dn_text()) {
        let dn = Dn::parse(&text).unwrap();
        let upper = text.to_ascii_uppercase();
        prop_assert!(Dn::parse(&upper).unwrap().is_same(&dn));
        let reversed: Vec<String> = dn
            .rdns()
            .map(|rdn| rdn.avas().iter().rev().map(ToString::to_string).collect::<Vec<_>>().join("+"))
            .collect();
        prop_assert!(Dn::parse(&reversed.join(",")).unwrap().is_identical(&dn));
    }
}

#[test]
fn limits_hold_to_the_last_part_and_not_beyond() {
    let rdns = |count: usize| vec!["a=b"; count].join(",");
    assert_eq!(Dn::parse(&rdns(64)).unwrap().depth(), 64);
    let error = Dn::parse(&rdns(65)).unwrap_err();
    assert_eq!((error.problem(), error.at()), (DnProblem::TooManyRdns, 64 * 4));

    let avas = |count: usize| vec!["a=b"; count].join("+");
    assert!(Dn::parse(&avas(16)).unwrap().is_same(&Dn::parse(&avas(16)).unwrap()));
    let error = Dn::parse(&avas(17)).unwrap_err();
    assert_eq!((error.problem(), error.at()), (DnProblem::TooManyAvas, 16 * 4));

    let long = |length: usize| format!("a={}", "b".repeat(length - 2));
    assert!(Dn::parse(&long(4096)).is_ok());
    assert_eq!(Dn::parse(&long(4097)).unwrap_err().problem(), DnProblem::TooLong);
}

#[test]
fn junk_after_hexadecimal_digits_is_refused() {
    let error = Dn::parse_lenient("uid=#040161 x").unwrap_err();
    assert_eq!((error.problem(), error.at()), (DnProblem::JunkAfterHexstring, 12));
    assert!(Dn::parse_lenient("uid=#040161 ;dc=x").is_ok());
    assert!(Dn::parse("uid=#040161 ").is_err());
}

#[test]
fn entries_that_are_nobodys_own_are_recognised() {
    let table = [
        (
            r"CN=temp\0ADEL:e605ab23-2d7f-4c95-a433-cb13919a5501,DC=acme,DC=test",
            NotAPerson::Deleted,
        ),
        ("CN=temp,CN=Deleted Objects,DC=acme,DC=test", NotAPerson::Deleted),
        (
            r"CN=Joe\0aCNF:6b8c8d5e-1111-4222-8333-444455556666,DC=acme",
            NotAPerson::ReplicationConflict,
        ),
        (
            "CN=S-1-5-21-1-2-3-1104,CN=ForeignSecurityPrincipals,DC=acme",
            NotAPerson::ForeignPrincipal,
        ),
        (r"uid=joe\0D\0A,dc=x", NotAPerson::ControlCharacter),
        ("", NotAPerson::Root),
    ];
    for (text, reason) in table {
        assert_eq!(Dn::parse(text).unwrap().not_a_person(), Some(reason), "{text}");
    }
    let person = Dn::parse(r"CN=User\, Pat,OU=Deleted Objects,DC=acme,DC=test").unwrap();
    assert_eq!(person.not_a_person(), None);
}

#[test]
fn only_logon_names_of_the_leaf_name_a_user() {
    let table = [
        ("uid=joe,ou=x", LeafUser::One("joe")),
        ("CN=Lu+UID=lucic,ou=x", LeafUser::One("lucic")),
        ("0.9.2342.19200300.100.1.1=joe,ou=x", LeafUser::One("joe")),
        ("sAMAccountName=joe,ou=x", LeafUser::One("joe")),
        ("uid=joe+sAMAccountName=JOE,ou=x", LeafUser::One("joe")),
        ("uid=joe+sAMAccountName=jim,ou=x", LeafUser::Unclear),
        ("uid=#020101,ou=x", LeafUser::Unclear),
        ("cn=Joe User,uid=joe", LeafUser::Absent),
        ("", LeafUser::Absent),
    ];
    for (text, user) in table {
        assert_eq!(Dn::parse(text).unwrap().leaf_user(), user, "{text}");
    }
}

#[test]
fn odd_dc_parts_give_no_dns_name_and_say_why() {
    let long = ["dc=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; 4].join(",");
    let table = [
        ("uid=x,o=ACME", Err(NoDnsDomain::NoDc)),
        ("dc=a,o=ACME", Err(NoDnsDomain::NoDc)),
        ("uid=x,dc=acme.test", Err(NoDnsDomain::BadLabel)),
        ("uid=x,dc=bad-,dc=test", Err(NoDnsDomain::BadLabel)),
        ("uid=x,dc=a+ou=b,dc=test", Err(NoDnsDomain::MultiValued)),
        (&long, Err(NoDnsDomain::TooLong)),
        ("uid=x,DC=A_b,dc=Test", Ok("a_b.test".to_owned())),
    ];
    for (text, expected) in table {
        assert_eq!(Dn::parse(text).unwrap().dns_domain(), expected, "{text}");
    }
}
