//! The same read asked twice at once is one call.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};

use super::fetch::Fetched;
use super::kept::Kept;
use crate::client::Read;
use crate::error::Error;

/// What a read is known by: it, and how many writes there were before. A read that follows a write
/// must see it, so it never shares the answer of one that was begun before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) call: String,
    pub(super) writes: u64,
}

/// A read on its way. Whoever waits for it drives it, so that no one waits for somebody who does
/// not; it is given up with the last of them.
pub(super) type SharedRead = Shared<Fetching>;

/// What a shared read is before it is shared.
pub(super) type Fetching = Pin<Box<dyn Future<Output = Result<Arc<Fetched>, Error>> + Send>>;

/// Reads that are on their way, and answers that are kept. Nothing here holds a secret.
pub(super) struct Reads {
    /// Of all sessions with this vault.
    writes: Arc<AtomicU64>,
    on_their_way: Arc<Mutex<OnTheirWay>>,
    pub(super) kept: Kept,
}

#[derive(Default)]
struct OnTheirWay {
    begun: u64,
    reads: HashMap<Key, (u64, WeakShared<Fetching>)>,
}

/// A read's line in the list. It goes with the read: when it is over, so that what comes later
/// asks anew, and when it is given up.
pub(super) struct Line {
    on_their_way: Arc<Mutex<OnTheirWay>>,
    key: Key,
    number: u64,
}

impl Drop for Line {
    fn drop(&mut self) {
        let mut on_their_way = lock(&self.on_their_way);
        // Whoever came between the last waiter's end and this has a line of their own.
        if on_their_way.reads.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            on_their_way.reads.remove(&self.key);
        }
    }
}

fn lock(on_their_way: &Mutex<OnTheirWay>) -> MutexGuard<'_, OnTheirWay> {
    on_their_way.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reads {
    pub(super) fn new(writes: Arc<AtomicU64>, most_bytes: usize) -> Self {
        Self { writes, on_their_way: Arc::default(), kept: Kept::new(most_bytes) }
    }

    /// What the read is known by now.
    pub(super) fn key(&self, read: &Read) -> Key {
        Key { call: read.key(), writes: self.writes.load(Ordering::Acquire) }
    }

    /// To be said before and after a call that is no read.
    pub(super) fn written(&self) {
        let before = self.writes.fetch_add(1, Ordering::AcqRel);
        self.kept.forget(before + 1);
    }

    /// The read of `key` that is on its way, or what `fetch` makes. The second value is whether it
    /// was another one's. What `fetch` makes holds its line until it is over.
    pub(super) fn join(
        &self,
        key: &Key,
        fetch: impl FnOnce(Line) -> Fetching,
    ) -> (SharedRead, bool) {
        let mut on_their_way = lock(&self.on_their_way);
        let known = on_their_way.reads.get(key);
        if let Some(shared) = known.and_then(|(_, shared)| shared.upgrade()) {
            return (shared, true);
        }
        on_their_way.begun += 1;
        let number = on_their_way.begun;
        let line = Line { on_their_way: Arc::clone(&self.on_their_way), key: key.clone(), number };
        let shared = fetch(line).shared();
        if let Some(weak) = shared.downgrade() {
            on_their_way.reads.insert(key.clone(), (number, weak));
        }
        (shared, false)
    }
}
