//! Why a text is no user name.

use crate::dn::DnProblem;
use crate::letters::{self, CharacterProblem};
use crate::pointer::Pointed;

/// Why a text is no user name, and where.
///
/// It does not hold the text, which is a person's; [`NameError::pointing_at`] shows both together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {at}")]
pub struct NameError {
    problem: NameProblem,
    at: usize,
}

impl NameError {
    pub(super) fn new(problem: NameProblem, at: usize) -> Self {
        Self { problem, at }
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> NameProblem {
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

/// What can be wrong with a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// There is nothing.
    #[error("the user name is empty")]
    Empty,
    /// Longer than 1024 octets, or a user part longer than 256.
    #[error("the user name is too long")]
    TooLong,
    /// A character that is not seen, or changes how others are seen.
    #[error("the user name holds a control or format character")]
    ControlOrFormatChar,
    /// A space at either end of the name or of its user part.
    #[error("a space stands at an end of the user name")]
    OuterSpace,
    /// A character outside ASCII.
    #[error("the user name holds a character outside ASCII")]
    NonAscii,
    /// A character that is not taken where letters beyond ASCII are.
    #[error("{}", .0.what())]
    Letter(CharacterProblem),
    /// A security identifier.
    #[error("this is a security identifier, not a user name")]
    SidForm,
    /// An object's GUID.
    #[error("this is a GUID, not a user name")]
    GuidForm,
    /// An extended distinguished name such as `<GUID=…>`.
    #[error("this is an extended distinguished name, not a user name")]
    ExtendedDn,
    /// It starts like a distinguished name and is none.
    #[error("the distinguished name in the user name is wrong: {0}")]
    BadDn(DnProblem),
    /// A distinguished name of only one part.
    #[error("the distinguished name in the user name has only one part")]
    SingleRdn,
    /// More than one backslash.
    #[error("the user name holds a second `\\`")]
    MultipleBackslashes,
    /// Nothing where a domain must be.
    #[error("the domain part of the user name is empty")]
    EmptyDomain,
    /// Nothing where a user must be.
    #[error("the user part of the user name is empty")]
    EmptyName,
    /// An `@` beside a backslash.
    #[error("the user name holds both `\\` and `@`")]
    AtInDownLevel,
    /// More than one `@`.
    #[error("the user name holds a second `@`")]
    MultipleAt,
    /// A slash.
    #[error("the user name holds a `/`")]
    Slash,
    /// A character that no logon name has.
    #[error("a user name cannot hold this character")]
    BadChar,
    /// A dot at an end of the part before `@`, or two in a row.
    #[error("a dot is out of place in the user name")]
    BadDots,
    /// A dot at the end of a logon name.
    #[error("the user name ends in a dot")]
    TrailingDot,
    /// A domain part that is neither a NetBIOS name nor a DNS name.
    #[error("the domain part of the user name is neither a NetBIOS name nor a DNS name")]
    BadDomain,
}

impl NameProblem {
    /// The name of the problem in logs and documents.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::ControlOrFormatChar => "control_or_format_char",
            Self::OuterSpace => "outer_space",
            Self::NonAscii => "non_ascii",
            Self::Letter(problem) => problem.code(),
            Self::SidForm => "sid_form",
            Self::GuidForm => "guid_form",
            Self::ExtendedDn => "extended_dn",
            Self::BadDn(_) | Self::SingleRdn => "bad_dn",
            Self::MultipleBackslashes => "multiple_backslashes",
            Self::EmptyDomain => "empty_domain",
            Self::EmptyName => "empty_name",
            Self::AtInDownLevel => "at_in_down_level",
            Self::MultipleAt => "multiple_at",
            Self::Slash => "slash",
            Self::BadChar => "bad_char",
            Self::BadDots => "bad_dots",
            Self::TrailingDot => "trailing_dot",
            Self::BadDomain => "bad_domain",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Empty | Self::EmptyName | Self::EmptyDomain => {
                "check which attribute the site's security provider reads the user name from"
            }
            Self::TooLong => "no logon name is that long; check what the security provider sends",
            Self::ControlOrFormatChar | Self::OuterSpace => {
                "remove it from the user's entry; it is never ignored, because names that differ \
                 by it may be two people's"
            }
            Self::NonAscii => "give the user an ASCII logon name, and let the site send that one",
            Self::Letter(_) => letters::ADVICE,
            Self::SidForm | Self::GuidForm | Self::ExtendedDn => {
                "let the site's security provider send the logon name instead"
            }
            Self::BadDn(problem) => problem.advice(),
            Self::SingleRdn => "send the whole distinguished name, or the logon name alone",
            Self::MultipleBackslashes | Self::AtInDownLevel | Self::MultipleAt => {
                "send either DOMAIN\\user or user@suffix, each with one separator"
            }
            Self::Slash => "write DOMAIN\\user; with `/` this could be several kinds of name",
            Self::BadChar => {
                "none of \" / \\ [ ] : ; | = , + * ? < > can stand in a logon name; check what the \
                 security provider sends"
            }
            Self::BadDots | Self::TrailingDot => "a logon name has single dots, inside only",
            Self::BadDomain => {
                "a NetBIOS name has at most 15 characters; a DNS name has labels of letters, \
                 digits, `-` and `_`"
            }
        }
    }
}
