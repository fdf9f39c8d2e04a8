//! Which spelling of a vault user the vaults know.

use std::time::Instant;

use ecm_protocol::message::{Category, Problem, User};
use futures_util::future::join_all;
use user_mapping::Probe;

use super::Broker;
use crate::explanation::Explanation;
use crate::lending::within;
use crate::mapping::Spellings;
use crate::problem;

impl Broker {
    /// The vault user behind a console user, in the spelling to be used; or what to tell the site.
    pub(super) async fn vault_user(
        &self,
        user: &User,
        until: Instant,
        explanation: &mut Explanation,
    ) -> Result<String, Problem> {
        let work = async {
            let spellings = self.mapping.vault_user(user, explanation).await?;
            self.choose(spellings, explanation).await
        };
        within(self.desk.clock.as_ref(), until, work)
            .await
            .unwrap_or_else(|| Err(Problem::new(Category::Deadline)))
    }

    /// Spellings are of one account. The next one is tried when every vault refuses the one
    /// before, and never when one cannot say.
    async fn choose(
        &self,
        Spellings { names, probe }: Spellings,
        explanation: &mut Explanation,
    ) -> Result<String, Problem> {
        let first = names.first().cloned().unwrap_or_default();
        if names.len() < 2 || probe == Probe::None {
            return Ok(first);
        }
        let mut known: Option<String> = None;
        for name in names {
            if !self.is_known(&name, explanation).await? {
                continue;
            }
            if let Some(other) = &known {
                explanation.note(format!("the vaults know both `{other}` and `{name}`"));
                return Err(Problem::new(Category::UserAmbiguous)
                    .with_advice("the operator finds both spellings in the log"));
            }
            known = Some(name);
            if probe == Probe::FirstKnown {
                break;
            }
        }
        // When all are refused, so is the service itself, or the user is unknown: the vault's own
        // answer to the first spelling tells.
        Ok(known.unwrap_or(first))
    }

    /// Whether any vault lets this user in.
    async fn is_known(&self, name: &str, explanation: &mut Explanation) -> Result<bool, Problem> {
        let asked = self.desk.vaults.values().map(|vault| vault.source.knows(name));
        let answers = join_all(asked).await;
        if answers.iter().any(|answer| matches!(answer, Ok(true))) {
            explanation.note(format!("a vault knows `{name}`"));
            return Ok(true);
        }
        for answer in answers {
            if let Err(error) = answer {
                explanation.note(format!("whether a vault knows `{name}` cannot be told: {error}"));
                return Err(problem::of_source(&error));
            }
        }
        explanation.note(format!("no vault knows `{name}`"));
        Ok(false)
    }
}
