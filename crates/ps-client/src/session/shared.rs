//! The same read asked twice at once is one call; and, where it is wanted, asked twice soon.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;

use super::Fetched;
use crate::endpoint::Endpoint;
use crate::error::Error;

/// Answers that are kept at the most; then the oldest goes.
const MOST_KEPT: usize = 1_024;

/// What a read is known by: it, and how many writes there were before. A read that follows a write
/// must see it, so it never shares the answer of one that was begun before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    call: String,
    writes: u64,
}

type Shared = OnceCell<Result<Arc<Fetched>, Error>>;

/// Reads that are on their way, and answers that are kept. Nothing here holds a secret.
#[derive(Default)]
pub(super) struct Reads {
    writes: AtomicU64,
    on_their_way: Mutex<HashMap<Key, Weak<Shared>>>,
    kept: Mutex<HashMap<Key, (Instant, Arc<Fetched>)>>,
}

impl Reads {
    /// What the call is known by if its answer may be shared.
    pub(super) fn key<E: Endpoint>(&self, endpoint: &E) -> Option<Key> {
        if E::RELEASES_SECRET || !E::NAME.starts_with("GET ") {
            return None;
        }
        let request = endpoint.request();
        let call = format!("{:?} {:?}", request.path(), request.query());
        Some(Key { call, writes: self.writes.load(Ordering::Acquire) })
    }

    /// To be said before and after a call that is no read.
    pub(super) fn written(&self) {
        self.writes.fetch_add(1, Ordering::AcqRel);
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The answer to `key`: of a call that is on its way, or of `fetch`. When whoever makes the
    /// call is dropped, one of those who wait makes it. The second value is whether it was another
    /// one's.
    pub(super) async fn join(
        &self,
        key: &Key,
        fetch: impl Future<Output = Result<Fetched, Error>>,
    ) -> (Result<Arc<Fetched>, Error>, bool) {
        let cell = self.cell(key);
        let mut is_ours = false;
        let fetched = cell.get_or_init(|| async {
            is_ours = true;
            fetch.await.map(Arc::new)
        });
        let outcome = fetched.await.clone();
        if is_ours {
            self.forget(key, &cell);
        }
        (outcome, !is_ours)
    }

    fn cell(&self, key: &Key) -> Arc<Shared> {
        let mut reads = self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = reads.get(key).and_then(Weak::upgrade) {
            return cell;
        }
        // What was dropped by all who waited has left its key behind.
        if reads.len() >= MOST_KEPT {
            reads.retain(|_, cell| cell.strong_count() > 0);
        }
        let cell = Arc::new(Shared::new());
        reads.insert(key.clone(), Arc::downgrade(&cell));
        cell
    }

    fn forget(&self, key: &Key, cell: &Arc<Shared>) {
        let mut reads = self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner);
        if reads.get(key).is_some_and(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(cell))) {
            reads.remove(key);
        }
    }

    /// A kept answer that is not older than `max_age`, and its age.
    pub(super) fn kept(
        &self,
        key: &Key,
        now: Instant,
        max_age: Duration,
    ) -> Option<(Arc<Fetched>, Duration)> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, fetched) = kept.get(key)?;
        let age = now.saturating_duration_since(*since);
        (age <= max_age).then(|| (Arc::clone(fetched), age))
    }

    /// Keeps an answer that was asked for at `asked`.
    pub(super) fn keep(&self, key: Key, asked: Instant, fetched: Arc<Fetched>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if key.writes != self.writes.load(Ordering::Acquire) {
            return;
        }
        if kept.len() >= MOST_KEPT && !kept.contains_key(&key) {
            let oldest = kept.iter().min_by_key(|(_, (since, _))| *since);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                kept.remove(&oldest);
            }
        }
        kept.insert(key, (asked, fetched));
    }
}
