//! Why a source could not do what it was asked.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The closed set the broker acts on, sorted by who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SourceFailure {
    /// The vault user may not do this.
    Denied,
    /// The account or request is not there (any more).
    Gone,
    /// Somebody must approve first.
    AwaitingApproval,
    /// The access policy does not allow it at this time.
    OutsideWindow,
    /// Somebody else has it, or too many have it.
    InUse,
    /// The policy wants a reason or a ticket, or does not take the one given.
    ReasonOrTicket,
    /// The vault has no such kind of secret for this account.
    UnsupportedKind,
    /// The vault refused the service itself: key, client secret, source address, second factor.
    SignInRefused,
    /// The name the mapping gave cannot be sent to this vault.
    BadUser,
    /// The vault signed in somebody else than was asked for.
    WrongUser,
    /// No way to the vault, or no answer in time.
    Unreachable,
    /// The vault's certificate is not trusted.
    Untrusted,
    /// The vault failed, or its answer makes no sense.
    Broken,
    /// The vault asks us to slow down.
    Busy,
    /// The question was wrong: our fault.
    Misuse,
}

impl SourceFailure {
    /// `true` when the same question may succeed later without anybody acting.
    #[must_use]
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Unreachable | Self::Broken | Self::Busy | Self::InUse)
    }
}

/// A failure with words for the log. The words never contain a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub struct SourceError {
    /// What went wrong, as the broker sees it.
    pub failure: SourceFailure,
    /// For the operator's log; may name the vault, so it never goes to a site.
    pub message: String,
    /// A change that was asked for may have been made all the same.
    pub may_have_happened: bool,
    /// The vault let nobody in of this name, and gave no other reason: it may not know the user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unknown_user: bool,
    /// When to ask again, if the vault said so; milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl SourceError {
    /// A failure that surely changed nothing.
    #[must_use]
    pub fn new(failure: SourceFailure, message: impl Into<String>) -> Self {
        Self {
            failure,
            message: message.into(),
            may_have_happened: false,
            is_unknown_user: false,
            retry_after_ms: None,
        }
    }

    /// The same, after which the change asked for may be there or not.
    #[must_use]
    pub fn uncertain(mut self) -> Self {
        self.may_have_happened = true;
        self
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
