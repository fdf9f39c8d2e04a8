//! The spellings of a user's name, told apart by their shape alone.

mod characters;
mod classify;
mod error;
mod parts;

pub use error::{NameError, NameProblem};
pub(crate) use parts::{check_netbios, check_user};

use crate::Characters;
use crate::dn::Dn;
use crate::trace::{AccountKind, Form};

/// A user's name in one of the four spellings in which sites send it.
///
/// Every text has at most one spelling, decided by its shape, and every error is final: a name is
/// never read a second way. Nothing is normalised, unescaped or trimmed first, because that could
/// move a separator.
///
/// # Examples
///
/// ```
/// use user_mapping::Name;
///
/// let Name::DownLevel(name) = Name::parse(r"ACME\joe.user")? else { panic!() };
/// assert_eq!((name.domain(), name.user()), ("ACME", "joe.user"));
///
/// let Name::Upn(name) = Name::parse("joe.user@acme-inc.com")? else { panic!() };
/// assert_eq!((name.user(), name.suffix()), ("joe.user", "acme-inc.com"));
///
/// let text = "joe;runas=admin";
/// let error = Name::parse(text).unwrap_err();
/// assert_eq!(
///     error.pointing_at(text).to_string(),
///     "a user name cannot hold this character at byte 3
///   joe;runas=admin
///      ^
/// none of \" / \\ [ ] : ; | = , + * ? < > can stand in a logon name; check what the security \
/// provider sends"
/// );
/// # Ok::<(), user_mapping::NameError>(())
/// ```
#[derive(Debug, Clone)]
pub enum Name<'a> {
    /// `joe.user`: says nothing about the domain.
    Bare(BareName<'a>),
    /// `ACME\joe.user`
    DownLevel(DownLevelName<'a>),
    /// `joe.user@acme-inc.com`: a user principal name or an e-mail address.
    Upn(Upn<'a>),
    /// `uid=joe.user,ou=HelpDesk,dc=acme-inc,dc=com`
    Dn(Dn<'a>),
}

impl<'a> Name<'a> {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// Why the text is no name, or which kind of name it is that must not be used.
    pub fn parse(text: &'a str) -> Result<Self, NameError> {
        Self::parse_with(text, Characters::Ascii)
    }

    /// Reads a name whose user part may be made of these characters.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), and for letters that could be taken for others.
    ///
    /// # Examples
    ///
    /// ```
    /// use user_mapping::{Characters, Name};
    ///
    /// let name = Name::parse_with("jürgen@acme-inc.com", Characters::Letters)?;
    /// assert_eq!(name.user(), Some("jürgen"));
    ///
    /// let error = Name::parse_with("jo\u{435}@acme-inc.com", Characters::Letters).unwrap_err();
    /// assert_eq!((error.problem().code(), error.at()), ("mixed_script", 2));
    /// # Ok::<(), user_mapping::NameError>(())
    /// ```
    pub fn parse_with(text: &'a str, characters: Characters) -> Result<Self, NameError> {
        classify::classify(text, characters)
    }

    /// Which of the spellings this is.
    #[must_use]
    pub fn form(&self) -> Form {
        match self {
            Self::Bare(_) => Form::Bare,
            Self::DownLevel(_) => Form::DownLevel,
            Self::Upn(_) => Form::Upn,
            Self::Dn(_) => Form::Dn,
        }
    }

    /// What kind of account it names, as far as a name shows it.
    #[must_use]
    pub fn account(&self) -> AccountKind {
        match self {
            Self::Bare(name) => name.account,
            Self::DownLevel(name) => name.account,
            Self::Upn(name) => name.account,
            Self::Dn(_) => AccountKind::Person,
        }
    }

    /// The part that names the user; a distinguished name may have none.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Bare(name) => Some(name.user),
            Self::DownLevel(name) => Some(name.user),
            Self::Upn(name) => Some(name.user),
            Self::Dn(_) => None,
        }
    }

    /// The part that names a domain: the left side of a down-level name, the suffix of a UPN.
    #[must_use]
    pub fn domain_part(&self) -> Option<&'a str> {
        match self {
            Self::Bare(_) | Self::Dn(_) => None,
            Self::DownLevel(name) => Some(name.domain),
            Self::Upn(name) => Some(name.suffix),
        }
    }
}

/// A name without a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BareName<'a> {
    user: &'a str,
    account: AccountKind,
}

impl<'a> BareName<'a> {
    /// The name, 1 to 256 octets.
    #[must_use]
    pub fn user(self) -> &'a str {
        self.user
    }
}

/// A name as Windows has written it since NT: `DOMAIN\user`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownLevelName<'a> {
    domain: &'a str,
    user: &'a str,
    account: AccountKind,
}

impl<'a> DownLevelName<'a> {
    /// The left side: a NetBIOS name of at most 15 characters, a DNS name, or a reserved name.
    #[must_use]
    pub fn domain(self) -> &'a str {
        self.domain
    }

    /// The right side, 1 to 256 octets.
    #[must_use]
    pub fn user(self) -> &'a str {
        self.user
    }
}

/// A user principal name or an e-mail address; their shapes do not differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upn<'a> {
    user: &'a str,
    suffix: &'a str,
    account: AccountKind,
}

impl<'a> Upn<'a> {
    /// The part before `@`, 1 to 256 octets.
    #[must_use]
    pub fn user(self) -> &'a str {
        self.user
    }

    /// The part after `@`: DNS labels, or a single one. It does not say which domain the user is
    /// in: suffixes belong to a whole forest.
    #[must_use]
    pub fn suffix(self) -> &'a str {
        self.suffix
    }
}
