//! Deny lists, allow lists and exceptions: tables of single persons.

use std::collections::HashMap;

use crate::account::{Account, BadAccount, VaultAccount};
use crate::domains::{DomainIndex, Domains};
use crate::findings::Findings;
use crate::letters::{self, letters_policy};
use crate::lookalike::{Collision, may_collide};
use crate::name::check_user;
use crate::{Characters, ExceptionTable, Folded, LocalAccounts, PolicyTable, fold};

/// One person: a user of a domain, or of the site itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Person {
    pub(crate) domain: Option<DomainIndex>,
    pub(crate) user: Folded,
}

/// The checked `[[deny]]` tables, or the checked `[[allow]]` tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct UserLists(Vec<UserList>);

#[derive(Debug, Clone)]
struct UserList {
    number: usize,
    users: Vec<Folded>,
    /// `None` means every domain and the site itself.
    domain: Option<DomainIndex>,
}

impl UserLists {
    /// The number of the table that names this person.
    pub(crate) fn find(&self, person: &Person) -> Option<usize> {
        let names_person = |list: &&UserList| {
            (list.domain.is_none() || list.domain == person.domain)
                && list.users.contains(&person.user)
        };
        self.0.iter().find(names_person).map(|list| list.number)
    }

    /// The first that names somebody this person could be taken for.
    pub(crate) fn resembling(&self, person: &Person) -> Option<Resemblance> {
        let of_domain = |list: &&UserList| list.domain.is_none() || list.domain == person.domain;
        self.0.iter().filter(of_domain).find_map(|list| {
            list.users.iter().find_map(|user| resembles(&person.user, user, list.number))
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Somebody in a table who could be taken for somebody else.
#[derive(Debug)]
pub(crate) struct Resemblance {
    number: usize,
    user: Folded,
    collision: Collision,
}

impl Resemblance {
    /// The words for a trace; `kind` is what the table is called.
    pub(crate) fn of(&self, kind: &str) -> String {
        let Self { number, user, collision } = self;
        format!("{kind} {number} names `{user}`, and the two could be one: {collision}")
    }
}

/// ASCII names are told apart by everybody, as far as a vault user can have them.
fn resembles(one: &Folded, other: &Folded, number: usize) -> Option<Resemblance> {
    let (left, right) = (one.as_str(), other.as_str());
    if left.is_ascii() && right.is_ascii() {
        return None;
    }
    let collision = may_collide(left, right)?;
    Some(Resemblance { number, user: other.clone(), collision })
}

/// The checked `[[exception]]` tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exceptions {
    by_person: HashMap<Person, Exception>,
    /// INVARIANT: no account stands for two persons.
    owners: HashMap<Account, Person>,
}

#[derive(Debug, Clone)]
pub(crate) struct Exception {
    pub(crate) number: usize,
    pub(crate) vault_account: VaultAccount,
    pub(crate) reason: Option<String>,
}

impl Exceptions {
    pub(crate) fn find(&self, person: &Person) -> Option<&Exception> {
        self.by_person.get(person)
    }

    /// The first, by its number, that names somebody this person could be taken for.
    pub(crate) fn resembling(&self, person: &Person) -> Option<Resemblance> {
        self.by_person
            .iter()
            .filter(|(other, _)| other.domain == person.domain)
            .filter_map(|(other, exception)| resembles(&person.user, &other.user, exception.number))
            .min_by_key(|resemblance| resemblance.number)
    }

    /// Whether an exception gave this account to somebody else.
    pub(crate) fn is_taken(&self, account: &Account, by_other_than: &Person) -> bool {
        self.owners.get(account).is_some_and(|owner| owner != by_other_than)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_person.is_empty()
    }
}

/// Checks the tables of one `kind`: users, and the id of their domain.
pub(crate) fn check_lists<'t>(
    kind: &str,
    tables: impl Iterator<Item = (&'t [String], Option<&'t str>)>,
    domains: &Domains,
    characters: Characters,
    findings: &mut Findings,
) -> UserLists {
    let mut lists = Vec::new();
    for (number, (users, domain)) in tables.enumerate() {
        let path = format!("{kind}[{number}]");
        let domain = match domain {
            None | Some("*") => None,
            Some(id) => match check_domain(&path, "domain", id, domains, findings) {
                Some(index) => Some(index),
                None => continue,
            },
        };
        if users.is_empty() {
            findings.problem(format!("{path}.user"), "nobody is named", "name users, or remove it");
        }
        for (place, user) in users.iter().enumerate() {
            check_user_key(&format!("{path}.user[{place}]"), user, characters, findings);
        }
        let users = users.iter().map(|user| fold(user)).collect();
        lists.push(UserList { number: number + 1, users, domain });
    }
    UserLists(lists)
}

pub(crate) fn check_exceptions(
    tables: &[ExceptionTable],
    domains: &Domains,
    policy: PolicyTable,
    denied: &UserLists,
    findings: &mut Findings,
) -> Exceptions {
    let mut exceptions = Exceptions::default();
    for (number, table) in tables.iter().enumerate() {
        let path = format!("exception[{number}]");
        let domain = match table.domain.as_deref() {
            Some(id) => match check_domain(&path, "domain", id, domains, findings) {
                Some(index) => Some(index),
                None => continue,
            },
            None => {
                check_local(&path, domains, policy.local_accounts, findings);
                None
            }
        };
        let target = match table.cross_domain.as_deref() {
            Some(id) => match check_domain(&path, "cross-domain", id, domains, findings) {
                Some(index) => Some(index),
                None => continue,
            },
            None => domain,
        };
        check_user_key(&format!("{path}.user"), &table.user, policy.characters, findings);
        let person = Person { domain, user: fold(&table.user) };
        if let Some(resemblance) = exceptions.resembling(&person) {
            findings.problem(
                format!("{path}.user"),
                resemblance.of("exception"),
                "give one of the two another logon name; whoever looks like the other is nobody",
            );
        }
        match VaultAccount::read(&table.runas, target, domains) {
            Err(problem) => {
                report_account(&format!("{path}.runas"), &table.runas, &problem, findings)
            }
            Ok(vault_account) => {
                let VaultAccount { runas, account } = &vault_account;
                if exceptions.is_taken(account, &person) {
                    findings.problem(
                        format!("{path}.runas"),
                        format!("`{runas}` stands for another person already"),
                        "give each person a vault user of their own, or write a `shared` rule",
                    );
                }
                exceptions.owners.entry(account.clone()).or_insert_with(|| person.clone());
                let exception =
                    Exception { number: number + 1, vault_account, reason: table.reason.clone() };
                if exceptions.by_person.contains_key(&person) {
                    let message = format!("`{}` has an exception already", table.user);
                    findings.problem(format!("{path}.user"), message, "keep one of them");
                } else {
                    exceptions.by_person.insert(person.clone(), exception);
                }
            }
        }
        if let Some(deny) = denied.find(&person) {
            findings.warning(
                format!("{path}.user"),
                format!("`{}` is denied by deny[{}]", table.user, deny - 1),
                "remove the exception, or the user from the deny list, which is looked at first",
            );
        }
    }
    exceptions
}

fn check_local(
    path: &str,
    domains: &Domains,
    local_accounts: LocalAccounts,
    findings: &mut Findings,
) {
    if local_accounts == LocalAccounts::Deny {
        findings.problem(
            format!("{path}.domain"),
            "an exception without a domain is for a user of the site itself, and those are denied",
            "name the domain, or set `local-accounts = \"exceptions\"` in [policy]",
        );
    } else if domains.default_domain().is_some() {
        findings.warning(
            format!("{path}.domain"),
            "no user of the site itself is ever seen, because bare names are in the default domain",
            "name the default domain here, or remove its `default = true`",
        );
    }
}

/// The domain of this id; a problem if there is none.
pub(crate) fn check_domain(
    path: &str,
    key: &str,
    id: &str,
    domains: &Domains,
    findings: &mut Findings,
) -> Option<DomainIndex> {
    let index = domains.find_by_id(id);
    if index.is_none() {
        findings.problem(
            format!("{path}.{key}"),
            format!("`{id}` is not the id of a [[domain]]; {}", domains.known_ids()),
            "correct the id, or add the domain",
        );
    }
    index
}

/// A user that no name can state would never be found.
pub(crate) fn check_user_key(
    path: &str,
    user: &str,
    characters: Characters,
    findings: &mut Findings,
) {
    if user.contains('@') {
        let message = format!("`{user}` names a domain too, so it would never be found");
        return findings.problem(
            path,
            message,
            "write the user without a domain, and `domain` for that",
        );
    }
    if user.ends_with('$') {
        let message = format!("`{user}` is a computer's name, and computers are never mapped");
        return findings.problem(path, message, "remove it");
    }
    let problem = match check_user(user, 0) {
        Err(error) => Some((error.to_string(), error.problem().advice())),
        Ok(()) if characters == Characters::Letters => {
            letters_policy(user).err().map(|problem| (problem.to_string(), letters::ADVICE))
        }
        Ok(()) if !user.chars().all(|c| c == ' ' || c.is_ascii_graphic()) => Some((
            "it is not printable ASCII".to_owned(),
            "only ASCII names are mapped, unless `characters = \"letters\"` is set in [policy]",
        )),
        Ok(()) => None,
    };
    if let Some((message, advice)) = problem {
        findings.problem(path, format!("`{user}` is no user name: {message}"), advice);
    }
}

pub(crate) fn report_account(
    path: &str,
    value: &str,
    problem: &BadAccount,
    findings: &mut Findings,
) {
    findings.problem(path, format!("`{value}` is no vault user: {problem}"), problem.advice());
}
