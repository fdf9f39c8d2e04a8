//! Why somebody is nobody for the vault.

use std::fmt;

use serde::Serialize;

/// Why a stated user stands for no vault user. The trace says at which step and over what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The name cannot be read, or cannot be anybody's.
    BadName,
    /// The distinguished name cannot be read, or is not a person's own entry.
    BadDn,
    /// The domain is not in the table.
    UnknownDomain,
    /// Nothing says which domain the user belongs to.
    NoDomain,
    /// A user of the remote-support site itself, or of one computer.
    LocalAccount,
    /// A name that operating systems reserve, such as those of `NT AUTHORITY`.
    SpecialAccount,
    /// A computer's account.
    Machine,
    /// A guest of a cloud tenant, whose name is a lossy rewriting of another name.
    Guest,
    /// The name and the distinguished name belong to different domains.
    DomainConflict,
    /// The name and the distinguished name belong to different users.
    UserConflict,
    /// The directory has no such user.
    NotFound,
    /// A directory knows several users like this, or several directories know one.
    Ambiguous,
    /// The directory says that the account is disabled, locked or expired.
    Disabled,
    /// The directory's entry is not that of the user who was asked for.
    DirectoryMismatch,
    /// The directory that must be asked did not answer.
    DirectoryUnavailable,
    /// The directory refused to answer, or does not tell what must be known of the user.
    DirectoryUnusable,
    /// The deny list names the user.
    Denied,
    /// There are allow lists, and none names the user.
    NotAllowed,
    /// No rule covers the user.
    NoRule,
    /// The rule that decides made a vault user that must not be used.
    BadResult,
    /// The rule that decides made the vault user of somebody else.
    Collision,
}

impl Refusal {
    /// Whether more than one person or vault user could have been meant, so that nobody was.
    #[must_use]
    pub fn is_ambiguous(self) -> bool {
        matches!(
            self,
            Self::DomainConflict
                | Self::UserConflict
                | Self::Ambiguous
                | Self::DirectoryMismatch
                | Self::Collision
        )
    }

    /// The name under which logs, audit records and documents know this reason.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::BadName => "bad_name",
            Self::BadDn => "bad_dn",
            Self::UnknownDomain => "unknown_domain",
            Self::NoDomain => "no_domain",
            Self::LocalAccount => "local_account",
            Self::SpecialAccount => "special_account",
            Self::Machine => "machine",
            Self::Guest => "guest",
            Self::DomainConflict => "domain_conflict",
            Self::UserConflict => "user_conflict",
            Self::NotFound => "not_found",
            Self::Ambiguous => "ambiguous",
            Self::Disabled => "disabled",
            Self::DirectoryMismatch => "directory_mismatch",
            Self::DirectoryUnavailable => "directory_unavailable",
            Self::DirectoryUnusable => "directory_unusable",
            Self::Denied => "denied",
            Self::NotAllowed => "not_allowed",
            Self::NoRule => "no_rule",
            Self::BadResult => "bad_result",
            Self::Collision => "collision",
        }
    }

    /// What the operator can do about it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::BadName => "correct the user name at the site's security provider",
            Self::BadDn => {
                "correct the distinguished name at the site's security provider; it is not ignored, \
                 because it may contradict the name"
            }
            Self::UnknownDomain => "add the domain to the mapping's [[domain]] tables",
            Self::NoDomain => {
                "list the suffix in the `suffix` of one [[domain]], or the distinguished name's \
                 base in its `base`"
            }
            Self::LocalAccount => {
                "sign in to the site through a directory, or write an [[exception]] without \
                 `domain` and set `local-accounts = \"exceptions\"`"
            }
            Self::SpecialAccount | Self::Machine | Self::Guest => {
                "sign in to the site as a person's own account"
            }
            Self::DomainConflict | Self::UserConflict => {
                "find out at the site's security provider why name and distinguished name disagree"
            }
            Self::NotFound => {
                "create the user in the directory, or correct the name at the site's security provider"
            }
            Self::Ambiguous => {
                "let the directory's administrator give each user a name of their own"
            }
            Self::Disabled => "let the directory's administrator enable the account",
            Self::DirectoryMismatch => {
                "look at both names: directories call names equal that are not, and one may be made \
                 to look like the other"
            }
            Self::DirectoryUnavailable => {
                "see why no server of the directory answers; nobody is guessed meanwhile"
            }
            Self::DirectoryUnusable => {
                "correct what the explanation names: the bind account and its rights, the base, a \
                 group of the rules, or the user's entry"
            }
            Self::NotAllowed => "name the user in an [[allow]] table if that is meant",
            Self::Denied => "remove the user from the [[deny]] tables if that is meant",
            Self::NoRule => "add a [[rule]] that covers the user, or an [[exception]]",
            Self::BadResult => "correct the `runas` of the rule or exception that decided",
            Self::Collision => {
                "give one of the two users another vault user by an [[exception]], or mark the \
                 rule `shared`"
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
