//! Why an account of the endpoint is not among those offered.

use ecm_protocol::message::{Find, FindResult};
use serde::Serialize;

use super::Broker;
use crate::explanation::Explanation;
use crate::lending::within;

/// An account that is there and was not offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Withheld {
    /// Which vault.
    pub vault: String,
    /// Name of the system.
    pub system: String,
    /// Name of the account.
    pub account: String,
    /// Why.
    pub why: WhyNot,
}

/// Why an account is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    /// The vault shows it through its API to nobody.
    NotApiEnabled,
    /// The vault user has no role, or no access policy, for it.
    NotRequestable,
}

impl WhyNot {
    /// What to do, for the vault's administrator.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::NotApiEnabled => {
                "enable the account for API access: by hand, or by a smart rule with \
                 \"Manage Account Settings\""
            }
            Self::NotRequestable => {
                "give a group of the vault user the requester role with an access policy on a \
                 smart rule that holds the account"
            }
        }
    }
}

impl Broker {
    /// The endpoint's accounts that a search did not offer, and why, vault by vault. A vault whose
    /// user may not read systems tells nothing; its name is in the second list.
    pub async fn why_not(&self, ask: &Find, found: &FindResult) -> (Vec<Withheld>, Vec<String>) {
        let Some(vault_user) = &found.mapped_user else { return Default::default() };
        let Ok(plans) = self.plans(ask, &mut Explanation::default()) else {
            return Default::default();
        };
        let clock = self.desk.clock.as_ref();
        let (until, _) =
            self.deadlines(clock.instant(), ask.meta.deadline_ms, self.settings.find_deadline);
        let (mut withheld, mut silent) = (Vec::new(), Vec::new());
        for (name, vault, plan) in plans {
            let asked = vault.source.defined(vault_user, &plan.keys);
            let Some(Some(defined)) = within(clock, until, asked).await else {
                silent.push(name.to_owned());
                continue;
            };
            let is_offered = |system: &str, account: &str| {
                found.items.iter().any(|item| {
                    let same = |one: &Option<String>, other: &str| {
                        one.as_deref().is_some_and(|one| one.eq_ignore_ascii_case(other))
                    };
                    same(&item.system, system) && same(&item.username, account)
                })
            };
            let left =
                defined.into_iter().filter(|one| !is_offered(&one.system_name, &one.account_name));
            withheld.extend(left.map(|one| Withheld {
                vault: name.to_owned(),
                system: one.system_name,
                account: one.account_name,
                why: match one.is_api_enabled {
                    true => WhyNot::NotRequestable,
                    false => WhyNot::NotApiEnabled,
                },
            }));
        }
        (withheld, silent)
    }
}
