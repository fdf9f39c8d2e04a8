//! Answers that are remembered, and questions that are under way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{CacheLimits, UnderWay};
use crate::{Answer, Question};

#[derive(Debug)]
pub(super) struct Cache {
    limits: CacheLimits,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<Question, (Answer, Instant)>,
    under_way: HashMap<Question, UnderWay>,
}

impl Cache {
    pub(super) fn new(limits: CacheLimits) -> Self {
        Self { limits, kept: Mutex::default() }
    }

    /// An answer that is not too old.
    pub(super) fn find(&self, question: &Question) -> Option<Answer> {
        let kept = self.lock();
        let (answer, until) = kept.answers.get(question)?;
        (Instant::now() < *until).then(|| answer.clone())
    }

    /// Where the answer will be to a question that is asked now. Whoever comes first asks; if that
    /// one leaves, the next one does.
    pub(super) fn under_way(&self, question: &Question) -> UnderWay {
        let mut kept = self.lock();
        // Nobody waits for those that only the table knows.
        kept.under_way.retain(|_, cell| Arc::strong_count(cell) > 1);
        Arc::clone(kept.under_way.entry(question.clone()).or_default())
    }

    pub(super) fn keep(&self, question: &Question, cell: &UnderWay, answer: &Answer) {
        let mut kept = self.lock();
        let is_this = |other: &UnderWay| Arc::ptr_eq(other, cell);
        if !kept.under_way.get(question).is_some_and(is_this) {
            // Somebody else has done so, or it was forgotten meanwhile.
            return;
        }
        kept.under_way.remove(question);
        let length = match answer {
            Answer::Entry(_) => self.limits.found,
            Answer::Nobody | Answer::Several => self.limits.not_found,
            // Asked again at once, a bind that is refused could lock the account.
            Answer::Unusable(_) => self.limits.not_found,
            Answer::Unavailable(_) => return,
        };
        let now = Instant::now();
        if kept.answers.len() >= self.limits.answers {
            kept.answers.retain(|_, (_, until)| now < *until);
        }
        if kept.answers.len() < self.limits.answers {
            kept.answers.insert(question.clone(), (answer.clone(), now + length));
        }
    }

    pub(super) fn clear(&self) {
        *self.lock() = Kept::default();
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
