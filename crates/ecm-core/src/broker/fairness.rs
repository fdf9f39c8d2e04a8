//! How many questions of one console user are worked on at a time, so that nobody starves others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ecm_protocol::message::{Category, Problem, User};

/// When somebody with too many questions may ask again.
const ASK_AGAIN_MS: u64 = 1_000;

/// The questions that are worked on, by user.
#[derive(Clone)]
pub(super) struct Fairness {
    most: usize,
    /// Only users with a question under way are in it, so it is as large as what is worked on.
    running: Arc<Mutex<HashMap<String, usize>>>,
}

/// A question's place; given back when it is dropped.
pub(super) struct Place {
    user: String,
    running: Arc<Mutex<HashMap<String, usize>>>,
}

impl Fairness {
    /// `most` is at least 1.
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), running: Arc::default() }
    }

    /// A place for one more question of this user. One that waited would take a place of the link
    /// meanwhile, which all users share; so it is told to come back.
    pub(super) fn enter(&self, user: &User) -> Result<Place, Problem> {
        let provider = user.provider.as_ref().and_then(|provider| provider.name.as_deref());
        // Two of one name at two providers are two people.
        let user = format!("{}\n{}", provider.unwrap_or_default(), user.username);
        let user = user.to_ascii_lowercase();
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let count = running.entry(user.clone()).or_insert(0);
        if *count >= self.most {
            let mut problem = Problem::new(Category::Busy)
                .with_detail("this user has too many questions under way")
                .with_advice("try again in a moment");
            problem.retry_after_ms = Some(ASK_AGAIN_MS);
            return Err(problem);
        }
        *count += 1;
        drop(running);
        Ok(Place { user, running: Arc::clone(&self.running) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.user);
            }
        }
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
    fn one_user_is_held_back_and_others_are_not() {
        let fairness = Fairness::new(2);
        let first = fairness.enter(&user("joe")).unwrap();
        let _second = fairness.enter(&user("JOE")).unwrap();
        let refused = fairness.enter(&user("Joe")).map(drop).unwrap_err();
        assert_eq!((refused.category, refused.retry_after_ms), (Category::Busy, Some(1_000)));
        let pat = fairness.enter(&user("pat")).unwrap();
        drop(first);
        let third = fairness.enter(&user("joe")).unwrap();
        drop((third, pat, _second));
        assert!(fairness.running.lock().unwrap().is_empty());
    }
}
