//! An attribute's value where it stands in a text, and what it stands for.

use std::borrow::Cow;
use std::fmt;

use super::ber::Header;
use super::escape::{hex_octets, read_escape};
use super::utf8::OneCharacter;

/// A value as it is written in a distinguished name.
///
/// It is known to be right: what it stands for can be had without a further error.
#[derive(Debug, Clone, Copy)]
pub enum ValueView<'a> {
    /// Without escapes: the text is the value.
    Plain(&'a str),
    /// With escapes.
    Escaped(EscapedText<'a>),
    /// As `#` and the hexadecimal digits of a BER element.
    Hex(HexText<'a>),
}

impl<'a> ValueView<'a> {
    /// What is written, without the `#` of hexadecimal digits and without outer quotes.
    #[must_use]
    pub fn as_written(self) -> &'a str {
        match self {
            Self::Plain(text) => text,
            Self::Escaped(text) => text.as_written(),
            Self::Hex(text) => text.digits(),
        }
    }

    /// The value, borrowed if it is written without escapes. `None` if it is the BER of no string.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Plain(text) => Some(Cow::Borrowed(text)),
            Self::Escaped(text) => Some(Cow::Owned(text.unescape())),
            Self::Hex(text) => text.text().map(Cow::Owned),
        }
    }

    /// The value as [`ValueView::text`] gives it, with the caller's buffer for what is escaped.
    ///
    /// What the buffer held is lost. A value is never longer than it is written, so a buffer with
    /// room for the whole name never grows.
    ///
    /// # Examples
    ///
    /// ```
    /// use user_mapping::Dn;
    ///
    /// let mut buffer = String::with_capacity(64);
    /// let name = Dn::view(r"CN=User\, Pat,DC=acme").next().unwrap()?;
    /// assert_eq!(name.value().as_written(), r"User\, Pat");
    /// assert_eq!(name.value().text_in(&mut buffer), Some("User, Pat"));
    /// # Ok::<(), user_mapping::DnError>(())
    /// ```
    pub fn text_in<'b>(self, buffer: &'b mut String) -> Option<&'b str>
    where
        'a: 'b,
    {
        buffer.clear();
        match self {
            Self::Plain(text) => return Some(text),
            Self::Escaped(text) => text.unescape_into(buffer),
            Self::Hex(text) if text.text_into(buffer) => {}
            Self::Hex(_) => return None,
        }
        Some(buffer)
    }
}

/// A text with escapes. [`Display`](fmt::Display) writes what it stands for.
#[derive(Debug, Clone, Copy)]
pub struct EscapedText<'a> {
    /// INVARIANT: every backslash starts an escape, and the octets are UTF-8.
    written: &'a str,
}

impl<'a> EscapedText<'a> {
    pub(super) fn new(written: &'a str) -> Self {
        Self { written }
    }

    /// The text with its escapes.
    #[must_use]
    pub fn as_written(self) -> &'a str {
        self.written
    }

    /// Appends what the text stands for.
    pub fn unescape_into(self, buffer: &mut String) {
        // Writing to a String cannot fail.
        let _ = self.write(buffer);
    }

    pub(super) fn unescape(self) -> String {
        let mut text = String::with_capacity(self.written.len());
        self.unescape_into(&mut text);
        text
    }

    fn write(self, out: &mut impl fmt::Write) -> fmt::Result {
        let mut rest = self.written;
        let mut character = OneCharacter::default();
        while let Some((plain, after)) = rest.split_once('\\') {
            out.write_str(plain)?;
            // By the invariant neither fails.
            let (octet, length) = read_escape(after.as_bytes()).map_err(|_| fmt::Error)?;
            if let Some(complete) = character.push(octet).map_err(|_| fmt::Error)? {
                out.write_char(complete)?;
            }
            rest = after.get(length..).unwrap_or_default();
        }
        out.write_str(rest)
    }
}

impl fmt::Display for EscapedText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

/// The hexadecimal digits of one BER element.
#[derive(Debug, Clone, Copy)]
pub struct HexText<'a> {
    /// INVARIANT: pairs of digits, which are one element.
    digits: &'a str,
}

impl<'a> HexText<'a> {
    /// Takes pairs of digits if they are exactly one element.
    pub(super) fn read(digits: &'a str) -> Option<Self> {
        let text = Self { digits };
        text.header().map(|_| text)
    }

    /// The digits, without the `#`.
    #[must_use]
    pub fn digits(self) -> &'a str {
        self.digits
    }

    /// The octets of the element.
    pub fn octets(self) -> impl Iterator<Item = u8> + Clone + use<'a> {
        hex_octets(self.digits)
    }

    /// Appends the string that the element is, or nothing; and says whether it is one.
    pub fn text_into(self, buffer: &mut String) -> bool {
        self.header().is_some_and(|header| header.text_into(self.octets(), buffer))
    }

    fn header(self) -> Option<Header> {
        Header::read(self.octets(), self.digits.len() / 2)
    }

    pub(super) fn text(self) -> Option<String> {
        let mut text = String::with_capacity(self.digits.len() / 2);
        self.text_into(&mut text).then_some(text)
    }
}
