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

impl WellKnown {
    /// A match by octets, because every part of every name comes through here.
    fn of_keyword(keyword: &str) -> Option<&'static Self> {
        Some(match keyword.as_bytes() {
            [b'd' | b'D', b'c' | b'C'] => &DC,
            [b'o' | b'O', b'u' | b'U'] => &OU,
            [b'c' | b'C', b'n' | b'N'] => &CN,
            [b'u' | b'U', b'i' | b'I', b'd' | b'D'] => &UID,
            [b'o' | b'O'] => &O,
            [b'c' | b'C'] => &C,
            [b'l' | b'L'] => &L,
            [b's' | b'S', b't' | b'T'] => &ST,
            _ if is_same(keyword, STREET.keyword) => &STREET,
            _ => return None,
        })
    }

    fn of_oid(oid: &str) -> Option<&'static Self> {
        [&DC, &OU, &CN, &UID, &O, &C, &L, &ST, &STREET].into_iter().find(|known| known.oid == oid)
    }
}

impl<'a> WrittenType<'a> {
    /// Takes what is known to be a keyword.
    pub(super) fn keyword(text: &'a str) -> Self {
        Self { text, well_known: WellKnown::of_keyword(text) }
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
        Ok(Self::keyword(text))
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
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(is_of_keyword)
}

/// Whether an octet may stand in a keyword, other than at its start.
pub(super) fn is_of_keyword(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'-'
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
