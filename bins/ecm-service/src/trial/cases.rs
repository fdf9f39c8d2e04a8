//! Saved trials: questions with the answers they should have, kept as a file that people can edit.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ecm_protocol::message::EmptyReason;
use serde::{Deserialize, Serialize};

use super::{Outcome, Record, Trial, TrialQuestion, TrialReport};

/// The cases of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CaseFile {
    /// In the order of the file.
    #[serde(default, rename = "case")]
    pub cases: Vec<Case>,
}

/// One question and what should come of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// What it is called; no other case of the file is called so.
    pub name: String,
    /// The question.
    pub ask: TrialQuestion,
    /// What should come of it.
    #[serde(default)]
    pub expect: Expected,
}

/// What should come of a question. What is not said is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expected {
    /// The vault user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault_user: Option<String>,
    /// The names of the credentials, all of them, in any order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<BTreeSet<String>>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty: Option<EmptyReason>,
    /// The type of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Names of credentials that are retrieved and given back.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub retrieve: BTreeSet<String>,
}

/// Why a file of cases cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CasesError {
    /// It cannot be read or written.
    #[error("{path} cannot be used: {cause}")]
    File {
        /// Which one.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// It is not what a file of cases is.
    #[error("{path}: {cause}")]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Where and why.
        cause: Box<toml::de::Error>,
    },
    /// Two cases have one name.
    #[error("{path}: two cases are called `{name}`; give each a name of its own")]
    NameTwice {
        /// Which one.
        path: PathBuf,
        /// The name.
        name: String,
    },
}

impl CaseFile {
    /// Reads a file. One that is not there has no cases.
    ///
    /// # Errors
    ///
    /// See [`CasesError`].
    pub fn read(path: &Path) -> Result<Self, CasesError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(cause) => return Err(CasesError::File { path: path.to_owned(), cause }),
        };
        let file: Self = toml::from_str(&text).map_err(|cause| CasesError::Unreadable {
            path: path.to_owned(),
            cause: Box::new(cause),
        })?;
        let mut names = BTreeSet::new();
        for case in &file.cases {
            if !names.insert(case.name.as_str()) {
                let name = case.name.clone();
                return Err(CasesError::NameTwice { path: path.to_owned(), name });
            }
        }
        Ok(file)
    }

    /// Adds a case at the end of a file. What people wrote into it stays as it is.
    ///
    /// # Errors
    ///
    /// See [`CasesError`].
    pub fn add(path: &Path, case: Case) -> Result<(), CasesError> {
        let there = Self::read(path)?;
        if there.cases.iter().any(|other| other.name == case.name) {
            return Err(CasesError::NameTwice { path: path.to_owned(), name: case.name });
        }
        let failed = |cause| CasesError::File { path: path.to_owned(), cause };
        let text = toml::to_string(&Self { cases: vec![case] })
            .map_err(|e| failed(io::Error::other(e)))?;
        let mut file =
            fs::OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
        let gap = if there.cases.is_empty() { "" } else { "\n" };
        file.write_all(format!("{gap}{text}").as_bytes()).map_err(failed)
    }
}

impl Case {
    /// Asks, and retrieves what is to be retrieved. What is otherwise than expected, in words.
    pub async fn run(&self, trial: &Trial, record: &Record) -> Vec<String> {
        let report = match trial.find(&self.ask).await {
            Ok(report) => report,
            Err(problems) => return problems.iter().map(ToString::to_string).collect(),
        };
        let what = format!("case {:?}", self.name);
        record.add_or_warn(&what, &report);
        let mut differences = self.expect.differences(&report);
        for name in &self.expect.retrieve {
            let Some(one) = report.credentials().iter().find(|one| one.name == *name) else {
                differences.push(format!("{name} is not there to be retrieved"));
                continue;
            };
            match trial.retrieve(&self.ask, &one.id, &one.name).await {
                Ok(told) => {
                    record.add_or_warn(&what, &told);
                    if !told.is_good() {
                        differences.push(told.to_string());
                    }
                }
                Err(problems) => differences.extend(problems.iter().map(ToString::to_string)),
            }
        }
        differences
    }
}

impl Expected {
    /// What a report would have to be equal to.
    #[must_use]
    pub fn of(report: &TrialReport) -> Self {
        let (credentials, empty, refused) = match &report.outcome {
            Outcome::Found { credentials, empty_reason, .. } => {
                let names = credentials.iter().map(|one| one.name.clone()).collect();
                (Some(names), *empty_reason, None)
            }
            Outcome::Refused(refused) => (None, None, Some(refused.kind.to_owned())),
        };
        let vault_user = report.vault_user.clone();
        Self { vault_user, credentials, empty, refused, retrieve: BTreeSet::new() }
    }

    /// What is otherwise than expected, in words.
    #[must_use]
    pub fn differences(&self, report: &TrialReport) -> Vec<String> {
        let found = Self::of(report);
        let mut told = Vec::new();
        let none = "none".to_owned();
        if self.vault_user.is_some() && self.vault_user != found.vault_user {
            told.push(format!(
                "vault user: expected {}, got {}",
                self.vault_user.as_ref().unwrap_or(&none),
                found.vault_user.as_ref().unwrap_or(&none)
            ));
        }
        if let Some(expected) = &self.credentials {
            let got = found.credentials.unwrap_or_default();
            told.extend(expected.difference(&got).map(|name| format!("missing: {name}")));
            told.extend(got.difference(expected).map(|name| format!("not expected: {name}")));
        }
        let empty = |reason: Option<EmptyReason>| {
            reason.and_then(|reason| serde_json::to_value(reason).ok()?.as_str().map(str::to_owned))
        };
        for (what, expected, got) in [
            ("reason of an empty list", empty(self.empty), empty(found.empty)),
            ("error", self.refused.clone(), found.refused.clone()),
        ] {
            if expected.is_some() && expected != got {
                told.push(format!(
                    "{what}: expected {}, got {}",
                    expected.as_ref().unwrap_or(&none),
                    got.as_ref().unwrap_or(&none)
                ));
            }
        }
        if self.refused.is_none()
            && let Some(kind) = found.refused
        {
            told.push(format!("it was refused: {kind}"));
        }
        told
    }
}
