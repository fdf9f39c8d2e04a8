//! How many calls are on their way at once, and how many wait for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A place among those on their way; given back when dropped.
pub(crate) type Permit = OwnedSemaphorePermit;

/// So many may wait for one that may go.
const WAITING_PER_CALL: usize = 16;

/// A limit of calls at once, with a line of limited length in front of it.
#[derive(Debug)]
pub(crate) struct Gate {
    calls: Arc<Semaphore>,
    waiting: AtomicUsize,
    longest_line: usize,
}

/// A place in the line; given back however it is left.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    pub(crate) fn new(calls: usize) -> Self {
        let calls = calls.clamp(1, Semaphore::MAX_PERMITS);
        let longest_line = calls.saturating_mul(WAITING_PER_CALL);
        Self { calls: Arc::new(Semaphore::new(calls)), waiting: AtomicUsize::new(0), longest_line }
    }

    /// Waits until a call may go; how many wait already, when those are too many.
    pub(crate) async fn enter(&self) -> Result<Permit, usize> {
        if let Ok(permit) = Arc::clone(&self.calls).try_acquire_owned() {
            return Ok(permit);
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Place(&self.waiting);
        if before >= self.longest_line {
            return Err(before);
        }
        let permit = Arc::clone(&self.calls).acquire_owned().await;
        drop(place);
        // It is never closed.
        permit.map_err(|_| before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn line_is_bounded_and_places_are_given_back_when_a_waiter_is_dropped() {
        let gate = Gate::new(1);
        let inside = gate.enter().await.unwrap();
        let mut waiters: Vec<_> = (0..WAITING_PER_CALL).map(|_| Box::pin(gate.enter())).collect();
        for waiter in &mut waiters {
            assert!(futures_poll(waiter.as_mut()).is_none());
        }
        assert_eq!(gate.enter().await.unwrap_err(), WAITING_PER_CALL);
        drop(waiters);
        drop(inside);
        drop(gate.enter().await.unwrap());
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
    }

    fn futures_poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match future.poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
