//! Answers that are remembered for a while: so many at the most, and so many bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::fetch::Fetched;
use super::shared::Key;

/// Answers that are kept at the most; then the oldest goes.
const MOST_KEPT: usize = 1_024;

/// What one answer takes beside its texts: nodes of the maps, and so on.
const ROOM: usize = 256;

/// The kept answers of one session.
pub(super) struct Kept {
    most_bytes: usize,
    store: Mutex<Store>,
}

#[derive(Default)]
struct Store {
    /// So many writes there were before all that is here.
    writes: u64,
    bytes: usize,
    answers: HashMap<String, Answer>,
}

struct Answer {
    asked: Instant,
    bytes: usize,
    fetched: Arc<Fetched>,
}

impl Kept {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { most_bytes, store: Mutex::default() }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer that is not older than `max_age`, and its age.
    pub(super) fn get(
        &self,
        key: &Key,
        now: Instant,
        max_age: Duration,
    ) -> Option<(Arc<Fetched>, Duration)> {
        let store = self.store();
        let answer = store.answers.get(&key.call).filter(|_| store.writes == key.writes)?;
        let age = now.saturating_duration_since(answer.asked);
        (age <= max_age).then(|| (Arc::clone(&answer.fetched), age))
    }

    /// Keeps an answer that was asked for at `asked`, unless something was written since.
    pub(super) fn put(&self, key: Key, asked: Instant, fetched: Arc<Fetched>) {
        let bytes = size(&key.call, &fetched);
        let mut store = self.store();
        if key.writes < store.writes || bytes > self.most_bytes {
            return;
        }
        store.forget(key.writes);
        store.remove(&key.call);
        while store.answers.len() >= MOST_KEPT || store.bytes > self.most_bytes - bytes {
            let oldest = store.answers.iter().min_by_key(|(_, answer)| answer.asked);
            let Some(oldest) = oldest.map(|(call, _)| call.clone()) else { break };
            store.remove(&oldest);
        }
        store.bytes += bytes;
        store.answers.insert(key.call, Answer { asked, bytes, fetched });
    }

    /// So many writes there are now; what was asked for before them is forgotten.
    pub(super) fn forget(&self, writes: u64) {
        self.store().forget(writes);
    }
}

impl Store {
    fn forget(&mut self, writes: u64) {
        if self.writes < writes {
            *self = Self { writes, ..Self::default() };
        }
    }

    fn remove(&mut self, call: &str) {
        if let Some(answer) = self.answers.remove(call) {
            self.bytes -= answer.bytes;
        }
    }
}

fn size(call: &str, fetched: &Fetched) -> usize {
    let answer = &fetched.answer.0;
    let headers = answer.headers.iter();
    let headers: usize = headers.map(|(name, value)| name.as_str().len() + value.len()).sum();
    call.len() + answer.body.capacity() + headers + ROOM
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::endpoint::ApiAnswer;
    use crate::transport::HttpAnswer;

    const AGE: Duration = Duration::from_secs(60);

    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    fn start() -> Instant {
        Instant::now()
    }

    fn fetched(bytes: usize) -> Arc<Fetched> {
        let (status, headers) = (StatusCode::OK, HeaderMap::new());
        let body = vec![b' '; bytes].into();
        let answer = ApiAnswer(HttpAnswer { status, headers, body });
        Arc::new(Fetched { answer, is_repeat: false })
    }

    fn key(number: usize, writes: u64) -> Key {
        Key { call: format!("GET {number:04}"), writes }
    }

    /// Those of the first so many that are kept.
    fn kept(store: &Kept, now: Instant, writes: u64, numbers: usize) -> Vec<usize> {
        let is_kept = |number: &usize| store.get(&key(*number, writes), now, AGE).is_some();
        (0..numbers).filter(is_kept).collect()
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_bytes_and_what_is_too_long_drives_nobody_out() {
        let now = start();
        let store = Kept::new(10_000);
        for number in 0..5 {
            let asked = now + Duration::from_secs(number as u64);
            store.put(key(number, 0), asked, fetched(2_500));
        }
        assert_eq!(kept(&store, now, 0, 5), [2, 3, 4]);
        store.put(key(0, 0), now, fetched(10_000));
        assert_eq!(kept(&store, now, 0, 5), [2, 3, 4]);
        // The same again takes its own place.
        store.put(key(3, 0), now, fetched(2_000));
        assert_eq!(kept(&store, now, 0, 5), [2, 3, 4]);
        store.put(key(1, 0), now + AGE, fetched(9_000));
        assert_eq!(kept(&store, now, 0, 5), [1]);
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let now = start();
        let store = Kept::new(usize::MAX);
        for number in 0..=MOST_KEPT {
            store.put(key(number, 0), now + Duration::from_millis(number as u64), fetched(1));
        }
        let kept = kept(&store, now, 0, MOST_KEPT + 1);
        assert_eq!((kept.len(), kept.first()), (MOST_KEPT, Some(&1)));
    }

    #[test]
    fn what_was_asked_before_a_write_is_neither_given_nor_taken_after_it() {
        let now = start();
        let store = Kept::new(10_000);
        store.put(key(0, 0), now, fetched(10));
        store.forget(1);
        assert!(kept(&store, now, 0, 1).is_empty() && kept(&store, now, 1, 1).is_empty());
        store.put(key(0, 0), now, fetched(10));
        assert!(kept(&store, now, 0, 1).is_empty() && kept(&store, now, 1, 1).is_empty());
        // Another session has written: nobody told this one but by the key.
        store.put(key(0, 1), now, fetched(10));
        assert!(kept(&store, now, 2, 1).is_empty());
        store.put(key(1, 2), now, fetched(10));
        assert_eq!(kept(&store, now, 2, 2), [1]);
        assert_eq!(store.store().answers.len(), 1);
    }
}
