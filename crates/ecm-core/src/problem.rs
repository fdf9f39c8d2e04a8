//! Failures as a site may hear them: a category, and words that never name the vault's address,
//! quote its answers or show our insides. The long text goes to the log.

use ecm_protocol::message::{Category, Problem};

use crate::credential_id::CredentialIdError;
use crate::lending::BorrowError;
use crate::search_key::SearchKeyError;
use crate::source::{SourceError, SourceFailure};

/// What a site hears of a failed source.
///
/// # Examples
///
/// ```
/// use ecm_core::problem::of_source;
/// use ecm_core::source::{SourceError, SourceFailure};
///
/// let error = SourceError::new(SourceFailure::Unreachable, "https://vault.acme.test: timed out");
/// let problem = of_source(&error);
/// assert_eq!(problem.category.name(), "vault_unreachable");
/// assert!(!problem.to_string().contains("acme"));
/// ```
#[must_use]
pub fn of_source(error: &SourceError) -> Problem {
    use SourceFailure as F;
    let (category, advice) = match error.failure {
        F::Denied => (
            Category::AccessDenied,
            "the vault user needs the requester role on this account, and the account must be \
             enabled for API access",
        ),
        F::Gone => (Category::CredentialGone, "search again"),
        F::AwaitingApproval => (Category::ApprovalNeeded, "ask an approver of the vault"),
        F::OutsideWindow => {
            (Category::OutsideWindow, "the access policy allows this account at other times")
        }
        F::InUse => (Category::InUse, "try again when the present holder has given it back"),
        F::ReasonOrTicket => {
            (Category::ReasonOrTicketNeeded, "give a reason, and the number of an open ticket")
        }
        F::UnsupportedKind => {
            (Category::UnsupportedKind, "choose another credential of this account")
        }
        F::SignInRefused => (
            Category::VaultAuth,
            "the operator must check the service's registration in the vault: key or client \
             secret, source address, second factor, and that the vault user exists",
        ),
        F::BadUser => (
            Category::UserUnmapped,
            "the operator must map this console user to a name the vault can take",
        ),
        F::WrongUser => (
            Category::UserAmbiguous,
            "the operator must find out why the vault takes this name for another user's",
        ),
        F::Unreachable => (Category::VaultUnreachable, "try again; the operator can see why"),
        F::Untrusted => {
            (Category::VaultUntrusted, "the operator must check the vault's certificate")
        }
        F::Broken => (Category::VaultError, "try again; the operator can see why"),
        F::Busy => (Category::Busy, "try again in a moment"),
        F::Misuse => (Category::Internal, "the operator can see why in the log"),
    };
    let mut problem = Problem::new(category).with_advice(advice);
    problem.retry_after_ms = match error.failure {
        F::Busy => Some(error.retry_after_ms.unwrap_or(BUSY_RETRY_MS)),
        _ => error.retry_after_ms,
    };
    problem
}

/// When to ask a busy vault again if it does not say.
const BUSY_RETRY_MS: u64 = 2_000;

pub(crate) fn of_borrow(error: &BorrowError) -> Problem {
    match error {
        BorrowError::Source(error) => of_source(error),
        BorrowError::ApprovalNeeded => Problem::new(Category::ApprovalNeeded)
            .with_advice("ask for an access policy that approves by itself, or for an approver"),
        BorrowError::ApprovalPending { lease, retry_after } => {
            let mut problem = Problem::new(Category::ApprovalPending)
                .with_advice("ask again with the same idempotency key");
            problem.retry_after_ms = u64::try_from(retry_after.as_millis()).ok();
            problem.lease_id = Some(lease.clone());
            problem
        }
        BorrowError::KeyReused => Problem::new(Category::BadParameters)
            .with_detail("idempotency_key was used for another retrieval")
            .with_advice("use a new key for a new retrieval"),
        BorrowError::LeaseOver => Problem::new(Category::Cancelled)
            .with_detail("the lease was released while its credential was read"),
        BorrowError::Ledger(_) => internal("the ledger cannot be written, so nothing is lent"),
        BorrowError::Entropy(_) => internal("no random numbers"),
    }
}

pub(crate) fn of_credential_id(_error: &CredentialIdError) -> Problem {
    // Stale, foreign and forged ids are told apart in the audit log, not to whoever tries them.
    Problem::new(Category::CredentialGone).with_advice("search again")
}

pub(crate) fn of_search_key(error: &SearchKeyError) -> Problem {
    Problem::new(Category::BadParameters)
        .with_detail(error.to_string())
        .with_advice("correct the jump item")
}

pub(crate) fn internal(detail: &str) -> Problem {
    Problem::new(Category::Internal)
        .with_detail(detail)
        .with_advice("the operator can see why in the log")
}
