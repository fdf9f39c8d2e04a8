//! Giving back: released by the site, overdue, at stop, and after a crash.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use ecm_protocol::message::{Category, Problem, Release, ReleaseOutcome, ReleaseResult, Rotation};
use jiff::Timestamp;

use super::Broker;
use crate::ledger::{Closing, Lease, Stage};
use crate::lending::{Ended, GiveBackReport};

/// A session that holds a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldingSession {
    /// The site's id of the session.
    pub lsid: String,
    /// When a credential was asked for last in it.
    pub last_lent: Timestamp,
}

impl Broker {
    /// Ends one lease of `site`, named by its id or, when the answer that held the id was lost, by the
    /// idempotency key of its retrieval. An unknown lease is no error, and another site's is
    /// unknown.
    ///
    /// `released` is `false`, too, while the vault cannot be told; the lease is over all the same,
    /// and the ledger sees to the rest.
    ///
    /// # Errors
    ///
    /// `bad_parameters` when neither is given.
    pub async fn release(&self, site: &str, ask: &Release) -> Result<ReleaseResult, Problem> {
        if ask.lease_id.is_none() && ask.idempotency_key.is_none() {
            return Err(Problem::new(Category::BadParameters)
                .with_detail("neither lease_id nor idempotency_key is given"));
        }
        let mut named = self.desk.ids_where(|lease| is_named(lease, site, ask));
        let Some(lease) = named.pop() else {
            return Ok(ReleaseResult { released: false, rotation: None });
        };
        let ended = self.desk.end(&lease, reason(ask.outcome)).await;
        Ok(match ended {
            Ended::Closed(Closing::CheckedIn | Closing::AlreadyIn) => {
                // Whether the vault changes the password is its own rule's affair.
                ReleaseResult { released: true, rotation: Some(Rotation::Unknown) }
            }
            Ended::Closed(_) => ReleaseResult { released: true, rotation: Some(Rotation::None) },
            Ended::TryAgain { .. } | Ended::Unknown => {
                ReleaseResult { released: false, rotation: None }
            }
        })
    }

    /// The sessions of `site` that hold a lease.
    #[must_use]
    pub fn sessions(&self, site: &str) -> Vec<HoldingSession> {
        let mut sessions = BTreeMap::<String, Timestamp>::new();
        for lease in self.desk.journal.book().leases() {
            let intention = &lease.intention;
            let (Stage::Held, Some(lsid)) = (lease.stage, &intention.holder) else { continue };
            if intention.site == site {
                let last = sessions.entry(lsid.clone()).or_insert(intention.at);
                *last = intention.at.max(*last);
            }
        }
        let sessions = sessions.into_iter();
        sessions.map(|(lsid, last_lent)| HoldingSession { lsid, last_lent }).collect()
    }

    /// Ends every lease that this session of `site` holds.
    pub async fn session_ended(&self, site: &str, lsid: &str) -> GiveBackReport {
        let held = self.desk.ids_where(|lease| {
            lease.intention.site == site && lease.intention.holder.as_deref() == Some(lsid)
        });
        self.desk.end_each(held, "session ended").await
    }

    /// Takes back a lease whose answer could not be handed to the site.
    pub async fn undeliverable(&self, lease_id: &str) -> Ended {
        self.desk.end(lease_id, "answer could not be delivered").await
    }

    /// Ends everything that is due at `now`: expired leases, retrievals that were dropped half-way,
    /// and returns that failed before. Call it when [`next_due`](Self::next_due) has come.
    pub async fn give_back_overdue(&self, now: Timestamp) -> GiveBackReport {
        self.desk.end_overdue(now).await
    }

    /// Ends everything, and lends nothing more. For a stop that is meant to last.
    pub async fn give_back_all(&self) -> GiveBackReport {
        self.stopping.store(true, Ordering::SeqCst);
        self.desk.end_all("service stopped").await
    }

    /// Lends nothing more, leaves what sessions hold to the next run, and ends the rest. For a stop
    /// that is a restart. What cannot be written down as kept is given back.
    pub async fn keep_held(&self) -> GiveBackReport {
        self.stopping.store(true, Ordering::SeqCst);
        let held: Vec<Lease> = {
            let book = self.desk.journal.book();
            book.leases().filter(|lease| lease.stage == Stage::Held).cloned().collect()
        };
        let mut kept = BTreeSet::new();
        for lease in held {
            let id = lease.intention.lease.clone();
            match lease.is_kept {
                true => drop(kept.insert(id)),
                false => match self.desk.journal.record(lease.kept()).await {
                    Ok(()) => drop(kept.insert(id)),
                    Err(error) => {
                        tracing::error!(lease = id, %error, "lease cannot be kept over the restart");
                    }
                },
            }
        }
        let rest = self.desk.ids_where(|lease| !kept.contains(&lease.intention.lease));
        self.desk.end_each(rest, "service stopped").await
    }

    /// How many leases are held by sessions and kept for the next run.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.desk.ids_where(|lease| lease.stage == Stage::Held && lease.is_kept).len()
    }

    /// Gives back what an earlier run left. A request whose number was never learned is looked for
    /// by its marker. What cannot be given back now stays on the ledger and is due again later.
    pub async fn recover(&self) -> GiveBackReport {
        let left = self.desk.ids_where(|lease| lease.stage == Stage::Abandoned);
        self.desk.end_each(left, "service was restarted").await
    }
}

fn is_named(lease: &Lease, site: &str, ask: &Release) -> bool {
    let intention = &lease.intention;
    let ours = intention.site == site;
    let by_id = ask.lease_id.as_ref().is_none_or(|id| *id == intention.lease);
    let by_key = ask.idempotency_key.as_ref().is_none_or(|key| *key == intention.idempotency_key);
    let same = ask.credential_id.as_ref().is_none_or(|id| *id == intention.credential_id);
    ours && by_id && by_key && same
}

fn reason(outcome: ReleaseOutcome) -> &'static str {
    match outcome {
        ReleaseOutcome::SessionEnded => "session ended",
        ReleaseOutcome::InjectionFailed => "injection failed",
        ReleaseOutcome::NeverUsed => "never used",
        ReleaseOutcome::UserCancelled => "cancelled by the user",
        ReleaseOutcome::SiteRestarted => "site restarted",
    }
}
