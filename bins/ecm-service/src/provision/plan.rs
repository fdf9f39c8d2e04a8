//! The difference between what is wanted and what is there.

use std::fmt;

use ps_client::model::AccessLevel;
use serde::Serialize;

use super::{Seen, SeenAccount, SeenPolicy, Wanted};

/// What is to be done, in the order in which it can be done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// What can be done by the vault's API.
    pub steps: Vec<Step>,
    /// What an administrator has to do in the vault's console, because its API cannot.
    pub by_hand: Vec<ByHand>,
    /// What is as it is wanted.
    pub same: Vec<String>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// A registration that lets in by key, from these addresses.
    CreateRegistration {
        /// Its name.
        name: String,
        /// Where calls may come from.
        addresses: Vec<String>,
    },
    /// More addresses for a registration, which is in use from then on.
    OpenRegistration {
        /// Its name.
        name: String,
        /// Addresses that it did not have.
        addresses: Vec<String>,
        /// Whether it was switched off.
        activates: bool,
    },
    /// The registration's key is written to its file.
    FetchKey {
        /// The registration's name.
        registration: String,
    },
    /// A group whose members may use the registration.
    CreateGroup {
        /// Its name.
        name: String,
        /// The registration's name.
        registration: String,
    },
    /// A user becomes a member.
    AddUser {
        /// The group's name.
        group: String,
        /// The user's.
        user: String,
    },
    /// A Quick Rule with these accounts.
    CreateQuickRule {
        /// Its title.
        title: String,
        /// The accounts.
        accounts: Vec<String>,
    },
    /// One more account in a Quick Rule.
    AddToQuickRule {
        /// Its title.
        title: String,
        /// The account.
        account: String,
    },
    /// The group may see a rule.
    OpenRule {
        /// The group's name.
        group: String,
        /// The rule's title.
        rule: String,
    },
    /// The group's members may ask for the rule's accounts.
    GiveRole {
        /// The group's name.
        group: String,
        /// The rule's title.
        rule: String,
        /// The name of the access policy that goes with it.
        policy: String,
        /// Whether it takes the place of another policy.
        replaces: bool,
    },
    /// The API shows an account to requestors.
    EnableAccount {
        /// The account's name.
        account: String,
        /// Its number.
        id: i64,
    },
}

/// Something that the vault's API cannot do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ByHand {
    /// What is missing.
    pub what: String,
    /// Where to do it.
    pub place: String,
}

impl Plan {
    /// Whether all is as it is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.by_hand.is_empty()
    }
}

/// What has to be done so that a vault that has what is `seen` has what is `wanted`.
#[must_use]
pub fn plan(wanted: &Wanted, seen: &Seen) -> Plan {
    let mut plan = Plan::default();
    registration(wanted, seen, &mut plan);
    policy(wanted, seen.policy.as_ref(), &mut plan);
    group(wanted, seen, &mut plan);
    accounts(wanted, seen, &mut plan);
    for title in wanted.rules() {
        rule(wanted, seen, title, &mut plan);
    }
    plan
}

fn registration(wanted: &Wanted, seen: &Seen, plan: &mut Plan) {
    let name = wanted.registration.name.clone();
    let addresses = &wanted.registration.addresses;
    let Some(door) = seen.registration.as_ref() else {
        let registration = name.clone();
        plan.steps.push(Step::CreateRegistration { name, addresses: addresses.clone() });
        plan.steps.push(Step::FetchKey { registration });
        return;
    };
    if !door.is_by_key {
        return plan.by_hand(
            format!("the API registration `{name}` is for OAuth, not for an API key"),
            "give this one another name in the file",
        );
    }
    let missing: Vec<String> =
        addresses.iter().filter(|address| !door.addresses.contains(address)).cloned().collect();
    let fetch = Step::FetchKey { registration: name.clone() };
    if missing.is_empty() && door.is_active {
        plan.same(format!("API registration `{name}`"));
    } else {
        let activates = !door.is_active;
        plan.steps.push(Step::OpenRegistration { name, addresses: missing, activates });
    }
    if !seen.has_key {
        plan.steps.push(fetch);
    }
}

fn policy(wanted: &Wanted, seen: Option<&SeenPolicy>, plan: &mut Plan) {
    const PLACE: &str = "Configuration > Privileged Access Management Policies > Access Policies";
    let name = &wanted.access_policy;
    match seen {
        None => plan.by_hand(
            format!(
                "an access policy `{name}`: all day, View allowed, approved without an approver"
            ),
            PLACE,
        ),
        Some(policy) if !policy.allows_view => {
            plan.by_hand(format!("the access policy `{name}` allows no View"), PLACE);
        }
        Some(policy) if !policy.approves_at_once => plan.same(format!(
            "access policy `{name}`; it wants approval, so the service needs an `approver`, or \
             `approval = \"wait\"`"
        )),
        Some(_) => plan.same(format!("access policy `{name}`, approved at once")),
    }
}

fn group(wanted: &Wanted, seen: &Seen, plan: &mut Plan) {
    const PLACE: &str = "Configuration > User Management > the group > API Registrations";
    let (name, registration) = (&wanted.group.name, &wanted.registration.name);
    let there = seen.group.as_ref();
    match there {
        None => plan
            .steps
            .push(Step::CreateGroup { name: name.clone(), registration: registration.clone() }),
        Some(group) if !group.is_active => {
            plan.by_hand(format!("the user group `{name}` is not in use: activate it"), PLACE);
        }
        Some(group) => {
            let door = seen.registration.as_ref().map(|door| door.id);
            if door.is_some_and(|door| group.registrations.contains(&door)) {
                plan.same(format!("user group `{name}`"));
            } else {
                let what = format!("the user group `{name}` may not use `{registration}`");
                plan.by_hand(what, PLACE);
            }
        }
    }
    for user in &wanted.group.users {
        let Some(id) = seen.users.get(user) else {
            plan.by_hand(
                format!("a vault user `{user}`: there is none, or more than one"),
                "Configuration > User Management > Users, or correct the name",
            );
            continue;
        };
        if there.is_some_and(|group| group.members.contains(id)) {
            plan.same(format!("`{user}` in `{name}`"));
        } else {
            plan.steps.push(Step::AddUser { group: name.clone(), user: user.clone() });
        }
    }
}

fn accounts(wanted: &Wanted, seen: &Seen, plan: &mut Plan) {
    for name in wanted.accounts.names.iter().filter(|name| !seen.accounts.contains_key(*name)) {
        plan.by_hand(
            format!("a managed account `{name}`: there is none, or its system is there twice"),
            "Managed Systems, or correct the name",
        );
    }
    if let Some(title) = &wanted.accounts.quick_rule
        && !seen.accounts.is_empty()
    {
        match seen.rules.get(title) {
            None => {
                let accounts = seen.accounts.keys().cloned().collect();
                plan.steps.push(Step::CreateQuickRule { title: title.clone(), accounts });
            }
            Some(rule) => {
                let is_in =
                    |account: &SeenAccount| rule.accounts.iter().any(|one| one.id == account.id);
                for (name, _) in seen.accounts.iter().filter(|(_, account)| !is_in(account)) {
                    let (title, account) = (title.clone(), name.clone());
                    plan.steps.push(Step::AddToQuickRule { title, account });
                }
            }
        }
    }
    let of_rules = wanted.accounts.smart_rules.iter().filter_map(|title| seen.rules.get(title));
    let mut enabled = Vec::new();
    for account in seen.accounts.values().chain(of_rules.flat_map(|rule| &rule.accounts)) {
        if enabled.contains(&account.id) {
            continue;
        }
        enabled.push(account.id);
        match account.is_api_enabled {
            true => plan.same(format!("account `{}` is API-enabled", account.name)),
            false => plan.steps.push(Step::EnableAccount {
                account: account.name.clone(),
                id: account.id.number(),
            }),
        }
    }
}

fn rule(wanted: &Wanted, seen: &Seen, title: &str, plan: &mut Plan) {
    let group = wanted.group.name.clone();
    let is_quick = wanted.accounts.quick_rule.as_deref() == Some(title);
    let there = seen.rules.get(title);
    if there.is_none() && (!is_quick || seen.accounts.is_empty()) {
        return plan.by_hand(
            format!("a Smart Rule `{title}` that collects managed accounts"),
            "Configuration > Smart Rules, or correct the title",
        );
    }
    if there.is_none_or(|rule| rule.level == AccessLevel::None) {
        plan.steps.push(Step::OpenRule { group: group.clone(), rule: title.to_owned() });
    }
    let Some(policy) = &seen.policy else { return };
    let has_role = there.is_some_and(|rule| {
        seen.requestor.is_some_and(|role| rule.roles.contains(&role))
            && rule.policy == Some(policy.id)
    });
    if has_role {
        return plan.same(format!("`{group}` may ask for the accounts of `{title}`"));
    }
    let replaces = there.is_some_and(|rule| rule.policy.is_some_and(|other| other != policy.id));
    let policy = wanted.access_policy.clone();
    plan.steps.push(Step::GiveRole { group, rule: title.to_owned(), policy, replaces });
}

impl Plan {
    fn same(&mut self, what: String) {
        self.same.push(what);
    }

    fn by_hand(&mut self, what: String, place: &str) {
        self.by_hand.push(ByHand { what, place: place.to_owned() });
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateRegistration { name, addresses } => {
                write!(f, "+ API registration `{name}`, from {}", addresses.join(", "))
            }
            Self::OpenRegistration { name, addresses, activates } => {
                write!(f, "~ API registration `{name}`")?;
                if *activates {
                    f.write_str(" is switched on")?;
                }
                match addresses.is_empty() {
                    true => Ok(()),
                    false => write!(f, " also from {}", addresses.join(", ")),
                }
            }
            Self::FetchKey { registration } => {
                write!(f, "+ key of `{registration}` in its file")
            }
            Self::CreateGroup { name, registration } => {
                write!(f, "+ user group `{name}`, whose members may use `{registration}`")
            }
            Self::AddUser { group, user } => write!(f, "+ `{user}` in `{group}`"),
            Self::CreateQuickRule { title, accounts } => {
                write!(f, "+ Quick Rule `{title}` with {}", accounts.join(", "))
            }
            Self::AddToQuickRule { title, account } => {
                write!(f, "+ `{account}` in the Quick Rule `{title}`")
            }
            Self::OpenRule { group, rule } => write!(f, "+ `{group}` may see the rule `{rule}`"),
            Self::GiveRole { group, rule, policy, replaces } => {
                let sign = if *replaces { '~' } else { '+' };
                write!(
                    f,
                    "{sign} `{group}` may ask for the accounts of `{rule}`, under `{policy}`"
                )?;
                if *replaces { f.write_str(" instead of another policy") } else { Ok(()) }
            }
            Self::EnableAccount { account, .. } => write!(f, "~ account `{account}` API-enabled"),
        }
    }
}

/// A line each, as in a diff: `+` is made, `~` is changed, `!` is to be done by hand, and what is
/// as it should be is indented.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for what in &self.same {
            writeln!(f, "  {what}")?;
        }
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        for ByHand { what, place } in &self.by_hand {
            writeln!(f, "! by hand: {what}\n    at: {place}")?;
        }
        let (steps, by_hand) = (self.steps.len(), self.by_hand.len());
        writeln!(f, "{steps} changes, {by_hand} to do by hand")
    }
}

#[cfg(test)]
mod tests {
    use ps_client::model::{AccessPolicyId, AccountId, RegistrationId, RoleId, SmartRuleId};
    use ps_client::model::{UserGroupId, UserId};

    use super::*;
    use crate::provision::{SeenDoor, SeenGroup, SeenRule};

    fn wanted() -> Wanted {
        toml::from_str(
            r#"
            access-policy = "Auto"
            [sign-in]
            run-as = "vera"
            [registration]
            name = "K"
            addresses = ["10.0.0.5", "10.0.0.6"]
            key-file = "key"
            [group]
            name = "G"
            users = ["joe"]
            [accounts]
            smart-rules = ["Desk"]
            "#,
        )
        .unwrap()
    }

    /// A vault that has everything.
    fn complete() -> Seen {
        let account = SeenAccount {
            id: AccountId::new(7),
            name: r"App01\desk".to_owned(),
            is_api_enabled: true,
        };
        let rule = SeenRule {
            id: SmartRuleId::new(3),
            accounts: vec![account],
            level: AccessLevel::Read,
            roles: vec![RoleId::new(2)],
            policy: Some(AccessPolicyId::new(5)),
        };
        Seen {
            registration: Some(SeenDoor {
                id: RegistrationId::new(1),
                is_active: true,
                is_by_key: true,
                addresses: vec!["10.0.0.6".into(), "10.0.0.5".into(), "10.9.9.9".into()],
            }),
            policy: Some(SeenPolicy {
                id: AccessPolicyId::new(5),
                allows_view: true,
                approves_at_once: true,
            }),
            group: Some(SeenGroup {
                id: UserGroupId::new(4),
                is_active: true,
                registrations: vec![RegistrationId::new(1)],
                members: vec![UserId::new(9), UserId::new(8)],
            }),
            users: [("joe".to_owned(), UserId::new(9))].into(),
            rules: [("Desk".to_owned(), rule)].into(),
            accounts: Default::default(),
            requestor: Some(RoleId::new(2)),
            has_key: true,
        }
    }

    #[test]
    fn a_vault_that_has_everything_is_left_alone() {
        let plan = plan(&wanted(), &complete());
        assert!(plan.is_empty(), "{plan}");
        assert_eq!(plan.same.len(), 6, "{plan}");
    }

    #[test]
    fn each_thing_that_is_missing_is_one_line() {
        type Lack = fn(&mut Seen);
        let table: [(Lack, &[&str]); 10] = [
            (
                |seen| seen.registration.as_mut().unwrap().addresses.truncate(1),
                &["~ API registration `K` also from 10.0.0.5"],
            ),
            (
                |seen| seen.registration.as_mut().unwrap().is_active = false,
                &["~ API registration `K` is switched on"],
            ),
            (
                |seen| seen.registration.as_mut().unwrap().is_by_key = false,
                &["! by hand: the API registration `K` is for OAuth, not for an API key"],
            ),
            (
                |seen| seen.policy = None,
                &[
                    "! by hand: an access policy `Auto`: all day, View allowed, approved without an approver",
                ],
            ),
            (
                |seen| seen.policy.as_mut().unwrap().allows_view = false,
                &["! by hand: the access policy `Auto` allows no View"],
            ),
            (
                |seen| seen.group.as_mut().unwrap().registrations.clear(),
                &["! by hand: the user group `G` may not use `K`"],
            ),
            (|seen| seen.group.as_mut().unwrap().members.truncate(0), &["+ `joe` in `G`"]),
            (
                |seen| seen.users.clear(),
                &["! by hand: a vault user `joe`: there is none, or more than one"],
            ),
            (
                |seen| seen.rules.clear(),
                &["! by hand: a Smart Rule `Desk` that collects managed accounts"],
            ),
            (
                |seen| {
                    let rule = seen.rules.get_mut("Desk").unwrap();
                    rule.accounts[0].is_api_enabled = false;
                    rule.level = AccessLevel::None;
                    rule.policy = None;
                },
                &[
                    r"~ account `App01\desk` API-enabled",
                    "+ `G` may see the rule `Desk`",
                    "+ `G` may ask for the accounts of `Desk`, under `Auto`",
                ],
            ),
        ];
        for (lack, expected) in table {
            let mut seen = complete();
            lack(&mut seen);
            let text = plan(&wanted(), &seen).to_string();
            let changes = text.lines().filter(|line| line.starts_with(['+', '~', '!']));
            assert_eq!(changes.collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn an_empty_vault_gets_everything_in_an_order_that_works() {
        let plan = plan(&wanted(), &Seen::default());
        let names: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(names[0].starts_with("+ API registration") && names[1].starts_with("+ key of"));
        assert!(names[2].starts_with("+ user group"));
        assert_eq!(plan.by_hand.len(), 3, "{plan}");
    }
}
