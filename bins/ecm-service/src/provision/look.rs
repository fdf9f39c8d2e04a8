//! What a vault has of what is wanted.

use std::collections::BTreeMap;

use ps_client::endpoint::{
    access_policies, managed_accounts, quick_rules, registrations, roles, smart_rules, user_groups,
    users,
};
use ps_client::model::{
    AccessLevel, AccessPolicyId, AccountId, AllowedAccessType, ManagedAccount, ManagedSystemQuery,
    RegistrationId, RegistrationKind, RoleId, SmartRuleId, SystemId, UserGroupId, UserId,
};
use ps_client::transport::Transport;
use ps_client::{Error, ErrorKind, Session};

use super::Wanted;

/// Accounts of a rule that are read at a time.
const PAGE: u32 = 1000;

/// What a vault has. What is not there is `None`.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The registration of the wanted name.
    pub registration: Option<SeenDoor>,
    /// The access policy of the wanted name.
    pub policy: Option<SeenPolicy>,
    /// The group of the wanted name.
    pub group: Option<SeenGroup>,
    /// The wanted users by name as written, with what they are.
    pub users: BTreeMap<String, UserId>,
    /// The wanted rules by title.
    pub rules: BTreeMap<String, SeenRule>,
    /// The wanted single accounts by name as written.
    pub accounts: BTreeMap<String, SeenAccount>,
    /// The role that lets somebody ask for an account.
    pub requestor: Option<RoleId>,
    /// Whether the file for the registration's key holds something.
    pub has_key: bool,
}

/// An API registration.
#[derive(Debug, Clone)]
pub struct SeenDoor {
    /// Which.
    pub id: RegistrationId,
    /// Whether it is in use.
    pub is_active: bool,
    /// Whether it lets in by key rather than by OAuth.
    pub is_by_key: bool,
    /// Where calls may come from.
    pub addresses: Vec<String>,
}

/// An access policy.
#[derive(Debug, Clone)]
pub struct SeenPolicy {
    /// Which.
    pub id: AccessPolicyId,
    /// Whether a schedule of it lets a secret be seen.
    pub allows_view: bool,
    /// Whether one of those approves at once.
    pub approves_at_once: bool,
}

/// A group of users.
#[derive(Debug, Clone)]
pub struct SeenGroup {
    /// Which.
    pub id: UserGroupId,
    /// Whether it is in use.
    pub is_active: bool,
    /// The registrations that its members may use.
    pub registrations: Vec<RegistrationId>,
    /// Its members.
    pub members: Vec<UserId>,
}

/// A Smart Rule or Quick Rule.
#[derive(Debug, Clone)]
pub struct SeenRule {
    /// Which.
    pub id: SmartRuleId,
    /// Its accounts.
    pub accounts: Vec<SeenAccount>,
    /// How far the group may use it.
    pub level: AccessLevel,
    /// The roles that the group has on it.
    pub roles: Vec<RoleId>,
    /// The policy that goes with a role that asks.
    pub policy: Option<AccessPolicyId>,
}

/// A managed account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAccount {
    /// Which.
    pub id: AccountId,
    /// `system\account`, or the number of the system where its name is not known.
    pub name: String,
    /// Whether the API shows it to requestors.
    pub is_api_enabled: bool,
}

/// Why a vault cannot be looked at.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {cause}")]
pub struct LookError {
    /// What was asked for.
    pub what: String,
    /// Why.
    #[source]
    pub cause: Error,
}

/// Looks at everything that is wanted. Nothing is changed.
///
/// # Errors
///
/// [`LookError`]: mostly a permission that the administrator who is signed in lacks.
pub async fn look<T: Transport>(session: &Session<T>, wanted: &Wanted) -> Result<Seen, LookError> {
    let at = |what: &str| {
        let what = what.to_owned();
        move |cause| LookError { what, cause }
    };
    let doors = session.send(&registrations::ListRegistrations { version: None }).await;
    let doors = doors.map_err(at("the API registrations"))?;
    let registration = doors.into_iter().find(|door| same(&door.name, &wanted.registration.name));
    let policies = session.send(&access_policies::ListAccessPolicies {}).await;
    let policies = policies.map_err(at("the access policies"))?;
    let policy = policies.into_iter().find(|policy| same(&policy.name, &wanted.access_policy));
    let all_roles = session.send(&roles::ListRoles {}).await.map_err(at("the roles"))?;
    let requestor = all_roles
        .iter()
        .find(|role| role.name.as_deref().is_some_and(|name| same(name, "Requestor")));
    let group = group(session, &wanted.group.name).await.map_err(at("the user group"))?;
    let mut seen = Seen {
        registration: registration.map(|door| SeenDoor {
            id: door.registration,
            is_active: door.is_active,
            is_by_key: door.kind == Some(RegistrationKind::ApiKey),
            addresses: door.addresses.into_iter().filter_map(|rule| rule.value).collect(),
        }),
        policy: policy.map(|policy| {
            let view = policy.schedules.iter().flat_map(|schedule| &schedule.access_types);
            let view = view.filter(|access| access.access_type == AllowedAccessType::View);
            let approvers: Vec<u32> = view.map(|view| view.min_approvers.unwrap_or(0)).collect();
            SeenPolicy {
                id: policy.policy,
                allows_view: !approvers.is_empty(),
                approves_at_once: approvers.contains(&0),
            }
        }),
        requestor: requestor.map(|role| role.role),
        has_key: std::fs::metadata(&wanted.registration.key_file).is_ok_and(|file| file.len() > 0),
        group,
        ..Seen::default()
    };
    for name in &wanted.group.users {
        let asked = users::ListUsers { username: Some(name.clone()), include_inactive: None };
        let found = session.send(&asked).await.map_err(at(&format!("the user `{name}`")))?;
        // More than one of a name is nobody: which is meant would be a guess.
        // Nor is somebody whose name only holds the one that was asked for.
        let last = |text: &str| text.rsplit('\\').next().unwrap_or_default().to_lowercase();
        let found: Vec<_> = found
            .iter()
            .filter(|user| same(&user.name, name) || last(&user.name) == last(name))
            .collect();
        if let [user] = found.as_slice() {
            seen.users.insert(name.clone(), user.user);
        }
    }
    for name in &wanted.accounts.names {
        let found = account(session, name).await.map_err(at(&format!("the account `{name}`")))?;
        if let Some(account) = found {
            seen.accounts.insert(name.clone(), account);
        }
    }
    for title in wanted.rules() {
        let is_quick = wanted.accounts.quick_rule.as_ref() == Some(title);
        let found = rule(session, title, is_quick, seen.group.as_ref()).await;
        if let Some(rule) = found.map_err(at(&format!("the rule `{title}`")))? {
            seen.rules.insert(title.clone(), rule);
        }
    }
    Ok(seen)
}

pub(super) async fn group<T: Transport>(
    session: &Session<T>,
    name: &str,
) -> Result<Option<SeenGroup>, Error> {
    let find = user_groups::FindUserGroup { name: name.to_owned() };
    let Some(group) = found(session.send(&find).await)? else { return Ok(None) };
    let members = session.send(&users::ListUsersOfGroup { group: group.group }).await?;
    Ok(Some(SeenGroup {
        id: group.group,
        is_active: group.is_active,
        registrations: group.registrations,
        members: members.into_iter().map(|user| user.user).collect(),
    }))
}

async fn rule<T: Transport>(
    session: &Session<T>,
    title: &str,
    is_quick: bool,
    group: Option<&SeenGroup>,
) -> Result<Option<SeenRule>, Error> {
    let title = title.to_owned();
    let rule = match is_quick {
        true => found(session.send(&quick_rules::FindQuickRule { title }).await)?,
        false => found(session.send(&smart_rules::FindSmartRule { title }).await)?,
    };
    let Some(rule) = rule else { return Ok(None) };
    let id = rule.rule;
    let accounts = match is_quick {
        true => session.send(&quick_rules::ListAccountsOfQuickRule { rule: id }).await?,
        false => accounts_of(session, id).await?,
    };
    let mut seen = SeenRule {
        id,
        accounts: accounts.iter().map(|account| seen_account(account, None)).collect(),
        level: AccessLevel::None,
        roles: Vec::new(),
        policy: None,
    };
    if let Some(SeenGroup { id: group, .. }) = group {
        let group = *group;
        let asked = smart_rules::ListSmartRulesOfUserGroup { group, access_levels: None };
        let allowed = session.send(&asked).await?;
        let level = allowed.into_iter().find(|one| one.rule == id).and_then(|one| one.level);
        seen.level = level.unwrap_or(AccessLevel::None);
        let held = session.send(&user_groups::ListRolesOfGroup { group, rule: id }).await?;
        seen.policy = held.iter().find_map(|role| role.access_policy);
        seen.roles = held.into_iter().map(|role| role.role).collect();
    }
    Ok(Some(seen))
}

async fn accounts_of<T: Transport>(
    session: &Session<T>,
    rule: SmartRuleId,
) -> Result<Vec<ManagedAccount>, Error> {
    let mut all = Vec::new();
    loop {
        let offset = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let asked = smart_rules::ListAccountsOfSmartRule { rule, limit: PAGE, offset };
        let page = session.send(&asked).await?;
        let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

/// The account that `system\account` names; `None` if there is not exactly one such system.
async fn account<T: Transport>(
    session: &Session<T>,
    name: &str,
) -> Result<Option<SeenAccount>, Error> {
    let Some((system, account)) = name.split_once('\\') else { return Ok(None) };
    let Some(system) = system_named(session, system).await? else { return Ok(None) };
    let find = managed_accounts::FindAccountOfSystem { system, name: account.to_owned() };
    let account = found(session.send(&find).await)?;
    Ok(account.map(|account| seen_account(&account, Some(name))))
}

async fn system_named<T: Transport>(
    session: &Session<T>,
    name: &str,
) -> Result<Option<SystemId>, Error> {
    let query = ManagedSystemQuery { name: Some(name.to_owned()), ..ManagedSystemQuery::default() };
    let systems = found(session.managed_systems(&query).await)?.unwrap_or_default();
    let mut named = systems.into_iter().filter(|one| same(&one.name, name));
    let first = named.next();
    Ok(first.filter(|_| named.next().is_none()).map(|system| system.system))
}

fn seen_account(account: &ManagedAccount, name: Option<&str>) -> SeenAccount {
    let name = match name {
        Some(name) => name.to_owned(),
        None => format!("{} (of system {})", account.name, account.system),
    };
    SeenAccount { id: account.account, name, is_api_enabled: account.is_api_enabled }
}

/// 404 means that there is none.
fn found<A>(answer: Result<A, Error>) -> Result<Option<A>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
