//! How often each source has failed lately, in bounded memory.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::Source;

/// How long a failure counts.
const WINDOW: Duration = Duration::from_secs(60);

/// Sources that are remembered at once. More than that within a minute is an attack by itself;
/// then the newcomers are counted together.
const MOST_SOURCES: usize = 65_536;

/// Where newcomers are counted when there are too many.
const EVERYBODY_ELSE: Source = Source(u64::MAX);

#[derive(Debug, Default)]
pub(super) struct Attempts {
    sources: HashMap<Source, Failures>,
}

#[derive(Debug)]
struct Failures {
    since: Instant,
    count: u32,
}

impl Failures {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= WINDOW
    }
}

impl Attempts {
    /// Failures of this source within the window.
    pub(super) fn of(&self, now: Instant, source: Source) -> u32 {
        let place = if self.is_full_for(source) { EVERYBODY_ELSE } else { source };
        match self.sources.get(&place) {
            Some(failures) if !failures.is_over(now) => failures.count,
            _ => 0,
        }
    }

    /// One more.
    pub(super) fn count(&mut self, now: Instant, source: Source) {
        if self.is_full_for(source) {
            self.sources.retain(|_, failures| !failures.is_over(now));
        }
        let place = if self.is_full_for(source) { EVERYBODY_ELSE } else { source };
        let failures = self.sources.entry(place).or_insert(Failures { since: now, count: 0 });
        if failures.is_over(now) {
            *failures = Failures { since: now, count: 0 };
        }
        failures.count = failures.count.saturating_add(1);
    }

    fn is_full_for(&self, source: Source) -> bool {
        self.sources.len() >= MOST_SOURCES && !self.sources.contains_key(&source)
    }
}
