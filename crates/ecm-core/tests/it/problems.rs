use ecm_core::problem::of_source;
use ecm_core::source::{SourceError, SourceFailure as F};
use ecm_protocol::message::Category as C;

#[test]
fn every_failure_of_a_source_has_its_category() {
    let table = [
        (F::Denied, C::AccessDenied),
        (F::Gone, C::CredentialGone),
        (F::AwaitingApproval, C::ApprovalNeeded),
        (F::OutsideWindow, C::OutsideWindow),
        (F::InUse, C::InUse),
        (F::ReasonOrTicket, C::ReasonOrTicketNeeded),
        (F::UnsupportedKind, C::UnsupportedKind),
        (F::SignInRefused, C::VaultAuth),
        (F::BadUser, C::UserUnmapped),
        (F::Unreachable, C::VaultUnreachable),
        (F::Untrusted, C::VaultUntrusted),
        (F::Broken, C::VaultError),
        (F::Busy, C::Busy),
        (F::Misuse, C::Internal),
    ];
    for (failure, category) in table {
        let words = "https://vault.acme.test/api: at System.Web.Handler() planted-S3cret";
        let problem = of_source(&SourceError::new(failure, words));
        assert_eq!(problem.category, category, "{failure:?}");
        let shown = format!("{problem:?}");
        for leak in ["acme", "https", "System", "S3cret"] {
            assert!(!shown.contains(leak), "{failure:?}: {shown}");
        }
        assert!(problem.advice.is_some(), "{failure:?}");
    }
}

#[test]
fn vault_that_says_when_to_come_back_is_believed() {
    let mut error = SourceError::new(F::Busy, "429");
    assert_eq!(of_source(&error).retry_after_ms, Some(2_000));
    error.retry_after_ms = Some(17_000);
    assert_eq!(of_source(&error).retry_after_ms, Some(17_000));
    assert_eq!(of_source(&SourceError::new(F::Gone, "")).retry_after_ms, None);
}
