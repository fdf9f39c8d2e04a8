//! Who the console user is for the vault: the rules in force, replaceable while in use.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use ecm_protocol::message::{Category, Problem, User};
use serde::Serialize;
use user_mapping::{Outcome, RuleSet, StatedUser};

use crate::explanation::Explanation;

/// Rules from console user to vault user. [`RuleSet`] is the one that is shipped.
pub trait MapUser: Send + Sync + 'static {
    /// Decides, and says why. Pure: the same user gets the same answer from the same rules.
    fn map_user(&self, user: &User) -> Mapped;
}

/// A decision and why.
#[derive(Debug, Clone)]
pub struct Mapped {
    /// The vault user's name as the vault takes it, or why there is none.
    pub vault_user: Result<String, Unmapped>,
    /// What decided, for the audit log: the name of a rule.
    pub decided_by: Option<String>,
    /// Why.
    pub trace: MappingTrace,
}

/// Why a console user is nobody for the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmapped {
    /// No rule fits.
    Nobody,
    /// More than one vault user could be meant.
    Ambiguous,
}

/// How a decision was reached.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MappingTrace {
    /// For people: one step per line.
    pub text: String,
    /// For programs.
    pub data: serde_json::Value,
}

impl fmt::Display for MappingTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.trim_end())
    }
}

impl MapUser for RuleSet {
    fn map_user(&self, user: &User) -> Mapped {
        let resolution = self.resolve(&StatedUser {
            username: &user.username,
            dn: user.dn.as_deref(),
            provider: user.provider.as_ref().and_then(|provider| provider.name.as_deref()),
        });
        let trace = MappingTrace {
            text: resolution.trace.to_string(),
            data: serde_json::to_value(&resolution.trace).unwrap_or_default(),
        };
        match resolution.outcome {
            Outcome::User(found) => Mapped {
                vault_user: Ok(found.runas().to_owned()),
                decided_by: Some(found.decided_by().to_string()),
                trace,
            },
            Outcome::Nobody(refusal) => Mapped {
                vault_user: Err(if refusal.is_ambiguous() {
                    Unmapped::Ambiguous
                } else {
                    Unmapped::Nobody
                }),
                decided_by: Some(refusal.code().to_owned()),
                trace,
            },
        }
    }
}

/// The rules in force. Questions under way keep the rules they began with.
pub(crate) struct Mapping(RwLock<Arc<dyn MapUser>>);

impl Mapping {
    pub(crate) fn new(rules: Arc<dyn MapUser>) -> Self {
        Self(RwLock::new(rules))
    }

    pub(crate) fn replace(&self, rules: Arc<dyn MapUser>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// The vault user, or what to tell the site; why goes into the explanation in either case.
    pub(crate) fn vault_user(
        &self,
        user: &User,
        explanation: &mut Explanation,
    ) -> Result<String, Problem> {
        let rules = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        let mapped = rules.map_user(user);
        explanation.mapping = Some(mapped.trace);
        explanation.decided_by = mapped.decided_by;
        mapped.vault_user.map_err(|unmapped| {
            let category = match unmapped {
                Unmapped::Nobody => Category::UserUnmapped,
                Unmapped::Ambiguous => Category::UserAmbiguous,
            };
            Problem::new(category)
                .with_advice("the operator finds the reason in the log and can add a mapping rule")
        })
    }
}
