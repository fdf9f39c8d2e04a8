//! What a directory is asked about a user, and what it can answer. No directory is asked here:
//! whoever resolves a name carries the questions there and the answers back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::{DomainId, Folded};

/// One question to the directory of one domain: who is this?
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Question {
    /// Whose directory.
    pub domain: DomainId,
    /// What is known of the user.
    pub by: Key,
    /// Names of further attributes that rules use, as the rules spell them.
    pub attributes: BTreeSet<String>,
    /// Groups that rules ask about, as the rules spell them: a distinguished name or a SID each.
    pub groups: BTreeSet<String>,
}

/// What a user is looked for by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Key {
    /// The logon name without a domain: `sAMAccountName`, elsewhere `uid`.
    LogonName(Folded),
    /// The user principal name as the directory stores it (`userPrincipalName`).
    PrincipalName(Folded),
    /// The distinguished name of the user's own entry (RFC 4514).
    Entry(String),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogonName(name) => write!(f, "logon name {name}"),
            Self::PrincipalName(name) => write!(f, "principal name {name}"),
            Self::Entry(dn) => write!(f, "entry {dn}"),
        }
    }
}

/// What the directory of a domain answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Exactly one entry.
    Entry(Box<Entry>),
    /// No entry, surely.
    Nobody,
    /// More than one entry.
    Several,
    /// No answer for now. The words say why, for the operator.
    Unavailable(String),
    /// An answer that cannot be used, or a refusal to answer: waiting does not mend it. The words
    /// say why, for the operator.
    Unusable(String),
}

/// A user's entry, as far as rules need it.
///
/// It is told as the directory wrote it: what was asked for and what was found are compared here,
/// because directories call names equal that are not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its distinguished name (RFC 4514).
    pub dn: String,
    /// `sAMAccountName`, elsewhere `uid`.
    pub logon_name: String,
    /// `userPrincipalName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal_name: Option<String>,
    /// What never changes about it: the SID, elsewhere `entryUUID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether it can be used.
    pub state: AccountState,
    /// Those of the attributes asked for that it has, under the names they were asked by. Of
    /// several values of one attribute none is told.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Those of the groups asked for that it belongs to, itself or through another group.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<String>,
}

/// Whether an account can be used now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountState {
    /// Nothing speaks against it.
    #[default]
    Usable,
    /// An administrator has disabled it.
    Disabled,
    /// It is locked out for now.
    Locked,
    /// Its last day is over.
    Expired,
    /// It is a computer's, a domain's or a service's, not a person's.
    NotAPerson,
}

impl AccountState {
    /// The name under which traces and documents know it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::Disabled => "disabled",
            Self::Locked => "locked",
            Self::Expired => "expired",
            Self::NotAPerson => "not-a-person",
        }
    }
}

/// The answers there are so far, each with its question.
#[derive(Debug, Clone, Default)]
pub struct Answers(Vec<(Question, Answer)>);

impl Answers {
    /// Adds one. An answer that was there stays.
    pub fn add(&mut self, question: Question, answer: Answer) {
        if self.find(&question).is_none() {
            self.0.push((question, answer));
        }
    }

    /// The answer to this question.
    #[must_use]
    pub fn find(&self, question: &Question) -> Option<&Answer> {
        self.0.iter().find(|(asked, _)| asked == question).map(|(_, answer)| answer)
    }
}

/// How far a resolution has come with the answers there are.
#[derive(Debug, Clone)]
pub enum Progress {
    /// These have to be answered first. Then the same is asked again, with what was answered.
    Ask(Vec<Question>),
    /// It is done.
    Done(Box<crate::Resolution>),
}
