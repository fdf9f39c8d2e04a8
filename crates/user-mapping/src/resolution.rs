//! The answer to "who is this for the vault?".

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::{Folded, Refusal, Runas, Trace};

/// What a remote-support site says about the console user who asks. Taken as it came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatedUser<'a> {
    /// The name the user signed in to the site with, in any spelling.
    pub username: &'a str,
    /// The distinguished name, which sites send for users of LDAP security providers. Empty counts
    /// as absent.
    pub dn: Option<&'a str>,
    /// What the site calls the user's security provider. It is told in the trace and decides
    /// nothing.
    pub provider: Option<&'a str>,
}

/// An outcome and how it came about.
#[derive(Debug, Clone, Serialize)]
pub struct Resolution {
    /// Who the user is for the vault.
    pub outcome: Outcome,
    /// Why.
    pub trace: Trace,
}

/// Who a stated user is for the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// This vault user.
    User(VaultUser),
    /// Nobody.
    Nobody(Refusal),
}

/// The vault user that a console user stands for, and the person this was found for.
///
/// Only [`RuleSet::resolve`](crate::RuleSet::resolve) makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VaultUser {
    /// INVARIANT: never empty.
    pub(crate) candidates: Vec<Runas>,
    /// INVARIANT: one for each candidate.
    #[serde(skip)]
    pub(crate) accounts: Vec<String>,
    /// What the directory calls the person for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) directory_id: Option<String>,
    pub(crate) domain: Option<DomainId>,
    pub(crate) user: Folded,
    pub(crate) decided_by: DecidedBy,
    pub(crate) is_shared: bool,
}

impl VaultUser {
    /// The name to sign in to the vault as, safe inside the header `Authorization: PS-Auth
    /// key=…; runas=…;` (see [`Runas`]). The first, if there are several spellings of it.
    #[must_use]
    pub fn runas(&self) -> &str {
        self.candidates.first().map_or("", Runas::as_str)
    }

    /// All spellings of it, in the order of the rule. They are one account: the next one is for a
    /// vault that says "no such user" to the one before, and for nothing else.
    #[must_use]
    pub fn candidates(&self) -> &[Runas] {
        &self.candidates
    }

    /// Which account each of the [candidates](Self::candidates) is, whatever its spelling:
    /// `ACME\joe` and `joe@acme.test` are the same one if one `[[domain]]` has both names. For
    /// comparing, not for showing.
    #[must_use]
    pub fn accounts(&self) -> &[String] {
        &self.accounts
    }

    /// What never changes about the person's entry in a directory, when one was asked: the SID,
    /// elsewhere the `entryUUID`.
    #[must_use]
    pub fn directory_id(&self) -> Option<&str> {
        self.directory_id.as_deref()
    }

    /// Whether several persons stand for this one vault user, because a rule says so.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// The id of the console user's domain in the mapping file. `None` for a user of the site
    /// itself, whom an exception named.
    #[must_use]
    pub fn domain_id(&self) -> Option<&str> {
        self.domain.as_ref().map(DomainId::as_str)
    }

    /// The console user's name without its domain, folded.
    #[must_use]
    pub fn user(&self) -> &str {
        self.user.as_str()
    }

    /// What in the mapping file decided.
    #[must_use]
    pub fn decided_by(&self) -> &DecidedBy {
        &self.decided_by
    }
}

/// What in the mapping file decided that somebody is a vault user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// The exception of this number; the first in the file is number 1.
    Exception(usize),
    /// The rule of this name.
    Rule(String),
}

impl fmt::Display for DecidedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exception(number) => write!(f, "exception {number}"),
            Self::Rule(name) => f.write_str(name),
        }
    }
}

/// The id of a domain in the mapping file. Its spelling is the file's, never the request's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct DomainId(Arc<str>);

impl DomainId {
    pub(crate) fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The id as the file spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DomainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for DomainId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
