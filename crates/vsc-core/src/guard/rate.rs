//! So many in a minute, and no more.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// Remembers when something was done in the last minute; never more than the limit.
#[derive(Debug)]
pub(super) struct Rate {
    limit: usize,
    done: VecDeque<Instant>,
}

impl Rate {
    pub(super) fn per_minute(limit: u16) -> Self {
        Self { limit: usize::from(limit), done: VecDeque::new() }
    }

    /// Counts one more, unless that is too many.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        while self.done.front().is_some_and(|then| now.duration_since(*then) >= MINUTE) {
            self.done.pop_front();
        }
        let free = self.done.len() < self.limit;
        if free {
            self.done.push_back(now);
        }
        free
    }
}
