//! Who has which entry: a book in memory, with time as an argument.

use std::collections::BTreeMap;

use ecm_core::source::{GivenBack, OpenLoan};
use jiff::{SignedDuration, Timestamp};
use user_mapping::is_same;

/// Most requests open at once.
const OPEN: usize = 10_000;

/// The open requests of one file.
#[derive(Debug, Default)]
pub struct Loans(BTreeMap<String, Loan>);

/// One open request.
#[derive(Debug, Clone)]
struct Loan {
    entry: String,
    vault_user: String,
    reason: String,
    until: Timestamp,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Which entry.
    pub entry: &'a str,
    /// Whether one user at a time may have it.
    pub is_exclusive: bool,
    /// Who.
    pub vault_user: &'a str,
    /// For how long.
    pub minutes: u32,
    /// Why; holds the marker.
    pub reason: &'a str,
    /// Whether an open request of the same user is ended rather than joined.
    pub renew: bool,
}

/// Why nothing was lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotLent {
    /// Somebody else has an exclusive entry.
    InUse,
    /// Too many requests are open.
    TooMany,
}

impl Loans {
    /// Opens a request under `number`, which nobody can guess and none has had, or joins one.
    ///
    /// # Errors
    ///
    /// [`NotLent`].
    pub fn open(
        &mut self,
        now: Timestamp,
        number: String,
        wanted: &Wanted<'_>,
    ) -> Result<OpenLoan, NotLent> {
        self.0.retain(|_, loan| loan.until > now);
        let mine = self.0.iter().find(|(_, loan)| {
            loan.entry == wanted.entry && is_same(&loan.vault_user, wanted.vault_user)
        });
        if let Some((joined, loan)) = mine {
            if !wanted.renew {
                return Ok(loan.told(joined, true));
            }
            let joined = joined.clone();
            self.0.remove(&joined);
        }
        if wanted.is_exclusive && self.0.values().any(|loan| loan.entry == wanted.entry) {
            return Err(NotLent::InUse);
        }
        if self.0.len() >= OPEN {
            return Err(NotLent::TooMany);
        }
        let loan = Loan {
            entry: wanted.entry.to_owned(),
            vault_user: wanted.vault_user.to_owned(),
            reason: wanted.reason.to_owned(),
            until: now + SignedDuration::from_mins(i64::from(wanted.minutes)),
        };
        let told = loan.told(&number, false);
        self.0.insert(number, loan);
        Ok(told)
    }

    /// The open request of this user whose reason holds `marker`.
    #[must_use]
    pub fn look_up(&self, now: Timestamp, vault_user: &str, marker: &str) -> Option<OpenLoan> {
        let found = self.0.iter().find(|(_, loan)| {
            loan.until > now
                && is_same(&loan.vault_user, vault_user)
                && loan.reason.contains(marker)
        });
        found.map(|(number, loan)| loan.told(number, true))
    }

    /// Whether this user has this request open for this entry.
    #[must_use]
    pub fn is_open(&self, now: Timestamp, number: &str, vault_user: &str, entry: &str) -> bool {
        self.0.get(number).is_some_and(|loan| {
            loan.until > now && loan.entry == entry && is_same(&loan.vault_user, vault_user)
        })
    }

    /// Ends a request. One that is not there is over.
    pub fn give_back(&mut self, number: &str, vault_user: &str) -> GivenBack {
        let is_theirs =
            self.0.get(number).is_some_and(|loan| is_same(&loan.vault_user, vault_user));
        if is_theirs && self.0.remove(number).is_some() {
            GivenBack::CheckedIn
        } else {
            GivenBack::AlreadyIn
        }
    }
}

impl Loan {
    fn told(&self, number: &str, reused: bool) -> OpenLoan {
        OpenLoan {
            request: number.to_owned(),
            reused,
            expires_at: Some(self.until),
            reason: Some(self.reason.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted<'a>(vault_user: &'a str, is_exclusive: bool) -> Wanted<'a> {
        Wanted {
            entry: "root",
            is_exclusive,
            vault_user,
            minutes: 10,
            reason: "why lease 1",
            renew: false,
        }
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    #[test]
    fn an_exclusive_entry_has_one_user_until_it_is_back_or_its_time_is_over() {
        let mut loans = Loans::default();
        let ann = loans.open(at(0), "1".to_owned(), &wanted("ann", true)).unwrap();
        assert!(!ann.reused);
        assert_eq!(ann.expires_at, Some(at(10)));
        let refused = loans.open(at(1), "2".to_owned(), &wanted("joe", true));
        assert_eq!(refused, Err(NotLent::InUse));
        assert!(loans.open(at(1), "2".to_owned(), &wanted("ANN", true)).unwrap().reused);
        assert_eq!(loans.give_back("1", "joe"), GivenBack::AlreadyIn, "not his");
        assert_eq!(loans.give_back("1", "ann"), GivenBack::CheckedIn);
        assert_eq!(loans.give_back("1", "ann"), GivenBack::AlreadyIn);
        assert!(loans.open(at(2), "3".to_owned(), &wanted("joe", true)).is_ok());
        assert!(loans.open(at(12), "4".to_owned(), &wanted("ann", true)).is_ok(), "over");
    }

    #[test]
    fn a_shared_entry_has_many_users_each_with_a_request() {
        let mut loans = Loans::default();
        for (number, user) in [("1", "ann"), ("2", "joe")] {
            assert!(!loans.open(at(0), number.to_owned(), &wanted(user, false)).unwrap().reused);
        }
        assert!(loans.is_open(at(1), "2", "JOE", "root"));
        assert!(!loans.is_open(at(1), "2", "ann", "root"), "not hers");
        assert!(!loans.is_open(at(1), "2", "joe", "other"), "another entry");
        assert!(!loans.is_open(at(10), "2", "joe", "root"), "over");
        assert_eq!(loans.look_up(at(1), "joe", "lease 1").unwrap().request, "2");
        assert_eq!(loans.look_up(at(1), "joe", "lease 2"), None);
    }

    #[test]
    fn renewing_ends_the_old_request() {
        let mut loans = Loans::default();
        loans.open(at(0), "1".to_owned(), &wanted("ann", true)).unwrap();
        let renewed =
            loans.open(at(5), "2".to_owned(), &Wanted { renew: true, ..wanted("ann", true) });
        let renewed = renewed.unwrap();
        assert_eq!((renewed.request.as_str(), renewed.expires_at), ("2", Some(at(15))));
        assert!(!loans.is_open(at(6), "1", "ann", "root"));
    }
}
