//! Who the console user is for the vault: the rules in force, replaceable while in use.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use ecm_protocol::message::{Category, Problem, User};
use serde::Serialize;

/// Rules from console user to vault user. A check of rules implements it; so does a test.
pub trait MapUser: Send + Sync + 'static {
    /// Decides, and says why. Pure: the same user gets the same answer from the same rules.
    fn map_user(&self, user: &User) -> Mapped;
}

/// A decision and why.
#[derive(Debug, Clone)]
pub struct Mapped {
    /// The vault user's name as the vault takes it, or why there is none.
    pub vault_user: Result<String, Unmapped>,
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

/// The rules in force. Questions under way keep the rules they began with.
pub(crate) struct Mapping(RwLock<Arc<dyn MapUser>>);

impl Mapping {
    pub(crate) fn new(rules: Arc<dyn MapUser>) -> Self {
        Self(RwLock::new(rules))
    }

    pub(crate) fn replace(&self, rules: Arc<dyn MapUser>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// The vault user, or what to tell the site; and the trace in either case.
    pub(crate) fn vault_user(&self, user: &User) -> (Result<String, Problem>, MappingTrace) {
        let rules = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        let mapped = rules.map_user(user);
        let vault_user = mapped.vault_user.map_err(|unmapped| {
            let category = match unmapped {
                Unmapped::Nobody => Category::UserUnmapped,
                Unmapped::Ambiguous => Category::UserAmbiguous,
            };
            Problem::new(category)
                .with_advice("the operator finds the reason in the log and can add a mapping rule")
        });
        (vault_user, mapped.trace)
    }
}
