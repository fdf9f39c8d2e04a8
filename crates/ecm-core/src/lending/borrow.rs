//! Borrowing: intention on disk, request at the vault, approval, secret.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::OwnedMutexGuard;

use super::{AtWork, Desk, Vault, live_sharers};
use crate::explanation::Explanation;
use crate::hex;
use crate::ledger::{Closing, Intention, Lease, LedgerError, Loan, Record, Stage};
use crate::reason::{self, ReasonValues};
use crate::settings::{JoinedRequests, LendingSettings};
use crate::source::{
    AccountRef, FoundAccount, NewLoan, OpenLoan, Secret, SecretKind, SourceError, TicketRef,
};

/// Who wants to borrow what.
pub(crate) struct Borrow<'a> {
    pub(crate) site: &'a str,
    pub(crate) vault: &'a str,
    pub(crate) vault_user: &'a str,
    pub(crate) account: &'a AccountRef,
    pub(crate) secret: SecretKind,
    pub(crate) holder: Option<&'a str>,
    pub(crate) idempotency_key: &'a str,
    pub(crate) credential_id: &'a str,
    pub(crate) endpoint: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) ticket: Option<TicketRef>,
    /// Waiting for approval stops here.
    pub(crate) until: Instant,
}

/// A credential in hand. Until [`hand_over`](Self::hand_over) the lease counts as dropped.
pub(crate) struct Borrowed {
    pub(crate) lease: String,
    pub(crate) account: FoundAccount,
    pub(crate) secret: Secret,
    pub(crate) loan: Loan,
    pub(crate) minutes: u32,
    pub(crate) clamped_from: Option<u32>,
    /// Somebody else stands on the same request.
    pub(crate) shared: bool,
    work: AtWork,
    /// Repeats of the same question wait until it is decided what becomes of this answer.
    _turn: OwnedMutexGuard<()>,
}

impl std::fmt::Debug for Borrowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Borrowed").field("lease", &self.lease).finish_non_exhaustive()
    }
}

/// Whether the vault may have been asked for a lease before.
#[derive(Clone, Copy)]
enum History {
    New,
    Resumed,
}

/// Why nothing was borrowed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BorrowError {
    #[error("{0}")]
    Source(SourceError),
    #[error("the release request needs an approval that nobody gave")]
    ApprovalNeeded,
    #[error("lease {lease} awaits approval")]
    ApprovalPending { lease: String, retry_after: Duration },
    #[error("the idempotency key belongs to another question")]
    KeyReused,
    #[error("the lease ended while its credential was read")]
    LeaseOver,
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("no random numbers")]
    Entropy(#[source] std::io::Error),
}

impl From<SourceError> for BorrowError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl Desk {
    /// Borrows, or goes on with the lease of an earlier question with the same key.
    pub(crate) async fn borrow(
        &self,
        ask: &Borrow<'_>,
        explanation: &mut Explanation,
    ) -> Result<Borrowed, BorrowError> {
        let vault = self.vault(ask.vault)?;
        let source = vault.source.as_ref();
        // Repeats of one question wait for each other, so that the second finds the first's lease.
        let turn = self.lanes.enter(format!("key\n{}\n{}", ask.site, ask.idempotency_key)).await;
        let known = self.lease_of_key(ask.site, ask.idempotency_key);
        if known.as_ref().is_some_and(|lease| !same_question(lease, ask)) {
            return Err(BorrowError::KeyReused);
        }
        let account = source.account(ask.vault_user, ask.account).await?;
        let (intention, mut work, history) = match known.and_then(|lease| self.take_up(&lease)) {
            Some((intention, work)) => {
                explanation.note(format!("goes on with lease {}", intention.lease));
                (intention, work, History::Resumed)
            }
            None => {
                let (intention, work) = self.intend(ask, vault, &account, explanation).await?;
                (intention, work, History::New)
            }
        };
        let loan = self.loan(vault, &intention, history, ask, explanation).await?;
        explanation.note(format!(
            "release request {} {}, until {}",
            loan.request,
            if loan.joined { "joined" } else { "opened" },
            loan.expires_at
        ));
        let secret =
            self.secret(vault, &intention, &loan, ask.until, &mut work, explanation).await?;
        let shared = loan.joined || !self.journal.book().sharers(&intention.lease).is_empty();
        Ok(Borrowed {
            lease: intention.lease,
            account,
            secret,
            loan,
            minutes: intention.minutes,
            clamped_from: intention.clamped_from,
            shared,
            work,
            _turn: turn,
        })
    }

    fn lease_of_key(&self, site: &str, key: &str) -> Option<Lease> {
        let book = self.journal.book();
        book.leases()
            .find(|lease| {
                lease.intention.site == site
                    && lease.intention.idempotency_key == key
                    && !matches!(lease.stage, Stage::Ending { .. })
            })
            .cloned()
    }

    /// Goes on with a lease, unless it was ended since it was found. What was handed over before
    /// stays lent when this retrieval is dropped.
    fn take_up(&self, lease: &Lease) -> Option<(Intention, AtWork)> {
        let id = &lease.intention.lease;
        let when_dropped = match self.journal.book().lease(id)?.stage {
            Stage::Ending { .. } => return None,
            Stage::Held => Stage::Held,
            Stage::Running | Stage::Abandoned => Stage::Abandoned,
        };
        Some((lease.intention.clone(), self.at_work(id, when_dropped)))
    }

    /// Writes a new lease down.
    async fn intend(
        &self,
        ask: &Borrow<'_>,
        vault: &Vault,
        account: &FoundAccount,
        explanation: &mut Explanation,
    ) -> Result<(Intention, AtWork), BorrowError> {
        let wanted = vault.settings.lending.release_minutes.minutes();
        let minutes = account.max_release_minutes.map_or(wanted, |most| wanted.min(most.max(1)));
        let clamped_from = (minutes < wanted).then_some(wanted);
        if clamped_from.is_some() {
            explanation.note(format!(
                "release duration {wanted} min cut to {minutes} min, the most this account allows"
            ));
        }
        let lease = self.new_lease_id()?;
        let intention = Intention {
            marker: reason::marker(&lease),
            lease,
            at: self.clock.now(),
            site: ask.site.to_owned(),
            vault: ask.vault.to_owned(),
            vault_user: ask.vault_user.to_owned(),
            account: ask.account.clone(),
            secret: ask.secret,
            holder: ask.holder.map(str::to_owned),
            idempotency_key: ask.idempotency_key.to_owned(),
            credential_id: ask.credential_id.to_owned(),
            minutes,
            clamped_from,
        };
        // Before the first await: whatever happens from here on, the lease is looked after.
        let work = self.at_work(&intention.lease, Stage::Abandoned);
        self.journal.record(Record::Intended(Box::new(intention.clone()))).await?;
        Ok((intention, work))
    }

    fn new_lease_id(&self) -> Result<String, BorrowError> {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes).map_err(BorrowError::Entropy)?;
        Ok(format!("l-{}", hex::encode(&bytes)))
    }

    /// The vault's request for a lease: the one known, the one that turns up, or a new one.
    async fn loan(
        &self,
        vault: &Vault,
        intention: &Intention,
        history: History,
        ask: &Borrow<'_>,
        explanation: &mut Explanation,
    ) -> Result<Loan, BorrowError> {
        let _lane = self.lanes.enter(self.lane_of(intention)).await;
        let known = {
            let book = self.journal.book();
            match book.lease(&intention.lease) {
                Some(lease) if !lease.is_ending() => lease.loan.clone(),
                // Ended while we waited for the lane.
                _ => return Err(BorrowError::LeaseOver),
            }
        };
        if let Some(loan) = known {
            return Ok(loan);
        }
        let turned_up = match history {
            History::New => None,
            History::Resumed => {
                vault.source.look_up(&intention.vault_user, &intention.marker).await?
            }
        };
        let open = match turned_up {
            Some(open) => open,
            None => self.open(vault, intention, ask, explanation).await?,
        };
        let loan = self.as_loan(intention, &open);
        let opened = Record::Opened { lease: intention.lease.clone(), loan: loan.clone() };
        // A ledger that cannot be written ends the loan: the lease is dropped, which gives it back.
        self.journal.record(opened).await?;
        Ok(loan)
    }

    async fn open(
        &self,
        vault: &Vault,
        intention: &Intention,
        ask: &Borrow<'_>,
        explanation: &mut Explanation,
    ) -> Result<OpenLoan, BorrowError> {
        let new = NewLoan {
            vault_user: intention.vault_user.clone(),
            account: intention.account.clone(),
            minutes: intention.minutes,
            reason: vault.settings.lending.reason.fill(&ReasonValues {
                user: ask.vault_user,
                endpoint: ask.endpoint,
                reference: ask.reference,
                lease: &intention.lease,
                reason: ask.reason,
            }),
            marker: intention.marker.clone(),
            ticket: ask.ticket.clone(),
            renew: false,
        };
        let open = match vault.source.open(&new).await {
            Ok(open) => open,
            Err(error) => {
                if !error.may_have_happened {
                    self.close(&intention.lease, Closing::NeverOpened).await?;
                }
                return Err(error.into());
            }
        };
        if !self.is_about_to_end(&vault.settings.lending, intention, &open) {
            return Ok(open);
        }
        explanation.note(format!("release request {} is about to end: renewed", open.request));
        match vault.source.open(&NewLoan { renew: true, ..new }).await {
            Ok(renewed) => Ok(renewed),
            // The short one is better than none, and nothing changed.
            Err(error) if !error.may_have_happened => {
                explanation.note(format!("could not be renewed: {error}"));
                Ok(open)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A joined request with little time left that nobody else stands on. Renewing ends the old
    /// one, so it must not be anybody's.
    fn is_about_to_end(
        &self,
        lending: &LendingSettings,
        intention: &Intention,
        open: &OpenLoan,
    ) -> bool {
        let Some(expires_at) = open.expires_at else { return false };
        let left = expires_at.duration_since(self.clock.now());
        let short = SignedDuration::try_from(lending.renew_below).unwrap_or(SignedDuration::MAX);
        open.reused
            && left < short
            && self.holders_of(intention, &open.request) == 0
            && (self.is_ours(intention, open) || lending.joined_requests == JoinedRequests::CheckIn)
    }

    fn as_loan(&self, intention: &Intention, open: &OpenLoan) -> Loan {
        let expires_at = open.expires_at.unwrap_or_else(|| self.ends_after(intention));
        Loan {
            request: open.request.clone(),
            joined: open.reused,
            ours: self.is_ours(intention, open),
            expires_at,
            due: expires_at,
        }
    }

    /// When a request for the lease ends by itself, as far as we know without the vault.
    pub(super) fn ends_after(&self, intention: &Intention) -> Timestamp {
        let length = SignedDuration::from_mins(i64::from(intention.minutes));
        intention.at.saturating_add(length).unwrap_or(Timestamp::MAX)
    }

    /// Opened by this lease, by another of this ledger, or (marker) by a try whose answer was lost.
    fn is_ours(&self, intention: &Intention, open: &OpenLoan) -> bool {
        let has_marker =
            open.reason.as_deref().is_some_and(|reason| reason.contains(&intention.marker));
        !open.reused || has_marker || {
            let book = self.journal.book();
            book.leases().any(|lease| {
                is_other_holder(lease, intention, &open.request)
                    && lease.loan.as_ref().is_some_and(|loan| loan.ours)
            })
        }
    }

    fn holders_of(&self, intention: &Intention, request: &str) -> usize {
        let book = self.journal.book();
        let holders: Vec<&Lease> =
            book.leases().filter(|lease| is_other_holder(lease, intention, request)).collect();
        live_sharers(&holders)
    }
}

impl Borrowed {
    /// `true` when nobody has had this lease's credential before.
    pub(crate) fn is_fresh(&self) -> bool {
        self.work.then == Stage::Abandoned
    }

    /// The lease is the site's from here on.
    ///
    /// # Errors
    ///
    /// [`BorrowError::LeaseOver`] when it was ended while its credential was being read.
    pub(crate) fn hand_over(&mut self) -> Result<(), BorrowError> {
        let book = self.work.journal.book();
        match book.lease(&self.lease) {
            Some(lease) if !lease.is_ending() => {}
            _ => return Err(BorrowError::LeaseOver),
        }
        drop(book);
        self.work.then(Stage::Held);
        Ok(())
    }
}

fn same_question(lease: &Lease, ask: &Borrow<'_>) -> bool {
    let Intention { vault, vault_user, account, secret, credential_id, holder, .. } =
        &lease.intention;
    vault == ask.vault
        && vault_user == ask.vault_user
        && account == ask.account
        && *secret == ask.secret
        && credential_id == ask.credential_id
        && holder.as_deref() == ask.holder
}

fn is_other_holder(lease: &Lease, intention: &Intention, request: &str) -> bool {
    lease.intention.lease != intention.lease && lease.stands_on(&intention.vault, request)
}
