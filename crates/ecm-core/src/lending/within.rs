//! A deadline for any future, on the clock of the port.

use std::future::Future;
use std::pin::pin;
use std::time::Instant;

use futures_util::future::{Either, select};

use crate::ports::Clock;

/// The future's answer, or `None` when `until` came first; the future is dropped then.
/// A future that is ready wins over a deadline that has passed.
pub(crate) async fn within<T>(
    clock: &dyn Clock,
    until: Instant,
    work: impl Future<Output = T>,
) -> Option<T> {
    let work = pin!(work);
    match select(work, clock.sleep_until(until)).await {
        Either::Left((answer, _)) => Some(answer),
        Either::Right(((), _)) => None,
    }
}
