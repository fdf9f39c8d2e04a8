//! Vectors collected from the RFCs and from the tests of other parsers.

use serde::Deserialize;
use user_mapping::{Dn, DnError};

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
    equalities: Vec<Equality>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    input: String,
    strict: Verdict,
    lenient: Verdict,
    #[serde(default)]
    rdns: Vec<Vec<Part>>,
    canonical: Option<String>,
    dc_domain: Option<String>,
}

#[derive(Deserialize)]
struct Verdict {
    ok: bool,
    error: Option<String>,
    at_byte: Option<usize>,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Part {
    #[serde(rename = "type")]
    attribute: String,
    value: Option<String>,
    ber: Option<String>,
}

#[derive(Deserialize)]
struct Equality {
    a: String,
    b: String,
    equal_exact: bool,
    equal_ignore_case: bool,
}

fn file() -> File {
    let text = include_str!("../../../../fixtures/data/user-mapping/dn-vectors.json");
    serde_json::from_str(text).unwrap()
}

/// The texts of all vectors, good and bad.
pub(crate) fn inputs() -> Vec<String> {
    file().vectors.into_iter().map(|vector| vector.input).collect()
}

fn parts(dn: &Dn<'_>) -> Vec<Vec<Part>> {
    let part = |ava: &user_mapping::Ava<'_>| Part {
        attribute: ava.attribute().as_written().to_owned(),
        value: ava.text().map(str::to_owned),
        ber: ava.ber().map(|ber| ber.iter().map(|octet| format!("{octet:02X}")).collect()),
    };
    dn.rdns().map(|rdn| rdn.avas().iter().map(part).collect()).collect()
}

fn check_mode(vector: &Vector, verdict: &Verdict, parsed: Result<Dn<'_>, DnError>) {
    let id = &vector.id;
    match parsed {
        Ok(dn) => {
            assert!(verdict.ok, "{id}: taken, but is {:?}", verdict.error);
            assert_eq!(parts(&dn), vector.rdns, "{id}");
            assert_eq!(Some(dn.to_string()), vector.canonical, "{id}");
            assert_eq!(dn.dns_domain().ok(), vector.dc_domain, "{id}");
            assert_eq!(parts(&dn.clone().into_owned()), vector.rdns, "{id}: owned");
        }
        Err(error) => {
            assert!(!verdict.ok, "{id}: {error}");
            assert_eq!(Some(error.problem().code()), verdict.error.as_deref(), "{id}: {error}");
            assert_eq!(Some(error.at()), verdict.at_byte, "{id}: {error}");
        }
    }
}

#[test]
fn every_vector_is_read_and_refused_as_it_says() {
    let vectors = file().vectors;
    assert_eq!(vectors.len(), 150);
    for vector in &vectors {
        check_mode(vector, &vector.strict, Dn::parse(&vector.input));
        check_mode(vector, &vector.lenient, Dn::parse_lenient(&vector.input));
    }
}

#[test]
fn every_canonical_form_reads_strictly_to_itself() {
    for vector in file().vectors {
        if let Some(canonical) = vector.canonical {
            assert_eq!(Dn::parse(&canonical).unwrap().to_string(), canonical, "{}", vector.id);
        }
    }
}

#[test]
fn every_equality_holds_in_both_directions() {
    let equalities = file().equalities;
    assert_eq!(equalities.len(), 16);
    for Equality { a, b, equal_exact, equal_ignore_case } in equalities {
        let (one, other) = (Dn::parse_lenient(&a).unwrap(), Dn::parse_lenient(&b).unwrap());
        assert_eq!(one.is_identical(&other), equal_exact, "{a} {b}");
        assert_eq!(other.is_identical(&one), equal_exact, "{b} {a}");
        assert_eq!(one.is_same(&other), equal_ignore_case, "{a} {b}");
        assert_eq!(other.is_same(&one), equal_ignore_case, "{b} {a}");
    }
}
