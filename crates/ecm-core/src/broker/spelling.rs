//! Which spelling of a vault user the vaults know.

use std::sync::Arc;
use std::time::Instant;

use ecm_protocol::message::{Category, Problem, User};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use user_mapping::{Probe, Refusal};

use super::Broker;
use crate::explanation::Explanation;
use crate::lending::within;
use crate::mapping::{InForce, Spellings};
use crate::problem;

/// A vault user in the spelling to be used, and by which decision.
pub(super) struct Chosen {
    pub(super) name: String,
    spellings: Spellings,
    place: usize,
    in_force: Arc<InForce>,
}

impl Chosen {
    /// Notes that this person has this vault user. Only when a vault has shown that it knows the
    /// user: whoever comes first under a name that nobody knows must not shut others out.
    pub(super) fn claim(&self, explanation: &mut Explanation) -> Result<(), Problem> {
        self.settle(explanation, InForce::claim)
    }

    fn settle(
        &self,
        explanation: &mut Explanation,
        ask: fn(&InForce, &Spellings, usize) -> Result<(), String>,
    ) -> Result<(), Problem> {
        ask(&self.in_force, &self.spellings, self.place).map_err(|person| {
            explanation.decided_by = Some(Refusal::Collision.code().to_owned());
            explanation.note(format!("`{}` is the vault user of `{person}` already", self.name));
            Problem::new(Category::UserAmbiguous)
                .with_advice("the operator finds both persons in the log")
        })
    }
}

impl Broker {
    /// The vault user behind a console user, in the spelling to be used; or what to tell the site.
    pub(super) async fn vault_user(
        &self,
        user: &User,
        until: Instant,
        explanation: &mut Explanation,
    ) -> Result<Chosen, Problem> {
        let work = async {
            let (spellings, in_force) = self.mapping.vault_user(user, explanation).await?;
            let place = self.choose(&spellings, explanation).await?;
            let name = spellings.names.get(place).cloned().unwrap_or_default();
            let chosen = Chosen { name, spellings, place, in_force };
            chosen.settle(explanation, InForce::may_claim)?;
            Ok(chosen)
        };
        within(self.desk.clock.as_ref(), until, work)
            .await
            .unwrap_or_else(|| Err(Problem::new(Category::Deadline)))
    }

    /// The place of the spelling to be used. Spellings are of one account: the next one is tried when every vault refuses the one
    /// before, and never when one cannot say.
    async fn choose(
        &self,
        Spellings { names, probe, .. }: &Spellings,
        explanation: &mut Explanation,
    ) -> Result<usize, Problem> {
        const FIRST: usize = 0;
        if names.len() < 2 || *probe == Probe::None {
            return Ok(FIRST);
        }
        let mut known: Option<(usize, &str)> = None;
        for (place, name) in names.iter().enumerate() {
            if !self.is_known(name, explanation).await? {
                continue;
            }
            if let Some((_, other)) = known {
                explanation.note(format!("the vaults know both `{other}` and `{name}`"));
                return Err(Problem::new(Category::UserAmbiguous)
                    .with_advice("the operator finds both spellings in the log"));
            }
            known = Some((place, name));
            if *probe == Probe::FirstKnown {
                break;
            }
        }
        // When all are refused, so is the service itself, or the user is unknown: the vault's own
        // answer to the first spelling tells.
        Ok(known.map_or(FIRST, |(place, _)| place))
    }

    /// Whether any vault lets this user in.
    async fn is_known(&self, name: &str, explanation: &mut Explanation) -> Result<bool, Problem> {
        let asked = self.desk.vaults.values().map(|vault| vault.source.knows(name));
        let mut asked: FuturesUnordered<_> = asked.collect();
        let mut failed = None;
        // One yes is enough: a vault that hangs must not cost the time of those that do not.
        while let Some(answer) = asked.next().await {
            match answer {
                Ok(true) => {
                    explanation.note(format!("a vault knows `{name}`"));
                    return Ok(true);
                }
                Ok(false) => {}
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        if let Some(error) = failed {
            explanation.note(format!("whether a vault knows `{name}` cannot be told: {error}"));
            return Err(problem::of_source(&error));
        }
        explanation.note(format!("no vault knows `{name}`"));
        Ok(false)
    }
}
