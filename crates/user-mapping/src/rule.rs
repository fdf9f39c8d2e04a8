//! Rules, and whether one covers a person.

mod check;

pub(crate) use check::check_rules;

use crate::dn::Dn;
use crate::domains::DomainIndex;
use crate::pattern::Pattern;
use crate::reconcile::Principal;
use crate::template::Template;
use crate::trace::{Condition, Evidence, Form, RuleTried, Tried};
use crate::{Folded, StatedUser, fold};

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
    /// `None` takes users of any security provider.
    providers: Option<Vec<Folded>>,
    /// `None` takes users whatever groups they are in.
    groups: Option<Vec<String>>,
    users: Users,
    /// Whether all users of this rule stand for one and the same vault user.
    is_shared: bool,
    /// INVARIANT: never empty.
    templates: Vec<Template>,
    /// The domain that the vault users belong to.
    target: DomainIndex,
    /// Whether the vault users are the vault's own, without a domain.
    own_users: bool,
}

/// Which users a rule takes.
#[derive(Debug, Clone)]
enum Users {
    All,
    Matching(Pattern),
    Named(Vec<Folded>),
}

impl Rule {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The templates of the spellings of the vault user.
    pub(crate) fn templates(&self) -> &[Template] {
        &self.templates
    }

    pub(crate) fn domain(&self) -> DomainIndex {
        self.domain
    }

    /// Whether it cannot be tried without the user's entry in the directory.
    pub(crate) fn needs_directory(&self) -> bool {
        let by_directory = |from: &Vec<Evidence>| from.contains(&Evidence::Directory);
        self.groups.is_some()
            || self.from.as_ref().is_some_and(by_directory)
            || self.templates.iter().any(|template| template.attributes().next().is_some())
    }

    pub(crate) fn target(&self) -> DomainIndex {
        self.target
    }

    pub(crate) fn is_for_own_users(&self) -> bool {
        self.own_users
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// Tries one condition after the other, up to the first that does not hold.
    pub(crate) fn try_on(&self, stated: &StatedUser<'_>, principal: &Principal<'_>) -> RuleTried {
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
            && self.providers.as_ref().is_none_or(|providers| {
                let provider = stated.provider.map(fold);
                let is_one = provider.is_some_and(|provider| providers.contains(&provider));
                holds(Condition::Provider, is_one)
            })
            && self.dn_under.as_ref().is_none_or(|base| {
                let is_under = principal.lies_within(base);
                holds(Condition::DnUnder, is_under)
            })
            && self.groups.as_ref().is_none_or(|groups| {
                let of_entry = principal.entry.as_ref().map(|entry| &entry.groups);
                let is_member = groups
                    .iter()
                    .any(|group| of_entry.is_some_and(|of_entry| of_entry.contains(group)));
                holds(Condition::Group, is_member)
            })
            && match &self.users {
                Users::All => true,
                Users::Named(users) => {
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
