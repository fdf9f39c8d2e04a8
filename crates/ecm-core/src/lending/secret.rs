//! Reading the secret of an open request, with the approval it may need.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use super::borrow::BorrowError;
use super::{AtWork, Desk, Vault};
use crate::audit::{AuditEvent, AuditField, AuditRecord};
use crate::explanation::Explanation;
use crate::ledger::{Intention, LedgerError, Loan, Record, Stage};
use crate::settings::{Approval, LendingSettings};
use crate::source::{LoanRef, ReadAsk, Secret, SourceError, SourceFailure};

impl Desk {
    /// Reads the secret, with the approval it may need.
    pub(super) async fn secret(
        &self,
        vault: &Vault,
        intention: &Intention,
        loan: &Loan,
        until: Instant,
        work: &mut AtWork,
        explanation: &mut Explanation,
    ) -> Result<Secret, BorrowError> {
        let ask = ReadAsk {
            loan: intention.loan_ref(loan),
            account: intention.account.clone(),
            kind: intention.secret,
        };
        let lending = &vault.settings.lending;
        loop {
            let error = match vault.source.read(&ask).await {
                Ok(secret) if secret.is_empty() => {
                    SourceError::new(SourceFailure::Broken, "the vault answered an empty secret")
                }
                Ok(secret) => {
                    self.settle_due(&intention.lease).await?;
                    return Ok(secret);
                }
                Err(error) => error,
            };
            if error.failure != SourceFailure::AwaitingApproval {
                return Err(self.read_failed(&intention.lease, error, work).await);
            }
            if self.approve_once(vault, intention, &ask.loan, explanation).await? {
                continue;
            }
            if lending.approval == Approval::Refuse {
                explanation.note("approval is needed and nobody gives it: given back");
                self.end(&intention.lease, "approval needed").await;
                return Err(BorrowError::ApprovalNeeded);
            }
            if self.time_left(until) <= lending.approval_poll {
                return Err(self.hold_for_approval(lending, intention, work).await?);
            }
            self.clock.sleep_until(self.clock.instant() + lending.approval_poll).await;
        }
    }

    /// A lease that waited for approval is from now on due when its request ends.
    async fn settle_due(&self, lease: &str) -> Result<(), LedgerError> {
        let moved = {
            let book = self.journal.book();
            let loan = book.lease(lease).and_then(|lease| lease.loan.as_ref());
            loan.filter(|loan| loan.due != loan.expires_at).map(|loan| loan.expires_at)
        };
        match moved {
            Some(due) => self.journal.record(Record::Due { lease: lease.to_owned(), due }).await,
            None => Ok(()),
        }
    }

    /// Keeps the request open for the site to ask again, but not for ever: a pending request
    /// takes the place of others at the vault.
    async fn hold_for_approval(
        &self,
        lending: &LendingSettings,
        intention: &Intention,
        work: &mut AtWork,
    ) -> Result<BorrowError, LedgerError> {
        let hold = SignedDuration::try_from(lending.approval_hold).unwrap_or_default();
        let due = self.clock.now().saturating_add(hold).unwrap_or(Timestamp::MAX);
        let due = due.min(self.ends_after(intention));
        self.journal.record(Record::Due { lease: intention.lease.clone(), due }).await?;
        work.then(Stage::Held);
        Ok(BorrowError::ApprovalPending {
            lease: intention.lease.clone(),
            retry_after: lending.approval_poll,
        })
    }

    /// What was never handed over is given back at once. What was, stays lent, unless the vault
    /// says that it is over.
    async fn read_failed(&self, lease: &str, error: SourceError, work: &mut AtWork) -> BorrowError {
        let is_over = matches!(error.failure, SourceFailure::Gone | SourceFailure::Denied);
        if work.then == Stage::Abandoned || is_over {
            self.end(lease, "its credential could not be read").await;
        }
        error.into()
    }

    /// Approves in the name of the configured approver, once per lease. `true` when it was done.
    async fn approve_once(
        &self,
        vault: &Vault,
        intention: &Intention,
        loan: &LoanRef,
        explanation: &mut Explanation,
    ) -> Result<bool, BorrowError> {
        let Some(approver) = &vault.settings.lending.approver else { return Ok(false) };
        if !self.journal.book().may_ask_approver(&intention.lease) {
            return Ok(false);
        }
        let words = format!("Approved by configuration {}", intention.marker);
        if let Err(error) = vault.source.approve(approver, loan, &words).await {
            explanation.note(format!("approver {approver:?} could not approve: {error}"));
            tracing::warn!(request = %loan.request, %error, "approver could not approve");
            return Ok(false);
        }
        explanation.note(format!("request {} approved by {approver:?}", loan.request));
        let record = AuditRecord::new(self.clock.now(), AuditEvent::Approved)
            .with(AuditField::Lease, &intention.lease)
            .with(AuditField::Vault, &intention.vault)
            .with(AuditField::Request, &loan.request)
            .with(AuditField::VaultUser, &intention.vault_user)
            .with(AuditField::Approver, approver);
        if let Err(error) = self.trail.record(self.clock.as_ref(), &record).await {
            // The secret itself is not out yet; its own record decides.
            tracing::error!(%error, "approval could not be recorded in the audit log");
        }
        Ok(true)
    }
}
