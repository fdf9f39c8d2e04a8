//! The grammar of distinguished names, in one pass over the octets of a text.

use super::attribute::WrittenType;
use super::escape::read_escape;
use super::scan::find_special;
use super::utf8::OneCharacter;
use super::written::{EscapedText, HexText};
use super::{DnError, DnProblem, ValueView};

/// Which texts are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// RFC 4514.
    Strict,
    /// RFC 4514 and older forms.
    Lenient,
}

/// Whether a text starts with an attribute type and `=`, as distinguished names do.
pub(crate) fn starts_like_dn(text: &str) -> bool {
    text.split_once('=').is_some_and(|(before, _)| {
        WrittenType::read(before.trim_end_matches(' '), Mode::Lenient).is_ok()
    })
}

#[derive(Debug, Clone)]
pub(super) struct Parser<'a> {
    text: &'a str,
    /// INVARIANT: a character boundary whenever a method is entered or left, because what is
    /// stepped over one by one is either ASCII or runs up to an ASCII octet.
    at: usize,
    mode: Mode,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, mode: Mode) -> Self {
        Self { text, at: 0, mode }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Reads an attribute's type and the `=` after it.
    #[inline]
    pub(super) fn attribute_type(&mut self) -> Result<WrittenType<'a>, DnError> {
        if let Some(usual) = self.text.get(self.at..).and_then(WrittenType::usual) {
            self.at += usual.text.len() + 1;
            return Ok(usual);
        }
        self.unusual_type()
    }

    /// Reads a type that is not among the usual, or says what is wrong.
    fn unusual_type(&mut self) -> Result<WrittenType<'a>, DnError> {
        let start = self.at;
        self.skip_to(|octet| {
            matches!(octet, b'=' | b',' | b';' | b'+' | b'<' | b'>' | b'"' | b'\\')
        });
        if self.text.len() == start {
            return self.fail(DnProblem::TrailingSeparator);
        }
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
        WrittenType::read(text, self.mode).map_err(|problem| DnError::new(problem, start))
    }

    /// Reads a value and what may follow it, up to the separator or the end.
    #[inline]
    pub(super) fn value(&mut self) -> Result<ValueView<'a>, DnError> {
        self.skip_spaces();
        match self.peek() {
            Some(b'#') => self.hexstring(),
            Some(b'"') if self.mode == Mode::Lenient => self.quoted(),
            Some(b' ') => self.fail(DnProblem::UnescapedLeadingSpace),
            _ => self.string(),
        }
    }

    #[inline]
    fn string(&mut self) -> Result<ValueView<'a>, DnError> {
        let start = self.at;
        let octets = self.text.as_bytes();
        let end = find_special(octets, start);
        // By far the most usual: a value without escapes, and without a space at its end.
        let is_ended = matches!(octets.get(end), None | Some(b',' | b'+'));
        if is_ended
            && octets.get(end.wrapping_sub(1)) != Some(&b' ')
            && let Some(plain) = self.text.get(start..end)
        {
            self.at = end;
            return Ok(ValueView::Plain(plain));
        }
        self.unusual_string()
    }

    /// Reads a value that may have escapes, or spaces at its end.
    fn unusual_string(&mut self) -> Result<ValueView<'a>, DnError> {
        let start = self.at;
        // Where the raw text after the last escape starts.
        let mut raw = None;
        let mut character = OneCharacter::default();
        let mut is_utf8 = true;
        loop {
            // Where one escape is, the next often follows.
            if self.peek() != Some(b'\\') {
                self.at = find_special(self.text.as_bytes(), self.at);
            }
            match self.peek() {
                Some(b'\\') => {
                    is_utf8 &= raw == Some(self.at) || character.is_complete();
                    is_utf8 &= character.push(self.escape()?).is_ok();
                    raw = Some(self.at);
                }
                Some(0) => return self.fail(DnProblem::RawNul),
                next if self.ends_value(next) => break,
                _ => return self.fail(DnProblem::UnescapedSpecial),
            }
        }
        let all = self.since(raw.unwrap_or(start));
        let spaces = all.bytes().rev().take_while(|&octet| octet == b' ').count();
        if self.mode == Mode::Strict && spaces > 0 {
            return Err(DnError::new(DnProblem::UnescapedTrailingSpace, self.at - 1));
        }
        // Only now, because other errors come first.
        if !is_utf8 || !character.is_complete() {
            return self.fail(DnProblem::BadUtf8);
        }
        let written = self.text.get(start..self.at - spaces).unwrap_or_default();
        Ok(view(written, raw.is_some()))
    }

    /// Reads a value in quotes (RFC 1779). Only `"` and `\` are special inside.
    fn quoted(&mut self) -> Result<ValueView<'a>, DnError> {
        self.at += 1;
        let start = self.at;
        let mut has_escapes = false;
        loop {
            self.skip_to(|octet| matches!(octet, b'\\' | b'"' | 0));
            match self.peek() {
                None => return self.fail(DnProblem::UnterminatedQuote),
                Some(b'"') => break,
                Some(b'\\') => {
                    let escape = self.at;
                    self.escape()?;
                    if self.at - escape > 2 {
                        return Err(DnError::new(DnProblem::AmbiguousQuotedEscape, escape));
                    }
                    has_escapes = true;
                }
                _ => return self.fail(DnProblem::RawNul),
            }
        }
        let written = self.since(start);
        self.at += 1;
        self.expect_end_of_value(DnProblem::JunkAfterQuote)?;
        Ok(view(written, has_escapes))
    }

    /// Reads `\` and a special character, or `\` and two hexadecimal digits.
    fn escape(&mut self) -> Result<u8, DnError> {
        let after = self.text.as_bytes().get(self.at + 1..).unwrap_or_default();
        match read_escape(after) {
            Ok((octet, length)) => {
                self.at += 1 + length;
                Ok(octet)
            }
            Err(problem) => self.fail(problem),
        }
    }

    fn hexstring(&mut self) -> Result<ValueView<'a>, DnError> {
        self.at += 1;
        let start = self.at;
        self.skip_to(|octet| !octet.is_ascii_hexdigit());
        let digits = self.since(start);
        if !digits.len().is_multiple_of(2) {
            return self.fail(DnProblem::OddHexstring);
        }
        if digits.is_empty() {
            return self.fail(DnProblem::EmptyHexstring);
        }
        self.expect_end_of_value(DnProblem::JunkAfterHexstring)?;
        match HexText::read(digits) {
            Some(element) => Ok(ValueView::Hex(element)),
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

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        self.peek().inspect(|_| self.at += 1)
    }

    fn skip_to(&mut self, is_wanted: impl Fn(u8) -> bool) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|&octet| is_wanted(octet)).unwrap_or(rest.len());
    }

    /// Only U+0020: to others, tabs and line ends are data.
    pub(super) fn skip_spaces(&mut self) {
        if self.mode == Mode::Lenient {
            self.skip_to(|octet| octet != b' ');
        }
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn fail<T>(&self, problem: DnProblem) -> Result<T, DnError> {
        Err(DnError::new(problem, self.at))
    }
}

#[inline]
fn view(written: &str, has_escapes: bool) -> ValueView<'_> {
    if has_escapes {
        ValueView::Escaped(EscapedText::new(written))
    } else {
        ValueView::Plain(written)
    }
}
