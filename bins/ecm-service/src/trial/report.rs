//! What a trial came to: names, ids and reasons, by construction without a secret.

use std::fmt;

use ecm_core::{Answered, Withheld};
use ecm_protocol::message::{
    CredentialSummary, EmptyReason, FindResult, Problem, RetrieveResult, SourceReport,
};
use serde::Serialize;

use super::TrialQuestion;

/// What a search came to, with everything that led there.
#[derive(Debug, Serialize)]
pub struct TrialReport {
    /// What was asked, as it was typed.
    pub question: TrialQuestion,
    /// What came of it.
    pub outcome: Outcome,
    /// The vault user, if the mapping gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vault_user: Option<String>,
    /// Each vault's part: status, time, what matched.
    pub sources: Vec<SourceReport>,
    /// Accounts of the endpoint that are not offered, and why.
    pub withheld: Vec<Withheld>,
    /// Vaults whose user may not read systems, so that nothing is known of such accounts.
    pub withheld_unknown: Vec<String>,
    /// The way to the answer.
    pub explanation: ecm_core::Explanation,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// What came of a search.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The credentials, perhaps none.
    Found {
        /// In the order in which a console shows them.
        credentials: Vec<Offered>,
        /// Why there is none. An empty list is a valid answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        empty_reason: Option<EmptyReason>,
        /// Whether every vault answered everything.
        complete: bool,
    },
    /// It was refused.
    Refused(Refused),
}

/// Why a search or a retrieval was refused.
#[derive(Debug, Clone, Serialize)]
pub struct Refused {
    /// The type of the error, such as `vault_auth`.
    pub kind: &'static str,
    /// What is known about this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl From<&Problem> for Refused {
    fn from(problem: &Problem) -> Self {
        Self {
            kind: problem.category.name(),
            detail: problem.detail.clone(),
            advice: problem.advice.clone(),
        }
    }
}

/// A credential on offer.
#[derive(Debug, Clone, Serialize)]
pub struct Offered {
    /// What a console shows.
    pub name: String,
    /// The id that the ECM gives it.
    pub id: String,
    /// `username_password`, `ssh_private_key`, …
    pub kind: String,
}

impl From<&CredentialSummary> for Offered {
    fn from(item: &CredentialSummary) -> Self {
        let kind = serde_json::to_value(item.kind).ok();
        let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
        Self { name: item.display.clone(), id: item.id.clone(), kind }
    }
}

/// What a retrieval came to. The secret was read, and is told to nobody.
#[derive(Debug, Serialize)]
pub struct RetrieveReport {
    /// What was retrieved.
    pub name: String,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// Whether the release request was given back.
    pub given_back: bool,
    /// The way to the answer.
    pub notes: Vec<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

impl RetrieveReport {
    pub(super) fn new(
        name: &str,
        answered: &Answered<RetrieveResult>,
        given_back: bool,
        elapsed_ms: u64,
    ) -> Self {
        Self {
            name: name.to_owned(),
            refused: answered.result.as_ref().err().map(Refused::from),
            given_back,
            notes: answered.explanation.notes.clone(),
            elapsed_ms,
        }
    }

    /// Whether the secret came and was given back.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.refused.is_none() && self.given_back
    }
}

impl TrialReport {
    pub(super) fn new(
        question: TrialQuestion,
        answered: Answered<FindResult>,
        withheld: (Vec<Withheld>, Vec<String>),
        elapsed_ms: u64,
    ) -> Self {
        let (withheld, withheld_unknown) = withheld;
        let (outcome, vault_user, sources) = match answered.result {
            Ok(found) => (
                Outcome::Found {
                    credentials: found.items.iter().map(Offered::from).collect(),
                    empty_reason: found.empty_reason,
                    complete: found.complete,
                },
                found.mapped_user,
                found.sources,
            ),
            Err(problem) => (Outcome::Refused(Refused::from(&problem)), None, Vec::new()),
        };
        let explanation = answered.explanation;
        Self {
            question,
            outcome,
            vault_user,
            sources,
            withheld,
            withheld_unknown,
            explanation,
            elapsed_ms,
        }
    }

    /// The credentials on offer.
    #[must_use]
    pub fn credentials(&self) -> &[Offered] {
        match &self.outcome {
            Outcome::Found { credentials, .. } => credentials,
            Outcome::Refused(_) => &[],
        }
    }
}

/// What an empty list means, for people.
#[must_use]
pub fn empty_meaning(reason: EmptyReason) -> &'static str {
    match reason {
        EmptyReason::NoSystem => "no system of the vault goes by any of these names or addresses",
        EmptyReason::NoAccount => "the system has no account for this vault user",
        EmptyReason::NotRequestable => {
            "the system has accounts, and this vault user may request none of them"
        }
        EmptyReason::PolicyHidAll => "a rule of this service hides all there are",
        EmptyReason::KindNotWanted => "there are accounts, none of a kind that was asked for",
        EmptyReason::UserUnmappedAllowed => "the user stands for nobody, which is allowed",
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)?;
        for text in [&self.detail, &self.advice].into_iter().flatten() {
            write!(f, "\n           {text}")?;
        }
        Ok(())
    }
}

impl fmt::Display for TrialReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.explanation)?;
        for source in &self.sources {
            let status = serde_json::to_value(source.status).unwrap_or_default();
            writeln!(
                f,
                "vault      {}: {}, {} ms, {} systems, {} seen, {} offered",
                source.vault,
                status.as_str().unwrap_or_default(),
                source.elapsed_ms,
                source.systems,
                source.seen,
                source.offered
            )?;
        }
        for Withheld { vault, system, account, why } in &self.withheld {
            let kind = serde_json::to_value(why).unwrap_or_default();
            let kind = kind.as_str().unwrap_or_default();
            writeln!(f, "withheld   {vault}: {system}\\{account}: {kind}: {}", why.advice())?;
        }
        for vault in &self.withheld_unknown {
            writeln!(
                f,
                "withheld   {vault}: this vault user may not read systems, so accounts that are \
                 not offered cannot be told"
            )?;
        }
        writeln!(f)?;
        match &self.outcome {
            Outcome::Refused(refused) => writeln!(f, "refused    {refused}"),
            Outcome::Found { credentials, empty_reason, complete } => {
                for (number, one) in credentials.iter().enumerate() {
                    writeln!(
                        f,
                        "{:>3}  {}  ({})\n     {}",
                        number + 1,
                        one.name,
                        one.kind,
                        one.id
                    )?;
                }
                if let Some(reason) = empty_reason {
                    writeln!(f, "no credentials: {}", empty_meaning(*reason))?;
                }
                if !complete {
                    writeln!(f, "not every vault answered in time")?;
                }
                writeln!(f, "{} credentials in {} ms", credentials.len(), self.elapsed_ms)
            }
        }
    }
}

impl fmt::Display for RetrieveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.refused {
            Some(refused) => write!(f, "retrieve   {}: refused: {refused}", self.name)?,
            None => {
                let back = if self.given_back { "given back" } else { "NOT given back yet" };
                write!(f, "retrieve   {}: success, {back}, {} ms", self.name, self.elapsed_ms)?;
            }
        }
        for note in &self.notes {
            write!(f, "\nnote       {note}")?;
        }
        Ok(())
    }
}
