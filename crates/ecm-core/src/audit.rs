//! The audit trail: who got which credential, for what, and how it ended.
//!
//! A record is on disk *before* the secret it speaks of leaves. It never holds a secret: there is
//! no field one could be put in. Each field has a class, so that a report can leave out what is
//! personal without knowing every field.

pub mod chain;
mod trail;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use trail::{AuditError, Trail};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AuditEvent {
    /// A secret is about to leave.
    Lent,
    /// A retrieval was refused, or failed.
    Refused,
    /// The configured approver approved a release request.
    Approved,
    /// A lease ended.
    Returned,
    /// The log was opened again after a crash had left an incomplete line.
    Resumed,
}

/// Who may read a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Anybody who may see that the service is used.
    Public,
    /// Names people, machines or accounts, or quotes what a person wrote.
    Sensitive,
}

/// Everything a record may say. A new field must be given a class here, or it does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AuditField {
    /// The site's reference of the question.
    Reference,
    /// The site.
    Site,
    /// The site's session.
    Session,
    /// What the console user is called by the site.
    ConsoleUser,
    /// The rule of the mapping that decided.
    Rule,
    /// The vault user.
    VaultUser,
    /// The vault.
    Vault,
    /// The endpoint.
    Endpoint,
    /// Name of the managed system.
    System,
    /// The vault's id of the system.
    SystemId,
    /// Name of the managed account.
    Account,
    /// The vault's id of the account.
    AccountId,
    /// What the credential was wanted for.
    Purpose,
    /// The lease.
    Lease,
    /// The vault's release request.
    Request,
    /// Whether the request was joined.
    Joined,
    /// Minutes asked for.
    Minutes,
    /// Minutes wanted before the account's own limit was applied.
    ClampedFrom,
    /// End of the lease.
    ExpiresAt,
    /// The approver.
    Approver,
    /// Ticket number.
    Ticket,
    /// How it ended: a category, or how the lease was closed.
    Outcome,
    /// Why a lease was ended.
    Why,
    /// Bytes cut off.
    TornBytes,
}

impl AuditField {
    /// Who may read it.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Reference
            | Self::Site
            | Self::Session
            | Self::Rule
            | Self::Vault
            | Self::Purpose
            | Self::Lease
            | Self::Request
            | Self::Joined
            | Self::Minutes
            | Self::ClampedFrom
            | Self::ExpiresAt
            | Self::Outcome
            | Self::Why
            | Self::TornBytes => Class::Public,
            Self::ConsoleUser
            | Self::VaultUser
            | Self::Endpoint
            | Self::System
            | Self::SystemId
            | Self::Account
            | Self::AccountId
            | Self::Approver
            | Self::Ticket => Class::Sensitive,
        }
    }

    /// Its name in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Site => "site",
            Self::Session => "session",
            Self::ConsoleUser => "console-user",
            Self::Rule => "rule",
            Self::VaultUser => "vault-user",
            Self::Vault => "vault",
            Self::Endpoint => "endpoint",
            Self::System => "system",
            Self::SystemId => "system-id",
            Self::Account => "account",
            Self::AccountId => "account-id",
            Self::Purpose => "purpose",
            Self::Lease => "lease",
            Self::Request => "request",
            Self::Joined => "joined",
            Self::Minutes => "minutes",
            Self::ClampedFrom => "clamped-from",
            Self::ExpiresAt => "expires-at",
            Self::Approver => "approver",
            Self::Ticket => "ticket",
            Self::Outcome => "outcome",
            Self::Why => "why",
            Self::TornBytes => "torn-bytes",
        }
    }
}

/// Longest value of a field, in characters; what a site sends is bounded here once more.
const MAX_VALUE: usize = 512;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRecord {
    at: Timestamp,
    event: AuditEvent,
    public: BTreeMap<&'static str, String>,
    sensitive: BTreeMap<&'static str, String>,
}

impl AuditRecord {
    /// An empty record.
    #[must_use]
    pub fn new(at: Timestamp, event: AuditEvent) -> Self {
        Self { at, event, public: BTreeMap::new(), sensitive: BTreeMap::new() }
    }

    /// Says something more. A value longer than 512 characters is cut.
    #[must_use]
    pub fn with(mut self, field: AuditField, value: impl ToString) -> Self {
        self.add(field, value);
        self
    }

    /// The same record about another event.
    #[must_use]
    pub fn of_event(&self, event: AuditEvent) -> Self {
        Self { event, ..self.clone() }
    }

    /// Says something more, in place.
    pub fn add(&mut self, field: AuditField, value: impl ToString) {
        let value = value.to_string().chars().take(MAX_VALUE).collect();
        match field.class() {
            Class::Public => self.public.insert(field.name(), value),
            Class::Sensitive => self.sensitive.insert(field.name(), value),
        };
    }

    /// The same, when there is something to say.
    #[must_use]
    pub fn with_some(self, field: AuditField, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(field, value),
            None => self,
        }
    }
}
