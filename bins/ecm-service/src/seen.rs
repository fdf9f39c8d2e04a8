//! The console users seen last, as their names really came: the answer to "the console sends another
//! name than was tested".

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use ecm_core::Explanation;
use ecm_protocol::message::{FindResult, Problem, User};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::desk::printable;

/// So many users are remembered, in memory alone.
const MOST: usize = 20;

/// A user, and what became of the name. Personal data: for the operator, never for a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenUser {
    /// When last.
    pub at: Timestamp,
    /// The site that asked.
    pub site: String,
    /// The name as it came.
    pub username: String,
    /// The distinguished name beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dn: Option<String>,
    /// What the site calls the security provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The vault user, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault_user: Option<String>,
    /// The rule that decided, or the reason of the refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
}

/// The users seen last, newest first; cheap to share.
#[derive(Debug, Clone, Default)]
pub struct SeenUsers(Arc<Mutex<VecDeque<SeenUser>>>);

impl SeenUsers {
    /// Notes the user of a search. One that was seen before moves to the front.
    pub fn note(
        &self,
        site: &str,
        user: &User,
        result: &Result<FindResult, Problem>,
        explanation: &Explanation,
        at: Timestamp,
    ) {
        let provider = user.provider.as_ref().and_then(|provider| provider.name.as_deref());
        let seen = SeenUser {
            at,
            site: site.to_owned(),
            username: printable(&user.username),
            dn: user.dn.as_deref().map(printable),
            provider: provider.map(printable),
            vault_user: result.as_ref().ok().and_then(|found| found.mapped_user.clone()),
            decided_by: explanation.decided_by.clone(),
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|other| {
            (&other.site, &other.username, &other.dn, &other.provider)
                != (&seen.site, &seen.username, &seen.dn, &seen.provider)
        });
        kept.push_front(seen);
        kept.truncate(MOST);
    }

    /// All of them, newest first.
    #[must_use]
    pub fn all(&self) -> Vec<SeenUser> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> User {
        User {
            username: name.to_owned(),
            display_name: None,
            email: None,
            dn: None,
            provider: None,
            ids: None,
        }
    }

    #[test]
    fn the_newest_users_are_kept_each_once_and_as_they_came() {
        let seen = SeenUsers::default();
        let refused = Err(Problem::new(ecm_protocol::message::Category::UserUnmapped));
        for number in 0..30 {
            let name = user(&format!("joe{number}\n"));
            seen.note("support", &name, &refused, &Explanation::default(), Timestamp::UNIX_EPOCH);
        }
        let again = user("joe29\n");
        seen.note("support", &again, &refused, &Explanation::default(), Timestamp::UNIX_EPOCH);
        let all = seen.all();
        assert_eq!(all.len(), MOST);
        assert_eq!((all[0].username.as_str(), all[1].username.as_str()), ("joe29?", "joe28?"));
    }
}
