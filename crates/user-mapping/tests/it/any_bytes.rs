//! What must hold for any bytes at all. Used by the tests and, bytes from libFuzzer, by `fuzz/`.

use user_mapping::{
    AvaView, Dn, DnError, DnValue, FilterValue, Guid, Name, Pointed, Sid, ValueView, is_same,
    letters_policy, may_collide,
};

/// A distinguished name is read to one that prints and reads as itself, or refused at a place.
pub(crate) fn dn(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let written = format!("cn={}", DnValue::text(text));
    if let Ok(dn) = Dn::parse(&written) {
        let values: Vec<_> = dn.rdns().flat_map(|rdn| rdn.avas()).map(|ava| ava.text()).collect();
        assert_eq!(values, [Some(text)]);
    }
    if let Ok(strict) = Dn::parse(text) {
        assert!(Dn::parse_lenient(text).unwrap().is_identical(&strict));
    }
    dn_view(text);
    for parsed in [Dn::parse(text), Dn::parse_lenient(text)] {
        match parsed {
            Ok(dn) => {
                let printed = dn.to_string();
                let again = Dn::parse(&printed).unwrap();
                assert!(again.is_identical(&dn) && again.to_string() == printed);
                assert!(dn.is_same(&dn) && dn.is_within(&dn) && dn.directory_equal(&dn).may_be());
                let _ = (dn.dns_domain(), dn.leaf_user(), dn.not_a_person());
            }
            Err(error) => shown(text, error.at(), &error.pointing_at(text)),
        }
    }
}

/// Part by part a text is the same name, or the same error, as at once.
pub(crate) fn dn_view(text: &str) {
    let both =
        [(Dn::view(text), Dn::parse(text)), (Dn::view_lenient(text), Dn::parse_lenient(text))];
    let mut buffer = String::new();
    for (view, parsed) in both {
        let parts: Result<Vec<AvaView<'_>>, DnError> = view.collect();
        let (parts, dn) = match (parts, parsed) {
            (Ok(parts), Ok(dn)) => (parts, dn),
            (parts, parsed) => {
                assert_eq!(parts.err(), parsed.err());
                continue;
            }
        };
        let avas: Vec<_> = dn.rdns().flat_map(|rdn| rdn.avas().iter().enumerate()).collect();
        assert_eq!(parts.len(), avas.len());
        for (part, (place, ava)) in parts.iter().zip(avas) {
            assert_eq!(part.opens_rdn(), place == 0);
            assert_eq!(part.attribute_as_written(), ava.attribute().as_written());
            assert!(part.attribute().is(ava.attribute().as_written()));
            let value = part.value();
            assert_eq!(value.text().as_deref(), ava.text());
            assert_eq!(value.text_in(&mut buffer), ava.text());
            assert!(
                value.text().is_none_or(|value_text| value_text.len() <= value.as_written().len())
            );
            match value {
                ValueView::Hex(hex) => assert!(hex.octets().eq(ava.ber().unwrap().iter().copied())),
                ValueView::Plain(plain) => {
                    assert!(ava.ber().is_none() && ava.text() == Some(plain))
                }
                ValueView::Escaped(escaped) => {
                    assert!(ava.ber().is_none() && escaped.as_written().contains('\\'));
                    assert_eq!(Some(&*escaped.to_string()), ava.text());
                }
            }
        }
    }
}

/// A name has one spelling or is refused at a place.
pub(crate) fn name(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Name::parse(text) {
        Ok(name) => {
            let _ = (name.form(), name.account());
            let parts = name.user().map_or(0, str::len) + name.domain_part().map_or(0, str::len);
            assert!(parts <= text.len());
        }
        Err(error) => shown(text, error.at(), &error.pointing_at(text)),
    }
    let escaped = FilterValue::text(text).to_string();
    assert!(!escaped.contains(['*', '(', ')', '\0']));
}

/// Identifiers are read from octets and from text, and written as they were.
pub(crate) fn sid(bytes: &[u8]) {
    if let Ok(sid) = Sid::from_octets(bytes) {
        assert_eq!(sid.to_octets(), bytes);
        assert_eq!(Sid::parse(&sid.to_string()), Ok(sid));
    }
    if let Ok(octets) = bytes.try_into() {
        let guid = Guid::from_octets(octets);
        assert_eq!(Guid::parse(&guid.to_string()), Ok(guid));
        assert_eq!(guid.to_octets(), octets);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Sid::parse(text) {
        Ok(sid) => assert_eq!(Sid::from_octets(&sid.to_octets()), Ok(sid)),
        Err(error) => shown(text, error.at(), &error.pointing_at(text)),
    }
    if let Ok(guid) = Guid::parse(text) {
        assert!(text.trim_matches(['{', '}']).eq_ignore_ascii_case(&guid.to_string()));
    }
}

/// Two names collide or not, whichever comes first, and no name collides with itself.
pub(crate) fn lookalike(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (one, other) = text.split_once('\0').unwrap_or((text, ""));
    assert_eq!(may_collide(one, other), may_collide(other, one));
    assert!(!is_same(one, other) || may_collide(one, other).is_none());
    if let Err(problem) = letters_policy(one) {
        shown(one, problem.at(), &problem.pointing_at(one));
    }
}

/// An error's place lies in the text, and the four lines that show it are never more.
fn shown(text: &str, at: usize, pointed: &Pointed<'_>) {
    assert!(at <= text.len());
    assert_eq!(pointed.to_string().lines().count(), 4);
}
