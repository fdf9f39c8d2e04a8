//! Why an answer is what it is: for the log, the demo, the command line and the configurator.

use std::fmt;

use serde::Serialize;

use crate::mapping::MappingTrace;
use crate::search_key::SearchKey;
use crate::source::AccountKind;

/// What was considered on the way to an answer. Holds names, never a secret; it may name the
/// vault, so it is not for the site.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Explanation {
    /// How the console user became a vault user, or why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<MappingTrace>,
    /// The mapping rule that decided, or the code of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// What the endpoint was looked for by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<SearchKey>,
    /// What each vault was asked, and how many rows it gave.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// Steps and decisions in words, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One question to a vault.
#[derive(Debug, Clone, Serialize)]
pub struct Question {
    /// Which vault.
    pub vault: String,
    /// By what.
    pub key: SearchKey,
    /// Which kind of account.
    pub kind: AccountKind,
    /// Rows answered.
    pub seen: usize,
    /// Credentials offered because of it, after leaving out what another question brought.
    pub offered: usize,
    /// What went wrong, if something did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Explanation {
    pub(crate) fn note(&mut self, words: impl Into<String>) {
        self.notes.push(words.into());
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(mapping) = &self.mapping {
            writeln!(f, "{mapping}")?;
        }
        for key in &self.keys {
            writeln!(f, "key        {key}")?;
        }
        for question in &self.questions {
            let Question { vault, key, kind, seen, offered, failure } = question;
            write!(f, "asked      {vault}: {key} {kind}: {seen} rows, {offered} offered")?;
            match failure {
                Some(failure) => writeln!(f, "; failed: {failure}")?,
                None => writeln!(f)?,
            }
        }
        for note in &self.notes {
            writeln!(f, "note       {note}")?;
        }
        Ok(())
    }
}
