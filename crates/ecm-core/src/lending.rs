//! The lending desk: borrows from a source through the ledger, and gives back.
//!
//! It knows leases, release requests and vault users; sites, console names and credential ids are
//! the broker's.

mod borrow;
mod give_back;
mod lanes;
mod secret;
mod within;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Notify;

pub(crate) use borrow::{Borrow, BorrowError, Borrowed};
pub use give_back::{Ended, GiveBackReport};
pub(crate) use within::within;

use crate::audit::Trail;
use crate::ledger::{Intention, Journal, Lease, Stage};
use crate::ports::{Clock, Entropy};
use crate::settings::VaultSettings;
use crate::source::{CredentialSource, SourceError, SourceFailure};
use lanes::Lanes;

/// The desk.
pub(crate) struct Desk {
    pub(crate) journal: Arc<Journal>,
    pub(crate) trail: Trail,
    pub(crate) vaults: BTreeMap<String, Vault>,
    pub(crate) clock: Arc<dyn Clock>,
    entropy: Box<dyn Entropy>,
    at_a_time: usize,
    lanes: Lanes,
    due_changed: Arc<Notify>,
}

/// A source and how it is used.
pub struct Vault {
    /// The source.
    pub source: Arc<dyn CredentialSource>,
    /// How it is used.
    pub settings: VaultSettings,
}

impl Desk {
    pub(crate) fn new(
        journal: Journal,
        trail: Trail,
        vaults: Vec<Vault>,
        clock: Arc<dyn Clock>,
        entropy: Box<dyn Entropy>,
        at_a_time: usize,
    ) -> Self {
        let vaults = vaults.into_iter().map(|v| (v.source.name().to_owned(), v)).collect();
        Self {
            journal: Arc::new(journal),
            trail,
            vaults,
            clock,
            entropy,
            at_a_time: at_a_time.max(1),
            lanes: Lanes::default(),
            due_changed: Arc::new(Notify::new()),
        }
    }

    fn vault(&self, name: &str) -> Result<&Vault, SourceError> {
        self.vaults.get(name).ok_or_else(|| {
            SourceError::new(SourceFailure::Gone, format!("no vault {name:?} is configured"))
        })
    }

    /// Completes when a lease is due at another time than before.
    pub(crate) async fn due_changed(&self) {
        self.due_changed.notified().await;
    }

    /// Marks a lease as being worked on until the returned guard is gone.
    fn at_work(&self, lease: &str, when_dropped: Stage) -> AtWork {
        self.journal.book().set_stage(lease, Stage::Running);
        AtWork {
            journal: Arc::clone(&self.journal),
            due_changed: Arc::clone(&self.due_changed),
            lease: lease.to_owned(),
            then: when_dropped,
        }
    }

    /// What must not happen at the same time: opening and giving back requests of one user for one
    /// account. Otherwise one retrieval could join a request that another is just giving back.
    ///
    /// A vault joins requests by system and account; by which application an account was found
    /// makes no difference to it.
    fn lane_of(&self, intention: &Intention) -> String {
        let Intention { vault, vault_user, account, .. } = intention;
        let known = self.vaults.get(vault);
        let user = known.map_or(vault_user.as_str(), |known| known.source.identity(vault_user));
        format!("{vault}\n{user}\n{}\n{}", account.system, account.account)
    }

    fn time_left(&self, until: Instant) -> std::time::Duration {
        until.saturating_duration_since(self.clock.instant())
    }
}

/// Says that a retrieval works on a lease. When it goes, whichever way, the lease gets its next
/// stage; a lease that was ended meanwhile keeps its end.
pub(crate) struct AtWork {
    journal: Arc<Journal>,
    due_changed: Arc<Notify>,
    lease: String,
    then: Stage,
}

impl AtWork {
    fn then(&mut self, stage: Stage) {
        self.then = stage;
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut book = self.journal.book();
        if book.lease(&self.lease).is_some_and(|lease| lease.stage == Stage::Running) {
            book.set_stage(&self.lease, self.then);
        }
        drop(book);
        self.due_changed.notify_one();
    }
}

/// Leases on the same request that still serve somebody.
fn live_sharers(sharers: &[&Lease]) -> usize {
    sharers.iter().filter(|lease| !lease.is_ending()).count()
}
