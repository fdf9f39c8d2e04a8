//! The type of an attribute: a keyword or a dotted number.

use std::borrow::Cow;

use super::DnProblem;
use super::parse::Mode;
use crate::fold::is_same;

/// The type of an attribute in a distinguished name.
///
/// The nine keywords of RFC 4514 section 3 are known, and equal to their object identifiers.
/// Others pass through as text.
#[derive(Debug, Clone)]
pub struct AttributeType<'a> {
    written: Cow<'a, str>,
    well_known: Option<&'static WellKnown>,
}

/// An attribute's type where it stands in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct WrittenType<'a> {
    /// Without the prefix `OID.`.
    pub(super) text: &'a str,
    well_known: Option<&'static WellKnown>,
}

/// A keyword of RFC 4514 section 3 and its object identifier.
#[derive(Debug)]
struct WellKnown {
    keyword: &'static str,
    /// The keyword as Active Directory writes it.
    capitals: &'static str,
    oid: &'static str,
}

static DC: WellKnown =
    WellKnown { keyword: "dc", capitals: "DC", oid: "0.9.2342.19200300.100.1.25" };
static OU: WellKnown = WellKnown { keyword: "ou", capitals: "OU", oid: "2.5.4.11" };
static CN: WellKnown = WellKnown { keyword: "cn", capitals: "CN", oid: "2.5.4.3" };
static UID: WellKnown =
    WellKnown { keyword: "uid", capitals: "UID", oid: "0.9.2342.19200300.100.1.1" };
static O: WellKnown = WellKnown { keyword: "o", capitals: "O", oid: "2.5.4.10" };
static C: WellKnown = WellKnown { keyword: "c", capitals: "C", oid: "2.5.4.6" };
static L: WellKnown = WellKnown { keyword: "l", capitals: "L", oid: "2.5.4.7" };
static ST: WellKnown = WellKnown { keyword: "st", capitals: "ST", oid: "2.5.4.8" };
static STREET: WellKnown = WellKnown { keyword: "street", capitals: "STREET", oid: "2.5.4.9" };
static ALL: [&WellKnown; 9] = [&DC, &OU, &CN, &UID, &O, &C, &L, &ST, &STREET];

impl WellKnown {
    fn of_keyword(keyword: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|known| is_same(known.keyword, keyword))
    }

    fn of_oid(oid: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|known| known.oid == oid)
    }

    /// The keyword that a text starts with, if `=` follows: those of which most names are made,
    /// by a look at their octets, because every part of every name comes through here.
    #[inline]
    fn before_equals(text: &[u8]) -> Option<&'static Self> {
        /// Of letters, and only of letters, this makes small letters.
        const SMALL: u8 = 0x20;
        match *text {
            [a, b, b'=', ..] => match [a | SMALL, b | SMALL] {
                [b'd', b'c'] => Some(&DC),
                [b'o', b'u'] => Some(&OU),
                [b'c', b'n'] => Some(&CN),
                _ => None,
            },
            [a, b, c, b'=', ..] if [a | SMALL, b | SMALL, c | SMALL] == *b"uid" => Some(&UID),
            _ => None,
        }
    }
}

impl<'a> WrittenType<'a> {
    /// The usual types, if `text` starts with one and `=`.
    #[inline]
    pub(super) fn usual(text: &'a str) -> Option<Self> {
        let known = WellKnown::before_equals(text.as_bytes())?;
        Some(Self { text: text.get(..known.keyword.len())?, well_known: Some(known) })
    }

    /// Reads what stands before `=`; not empty.
    pub(super) fn read(text: &'a str, mode: Mode) -> Result<Self, DnProblem> {
        let prefix = text.get(..4).filter(|prefix| is_same(prefix, "OID."));
        let (text, prefixed) = match (mode, prefix) {
            (Mode::Lenient, Some(_)) => (text.get(4..).unwrap_or_default(), true),
            _ => (text, false),
        };
        if prefixed || text.starts_with(|c: char| c.is_ascii_digit()) {
            if !is_oid(text) {
                return Err(DnProblem::BadOid);
            }
            return Ok(Self { text, well_known: WellKnown::of_oid(text) });
        }
        if !is_keyword(text) {
            return Err(DnProblem::BadType);
        }
        Ok(Self { text, well_known: WellKnown::of_keyword(text) })
    }
}

impl<'a> From<WrittenType<'a>> for AttributeType<'a> {
    fn from(written: WrittenType<'a>) -> Self {
        Self { written: Cow::Borrowed(written.text), well_known: written.well_known }
    }
}

impl AttributeType<'_> {
    /// The type as it was written, without the prefix `OID.`.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// Whether this is the type of that keyword, or the type of that object identifier.
    ///
    /// Object identifiers of other than the nine known types equal only themselves.
    #[must_use]
    pub fn is(&self, keyword_or_oid: &str) -> bool {
        is_same(self.comparable(), keyword_or_oid)
            || self.well_known.is_some_and(|known| known.oid == keyword_or_oid)
    }

    pub(super) fn is_well_known(&self) -> bool {
        self.well_known.is_some()
    }

    /// The keyword if there is one; comparable with ASCII case ignored.
    pub(super) fn comparable(&self) -> &str {
        self.well_known.map_or(&*self.written, |known| known.keyword)
    }

    /// Copies only spellings that are not the usual ones.
    pub(super) fn into_owned(self) -> AttributeType<'static> {
        let usual = self.well_known.and_then(|known| {
            [known.keyword, known.capitals].into_iter().find(|usual| *usual == self.written)
        });
        let written = match usual {
            Some(usual) => Cow::Borrowed(usual),
            None => Cow::Owned(self.written.into_owned()),
        };
        AttributeType { written, well_known: self.well_known }
    }
}

/// `ALPHA *( ALPHA / DIGIT / "-" )`
fn is_keyword(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// At least two numbers joined by dots, none with a leading zero.
fn is_oid(text: &str) -> bool {
    let is_arc = |arc: &str| {
        !arc.is_empty()
            && arc.bytes().all(|byte| byte.is_ascii_digit())
            && (arc == "0" || !arc.starts_with('0'))
    };
    text.contains('.') && text.split('.').all(is_arc)
}
