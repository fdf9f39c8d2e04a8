//! One change of the ledger.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::source::{AccountRef, LoanRef, SecretKind};

/// One change, in the order in which they happen to a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Record {
    /// Somebody wants to borrow. Written before the vault is asked.
    Intended(Box<Intention>),
    /// The vault has a release request for it.
    Opened {
        /// Lease id.
        lease: String,
        /// The request.
        #[serde(flatten)]
        loan: Loan,
    },
    /// Approval is awaited, or has come: the lease is given back at another time than before.
    Due {
        /// Lease id.
        lease: String,
        /// When it is given back if nothing else happens.
        due: Timestamp,
    },
    /// The lease that opened its request has ended before it: now it is the one to give it back.
    Inherited {
        /// Lease id.
        lease: String,
    },
    /// The service stopped in good order while a session held it: the next run goes on with it.
    Kept {
        /// Lease id.
        lease: String,
        /// The approver was asked for it, and is not to be asked again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        approver_asked: bool,
    },
    /// The next run has taken it up: from here on it is a lease like any other.
    Resumed {
        /// Lease id.
        lease: String,
    },
    /// It is over.
    Closed {
        /// Lease id.
        lease: String,
        /// How it ended.
        how: Closing,
        /// When.
        at: Timestamp,
    },
}

/// A lease somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Intention {
    /// Our id of it.
    pub lease: String,
    /// When it was asked for.
    pub at: Timestamp,
    /// The site that asked. Sessions and idempotency keys are that site's own.
    pub site: String,
    /// Which vault.
    pub vault: String,
    /// In whose name.
    pub vault_user: String,
    /// Which account.
    pub account: AccountRef,
    /// Password or key.
    pub secret: SecretKind,
    /// The site's session that holds it.
    pub holder: Option<String>,
    /// The site's key for repeats of the same question.
    pub idempotency_key: String,
    /// The credential id it was asked by, so that a release without lease id finds it.
    pub credential_id: String,
    /// The words in the request's reason by which it is found again.
    pub marker: String,
    /// Minutes asked for, after clamping.
    pub minutes: u32,
    /// Minutes the configuration wanted, when the account allows less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clamped_from: Option<u32>,
}

/// The vault's release request behind a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Loan {
    /// The vault's number of it.
    pub request: String,
    /// It was there before, and was joined.
    pub joined: bool,
    /// This ledger opened it, for this or another lease. One that is not ours belongs to the
    /// person, or to another ECM.
    pub ours: bool,
    /// When the vault ends it.
    pub expires_at: Timestamp,
    /// When it is given back if nothing else happens.
    pub due: Timestamp,
}

/// How a lease ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Closing {
    /// The vault took the request back.
    CheckedIn,
    /// The request was over already.
    AlreadyIn,
    /// Other leases still hold the request; the last of them checks it in.
    StillShared,
    /// The request was joined, is not ours, and stays with whoever opened it.
    LeftOpen,
    /// There never was a request.
    NeverOpened,
    /// The vault could not be told until the request had ended by itself.
    Expired,
}

impl Intention {
    /// The request of `loan`, with its owner.
    #[must_use]
    pub fn loan_ref(&self, loan: &Loan) -> LoanRef {
        LoanRef { vault_user: self.vault_user.clone(), request: loan.request.clone() }
    }
}
