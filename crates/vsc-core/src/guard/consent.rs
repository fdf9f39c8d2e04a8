//! What the person at the card has said, for as long as it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::application::Application;
use super::deed::{Deed, Key, Operation};

/// How long a no answers the same question again, so that a program that tries in a loop does
/// not wear the person down.
const NO_STANDS: Duration = Duration::from_secs(10);

type Subject = (Operation, Application, Key);

/// Answers so far. Both sets are bounded by the number of operations and keys there are.
#[derive(Debug, Default)]
pub(super) struct Consents {
    granted: BTreeSet<Subject>,
    denied: BTreeMap<Subject, Instant>,
}

fn subject(deed: &Deed) -> Subject {
    (deed.operation, deed.application, deed.key)
}

impl Consents {
    pub(super) fn was_granted(&self, deed: &Deed) -> bool {
        self.granted.contains(&subject(deed))
    }

    pub(super) fn was_denied(&self, now: Instant, deed: &Deed) -> bool {
        let denied = self.denied.get(&subject(deed));
        denied.is_some_and(|then| now.duration_since(*then) < NO_STANDS)
    }

    pub(super) fn grant(&mut self, deed: &Deed) {
        self.denied.remove(&subject(deed));
        self.granted.insert(subject(deed));
    }

    pub(super) fn deny(&mut self, now: Instant, deed: &Deed) {
        self.denied.insert(subject(deed), now);
    }
}
