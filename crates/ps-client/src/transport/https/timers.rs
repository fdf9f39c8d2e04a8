//! Timers that are used again.
//!
//! Every call has a limit of time that it hardly ever reaches. Setting a timer for it and taking
//! it down again costs two locks and often a wake-up of the runtime's driver, which is a call to
//! the kernel; putting off a timer that is set already costs next to nothing.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, Sleep};

use crate::transport::TransportError;

/// So many are kept.
const MOST_KEPT: usize = 64;

/// Timers that nobody waits for just now.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers(Arc<Mutex<Vec<Timer>>>);

/// A timer goes with the runtime that it was made in.
#[derive(Debug)]
struct Timer {
    runtime: Id,
    sleep: Pin<Box<Sleep>>,
}

impl Timers {
    /// What `work` comes to, or that it did not in time.
    pub(super) async fn in_time<R>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<R, TransportError>>,
    ) -> Result<R, TransportError> {
        let mut timer = self.set(limit);
        let mut work = pin!(work);
        let outcome = poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Pending => timer.sleep.as_mut().poll(context).map(|()| {
                let late = io::Error::from(io::ErrorKind::TimedOut);
                Err(TransportError::TimedOut(late.into()))
            }),
            done => done,
        })
        .await;
        self.keep(timer);
        outcome
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a transport waits for the network, not for ever"
    )]
    fn set(&self, limit: Duration) -> Timer {
        let runtime = Handle::current().id();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = kept.iter().rposition(|timer| timer.runtime == runtime);
        let Some(mut timer) = mine.map(|index| kept.swap_remove(index)) else {
            return Timer { runtime, sleep: Box::pin(tokio::time::sleep(limit)) };
        };
        drop(kept);
        // A limit beyond what clocks can be set to is none that anybody lives to see.
        let now = Instant::now();
        let end = now.checked_add(limit).unwrap_or(now + Duration::from_secs(1 << 30));
        timer.sleep.as_mut().reset(end);
        timer
    }

    fn keep(&self, timer: Timer) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_KEPT {
            kept.push(timer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    }

    async fn took(work: impl Future) -> Duration {
        let begun = Instant::now();
        work.await;
        begun.elapsed()
    }

    async fn runs_out(timers: &Timers, seconds: u64) {
        let never = pending::<Result<(), TransportError>>();
        let outcome = timers.in_time(Duration::from_secs(seconds), never).await;
        assert!(matches!(outcome, Err(TransportError::TimedOut(_))), "{outcome:?}");
    }

    #[test]
    fn each_limit_is_its_own_whatever_the_timer_was_set_to_before() {
        let timers = Timers::default();
        runtime().block_on(async {
            for seconds in [30, 30, 120, 5, 31] {
                timers.in_time(Duration::from_secs(500), async { Ok(()) }).await.unwrap();
                let took = took(runs_out(&timers, seconds)).await;
                let (least, most) =
                    (Duration::from_secs(seconds), Duration::from_secs(seconds) * 101 / 100);
                assert!(least <= took && took <= most, "{took:?} for {seconds} s");
            }
        });
        assert_eq!(timers.0.lock().unwrap().len(), 1, "one was enough");
    }

    #[test]
    fn a_timer_of_a_runtime_that_is_gone_is_not_used_in_another_one() {
        let timers = Timers::default();
        runtime().block_on(runs_out(&timers, 1));
        runtime().block_on(runs_out(&timers, 1));
        let runtimes: Vec<_> = timers.0.lock().unwrap().iter().map(|one| one.runtime).collect();
        assert!(runtimes.len() == 2 && runtimes[0] != runtimes[1], "{runtimes:?}");
    }

    #[test]
    fn no_more_are_kept_than_are_likely_to_be_used_again() {
        let timers = Timers::default();
        for _ in 0..100 {
            let work = timers.in_time(Duration::MAX, ready(Ok(())));
            runtime().block_on(work).unwrap();
        }
        assert_eq!(timers.0.lock().unwrap().len(), MOST_KEPT);
    }
}
