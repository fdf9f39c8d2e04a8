//! The same names, read by this crate and by others, and what the others make of odd ones.
//!
//! Other crates are left out because they read another language: `of_dn_parser` has no
//! multi-valued RDNs, and `rfc2253` keeps one value of each type.

use std::hint::black_box;
use std::str::FromStr as _;

use serde::Deserialize;
use user_mapping::Dn;

use crate::corpus::{Kind, kinds};
use crate::rounds::Rounds;

/// How many names there are of each kind.
const COUNT: usize = 500;

/// Something that reads names.
struct Reader {
    name: &'static str,
    does: &'static str,
    is_ours: bool,
    work: Work,
    /// How many parts the name has, or `None` if it is refused. The buffer is for those who can
    /// use one.
    read: fn(&str, &mut String) -> Option<usize>,
}

/// How much is done with a value; who does less is no rival of who does more.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Work {
    /// It is found in the text.
    Find,
    /// Its escapes are undone.
    Unescape,
    /// It is copied in any case.
    Copy,
}

const READERS: [Reader; 8] = [
    Reader {
        name: "`Dn::view`",
        does: "borrows, checks everything, allocates nothing",
        is_ours: true,
        work: Work::Find,
        read: |text, _| {
            Dn::view(text).try_fold(0, |count, part| {
                let part = part.ok()?;
                black_box((part.attribute_as_written(), part.value().as_written()));
                Some(count + 1)
            })
        },
    },
    Reader {
        name: "`Dn::view`, unescaped",
        does: "the same, and unescapes into a buffer that is used again",
        is_ours: true,
        work: Work::Unescape,
        read: |text, buffer| {
            Dn::view(text).try_fold(0, |count, part| {
                let part = part.ok()?;
                black_box((part.attribute_as_written(), part.value().text_in(buffer)));
                Some(count + 1)
            })
        },
    },
    Reader {
        name: "`Dn::parse`",
        does: "a list of parts; copies only values with escapes",
        is_ours: true,
        work: Work::Unescape,
        read: |text, _| {
            let dn = black_box(Dn::parse(text)).ok()?;
            Some(dn.rdns().map(|rdn| rdn.avas().len()).sum())
        },
    },
    Reader {
        name: "`Dn::parse`, owned",
        does: "a list of parts that copies every value",
        is_ours: true,
        work: Work::Copy,
        read: |text, _| {
            let dn = black_box(Dn::parse(text).ok()?.into_owned());
            Some(dn.rdns().map(|rdn| rdn.avas().len()).sum())
        },
    },
    Reader {
        name: "`ldapdn`",
        does: "borrows; splits at `,` `+` `=` and checks no type, character, escape or UTF-8",
        is_ours: false,
        work: Work::Find,
        read: |text, _| {
            ldapdn::parse::dn_from_str(text).try_fold(0, |count, rdn| {
                rdn.ok()?.try_fold(count, |count, ava| {
                    black_box(ava.ok()?);
                    Some(count + 1)
                })
            })
        },
    },
    Reader {
        name: "`ldapdn`, unescaped",
        does: "the same, and copies values with escapes to unescape them; `#` stays text",
        is_ours: false,
        work: Work::Unescape,
        read: |text, _| {
            ldapdn::parse::dn_from_str(text).try_fold(0, |count, rdn| {
                rdn.ok()?.try_fold(count, |count, ava| {
                    let (attribute, value) = ava.ok()?;
                    let value = ldapdn::escape::unescape_ldap_value_string_cow(value).ok()?;
                    black_box((attribute, value));
                    Some(count + 1)
                })
            })
        },
    },
    Reader {
        name: "`ldap-types`",
        does: "copies types and values; combinators over characters; BER is not looked into",
        is_ours: false,
        work: Work::Copy,
        read: |text, _| {
            let dn = black_box(ldap_types::basic::DistinguishedName::try_from(text)).ok()?;
            Some(dn.rdns.iter().map(|rdn| rdn.attributes.len()).sum())
        },
    },
    Reader {
        name: "`x509-cert`",
        does: "copies values into ASN.1; a keyword must be in its table; sorts multi-valued RDNs",
        is_ours: false,
        work: Work::Copy,
        read: |text, _| {
            let dn = black_box(x509_cert::name::RdnSequence::from_str(text)).ok()?;
            Some(dn.iter().map(|rdn| rdn.len()).sum())
        },
    },
];

/// Prints who took how long.
pub(crate) fn table(rounds: usize) {
    let kinds = kinds(COUNT);
    let all: Vec<Rounds> = kinds.iter().map(|kind| race(kind, rounds)).collect();
    let width = READERS.iter().map(|reader| reader.name.len()).max().unwrap_or_default();

    println!("\nrivals: nanoseconds a name, medians of {rounds} rounds taken in turns\n");
    let heads: Vec<_> = kinds.iter().map(|kind| format!("{:>12}", kind.name)).collect();
    println!("| {:width$} | {} | odd names |", "", heads.join(" | "));
    println!("|---|{}---|", "---|".repeat(kinds.len()));
    for (place, reader) in READERS.iter().enumerate() {
        let cells: Vec<_> = kinds
            .iter()
            .zip(&all)
            .map(|(kind, rounds)| match refused(reader, kind) {
                0 => format!("{:>12.0}", rounds.median(place)),
                count => format!("{:>12}", format!("{count} refused")),
            })
            .collect();
        println!("| {:width$} | {} | {:>9} |", reader.name, cells.join(" | "), right(reader));
    }
    println!("\n| the time of the fastest other that does no less with a value, over that of |");
    for (place, ours) in READERS.iter().enumerate().filter(|(_, reader)| reader.is_ours) {
        let cells: Vec<_> =
            all.iter().map(|rounds| format!("{:>12.2}", fastest_to(rounds, place, ours))).collect();
        println!("| {:width$} | {} |", ours.name, cells.join(" | "));
    }
    println!("\nWhat each does:");
    for reader in &READERS {
        println!("- {}: {}", reader.name, reader.does);
    }
    println!(
        "- odd names: how many of the texts that the tests collect are taken or refused as RFC \
         4514 has it, with as many parts"
    );
}

fn race(kind: &Kind, rounds: usize) -> Rounds {
    let mut buffer = String::with_capacity(4096);
    Rounds::run(rounds, READERS.len(), kind.dns.len(), |place| {
        if let Some(reader) = READERS.get(place) {
            let parts: usize =
                kind.dns.iter().filter_map(|dn| (reader.read)(black_box(dn), &mut buffer)).sum();
            black_box(parts);
        }
    })
}

/// How long the fastest of the others that do no less took, over what one of ours took.
fn fastest_to(rounds: &Rounds, place: usize, ours: &Reader) -> f64 {
    READERS
        .iter()
        .enumerate()
        .filter(|(_, other)| !other.is_ours && other.work >= ours.work)
        .map(|(other, _)| rounds.ratio(other, place))
        .fold(f64::INFINITY, f64::min)
}

fn refused(reader: &Reader, kind: &Kind) -> usize {
    let mut buffer = String::new();
    kind.dns.iter().filter(|dn| (reader.read)(dn, &mut buffer).is_none()).count()
}

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    input: String,
    strict: Verdict,
    #[serde(default)]
    rdns: Vec<Vec<serde_json::Value>>,
}

#[derive(Deserialize)]
struct Verdict {
    ok: bool,
    error: Option<String>,
}

/// How many of the tests' texts a reader decides as it should. Our own limits do not count.
fn right(reader: &Reader) -> String {
    let text = include_str!("../../../../fixtures/data/user-mapping/dn-vectors.json");
    let mut vectors: Vectors = serde_json::from_str(text).expect("the vectors of the tests");
    vectors.vectors.retain(|vector| {
        !vector.strict.error.as_deref().is_some_and(|error| error.starts_with("too_"))
    });
    let mut buffer = String::new();
    let right = vectors.vectors.iter().filter(|vector| {
        let parts = vector.rdns.iter().map(Vec::len).sum();
        (reader.read)(&vector.input, &mut buffer) == vector.strict.ok.then_some(parts)
    });
    format!("{} of {}", right.count(), vectors.vectors.len())
}
