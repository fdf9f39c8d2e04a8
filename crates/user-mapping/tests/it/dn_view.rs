//! Names read part by part without a copy: the same grammar, the same values, no allocation.

use proptest::prelude::*;
use user_mapping::{AvaView, Dn, DnError, DnProblem, DnView, ValueView};

use crate::{any_bytes, dn_properties, dn_vectors};

#[test]
fn every_vector_is_the_same_part_by_part() {
    for text in dn_vectors::inputs() {
        any_bytes::dn_view(&text);
    }
}

/// A piece of a value: a character, or an octet as a hex pair, and the octets that it means.
fn piece() -> impl Strategy<Value = (String, Vec<u8>)> {
    let hex = |octet: u8| (format!("\\{octet:02x}"), vec![octet]);
    prop_oneof![
        2 => "[a-zé⭐]".prop_map(|raw| (raw.clone(), raw.into_bytes())),
        2 => any::<u8>().prop_map(hex),
        1 => r#"[,+;<>"=# \\]"#.prop_map(|raw| (format!("\\{raw}"), raw.into_bytes())),
        // Whole characters and their parts, so that many texts are right.
        3 => any::<char>().prop_map(|character| {
            let octets = character.to_string().into_bytes();
            (octets.iter().map(|octet| format!("\\{octet:02X}")).collect(), octets)
        }),
        1 => any::<char>().prop_map(move |character| {
            hex(character.to_string().bytes().next().unwrap())
        }),
    ]
}

proptest! {
    #[test]
    fn any_text_is_the_same_part_by_part(text in dn_properties::hostile()) {
        any_bytes::dn_view(&text);
    }

    #[test]
    fn octets_that_are_escaped_are_text_exactly_if_all_together_are_utf8(
        pieces in prop::collection::vec(piece(), 1..12)
    ) {
        let written: String = pieces.iter().map(|(written, _)| written.as_str()).collect();
        let octets: Vec<u8> = pieces.iter().flat_map(|(_, octets)| octets.clone()).collect();
        let name = format!("cn={written},dc=x");
        let first = Dn::view(&name).next().unwrap();
        match String::from_utf8(octets) {
            Ok(text) => {
                let value = first.unwrap().value();
                prop_assert_eq!(value.text().unwrap(), text.as_str());
                if let ValueView::Escaped(escaped) = value {
                    prop_assert_eq!(escaped.to_string(), text);
                }
            }
            Err(_) => {
                let error = first.unwrap_err();
                prop_assert_eq!(error.problem(), DnProblem::BadUtf8);
                prop_assert_eq!(error.at(), 3 + written.len());
            }
        }
    }
}

#[test]
fn it_is_known_how_a_value_is_written() {
    let text = r#"cn=Pat, OID.2.5.4.11 = "a,b" ; ou="a \" b"+l=a\2Cb  ,o=#04024869 ,x="#;
    let parts: Vec<AvaView<'_>> = Dn::view_lenient(text).collect::<Result<_, DnError>>().unwrap();
    let written: Vec<_> = parts
        .iter()
        .map(|part| {
            let form = match part.value() {
                ValueView::Plain(_) => "plain",
                ValueView::Escaped(_) => "escaped",
                ValueView::Hex(_) => "hex",
            };
            (part.attribute_as_written(), form, part.value().as_written(), part.opens_rdn())
        })
        .collect();
    let expected = [
        ("cn", "plain", "Pat", true),
        ("2.5.4.11", "plain", "a,b", true),
        ("ou", "escaped", r#"a \" b"#, true),
        ("l", "escaped", r"a\2Cb", false),
        ("o", "hex", "04024869", true),
        ("x", "plain", "", true),
    ];
    assert_eq!(written, expected);
    let mut buffer = String::from("left over");
    let values: Vec<_> =
        parts.iter().map(|part| part.value().text_in(&mut buffer).map(str::to_owned)).collect();
    let expected = ["Pat", "a,b", r#"a " b"#, "a,b", "Hi", ""];
    assert_eq!(values, expected.map(|text| Some(text.to_owned())));
}

#[test]
fn the_first_error_is_the_last_item() {
    let mut view = Dn::view("cn=a,cn,cn=b");
    assert!(view.next().unwrap().is_ok());
    assert_eq!(view.next().unwrap().unwrap_err().problem(), DnProblem::MissingEquals);
    assert!(view.next().is_none() && view.next().is_none());
    let long = format!("cn={}", "a".repeat(4096));
    let mut view = Dn::view(&long);
    assert_eq!(view.next().unwrap().unwrap_err().problem(), DnProblem::TooLong);
    assert!(view.next().is_none());
    assert!(Dn::view("").next().is_none() && Dn::view_lenient("  ").next().is_none());
}

/// How much of a name there is, by looking at all of it.
fn read_all(view: DnView<'_>, buffer: &mut String) -> usize {
    view.map_while(Result::ok)
        .map(|part| {
            let text = part.value().text_in(buffer).map_or(0, str::len);
            part.attribute_as_written().len() + text + usize::from(part.attribute().is("cn"))
        })
        .sum()
}

#[test]
fn looking_at_a_name_allocates_nothing() {
    let mut buffer = String::with_capacity(4096);
    for text in dn_vectors::inputs() {
        let info = allocation_counter::measure(|| {
            read_all(Dn::view(&text), &mut buffer);
            read_all(Dn::view_lenient(&text), &mut buffer);
        });
        assert_eq!(info.count_total, 0, "{text}");
    }
}

#[test]
fn a_name_without_escapes_is_one_allocation() {
    let text = "CN=Joe User,OU=HelpDesk,OU=Users,OU=Europe,DC=acme,DC=test";
    let info = allocation_counter::measure(|| assert!(Dn::parse(text).is_ok()));
    assert_eq!(info.count_total, 1);
    let dn = Dn::parse(text).unwrap();
    // Six values; the types are written in the usual way, and the list is used again.
    let info = allocation_counter::measure(|| drop(dn.into_owned()));
    assert_eq!(info.count_total, 6);
}
