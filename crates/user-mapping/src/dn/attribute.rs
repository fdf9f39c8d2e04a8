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

/// A keyword of RFC 4514 section 3 and its object identifier.
#[derive(Debug)]
struct WellKnown {
    keyword: &'static str,
    oid: &'static str,
}

const WELL_KNOWN: [WellKnown; 9] = [
    WellKnown { keyword: "dc", oid: "0.9.2342.19200300.100.1.25" },
    WellKnown { keyword: "ou", oid: "2.5.4.11" },
    WellKnown { keyword: "cn", oid: "2.5.4.3" },
    WellKnown { keyword: "uid", oid: "0.9.2342.19200300.100.1.1" },
    WellKnown { keyword: "o", oid: "2.5.4.10" },
    WellKnown { keyword: "c", oid: "2.5.4.6" },
    WellKnown { keyword: "l", oid: "2.5.4.7" },
    WellKnown { keyword: "st", oid: "2.5.4.8" },
    WellKnown { keyword: "street", oid: "2.5.4.9" },
];

impl<'a> AttributeType<'a> {
    /// Reads what stands before `=`; not empty.
    pub(super) fn read(text: &'a str, mode: Mode) -> Result<Self, DnProblem> {
        let prefix = text.get(..4).filter(|prefix| is_same(prefix, "OID."));
        let (written, prefixed) = match (mode, prefix) {
            (Mode::Lenient, Some(_)) => (text.get(4..).unwrap_or_default(), true),
            _ => (text, false),
        };
        let is_number = prefixed || written.starts_with(|c: char| c.is_ascii_digit());
        if is_number && !is_oid(written) {
            return Err(DnProblem::BadOid);
        }
        if !is_number && !is_keyword(written) {
            return Err(DnProblem::BadType);
        }
        let well_known = WELL_KNOWN.iter().find(|known| {
            if is_number { known.oid == written } else { is_same(known.keyword, written) }
        });
        Ok(Self { written: Cow::Borrowed(written), well_known })
    }

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

    pub(super) fn into_owned(self) -> AttributeType<'static> {
        let written = Cow::Owned(self.written.into_owned());
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
