//! Distinguished names: RFC 4514, and the older spellings that security providers still store.

mod attribute;
mod ber;
mod compare;
mod directory_equal;
mod dns_domain;
mod entry;
mod error;
mod escape;
mod parse;
mod print;
mod scan;
mod utf8;
mod value;
mod view;
mod written;

use std::borrow::Cow;

pub use attribute::AttributeType;
pub use dns_domain::NoDnsDomain;
pub(crate) use dns_domain::is_dns_name;
pub use entry::{LeafUser, NotAPerson};
pub use error::{DnError, DnProblem};
pub(crate) use parse::starts_like_dn;
pub(crate) use print::write_escaped;
use value::Value;
pub use view::{AvaView, DnView};
pub use written::{EscapedText, HexText, ValueView};

/// A distinguished name: the path from an entry, on the left, to the root of its directory.
///
/// Values are borrowed from the text wherever they hold no escape. The empty name is valid and is
/// that of the directory's root entry.
///
/// [`Display`](std::fmt::Display) prints the canonical form: types in lower case and by name where
/// RFC 4514 section 3 gives one, the parts of an RDN sorted, the fewest escapes. It parses
/// strictly, to an equal name.
///
/// # Limits
///
/// 4096 octets, 64 RDNs, 16 parts per RDN. Parsing is one pass without recursion, and allocates
/// once, besides once for each value with escapes. [`Dn::view`] does not allocate at all.
///
/// # Examples
///
/// ```
/// use user_mapping::Dn;
///
/// let dn = Dn::parse(r"CN=User\, Pat+UID=pat.user,OU=HelpDesk,DC=ACME-Inc,DC=com")?;
/// let leaf = dn.rdns().next().unwrap();
/// assert_eq!(leaf.avas()[0].text(), Some("User, Pat"));
/// assert_eq!(dn.dns_domain().as_deref(), Ok("acme-inc.com"));
/// assert_eq!(dn.to_string(), r"cn=User\, Pat+uid=pat.user,ou=HelpDesk,dc=ACME-Inc,dc=com");
///
/// let text = r"UID=john\?smith";
/// let error = Dn::parse(text).unwrap_err();
/// assert_eq!(
///     error.pointing_at(text).to_string(),
///     r#"`\` escapes a character that it cannot escape at byte 8
///   UID=john\?smith
///           ^
/// write the character itself, or `\` and its two hexadecimal digits"#
/// );
/// # Ok::<(), user_mapping::DnError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dn<'a> {
    /// All parts of all RDNs; the first part of each RDN is marked. One list instead of a list of
    /// lists makes one allocation per name.
    avas: Vec<Ava<'a>>,
}

impl<'a> Dn<'a> {
    /// Reads the form of RFC 4514: for names from a directory or a configuration file.
    ///
    /// # Errors
    ///
    /// The first thing in the text that is not RFC 4514, or a limit that it exceeds.
    pub fn parse(text: &'a str) -> Result<Self, DnError> {
        Self::collect(Self::view(text))
    }

    /// Reads RFC 4514 and the older forms: for names that a site passes on as some security
    /// provider stored them.
    ///
    /// Beyond RFC 4514 it takes spaces around separators and `=`, `;` between RDNs, values in
    /// quotes, the prefix `OID.` (RFC 1779, RFC 2253 section 4), and nothing but spaces as the
    /// empty name.
    ///
    /// # Errors
    ///
    /// The first thing in the text that is neither, or a limit that it exceeds.
    ///
    /// # Examples
    ///
    /// ```
    /// use user_mapping::Dn;
    ///
    /// let dn = Dn::parse_lenient(r#"OU=Sales + CN=J. Smith ; O="Widget, Inc." ; C=US"#)?;
    /// assert_eq!(dn.to_string(), r"cn=J. Smith+ou=Sales,o=Widget\, Inc.,c=US");
    /// # Ok::<(), user_mapping::DnError>(())
    /// ```
    pub fn parse_lenient(text: &'a str) -> Result<Self, DnError> {
        Self::collect(Self::view_lenient(text))
    }

    fn collect(parts: DnView<'a>) -> Result<Self, DnError> {
        // Six parts are the usual depth of a user's entry; one growth covers most of the rest.
        let mut avas = Vec::with_capacity(6);
        for part in parts {
            avas.push(part?.into());
        }
        Ok(Self { avas })
    }

    /// The relative distinguished names, the entry's own first.
    pub fn rdns(&self) -> impl DoubleEndedIterator<Item = Rdn<'_, 'a>> {
        self.avas.chunk_by(|_, next| !next.opens_rdn).map(|avas| Rdn { avas })
    }

    /// How many relative distinguished names there are.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.avas.iter().filter(|ava| ava.opens_rdn).count()
    }

    /// The same name, independent of the text it was read from.
    #[must_use]
    pub fn into_owned(self) -> Dn<'static> {
        Dn { avas: self.avas.into_iter().map(Ava::into_owned).collect() }
    }
}

/// A relative distinguished name: one part, or a set of them.
#[derive(Debug, Clone, Copy)]
pub struct Rdn<'d, 'a> {
    avas: &'d [Ava<'a>],
}

impl<'d, 'a> Rdn<'d, 'a> {
    /// The parts as they were written; their order has no meaning. Never empty.
    #[must_use]
    pub fn avas(self) -> &'d [Ava<'a>] {
        self.avas
    }
}

/// One part of a relative distinguished name: an attribute's type and its value.
#[derive(Debug, Clone)]
pub struct Ava<'a> {
    attribute: AttributeType<'a>,
    value: Value<'a>,
    opens_rdn: bool,
}

impl<'a> From<AvaView<'a>> for Ava<'a> {
    fn from(part: AvaView<'a>) -> Self {
        Self {
            attribute: part.attribute(),
            value: part.value().into(),
            opens_rdn: part.opens_rdn(),
        }
    }
}

impl Ava<'_> {
    /// The attribute's type.
    #[must_use]
    pub fn attribute(&self) -> &AttributeType<'_> {
        &self.attribute
    }

    /// The value, unescaped. `None` if it was written as `#` and the BER of no string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Ber(ber) => ber.text.as_deref(),
        }
    }

    /// The BER element, if the value was written as `#` and hexadecimal digits.
    #[must_use]
    pub fn ber(&self) -> Option<&[u8]> {
        match &self.value {
            Value::Text(_) => None,
            Value::Ber(ber) => Some(&ber.octets),
        }
    }

    fn into_owned(self) -> Ava<'static> {
        let value = match self.value {
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Ber(ber) => Value::Ber(ber),
        };
        Ava { attribute: self.attribute.into_owned(), value, opens_rdn: self.opens_rdn }
    }
}
