//! Why a text is no distinguished name.

use crate::pointer::Pointed;

/// Why a text is no distinguished name, and where.
///
/// It does not hold the text, which is a person's; [`DnError::pointing_at`] shows both together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {at}")]
pub struct DnError {
    problem: DnProblem,
    at: usize,
}

impl DnError {
    pub(super) fn new(problem: DnProblem, at: usize) -> Self {
        Self { problem, at }
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> DnProblem {
        self.problem
    }

    /// Where, in octets from the start of the text.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// The error with a caret under the place in `text`, and what to do about it.
    #[must_use]
    pub fn pointing_at<'a>(&'a self, text: &'a str) -> Pointed<'a> {
        Pointed::new(text, self.at, self, self.problem.advice())
    }
}

/// What can be wrong with a distinguished name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DnProblem {
    /// Longer than 4096 octets.
    #[error("the distinguished name is longer than 4096 octets")]
    TooLong,
    /// More than 64 RDNs.
    #[error("the distinguished name has more than 64 parts")]
    TooManyRdns,
    /// More than 16 parts of one RDN.
    #[error("an RDN has more than 16 parts")]
    TooManyAvas,
    /// No attribute type where one must be.
    #[error("an attribute type is missing")]
    EmptyType,
    /// An attribute type that is not followed by `=`.
    #[error("`=` is missing after an attribute type")]
    MissingEquals,
    /// A keyword with other characters than letters, digits and `-`.
    #[error("the attribute type is not a keyword")]
    BadType,
    /// A number that is no object identifier.
    #[error("the attribute type is not an object identifier")]
    BadOid,
    /// A separator at the end.
    #[error("nothing follows the last separator")]
    TrailingSeparator,
    /// A special character that is not escaped.
    #[error("a special character is not escaped")]
    UnescapedSpecial,
    /// A space at the start of a value that is not escaped.
    #[error("a space at the start of a value is not escaped")]
    UnescapedLeadingSpace,
    /// A space at the end of a value that is not escaped.
    #[error("a space at the end of a value is not escaped")]
    UnescapedTrailingSpace,
    /// A backslash before a character that needs no escape.
    #[error("`\\` escapes a character that it cannot escape")]
    BadEscape,
    /// A backslash and only one hexadecimal digit.
    #[error("`\\` is followed by one hexadecimal digit instead of two")]
    BadHexEscape,
    /// A backslash at the end.
    #[error("`\\` escapes nothing")]
    DanglingEscape,
    /// A NUL that is not escaped.
    #[error("a NUL character is not escaped")]
    RawNul,
    /// Escaped octets that are not UTF-8.
    #[error("the octets of a value are not UTF-8")]
    BadUtf8,
    /// A `#` without hexadecimal digits.
    #[error("`#` is not followed by hexadecimal digits")]
    EmptyHexstring,
    /// A `#` with half an octet.
    #[error("`#` is followed by an odd number of hexadecimal digits")]
    OddHexstring,
    /// Something else after hexadecimal digits.
    #[error("something follows the hexadecimal digits of a value")]
    JunkAfterHexstring,
    /// Hexadecimal digits that are not one complete BER element.
    #[error("the hexadecimal digits are not one complete BER element")]
    BadBer,
    /// A quote that does not end.
    #[error("a quoted value does not end")]
    UnterminatedQuote,
    /// Something else after a quoted value.
    #[error("something follows a quoted value")]
    JunkAfterQuote,
    /// A hex pair in quotes, which parsers read differently.
    #[error("hexadecimal digits are escaped inside quotes, which can be read in two ways")]
    AmbiguousQuotedEscape,
}

impl DnProblem {
    /// The name of the problem in logs and documents.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::TooManyRdns => "too_many_rdns",
            Self::TooManyAvas => "too_many_avas",
            Self::EmptyType => "empty_type",
            Self::MissingEquals => "missing_equals",
            Self::BadType => "bad_type",
            Self::BadOid => "bad_oid",
            Self::TrailingSeparator => "trailing_separator",
            Self::UnescapedSpecial => "unescaped_special",
            Self::UnescapedLeadingSpace => "unescaped_leading_space",
            Self::UnescapedTrailingSpace => "unescaped_trailing_space",
            Self::BadEscape => "bad_escape",
            Self::BadHexEscape => "bad_hex_escape",
            Self::DanglingEscape => "dangling_escape",
            Self::RawNul => "raw_nul",
            Self::BadUtf8 => "bad_utf8",
            Self::EmptyHexstring => "empty_hexstring",
            Self::OddHexstring => "odd_hexstring",
            Self::JunkAfterHexstring => "junk_after_hexstring",
            Self::BadBer => "bad_ber",
            Self::UnterminatedQuote => "unterminated_quote",
            Self::JunkAfterQuote => "junk_after_quote",
            Self::AmbiguousQuotedEscape => "ambiguous_quoted_escape",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::TooLong | Self::TooManyRdns | Self::TooManyAvas => {
                "no directory entry needs that much; check where the text comes from"
            }
            Self::EmptyType | Self::MissingEquals => {
                "write every part as type=value, and a `,` or `+` inside a value as `\\,` or `\\+`"
            }
            Self::BadType => {
                "write a keyword such as cn, ou, dc or uid: letters, digits and `-`, without spaces"
            }
            Self::BadOid => "write at least two numbers joined by dots, such as 2.5.4.3",
            Self::TrailingSeparator => "remove the separator, or write the part that is missing",
            Self::UnescapedSpecial => {
                "write `\\` before it, as before each of \" + , ; < > and `\\` in a value"
            }
            Self::UnescapedLeadingSpace | Self::UnescapedTrailingSpace => {
                "remove the space, or write `\\` before it if it belongs to the value"
            }
            Self::BadEscape => "write the character itself, or `\\` and its two hexadecimal digits",
            Self::BadHexEscape => "write two digits per octet, such as `\\0A`",
            Self::DanglingEscape => "write `\\\\` if the value ends in a backslash",
            Self::RawNul => "write `\\00`, or check where the text comes from",
            Self::BadUtf8 => "escape the octets of the character's UTF-8 form, such as `\\C4\\8D`",
            Self::EmptyHexstring | Self::OddHexstring | Self::JunkAfterHexstring | Self::BadBer => {
                "write `#` and the hexadecimal digits of one BER element, or `\\#` if the value \
                 starts with this sign"
            }
            Self::UnterminatedQuote | Self::JunkAfterQuote | Self::AmbiguousQuotedEscape => {
                "write the value without quotes, with `\\` before its special characters"
            }
        }
    }
}
