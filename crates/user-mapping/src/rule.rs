//! Rules, and whether one covers a person.

mod check;

pub(crate) use check::check_rules;

use crate::Folded;
use crate::dn::Dn;
use crate::domains::DomainIndex;
use crate::pattern::Pattern;
use crate::reconcile::Principal;
use crate::template::Template;
use crate::trace::{Condition, Evidence, Form, RuleTried, Tried};

/// A checked `[[rule]]`.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// The first in the file is number 1.
    number: usize,
    name: String,
    forms: Vec<Form>,
    domain: DomainIndex,
    /// `None` takes a domain from anywhere.
    from: Option<Vec<Evidence>>,
    dn_under: Option<Dn<'static>>,
    users: Users,
    template: Template,
    /// The domain that the vault users belong to.
    target: DomainIndex,
}

/// Which users a rule takes.
#[derive(Debug, Clone)]
enum Users {
    All,
    Matching(Pattern),
    /// These stand for one and the same vault user.
    Sharing(Vec<Folded>),
}

impl Rule {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn template(&self) -> &Template {
        &self.template
    }

    pub(crate) fn target(&self) -> DomainIndex {
        self.target
    }

    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.users, Users::Sharing(_))
    }

    /// Tries one condition after the other, up to the first that does not hold.
    pub(crate) fn try_on(&self, principal: &Principal<'_>) -> RuleTried {
        let mut captures = Vec::new();
        let mut conditions = Vec::with_capacity(4);
        let mut holds = |condition, holds| {
            conditions.push(Tried { condition, holds });
            holds
        };
        let decides = holds(Condition::Form, self.forms.contains(&principal.form))
            && holds(Condition::Domain, principal.person.domain == Some(self.domain))
            && self.from.as_ref().is_none_or(|from| {
                let comes_from = principal.evidence.iter().any(|place| from.contains(place));
                holds(Condition::From, comes_from)
            })
            && self.dn_under.as_ref().is_none_or(|base| {
                let is_under = principal.dn.is_some_and(|dn| dn.is_within(base));
                holds(Condition::DnUnder, is_under)
            })
            && match &self.users {
                Users::All => true,
                Users::Sharing(users) => {
                    holds(Condition::Users, users.contains(&principal.person.user))
                }
                Users::Matching(pattern) => {
                    let parts = pattern.match_user(principal.person.user.as_str());
                    let matches = holds(Condition::User, parts.is_some());
                    captures = parts.unwrap_or_default();
                    matches
                }
            };
        RuleTried { number: self.number, name: self.name.clone(), conditions, captures, decides }
    }
}
