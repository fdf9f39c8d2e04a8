//! Ports on paper: a clock that jumps to whatever is waited for, stores in memory, chance that can
//! be told.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use ecm_core::ports::{AuditEnd, AuditLog, BoxFuture, Clock, Entropy, LedgerStore};
use jiff::{SignedDuration, Timestamp};

/// Time moves only when a test, or [`PaperClock::run`], moves it.
#[derive(Clone)]
pub struct PaperClock(Arc<ClockState>);

struct ClockState {
    start: Instant,
    start_at: Timestamp,
    moved: Mutex<Duration>,
    sleepers: Mutex<Vec<Instant>>,
}

impl PaperClock {
    pub fn new() -> Self {
        Self(Arc::new(ClockState {
            // The one true instant a test needs: there is no other way to make one.
            start: Instant::now(),
            start_at: "2026-03-02T08:00:00Z".parse().unwrap(),
            moved: Mutex::new(Duration::ZERO),
            sleepers: Mutex::new(Vec::new()),
        }))
    }

    pub fn advance(&self, by: Duration) {
        *self.0.moved.lock().unwrap() += by;
    }

    pub fn passed(&self) -> Duration {
        *self.0.moved.lock().unwrap()
    }

    /// Drives a future to its end; when it waits for time, time passes.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.run_at_most(usize::MAX, work).expect("unlimited polls")
    }

    /// The same for `polls` polls at most; then the future is dropped and the answer is `None`.
    pub fn run_at_most<T>(&self, polls: usize, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        for _ in 0..polls {
            if let Poll::Ready(answer) = work.as_mut().poll(&mut context) {
                return Some(answer);
            }
            if !woken.take() {
                self.jump();
            }
        }
        None
    }

    /// To the next time somebody waits for.
    fn jump(&self) {
        let now = self.instant();
        let mut sleepers = self.0.sleepers.lock().unwrap();
        sleepers.retain(|when| *when > now);
        let next =
            sleepers.iter().min().copied().expect("a future waits for something other than time");
        *self.0.moved.lock().unwrap() = next - self.0.start;
    }
}

#[derive(Default)]
struct Woken(std::sync::atomic::AtomicBool);

impl Woken {
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

impl std::task::Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Clock for PaperClock {
    fn now(&self) -> Timestamp {
        self.0.start_at + SignedDuration::try_from(self.passed()).unwrap()
    }

    fn instant(&self) -> Instant {
        self.0.start + self.passed()
    }

    fn sleep_until(&self, when: Instant) -> BoxFuture<'_, ()> {
        Box::pin(std::future::poll_fn(move |_| {
            if self.instant() >= when {
                return Poll::Ready(());
            }
            self.0.sleepers.lock().unwrap().push(when);
            Poll::Pending
        }))
    }
}

/// Gives way once: a place where a future can be dropped.
pub async fn step() {
    let mut given = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Counts up; every draw is another number.
#[derive(Clone, Default)]
pub struct CountingEntropy(Arc<AtomicU64>);

impl Entropy for CountingEntropy {
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()> {
        let number = self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        buffer.iter_mut().rev().zip(number.iter().rev()).for_each(|(to, from)| *to = *from);
        Ok(())
    }
}

/// Bytes that outlive a broker, like a file outlives a process; can be told to fail.
#[derive(Clone, Default)]
pub struct PaperFile(Arc<Mutex<FileState>>);

#[derive(Default)]
struct FileState {
    bytes: Vec<u8>,
    writes: usize,
    fail_from: Option<usize>,
}

impl PaperFile {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().bytes.clone()).unwrap()
    }

    pub fn set(&self, bytes: impl Into<Vec<u8>>) {
        self.0.lock().unwrap().bytes = bytes.into();
    }

    pub fn writes(&self) -> usize {
        self.0.lock().unwrap().writes
    }

    /// Every write from number `write` (0 = the first) on fails; `None` = works again.
    pub fn fail_from(&self, write: Option<usize>) {
        self.0.lock().unwrap().fail_from = write;
    }

    async fn write(&self, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        step().await;
        {
            let mut state = self.0.lock().unwrap();
            let number = state.writes;
            state.writes += 1;
            if state.fail_from.is_some_and(|from| number >= from) {
                return Err(io::Error::other("disk full"));
            }
            change(&mut state.bytes);
        }
        step().await;
        Ok(())
    }
}

impl LedgerStore for PaperFile {
    fn read(&self) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        Box::pin(async { Ok(self.0.lock().unwrap().bytes.clone()) })
    }

    fn append(&self, line: Vec<u8>) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(self.write(move |bytes| bytes.extend(line)))
    }

    fn replace(&self, text: Vec<u8>) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(self.write(move |bytes| *bytes = text))
    }
}

impl AuditLog for PaperFile {
    fn resume(&self) -> BoxFuture<'_, io::Result<AuditEnd>> {
        Box::pin(async {
            let mut state = self.0.lock().unwrap();
            let whole = state.bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
            let torn_bytes = (state.bytes.len() - whole) as u64;
            state.bytes.truncate(whole);
            let text = String::from_utf8(state.bytes.clone()).unwrap();
            Ok(AuditEnd { last_line: text.lines().last().map(str::to_owned), torn_bytes })
        })
    }

    fn append(&self, line: Vec<u8>) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(self.write(move |bytes| bytes.extend(line)))
    }
}
