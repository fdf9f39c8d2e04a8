//! Giving back: exactly once, after the last holder, whatever the vault says the first time.

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Desk, Vault, live_sharers, within};
use crate::audit::{AuditEvent, AuditField, AuditRecord};
use crate::ledger::{Closing, Intention, Lease, LedgerError, Loan, Record, Stage};
use crate::settings::{GivingBackSettings, JoinedRequests};
use crate::source::{GivenBack, OpenLoan, SourceError};

/// How far the vault's clock may be behind ours before a request that should have ended counts as
/// ended.
const EXPIRY_SLACK: SignedDuration = SignedDuration::from_mins(5);

/// How the end of one lease went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// It is over, and off the ledger.
    Closed(Closing),
    /// The vault could not be told yet. It stays on the ledger and is tried again.
    TryAgain {
        /// When.
        next: Timestamp,
    },
    /// There is no such lease (any more).
    Unknown,
}

/// How giving back several leases went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GiveBackReport {
    /// Leases that are over now, and how each ended.
    pub closed: Vec<(String, Closing)>,
    /// Leases that are still on the ledger.
    pub still_open: Vec<String>,
}

/// Why the vault has not taken a lease's request back.
enum NotYet {
    /// It could not be told.
    Source(SourceError),
    /// The request may still turn up in the vault's list until then.
    MayTurnUp(Timestamp),
    /// No answer in time.
    TooSlow,
    Ledger(LedgerError),
}

impl Desk {
    /// Ends a lease. From the first line on it serves nobody any more, even when this future is
    /// dropped: what is left to do is then done by [`end_overdue`](Self::end_overdue).
    pub(crate) async fn end(&self, id: &str, why: &str) -> Ended {
        let lane = {
            let mut book = self.journal.book();
            let Some(lease) = book.lease(id) else { return Ended::Unknown };
            let tries = match lease.stage {
                Stage::Ending { tries, .. } => tries,
                _ => 0,
            };
            let lane = self.lane_of(&lease.intention);
            let next = self.retry_at(&lease.intention, tries);
            book.set_stage(id, Stage::Ending { tries, next });
            lane
        };
        let _lane = self.lanes.enter(lane).await;
        let Some(lease) = self.journal.book().lease(id).cloned() else {
            // Another holder's end took this one with it.
            return Ended::Closed(Closing::AlreadyIn);
        };
        let outcome = match self.vault(&lease.intention.vault) {
            Ok(vault) => {
                let until = self.clock.instant() + vault.settings.giving_back.try_for;
                within(self.clock.as_ref(), until, self.end_at_vault(vault, &lease, why))
                    .await
                    .unwrap_or(Err(NotYet::TooSlow))
            }
            Err(not_configured) => Err(NotYet::Source(not_configured)),
        };
        let ended = match outcome {
            Ok(closing) => self.finish(&lease, closing, why).await,
            Err(not_yet) => self.put_off(&lease, not_yet, why).await,
        };
        self.due_changed.notify_one();
        ended
    }

    async fn end_at_vault(
        &self,
        vault: &Vault,
        lease: &Lease,
        why: &str,
    ) -> Result<Closing, NotYet> {
        let intention = &lease.intention;
        let Vault { source, settings } = vault;
        let loan = match &lease.loan {
            Some(loan) => loan.clone(),
            // The answer to the opening was lost.
            None => match source
                .look_up(&intention.vault_user, &intention.marker)
                .await
                .map_err(NotYet::Source)?
            {
                Some(open) => self.turned_up(lease, &open).await?,
                None => return self.never_opened(&settings.giving_back, lease),
            },
        };
        let (holders, heirs) = self.holders_after(lease);
        if holders > 0 {
            // Who joined before it was known whose request it is would leave it open.
            for heir in heirs.into_iter().filter(|_| loan.ours) {
                let inherited = Record::Inherited { lease: heir };
                self.journal.record(inherited).await.map_err(NotYet::Ledger)?;
            }
            return Ok(Closing::StillShared);
        }
        if !loan.ours && settings.lending.joined_requests == JoinedRequests::Leave {
            return Ok(Closing::LeftOpen);
        }
        let given = source
            .give_back(&intention.loan_ref(&loan), &format!("{why} {}", intention.marker))
            .await
            .map_err(NotYet::Source)?;
        Ok(match given {
            GivenBack::CheckedIn => Closing::CheckedIn,
            GivenBack::AlreadyIn => Closing::AlreadyIn,
        })
    }

    /// How many other leases hold the same request, and those of them that take it for somebody
    /// else's.
    fn holders_after(&self, lease: &Lease) -> (usize, Vec<String>) {
        let book = self.journal.book();
        let sharers = book.sharers(&lease.intention.lease);
        let is_heir = |other: &&&Lease| {
            !other.is_ending() && other.loan.as_ref().is_some_and(|loan| !loan.ours)
        };
        let heirs = sharers.iter().filter(is_heir).map(|other| other.intention.lease.clone());
        (live_sharers(&sharers), heirs.collect())
    }

    /// Notes a request that was found by its marker, which makes it ours.
    async fn turned_up(&self, lease: &Lease, open: &OpenLoan) -> Result<Loan, NotYet> {
        let expires_at = open.expires_at.unwrap_or_else(|| self.ends_after(&lease.intention));
        let loan = Loan {
            request: open.request.clone(),
            joined: false,
            ours: true,
            expires_at,
            due: expires_at,
        };
        let id = lease.intention.lease.clone();
        let record = Record::Opened { lease: id, loan: loan.clone() };
        self.journal.record(record).await.map_err(NotYet::Ledger)?;
        Ok(loan)
    }

    /// A request that is not in the list now may be so later: a slow vault may still be at work on
    /// a question whose answer nobody awaits any more.
    fn never_opened(
        &self,
        settings: &GivingBackSettings,
        lease: &Lease,
    ) -> Result<Closing, NotYet> {
        let wait = SignedDuration::try_from(settings.may_turn_up_for).unwrap_or_default();
        let until = lease.intention.at.saturating_add(wait).unwrap_or(Timestamp::MAX);
        if self.clock.now() < until {
            return Err(NotYet::MayTurnUp(until));
        }
        Ok(Closing::NeverOpened)
    }

    /// Takes the lease off the ledger, and with a request that is over all other leases that were
    /// to give the same request back.
    async fn finish(&self, lease: &Lease, closing: Closing, why: &str) -> Ended {
        let id = &lease.intention.lease;
        let request_is_over =
            matches!(closing, Closing::CheckedIn | Closing::AlreadyIn | Closing::Expired);
        let along: Vec<Lease> = if request_is_over {
            let book = self.journal.book();
            book.sharers(id).into_iter().filter(|other| other.is_ending()).cloned().collect()
        } else {
            Vec::new()
        };
        for other in &along {
            self.close_and_tell(other, Closing::StillShared, why).await;
        }
        self.close_and_tell(lease, closing, why).await;
        Ended::Closed(closing)
    }

    /// Tells the audit log first: a return that is told twice, because this was dropped in between,
    /// is better than one that is never told.
    async fn close_and_tell(&self, lease: &Lease, closing: Closing, why: &str) {
        let id = &lease.intention.lease;
        let record = AuditRecord::new(self.clock.now(), AuditEvent::Returned)
            .with(AuditField::Lease, id)
            .with(AuditField::Site, &lease.intention.site)
            .with(AuditField::Vault, &lease.intention.vault)
            .with(AuditField::VaultUser, &lease.intention.vault_user)
            .with(AuditField::SystemId, &lease.intention.account.system)
            .with(AuditField::AccountId, &lease.intention.account.account)
            .with_some(AuditField::Session, lease.intention.holder.as_ref())
            .with_some(AuditField::Request, lease.loan.as_ref().map(|loan| &loan.request))
            .with(AuditField::Outcome, closing_name(closing))
            .with(AuditField::Why, why);
        if let Err(error) = self.trail.record(self.clock.as_ref(), &record).await {
            // What is back is back; a log that fails must not keep it borrowed.
            tracing::error!(lease = %id, %error, "return could not be recorded in the audit log");
        }
        if let Err(error) = self.close(id, closing).await {
            // The book is right, the file is behind. A restart finds the request over.
            tracing::error!(lease = %id, %error, "end of a lease could not be written down");
        }
    }

    pub(super) async fn close(&self, lease: &str, how: Closing) -> Result<(), LedgerError> {
        let at = self.clock.now();
        self.journal.record(Record::Closed { lease: lease.to_owned(), how, at }).await
    }

    /// Leaves the lease on the ledger for another try, or gives up on it when its request has
    /// ended by itself.
    async fn put_off(&self, lease: &Lease, not_yet: NotYet, why: &str) -> Ended {
        let id = &lease.intention.lease;
        let tries = match lease.stage {
            Stage::Ending { tries, .. } => tries + 1,
            _ => 1,
        };
        let now = self.clock.now();
        let next = match &not_yet {
            NotYet::MayTurnUp(when) => *when,
            _ => self.retry_at(&lease.intention, tries),
        };
        let error = match &not_yet {
            NotYet::Source(error) => error.to_string(),
            NotYet::MayTurnUp(_) => "its request may still turn up".to_owned(),
            NotYet::TooSlow => "the vault did not answer in time".to_owned(),
            NotYet::Ledger(error) => error.to_string(),
        };
        let ends = lease
            .loan
            .as_ref()
            .map_or_else(|| self.ends_after(&lease.intention), |loan| loan.expires_at);
        let surely_over = ends.saturating_add(EXPIRY_SLACK).unwrap_or(Timestamp::MAX) < now;
        if surely_over && !matches!(not_yet, NotYet::MayTurnUp(_)) {
            tracing::error!(lease = %id, error, "given up: its release request has ended by itself");
            return self.finish(lease, Closing::Expired, why).await;
        }
        tracing::warn!(lease = %id, tries, error, %next, "could not be given back yet");
        self.journal.book().set_stage(id, Stage::Ending { tries, next });
        Ended::TryAgain { next }
    }

    /// The wait before a try doubles with each one that failed.
    fn retry_at(&self, intention: &Intention, tries: u32) -> Timestamp {
        let default = GivingBackSettings::default();
        let settings =
            self.vault(&intention.vault).map_or(&default, |vault| &vault.settings.giving_back);
        let wait = settings
            .retry_after
            .saturating_mul(2_u32.saturating_pow(tries))
            .min(settings.retry_at_most);
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        self.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX)
    }

    /// Ends everything that is due at `now`: expired, dropped half-way, or to be tried again.
    pub(crate) async fn end_overdue(&self, now: Timestamp) -> GiveBackReport {
        let due = self.journal.book().overdue(now);
        self.end_each(due, "release duration over or retrieval dropped").await
    }

    /// Ends everything, at once.
    pub(crate) async fn end_all(&self, why: &str) -> GiveBackReport {
        let all = self.ids_where(|_| true);
        self.end_each(all, why).await
    }

    pub(crate) fn ids_where(&self, wanted: impl Fn(&Lease) -> bool) -> Vec<String> {
        let book = self.journal.book();
        book.leases().filter(|l| wanted(l)).map(|l| l.intention.lease.clone()).collect()
    }

    pub(crate) async fn end_each(&self, ids: Vec<String>, why: &str) -> GiveBackReport {
        // All at once first: a lease that is on its way out must not count as a holder.
        for id in &ids {
            let mut book = self.journal.book();
            let Some(lease) = book.lease(id) else { continue };
            if !matches!(lease.stage, Stage::Ending { .. }) {
                let next = self.retry_at(&lease.intention, 0);
                book.set_stage(id, Stage::Ending { tries: 0, next });
            }
        }
        let mut ends = stream::iter(ids)
            .map(|id| async move {
                let ended = self.end(&id, why).await;
                (id, ended)
            })
            .buffer_unordered(self.at_a_time);
        let mut report = GiveBackReport::default();
        while let Some((id, ended)) = ends.next().await {
            match ended {
                Ended::Closed(closing) => report.closed.push((id, closing)),
                Ended::TryAgain { .. } => report.still_open.push(id),
                Ended::Unknown => {}
            }
        }
        report.closed.sort();
        report.still_open.sort();
        report
    }
}

/// Its name in the audit log.
pub(crate) fn closing_name(closing: Closing) -> &'static str {
    match closing {
        Closing::CheckedIn => "checked-in",
        Closing::AlreadyIn => "already-in",
        Closing::StillShared => "still-shared",
        Closing::LeftOpen => "left-open",
        Closing::NeverOpened => "never-opened",
        Closing::Expired => "expired",
    }
}
