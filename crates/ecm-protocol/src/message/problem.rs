//! What can go wrong, in one closed set that a console can show.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A category of failure, with its JSON-RPC code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// The frame is no JSON.
    Parse,
    /// It is JSON, and no request.
    Invalid,
    /// The method is not known here, or was not declared.
    UnknownMethod,
    /// A parameter is missing, of the wrong kind or too long.
    BadParameters,
    /// The console user is mapped to nobody.
    UserUnmapped,
    /// The console user could be more than one vault user.
    UserAmbiguous,
    /// A role, a rule or a registration says no.
    AccessDenied,
    /// The account is gone, or the id is stale or forged.
    CredentialGone,
    /// Somebody must approve, and this ECM is told not to ask.
    ApprovalNeeded,
    /// Somebody has been asked to approve.
    ApprovalPending,
    /// Not at this time, by the access policy.
    OutsideWindow,
    /// Somebody else has it.
    InUse,
    /// The vault wants a reason or a ticket.
    ReasonOrTicketNeeded,
    /// The vault refused the service itself.
    VaultAuth,
    /// There is no way to the vault.
    VaultUnreachable,
    /// The vault's certificate is not trusted.
    VaultUntrusted,
    /// The vault failed, or answered what cannot be read.
    VaultError,
    /// Time ran out.
    Deadline,
    /// The asker no longer waits.
    Cancelled,
    /// This ECM is stopping.
    Draining,
    /// Too many questions at once.
    Busy,
    /// The credential is of a kind that cannot be handed over.
    UnsupportedKind,
    /// The link would serve another group than expected.
    GroupMismatch,
    /// Our fault.
    Internal,
}

/// Whether asking again may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// No.
    No,
    /// Yes.
    Yes,
    /// Yes, after the time in `retry_after_ms`.
    After,
    /// Yes, when circumstances changed.
    Later,
    /// After a new search.
    SearchAgain,
    /// With the missing data.
    WithData,
    /// At another ECM.
    OtherEcm,
    /// Once.
    Once,
}

/// What a console may tell its user: one of six classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleText {
    /// You have no account in the vault, or your name fits several.
    NoSuchUser,
    /// There is no such account.
    NoAccount,
    /// Approval, or reason, ticket or time, stand in the way.
    Approval,
    /// The vault said no.
    VaultRefused,
    /// The vault cannot be reached.
    VaultUnreachable,
    /// Our fault.
    OurFault,
}

impl Category {
    /// Every category, in the order of its code.
    pub const ALL: [Self; 24] = [
        Self::Parse,
        Self::Invalid,
        Self::UnknownMethod,
        Self::BadParameters,
        Self::UserUnmapped,
        Self::UserAmbiguous,
        Self::AccessDenied,
        Self::CredentialGone,
        Self::ApprovalNeeded,
        Self::ApprovalPending,
        Self::OutsideWindow,
        Self::InUse,
        Self::ReasonOrTicketNeeded,
        Self::VaultAuth,
        Self::VaultUnreachable,
        Self::VaultUntrusted,
        Self::VaultError,
        Self::Deadline,
        Self::Cancelled,
        Self::Draining,
        Self::Busy,
        Self::UnsupportedKind,
        Self::GroupMismatch,
        Self::Internal,
    ];

    /// One row of the protocol's table: code, HTTP-like status, retry, console class, title.
    fn row(self) -> (i32, u16, Retry, ConsoleText, &'static str) {
        use ConsoleText as C;
        use Retry as R;
        match self {
            Self::Parse => (-32700, 400, R::No, C::OurFault, "not JSON"),
            Self::Invalid => (-32600, 400, R::No, C::OurFault, "not a request"),
            Self::UnknownMethod => (-32601, 400, R::No, C::OurFault, "method not known"),
            Self::BadParameters => (-32602, 400, R::No, C::OurFault, "bad parameters"),
            Self::UserUnmapped => {
                (-32001, 403, R::No, C::NoSuchUser, "you have no account in the vault")
            }
            Self::UserAmbiguous => {
                (-32002, 409, R::No, C::NoSuchUser, "your name fits several vault users")
            }
            Self::AccessDenied => (-32003, 403, R::No, C::VaultRefused, "not allowed"),
            Self::CredentialGone => {
                (-32004, 404, R::SearchAgain, C::NoAccount, "the list is out of date")
            }
            Self::ApprovalNeeded => {
                (-32005, 403, R::No, C::Approval, "approval is required and not supported here")
            }
            Self::ApprovalPending => (-32006, 202, R::After, C::Approval, "waiting for approval"),
            Self::OutsideWindow => (-32007, 403, R::Later, C::Approval, "not at this time"),
            Self::InUse => (-32008, 409, R::Later, C::VaultRefused, "in use by somebody else"),
            Self::ReasonOrTicketNeeded => {
                (-32009, 422, R::WithData, C::Approval, "a reason or a ticket is missing")
            }
            Self::VaultAuth => {
                (-32010, 502, R::No, C::VaultRefused, "the vault refused the service")
            }
            Self::VaultUnreachable => {
                (-32011, 504, R::Yes, C::VaultUnreachable, "the vault cannot be reached")
            }
            Self::VaultUntrusted => {
                (-32012, 502, R::No, C::VaultRefused, "the vault's certificate is not trusted")
            }
            Self::VaultError => (-32013, 502, R::Yes, C::VaultUnreachable, "the vault failed"),
            Self::Deadline => (-32014, 504, R::Yes, C::VaultUnreachable, "it took too long"),
            Self::Cancelled => (-32015, 499, R::No, C::OurFault, "cancelled"),
            Self::Draining => {
                (-32016, 503, R::OtherEcm, C::VaultUnreachable, "stopping, try again")
            }
            Self::Busy => (-32017, 429, R::After, C::VaultUnreachable, "busy, try again"),
            Self::UnsupportedKind => {
                (-32018, 415, R::No, C::VaultRefused, "this kind is not supported")
            }
            Self::GroupMismatch => (-32019, 409, R::No, C::OurFault, "another group was expected"),
            Self::Internal => (-32020, 500, R::Once, C::OurFault, "internal error"),
        }
    }

    /// The JSON-RPC error code.
    #[must_use]
    pub fn code(self) -> i32 {
        self.row().0
    }

    /// The category of a code, if it is one of ours.
    #[must_use]
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.code() == code)
    }

    /// A status in the sense of HTTP, as a hint to readers of logs.
    #[must_use]
    pub fn status(self) -> u16 {
        self.row().1
    }

    /// Whether asking again may help.
    #[must_use]
    pub fn retry(self) -> Retry {
        self.row().2
    }

    /// What a console may say.
    #[must_use]
    pub fn console_text(self) -> ConsoleText {
        self.row().3
    }

    /// A few words for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.row().4
    }

    /// The name as it lies in JSON, such as `user_unmapped`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Invalid => "invalid",
            Self::UnknownMethod => "unknown_method",
            Self::BadParameters => "bad_parameters",
            Self::UserUnmapped => "user_unmapped",
            Self::UserAmbiguous => "user_ambiguous",
            Self::AccessDenied => "access_denied",
            Self::CredentialGone => "credential_gone",
            Self::ApprovalNeeded => "approval_needed",
            Self::ApprovalPending => "approval_pending",
            Self::OutsideWindow => "outside_window",
            Self::InUse => "in_use",
            Self::ReasonOrTicketNeeded => "reason_or_ticket_needed",
            Self::VaultAuth => "vault_auth",
            Self::VaultUnreachable => "vault_unreachable",
            Self::VaultUntrusted => "vault_untrusted",
            Self::VaultError => "vault_error",
            Self::Deadline => "deadline",
            Self::Cancelled => "cancelled",
            Self::Draining => "draining",
            Self::Busy => "busy",
            Self::UnsupportedKind => "unsupported_kind",
            Self::GroupMismatch => "group_mismatch",
            Self::Internal => "internal",
        }
    }
}

/// A failure as it travels: a category, and words that hold no secret, no address of the vault
/// and no stack trace. On the wire it is a JSON-RPC error whose `data` is a problem document
/// (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What went wrong.
    pub category: Category,
    /// More about this occurrence.
    pub detail: Option<String>,
    /// What to do about it.
    pub advice: Option<String>,
    /// When asking again makes sense, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// The request reference under which the log tells the whole story.
    pub request_ref: Option<String>,
    /// With [`Category::ApprovalPending`]: the lease that waits.
    pub lease_id: Option<String>,
}

impl Problem {
    /// A problem of which only the category is said.
    #[must_use]
    pub fn new(category: Category) -> Self {
        Self {
            category,
            detail: None,
            advice: None,
            retry_after_ms: None,
            request_ref: None,
            lease_id: None,
        }
    }

    /// With words about this occurrence.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With words about what to do.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.category.title())?;
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}
