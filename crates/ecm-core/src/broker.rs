//! The broker: a site's questions in, answers and explanations out.

mod fairness;
mod find;
mod give_back;
mod retrieve;
mod spelling;
mod why_not;

pub use give_back::HoldingSession;
pub use why_not::{WhyNot, Withheld};

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use ecm_protocol::message::{CredentialSummary, Problem};
use fairness::Fairness;
use jiff::Timestamp;

use crate::audit::Trail;
use crate::credential_id::CredentialIdKey;
use crate::explanation::Explanation;
use crate::ledger::{Journal, LedgerError, Opening};
use crate::lending::{Desk, Vault};
use crate::mapping::{MapUser, Mapping};
use crate::ports::{AuditLog, Clock, Entropy, LedgerStore};
use crate::settings::BrokerSettings;

/// An answer and why.
#[derive(Debug)]
pub struct Answered<T> {
    /// What goes to the site.
    pub result: Result<T, Problem>,
    /// Why; stays with us.
    pub explanation: Explanation,
}

/// Takes parts of a running search.
pub trait PartialSink: Send + Sync {
    /// Found since the last part: at least one, sorted, none of which came before.
    fn partial(&self, items: Vec<CredentialSummary>);
}

/// What a broker is made of.
pub struct BrokerParts {
    /// Rules from console user to vault user.
    pub rules: Arc<dyn MapUser>,
    /// The key of credential ids.
    pub ids: CredentialIdKey,
    /// The vaults, each with another name.
    pub vaults: Vec<Vault>,
    /// Where the ledger lives.
    pub ledger: Box<dyn LedgerStore>,
    /// Where the audit records go.
    pub audit: Box<dyn AuditLog>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Box<dyn Entropy>,
    /// What holds for all vaults.
    pub settings: BrokerSettings,
}

/// The broker. Share it in an [`Arc`]; every method may be called at any time from any task.
///
/// Any future it returns may be dropped at any moment: what was begun at a vault is on the ledger,
/// and [`give_back_overdue`](Self::give_back_overdue) finds it.
pub struct Broker {
    desk: Desk,
    ids: CredentialIdKey,
    mapping: Mapping,
    fairness: Fairness,
    settings: BrokerSettings,
    stopping: AtomicBool,
}

impl Broker {
    /// Opens the ledger. What an earlier run left in it is counted in [`Opening`], and given back
    /// by [`recover`](Self::recover), which should come next.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the ledger cannot be read or is damaged: something may be borrowed that
    /// nobody would give back, so an operator must look first.
    pub async fn open(parts: BrokerParts) -> Result<(Self, Opening), LedgerError> {
        let (journal, opening) = Journal::open(parts.ledger).await?;
        let desk = Desk::new(
            journal,
            Trail::new(parts.audit),
            parts.vaults,
            parts.clock,
            parts.entropy,
            parts.settings.give_back_at_a_time,
        );
        let broker = Self {
            desk,
            ids: parts.ids,
            mapping: Mapping::new(parts.rules),
            fairness: Fairness::new(parts.settings.questions_per_user),
            settings: parts.settings,
            stopping: AtomicBool::new(false),
        };
        Ok((broker, opening))
    }

    /// Puts other mapping rules in force. Questions under way keep those they began with.
    pub fn replace_rules(&self, rules: Arc<dyn MapUser>) {
        self.mapping.replace(rules);
    }

    /// How many leases are not over.
    #[must_use]
    pub fn leases(&self) -> usize {
        self.desk.journal.book().len()
    }

    /// When [`give_back_overdue`](Self::give_back_overdue) should be called next.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.desk.journal.book().next_due()
    }

    /// Completes when [`next_due`](Self::next_due) may have changed. For one waiter at a time.
    pub async fn due_changed(&self) {
        self.desk.due_changed().await;
    }

    /// When a question that came at `started` should be answered, and when it must be: at nine and
    /// at nine and a half tenths of what the site waits, so that the answer is there before the
    /// site gives up, and there is time to put the books in order.
    fn deadlines(
        &self,
        started: Instant,
        deadline_ms: Option<u64>,
        default: Duration,
    ) -> (Instant, Instant) {
        let waits = deadline_ms.map_or(default, Duration::from_millis).min(LONGEST_WAIT);
        (started + waits * 9 / 10, started + waits * 19 / 20)
    }
}

/// No site waits longer; what it says is bounded before it meets a clock.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
