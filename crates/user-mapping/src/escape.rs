//! Values on their way into text that a directory parses.
//!
//! The two escapings differ, and taking one for the other leaves a hole: a value made safe for a
//! distinguished name keeps its `*` alive in a search filter. Two types keep them apart.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use crate::dn::write_escaped;

/// A value that prints as an assertion value of a search filter (RFC 4515).
///
/// # Examples
///
/// ```
/// use user_mapping::{FilterValue, Sid};
///
/// let user = FilterValue::text("*)(uid=*");
/// assert_eq!(format!("(uid={user})"), r"(uid=\2a\29\28uid=\2a)");
///
/// let sid = Sid::parse("S-1-5-32-544")?.to_octets();
/// assert_eq!(FilterValue::octets(&sid[..3]).to_string(), r"\01\02\00");
/// # Ok::<(), user_mapping::SidError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterValue<'a>(FilterOctets<'a>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum FilterOctets<'a> {
    Text(Cow<'a, str>),
    Binary(Cow<'a, [u8]>),
}

impl<'a> FilterValue<'a> {
    /// A text. Only `*`, `(`, `)`, `\` and NUL are escaped; nothing else needs it.
    #[must_use]
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self(FilterOctets::Text(text.into()))
    }

    /// Octets that are no text, such as an `objectSid`. Every one is escaped.
    #[must_use]
    pub fn octets(octets: impl Into<Cow<'a, [u8]>>) -> Self {
        Self(FilterOctets::Binary(octets.into()))
    }
}

impl fmt::Display for FilterValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            FilterOctets::Text(text) => text.chars().try_for_each(|character| match character {
                '*' | '(' | ')' | '\\' | '\0' => write!(f, "\\{:02x}", u32::from(character)),
                other => f.write_char(other),
            }),
            FilterOctets::Binary(octets) => {
                octets.iter().try_for_each(|octet| write!(f, "\\{octet:02x}"))
            }
        }
    }
}

/// A value that prints as an attribute's value in a distinguished name (RFC 4514).
///
/// # Examples
///
/// ```
/// use user_mapping::{Dn, DnValue};
///
/// let name = "User, Pat+uid=admin";
/// let text = format!("cn={},dc=acme,dc=test", DnValue::text(name));
/// assert_eq!(text, r"cn=User\, Pat\+uid=admin,dc=acme,dc=test");
/// let dn = Dn::parse(&text)?;
/// assert_eq!(dn.rdns().next().unwrap().avas()[0].text(), Some(name));
/// # Ok::<(), user_mapping::DnError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnValue<'a>(Cow<'a, str>);

impl<'a> DnValue<'a> {
    /// A text, of which any may be a value.
    #[must_use]
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for DnValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, &self.0)
    }
}
