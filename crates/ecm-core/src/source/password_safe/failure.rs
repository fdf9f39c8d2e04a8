//! What an error of the client means for the broker. The same status means different things at
//! different calls: 404 at a check-in is success, 400 at a credential is "no such kind".

use ps_client::{Error, ErrorKind, ReasonCode, TransportError};

use crate::source::{SourceError, SourceFailure};

/// Which call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    SignIn,
    List,
    Open,
    Approve,
    Read,
    GiveBack,
}

/// The broker's view of `error`, with the client's words for the log.
pub(super) fn source_error(call: Call, error: &Error) -> SourceError {
    let mut words = error.to_string();
    // What the vault wrote helps the operator. The answer to a read could be a secret gone astray.
    if call != Call::Read
        && let Some(excerpt) = error.excerpt()
    {
        // One line, whatever a peer wrote: what follows a line end could pass for a line of ours.
        words = format!("{words}: {}", excerpt.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let mut failed = SourceError::new(failure(call, error), words);
    failed.may_have_happened = call == Call::Open && may_have_happened(error);
    // A second factor that is wanted, a licence that ended, an address that may not sign in: none of
    // them says that there is no such user.
    failed.is_unknown_user = call == Call::SignIn
        && matches!(error.kind(), ErrorKind::SignInRefused)
        && error.status() == Some(401);
    failed.retry_after_ms =
        error.retry_after().and_then(|wait| u64::try_from(wait.as_millis()).ok());
    failed
}

fn failure(call: Call, error: &Error) -> SourceFailure {
    use SourceFailure as F;
    match error.kind() {
        ErrorKind::SignInRefused | ErrorKind::TwoFactorWanted | ErrorKind::LicenceInvalid => {
            F::SignInRefused
        }
        ErrorKind::Refused(code) => refused(call, *code),
        ErrorKind::Forbidden if call == Call::SignIn => F::SignInRefused,
        ErrorKind::Forbidden => F::Denied,
        ErrorKind::NotFound => F::Gone,
        ErrorKind::Conflict(_) => F::InUse,
        // The vault gave up on reading the question.
        ErrorKind::Invalid if error.status() == Some(408) => F::Unreachable,
        ErrorKind::Invalid => invalid(call, error),
        ErrorKind::Throttled | ErrorKind::Suspended { .. } | ErrorKind::Crowded { .. } => F::Busy,
        ErrorKind::MaybeMade(cause) => failure(call, cause),
        ErrorKind::Transport(TransportError::Untrusted { .. }) => F::Untrusted,
        ErrorKind::Transport(TransportError::TooLong { .. }) => F::Broken,
        ErrorKind::Transport(_) => F::Unreachable,
        ErrorKind::Header(_) => F::Misuse,
        // A failing server, a page of a proxy, an API version that is switched off, a shape nobody
        // knows; and whatever the client learns to tell apart later.
        _ => F::Broken,
    }
}

fn refused(call: Call, code: ReasonCode) -> SourceFailure {
    match code {
        ReasonCode::NotApproved => SourceFailure::AwaitingApproval,
        // Too few approvers exist, or too many requests are open: nobody can tell which.
        ReasonCode::NoApprovers => SourceFailure::InUse,
        ReasonCode::RequestExists => SourceFailure::InUse,
        _ if call == Call::SignIn => SourceFailure::SignInRefused,
        _ => SourceFailure::Denied,
    }
}

/// 400: the vault's text is all there is to go by.
fn invalid(call: Call, error: &Error) -> SourceFailure {
    let says =
        |word: &str| error.excerpt().is_some_and(|text| text.to_ascii_lowercase().contains(word));
    match call {
        Call::Read => SourceFailure::UnsupportedKind,
        Call::Open if says("reason") || says("ticket") => SourceFailure::ReasonOrTicket,
        Call::Open if says("schedule") => SourceFailure::OutsideWindow,
        _ => SourceFailure::Misuse,
    }
}

fn may_have_happened(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::MaybeMade(_) => true,
        ErrorKind::Transport(transport) => transport.may_have_been_executed(),
        // What a balancer says tells nothing about the vault behind it.
        ErrorKind::Server | ErrorKind::Unreadable { .. } | ErrorKind::NotTheApi => true,
        _ => false,
    }
}
