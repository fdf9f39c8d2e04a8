//! Who stands for which vault user: remembered, so that a second person is noticed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::Owner;

/// How many vault users are remembered. The one that was met first is forgotten first.
const MOST: usize = 50_000;

/// Whose each vault account is, since the service began.
#[derive(Default)]
pub(super) struct Owners(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    by_account: HashMap<String, Claim>,
    /// INVARIANT: the keys of `by_account`, oldest first.
    order: VecDeque<String>,
}

struct Claim {
    person: String,
    directory_id: Option<String>,
    /// The rules by which it was made last.
    rules: u64,
}

impl Owners {
    /// Whose the account is already, if it is another person's.
    pub(super) fn may_claim(&self, account: &str, owner: &Owner, rules: u64) -> Result<(), String> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match memory.by_account.get(account) {
            Some(claim) => claim.allows(owner, rules).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Notes that the account is this person's; or says whose it is. A name that came back with
    /// another directory id is another person: somebody who left, and a successor. Other rules may
    /// give an account to another person, and that is for the operator to decide; a successor
    /// gets it by no rule while this memory lasts.
    pub(super) fn claim(&self, account: &str, owner: &Owner, rules: u64) -> Result<(), String> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claim) = memory.by_account.get_mut(account) {
            if claim.allows(owner, rules)? == Passing::On {
                *claim = Claim::of(owner, rules);
                return Ok(());
            }
            claim.rules = claim.rules.max(rules);
            if claim.directory_id.is_none() {
                claim.directory_id.clone_from(&owner.directory_id);
            }
            return Ok(());
        }
        if memory.order.len() >= MOST
            && let Some(oldest) = memory.order.pop_front()
        {
            memory.by_account.remove(&oldest);
        }
        memory.order.push_back(account.to_owned());
        memory.by_account.insert(account.to_owned(), Claim::of(owner, rules));
        Ok(())
    }
}

/// What a claim that may be made does to the one before.
#[derive(PartialEq, Eq)]
enum Passing {
    /// It is the same person's.
    Same,
    /// Other rules give the account to this person.
    On,
}

impl Claim {
    fn allows(&self, owner: &Owner, rules: u64) -> Result<Passing, String> {
        let is_other_entry = matches!((&self.directory_id, &owner.directory_id),
            (Some(known), Some(new)) if known != new);
        match self.person != owner.person {
            true if self.rules < rules => Ok(Passing::On),
            false if !is_other_entry => Ok(Passing::Same),
            _ => Err(self.person.clone()),
        }
    }

    fn of(owner: &Owner, rules: u64) -> Self {
        let (person, directory_id) = (owner.person.clone(), owner.directory_id.clone());
        Self { person, directory_id, rules }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(person: &str, directory_id: Option<&str>) -> Owner {
        Owner {
            person: person.to_owned(),
            directory_id: directory_id.map(str::to_owned),
            accounts: Vec::new(),
        }
    }

    #[test]
    fn an_account_belongs_to_the_first_person() {
        let owners = Owners::default();
        let joe = owner("acme\\joe", None);
        assert_eq!(owners.claim("a", &joe, 0), Ok(()));
        assert_eq!(owners.claim("a", &joe, 0), Ok(()));
        assert_eq!(owners.claim("a", &owner("beta\\joe", None), 0), Err("acme\\joe".into()));
        assert_eq!(owners.claim("b", &owner("beta\\joe", None), 0), Ok(()));
    }

    #[test]
    fn a_successor_of_the_same_name_is_another_person() {
        let owners = Owners::default();
        let name = "acme\\joe";
        for id in [None, Some("S-1-5-21-1"), None] {
            assert_eq!(owners.claim("a", &owner(name, id), 0), Ok(()), "{id:?}");
        }
        assert_eq!(owners.claim("a", &owner(name, Some("S-1-5-21-2")), 0), Err(name.into()));
    }

    #[test]
    fn other_rules_may_give_an_account_to_another_person_and_never_to_a_successor() {
        let owners = Owners::default();
        let (joe, pat) = (owner("acme\\joe", Some("S-1")), owner("acme\\pat", Some("S-2")));
        assert_eq!(owners.claim("a", &joe, 0), Ok(()));
        assert_eq!(owners.claim("a", &owner("acme\\joe", Some("S-3")), 1), Err("acme\\joe".into()));
        assert_eq!(owners.claim("a", &pat, 0), Err("acme\\joe".into()));
        assert_eq!(owners.claim("a", &pat, 1), Ok(()));
        // A question that began with the rules before.
        assert_eq!(owners.claim("a", &joe, 0), Err("acme\\pat".into()));
    }

    #[test]
    fn the_memory_does_not_grow_without_end() {
        let owners = Owners::default();
        for number in 0..MOST + 10 {
            assert_eq!(owners.claim(&number.to_string(), &owner("acme\\joe", None), 0), Ok(()));
        }
        let memory = owners.0.lock().unwrap();
        assert_eq!((memory.by_account.len(), memory.order.len()), (MOST, MOST));
        assert!(!memory.by_account.contains_key("9") && memory.by_account.contains_key("10"));
    }
}
