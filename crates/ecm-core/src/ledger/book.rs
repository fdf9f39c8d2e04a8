//! The state the ledger's records add up to. Pure: no store, no clock.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::record::{Intention, Loan, Record};

/// What is happening to a lease. Lives in memory alone: after a restart nobody is at work, and
/// everything left is to be given back, but for what was kept on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A retrieval is working on it.
    Running,
    /// Lent, or awaiting approval: waits for the site, or for its due time.
    Held,
    /// The retrieval was dropped half-way: to be given back now.
    Abandoned,
    /// To be given back; `tries` failed so far.
    Ending {
        /// Failed tries.
        tries: u32,
        /// When to try again.
        next: Timestamp,
    },
}

/// One lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What was asked for.
    pub intention: Intention,
    /// The vault's request, once known.
    pub loan: Option<Loan>,
    /// What is happening to it.
    pub stage: Stage,
    /// A run that stopped in good order left it to the next one.
    pub is_kept: bool,
    /// The approver was asked for it; not twice, because a second approval could count as that of
    /// a second person. Lives in memory alone.
    approver_asked: bool,
}

impl Lease {
    /// When somebody must act on it; `None` while a retrieval is at work.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Running => None,
            Stage::Abandoned => Some(self.intention.at),
            Stage::Ending { next, .. } => Some(next),
            Stage::Held => Some(self.loan.as_ref().map_or(self.intention.at, |loan| loan.due)),
        }
    }

    /// The record that keeps it for the next run.
    #[must_use]
    pub fn kept(&self) -> Record {
        let lease = self.intention.lease.clone();
        Record::Kept { lease, approver_asked: self.approver_asked }
    }

    /// `true` once the lease is on its way out; it serves nobody any more.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        matches!(self.stage, Stage::Ending { .. } | Stage::Abandoned)
    }

    /// `true` when it stands on this release request. Vault users are not compared: a vault that
    /// takes several for one lets them join each other's requests.
    #[must_use]
    pub fn stands_on(&self, vault: &str, request: &str) -> bool {
        self.intention.vault == vault
            && self.loan.as_ref().is_some_and(|loan| loan.request == request)
    }
}

/// A record that does not fit what came before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// A lease id came twice.
    #[error("lease {lease} is on the ledger already")]
    Twice {
        /// The lease.
        lease: String,
    },
    /// Nobody intended it.
    #[error("lease {lease} is not on the ledger")]
    Unknown {
        /// The lease.
        lease: String,
    },
}

/// All leases that are not over.
#[derive(Debug, Clone, Default)]
pub struct Book {
    leases: BTreeMap<String, Lease>,
}

impl Book {
    /// Takes one change.
    ///
    /// # Errors
    ///
    /// [`BookError`] when it does not fit; the book is unchanged then.
    pub fn apply(&mut self, record: &Record) -> Result<(), BookError> {
        match record {
            Record::Intended(intention) => {
                if self.leases.contains_key(&intention.lease) {
                    return Err(BookError::Twice { lease: intention.lease.clone() });
                }
                let lease = Lease {
                    intention: Intention::clone(intention),
                    loan: None,
                    stage: Stage::Running,
                    is_kept: false,
                    approver_asked: false,
                };
                self.leases.insert(intention.lease.clone(), lease);
            }
            Record::Opened { lease, loan } => self.known(lease)?.loan = Some(loan.clone()),
            Record::Due { lease, due } => {
                if let Some(loan) = &mut self.known(lease)?.loan {
                    loan.due = *due;
                }
            }
            Record::Inherited { lease } => {
                if let Some(loan) = &mut self.known(lease)?.loan {
                    loan.ours = true;
                }
            }
            Record::Kept { lease, approver_asked } => {
                let lease = self.known(lease)?;
                lease.is_kept = true;
                lease.approver_asked |= approver_asked;
            }
            Record::Resumed { lease } => self.known(lease)?.is_kept = false,
            Record::Closed { lease, .. } => {
                self.known(lease)?;
                self.leases.remove(lease);
            }
        }
        Ok(())
    }

    fn known(&mut self, lease: &str) -> Result<&mut Lease, BookError> {
        self.leases.get_mut(lease).ok_or_else(|| BookError::Unknown { lease: lease.to_owned() })
    }

    /// One lease.
    #[must_use]
    pub fn lease(&self, id: &str) -> Option<&Lease> {
        self.leases.get(id)
    }

    /// All leases, by id.
    pub fn leases(&self) -> impl Iterator<Item = &Lease> {
        self.leases.values()
    }

    /// How many leases are not over.
    #[must_use]
    pub fn len(&self) -> usize {
        self.leases.len()
    }

    /// `true` when nothing is borrowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leases.is_empty()
    }

    /// Says what is happening to a lease. No effect on one that is over.
    pub fn set_stage(&mut self, id: &str, stage: Stage) {
        if let Some(lease) = self.leases.get_mut(id) {
            lease.stage = stage;
        }
    }

    /// `true` the first time it is asked for a lease: the approver may be asked now.
    pub fn may_ask_approver(&mut self, id: &str) -> bool {
        self.leases
            .get_mut(id)
            .is_some_and(|lease| !std::mem::replace(&mut lease.approver_asked, true))
    }

    /// Takes back an intention that could not be written down.
    pub fn forget(&mut self, id: &str) {
        self.leases.remove(id);
    }

    /// The leases that stand on the same release request as `id`, itself left out.
    #[must_use]
    pub fn sharers(&self, id: &str) -> Vec<&Lease> {
        let Some(lease) = self.lease(id) else { return Vec::new() };
        let Some(loan) = &lease.loan else { return Vec::new() };
        self.leases
            .values()
            .filter(|other| other.intention.lease != id)
            .filter(|other| other.stands_on(&lease.intention.vault, &loan.request))
            .collect()
    }

    /// The earliest time at which somebody must act.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.leases.values().filter_map(Lease::due).min()
    }

    /// The ids of all leases somebody must act on at `now`, most urgent first.
    #[must_use]
    pub fn overdue(&self, now: Timestamp) -> Vec<String> {
        let mut due: Vec<(Timestamp, &str)> = self
            .leases
            .values()
            .filter_map(|lease| Some((lease.due()?, lease.intention.lease.as_str())))
            .filter(|(due, _)| *due <= now)
            .collect();
        due.sort_unstable();
        due.into_iter().map(|(_, id)| id.to_owned()).collect()
    }

    /// The fewest records that add up to this book.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Record> {
        let mut records = Vec::with_capacity(self.leases.len() * 2);
        for lease in self.leases.values() {
            records.push(Record::Intended(Box::new(lease.intention.clone())));
            if let Some(loan) = &lease.loan {
                let lease = lease.intention.lease.clone();
                records.push(Record::Opened { lease, loan: loan.clone() });
            }
            if lease.is_kept {
                records.push(lease.kept());
            }
        }
        records
    }
}
