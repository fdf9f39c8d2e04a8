//! Values that are put into search filters and distinguished names come out as they went in.

use proptest::prelude::*;
use user_mapping::{Dn, DnValue, FilterValue};

/// Reads an assertion value as RFC 4515 section 3 has it: `None` where a filter's parser would
/// see the end of the value, a wildcard, or an error.
fn read_assertion(text: &str) -> Option<Vec<u8>> {
    let (mut octets, mut rest) = (Vec::new(), text.bytes());
    while let Some(octet) = rest.next() {
        match octet {
            b'*' | b'(' | b')' | 0 => return None,
            b'\\' => {
                let pair = [rest.next()?, rest.next()?];
                octets.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
            }
            plain => octets.push(plain),
        }
    }
    Some(octets)
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), r##"[a-c*()\\\x00=&|!,;+"<># é]{0,30}"##]
}

proptest! {
    #[test]
    fn a_filter_reads_back_the_text(text in hostile()) {
        let written = FilterValue::text(&text).to_string();
        prop_assert_eq!(read_assertion(&written), Some(text.into_bytes()), "{}", written);
    }

    #[test]
    fn a_filter_reads_back_the_octets(octets in prop::collection::vec(any::<u8>(), 0..40)) {
        let written = FilterValue::octets(&octets).to_string();
        prop_assert!(written.bytes().all(|octet| octet == b'\\' || octet.is_ascii_hexdigit()));
        prop_assert_eq!(read_assertion(&written), Some(octets));
    }

    #[test]
    fn a_distinguished_name_reads_back_the_text(text in hostile()) {
        let written = format!("ou={},dc=x", DnValue::text(&text));
        for dn in [Dn::parse(&written), Dn::parse_lenient(&written)] {
            let dn = dn.unwrap();
            let rdns: Vec<_> = dn.rdns().map(|rdn| rdn.avas()).collect();
            let [[ou], [dc]] = &*rdns else { panic!("{written}") };
            prop_assert_eq!((ou.text(), dc.text()), (Some(&*text), Some("x")));
        }
    }
}

#[test]
fn only_what_has_a_meaning_in_a_filter_is_escaped() {
    let written = FilterValue::text("a*b(c)d\\e\0f,g=h é").to_string();
    assert_eq!(written, r"a\2ab\28c\29d\5ce\00f,g=h é");
    // The escaping of the other kind would leave the star alive.
    assert_eq!(DnValue::text("a*b").to_string(), "a*b");
    assert_eq!(DnValue::text(" #a ").to_string(), r"\ #a\ ");
    assert_eq!(DnValue::text(" ").to_string(), r"\ ");
}
