//! A distinguished name read from its text part by part, without a copy of anything.

use std::iter::FusedIterator;

use super::attribute::WrittenType;
use super::parse::{Mode, Parser};
use super::{AttributeType, Dn, DnError, DnProblem, ValueView};

const MAX_OCTETS: usize = 4096;
const MAX_RDNS: usize = 64;
const MAX_AVAS: usize = 16;

/// The parts of a distinguished name, read one by one from its text without allocating.
///
/// This is the grammar: [`Dn::parse`] collects what it gives. A text is a distinguished name only
/// if every part of it is; the first error is the last item, and what came before it says nothing.
///
/// Each step goes forward from where the last one ended, and looks at an octet a bounded number of
/// times: the time is linear in the length of the text, whatever the text.
///
/// # Examples
///
/// ```
/// use user_mapping::{AvaView, Dn, DnError};
///
/// let text = r"UID=pat.user+CN=User\, Pat,DC=acme,DC=test";
/// let parts: Vec<AvaView<'_>> = Dn::view(text).collect::<Result<_, DnError>>()?;
///
/// assert!(parts[0].attribute().is("uid"));
/// assert_eq!(parts[1].value().as_written(), r"User\, Pat");
/// let first_of_each: Vec<bool> = parts.iter().map(|part| part.opens_rdn()).collect();
/// assert_eq!(first_of_each, [true, false, true, true]);
/// # Ok::<(), user_mapping::DnError>(())
/// ```
#[derive(Debug, Clone)]
pub struct DnView<'a> {
    parser: Parser<'a>,
    /// How many RDNs have been opened.
    rdns: usize,
    /// How many parts the last of them has.
    avas: usize,
    next: Next,
}

/// What comes next.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// The first part of a name, or the end of the empty name.
    Start,
    /// The first part of another RDN.
    Rdn,
    /// Another part of this RDN.
    Ava,
    /// Nothing, or nothing that can be known.
    End,
}

/// One part of a relative distinguished name where it stands in a text.
#[derive(Debug, Clone, Copy)]
pub struct AvaView<'a> {
    attribute: WrittenType<'a>,
    value: ValueView<'a>,
    opens_rdn: bool,
}

impl<'a> Dn<'a> {
    /// The parts of a name in the form of RFC 4514, read as [`Dn::parse`] reads them.
    #[must_use]
    pub fn view(text: &'a str) -> DnView<'a> {
        DnView::new(text, Mode::Strict)
    }

    /// The parts of a name in the form of RFC 4514 or the older ones, read as
    /// [`Dn::parse_lenient`] reads them.
    #[must_use]
    pub fn view_lenient(text: &'a str) -> DnView<'a> {
        DnView::new(text, Mode::Lenient)
    }
}

impl<'a> DnView<'a> {
    fn new(text: &'a str, mode: Mode) -> Self {
        Self { parser: Parser::new(text, mode), rdns: 0, avas: 0, next: Next::Start }
    }

    #[inline]
    fn part(&mut self, opens_rdn: bool) -> Result<AvaView<'a>, DnError> {
        self.parser.skip_spaces();
        if opens_rdn {
            self.rdns += 1;
            self.avas = 0;
        }
        self.avas += 1;
        if self.rdns > MAX_RDNS {
            return self.parser.fail(DnProblem::TooManyRdns);
        }
        if self.avas > MAX_AVAS {
            return self.parser.fail(DnProblem::TooManyAvas);
        }
        let attribute = self.parser.attribute_type()?;
        let value = self.parser.value()?;
        self.next = match self.parser.next() {
            None => Next::End,
            Some(b'+') => Next::Ava,
            Some(_) => Next::Rdn,
        };
        Ok(AvaView { attribute, value, opens_rdn })
    }
}

impl<'a> Iterator for DnView<'a> {
    type Item = Result<AvaView<'a>, DnError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // What is refused ends the name.
        match std::mem::replace(&mut self.next, Next::End) {
            Next::Start => {
                if self.parser.text().len() > MAX_OCTETS {
                    return Some(Err(DnError::new(DnProblem::TooLong, MAX_OCTETS)));
                }
                self.parser.skip_spaces();
                self.parser.peek()?;
                Some(self.part(true))
            }
            Next::Rdn => Some(self.part(true)),
            Next::Ava => Some(self.part(false)),
            Next::End => None,
        }
    }
}

impl FusedIterator for DnView<'_> {}

impl<'a> AvaView<'a> {
    /// The attribute's type.
    #[must_use]
    pub fn attribute(&self) -> AttributeType<'a> {
        self.attribute.into()
    }

    /// The attribute's type as it is written, without the prefix `OID.`.
    #[must_use]
    pub fn attribute_as_written(&self) -> &'a str {
        self.attribute.text
    }

    /// The value and how it is written.
    #[must_use]
    pub fn value(&self) -> ValueView<'a> {
        self.value
    }

    /// Whether this is the first part of its relative distinguished name.
    #[must_use]
    pub fn opens_rdn(&self) -> bool {
        self.opens_rdn
    }
}
