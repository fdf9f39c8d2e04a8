//! From text to a distinguished name, in one pass.

use std::borrow::Cow;

use super::ber::Ber;
use super::value::Value;
use super::{AttributeType, Ava, Dn, DnError, DnProblem};

/// Which texts are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// RFC 4514.
    Strict,
    /// RFC 4514 and older forms.
    Lenient,
}

const MAX_OCTETS: usize = 4096;
const MAX_RDNS: usize = 64;
const MAX_AVAS: usize = 16;

pub(super) fn parse(text: &str, mode: Mode) -> Result<Dn<'_>, DnError> {
    if text.len() > MAX_OCTETS {
        return Err(DnError::new(DnProblem::TooLong, MAX_OCTETS));
    }
    let mut parser = Parser { text, at: 0, mode };
    parser.skip_spaces();
    let mut avas = Vec::new();
    if parser.peek().is_none() {
        return Ok(Dn { avas });
    }
    // Six parts are the usual depth of a user's entry; one growth covers most of the rest.
    avas.reserve(6);
    let (mut rdns, mut in_rdn, mut opens_rdn) = (0, 0, true);
    loop {
        parser.skip_spaces();
        (rdns, in_rdn) = if opens_rdn { (rdns + 1, 1) } else { (rdns, in_rdn + 1) };
        if rdns > MAX_RDNS {
            return parser.fail(DnProblem::TooManyRdns);
        }
        if in_rdn > MAX_AVAS {
            return parser.fail(DnProblem::TooManyAvas);
        }
        let attribute = parser.attribute_type()?;
        let value = parser.value()?;
        avas.push(Ava { attribute, value, opens_rdn });
        match parser.next() {
            None => return Ok(Dn { avas }),
            Some(separator) => opens_rdn = separator != b'+',
        }
    }
}

/// Whether a text starts with an attribute type and `=`, as distinguished names do.
pub(crate) fn starts_like_dn(text: &str) -> bool {
    text.split_once('=').is_some_and(|(before, _)| {
        AttributeType::read(before.trim_end_matches(' '), Mode::Lenient).is_ok()
    })
}

struct Parser<'a> {
    text: &'a str,
    /// INVARIANT: a character boundary whenever a method is entered or left, because what is
    /// stepped over one by one is either ASCII or runs up to an ASCII octet.
    at: usize,
    mode: Mode,
}

impl<'a> Parser<'a> {
    fn attribute_type(&mut self) -> Result<AttributeType<'a>, DnError> {
        if self.peek().is_none() {
            return self.fail(DnProblem::TrailingSeparator);
        }
        let start = self.at;
        self.skip_to(|octet| {
            matches!(octet, b'=' | b',' | b';' | b'+' | b'<' | b'>' | b'"' | b'\\')
        });
        let mut text = self.since(start);
        if self.mode == Mode::Lenient {
            text = text.trim_end_matches(' ');
        }
        if text.is_empty() {
            return Err(DnError::new(DnProblem::EmptyType, start));
        }
        if self.peek() != Some(b'=') {
            return self.fail(DnProblem::MissingEquals);
        }
        self.at += 1;
        AttributeType::read(text, self.mode).map_err(|problem| DnError::new(problem, start))
    }

    /// Reads a value and what may follow it, up to the separator or the end.
    fn value(&mut self) -> Result<Value<'a>, DnError> {
        self.skip_spaces();
        match self.peek() {
            Some(b'#') => self.hexstring(),
            Some(b'"') if self.mode == Mode::Lenient => self.quoted().map(Value::Text),
            Some(b' ') => self.fail(DnProblem::UnescapedLeadingSpace),
            _ => self.string().map(Value::Text),
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, DnError> {
        let mut start = self.at;
        let mut octets = Vec::new();
        loop {
            self.skip_to(|octet| {
                matches!(octet, b'\\' | b',' | b'+' | b';' | b'"' | b'<' | b'>' | 0)
            });
            match self.peek() {
                Some(b'\\') => {
                    octets.extend_from_slice(self.since(start).as_bytes());
                    octets.push(self.escape()?);
                    start = self.at;
                }
                Some(0) => return self.fail(DnProblem::RawNul),
                next if self.ends_value(next) => break,
                _ => return self.fail(DnProblem::UnescapedSpecial),
            }
        }
        let all = self.since(start);
        let rest = all.trim_end_matches(' ');
        if self.mode == Mode::Strict && rest.len() < all.len() {
            return Err(DnError::new(DnProblem::UnescapedTrailingSpace, self.at - 1));
        }
        self.join(octets, rest)
    }

    /// Reads a value in quotes (RFC 1779). Only `"` and `\` are special inside.
    fn quoted(&mut self) -> Result<Cow<'a, str>, DnError> {
        self.at += 1;
        let mut start = self.at;
        let mut octets = Vec::new();
        loop {
            self.skip_to(|octet| matches!(octet, b'\\' | b'"' | 0));
            match self.peek() {
                None => return self.fail(DnProblem::UnterminatedQuote),
                Some(b'"') => break,
                Some(b'\\') => {
                    octets.extend_from_slice(self.since(start).as_bytes());
                    let escape = self.at;
                    let octet = self.escape()?;
                    if self.at - escape > 2 {
                        return Err(DnError::new(DnProblem::AmbiguousQuotedEscape, escape));
                    }
                    octets.push(octet);
                    start = self.at;
                }
                _ => return self.fail(DnProblem::RawNul),
            }
        }
        let value = self.join(octets, self.since(start))?;
        self.at += 1;
        self.expect_end_of_value(DnProblem::JunkAfterQuote)?;
        Ok(value)
    }

    /// Reads `\` and a special character, or `\` and two hexadecimal digits.
    fn escape(&mut self) -> Result<u8, DnError> {
        let after = self.text.as_bytes().get(self.at + 1..).unwrap_or_default();
        let (octet, length) = match *after {
            [] => return self.fail(DnProblem::DanglingEscape),
            [special, ..] if is_escapable(special) => (special, 2),
            [high, ..] if !high.is_ascii_hexdigit() => return self.fail(DnProblem::BadEscape),
            [high, low, ..] => match hex_pair(high, low) {
                Some(octet) => (octet, 3),
                None => return self.fail(DnProblem::BadHexEscape),
            },
            [_] => return self.fail(DnProblem::BadHexEscape),
        };
        self.at += length;
        Ok(octet)
    }

    fn hexstring(&mut self) -> Result<Value<'a>, DnError> {
        self.at += 1;
        let start = self.at;
        self.skip_to(|octet| !octet.is_ascii_hexdigit());
        let (pairs, odd) = self.since(start).as_bytes().as_chunks::<2>();
        if !odd.is_empty() {
            return self.fail(DnProblem::OddHexstring);
        }
        if pairs.is_empty() {
            return self.fail(DnProblem::EmptyHexstring);
        }
        let octets = pairs.iter().filter_map(|&[high, low]| hex_pair(high, low)).collect();
        self.expect_end_of_value(DnProblem::JunkAfterHexstring)?;
        match Ber::read(octets) {
            Some(ber) => Ok(Value::Ber(Box::new(ber))),
            None => Err(DnError::new(DnProblem::BadBer, start)),
        }
    }

    fn expect_end_of_value(&mut self, otherwise: DnProblem) -> Result<(), DnError> {
        self.skip_spaces();
        if self.ends_value(self.peek()) { Ok(()) } else { self.fail(otherwise) }
    }

    fn ends_value(&self, next: Option<u8>) -> bool {
        match next {
            None | Some(b',' | b'+') => true,
            Some(b';') => self.mode == Mode::Lenient,
            Some(_) => false,
        }
    }

    /// The unescaped octets so far and the text after the last escape. UTF-8 is checked only now,
    /// because one character may be written as several hex pairs.
    fn join(&self, mut octets: Vec<u8>, rest: &'a str) -> Result<Cow<'a, str>, DnError> {
        if octets.is_empty() {
            return Ok(Cow::Borrowed(rest));
        }
        octets.extend_from_slice(rest.as_bytes());
        let text = String::from_utf8(octets);
        text.map(Cow::Owned).map_err(|_| DnError::new(DnProblem::BadUtf8, self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        self.peek().inspect(|_| self.at += 1)
    }

    fn skip_to(&mut self, is_wanted: impl Fn(u8) -> bool) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|&octet| is_wanted(octet)).unwrap_or(rest.len());
    }

    /// Only U+0020: to others, tabs and line ends are data.
    fn skip_spaces(&mut self) {
        if self.mode == Mode::Lenient {
            self.skip_to(|octet| octet != b' ');
        }
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn fail<T>(&self, problem: DnProblem) -> Result<T, DnError> {
        Err(DnError::new(problem, self.at))
    }
}

/// The characters that RFC 4514 lets stand after a backslash.
fn is_escapable(octet: u8) -> bool {
    matches!(octet, b' ' | b'"' | b'#' | b'+' | b',' | b';' | b'<' | b'=' | b'>' | b'\\')
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |octet: u8| match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        _ => None,
    };
    Some(digit(high)? << 4 | digit(low)?)
}
