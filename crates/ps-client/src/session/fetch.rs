//! A call with as many attempts as it takes and is allowed.

use std::time::Instant;

use http::header::SET_COOKIE;

use super::Session;
use super::shared::Reads;
use crate::client::{Ask, Client, Whole};
use crate::endpoint::ApiAnswer;
use crate::error::Error;
use crate::transport::Transport;

/// An answer, and whether an earlier try may have done what was asked.
pub(super) struct Fetched {
    pub(super) answer: ApiAnswer,
    pub(super) is_repeat: bool,
}

/// The attempts at one call.
pub(super) struct Attempts<'a, T> {
    client: &'a Client<T>,
    endpoint: &'static str,
    begun: Option<Instant>,
    number: u32,
    is_repeat: bool,
}

impl<'a, T: Transport> Attempts<'a, T> {
    pub(super) fn at(client: &'a Client<T>, endpoint: &'static str) -> Self {
        let begun = client.runtime().map(|runtime| runtime.now());
        Self { client, endpoint, begun, number: 1, is_repeat: false }
    }

    /// Counted from one.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Whether an earlier one may have done what was asked.
    pub(super) fn is_repeat(&self) -> bool {
        self.is_repeat
    }

    /// Waits for the next attempt, if there is one after this failure.
    pub(super) async fn again(&mut self, failure: &Error) -> bool {
        let (client, endpoint) = (self.client, self.endpoint);
        let Some((runtime, begun)) = client.runtime().zip(self.begun) else { return false };
        let elapsed = runtime.now().saturating_duration_since(begun);
        let random = runtime.random();
        let delay = client.retry_policy().delay(failure, self.number, elapsed, random);
        let Some(delay) = delay else { return false };
        // An error of signing in again names another call; this one was refused before.
        self.is_repeat |= failure.may_have_been_executed() && failure.endpoint() == endpoint;
        self.number += 1;
        let attempt = self.number;
        tracing::debug!(endpoint, attempt, ?delay, "a call is made again");
        client.metrics().retry(endpoint, attempt, delay);
        runtime.sleep(delay).await;
        true
    }
}

impl<T: Transport> Session<T> {
    /// The answer, whatever its status, after as many attempts as it takes and is allowed.
    pub(super) async fn fetch(&self, ask: &impl Ask) -> Result<Fetched, Error> {
        let _written = (!ask.is_read()).then(|| Write::begin(&self.inner.reads));
        let mut attempts = Attempts::at(&self.inner.client, ask.name());
        loop {
            let outcome = self.exchange::<Whole>(ask, attempts.number()).await;
            let outcome = outcome.map(|(answer, _held)| ApiAnswer(answer));
            let failure = match &outcome {
                Ok(answer) if answer.0.status.is_success() => None,
                Ok(answer) => Some(answer.error(ask.name()).with_repeat(ask.repeat())),
                Err(error) => Some(error.clone()),
            };
            let is_over = match failure {
                Some(failure) => !attempts.again(&failure).await,
                None => true,
            };
            if is_over {
                let is_repeat = attempts.is_repeat();
                return outcome.map(|mut answer| {
                    // The lane has taken them; whoever keeps the answer is not to keep a session.
                    answer.0.headers.remove(SET_COOKIE);
                    Fetched { answer, is_repeat }
                });
            }
        }
    }
}

/// A call that changes something, from before it is sent until it is over or dropped: reads that
/// begin after it must not be answered by one that began before.
struct Write<'a>(&'a Reads);

impl<'a> Write<'a> {
    fn begin(reads: &'a Reads) -> Self {
        reads.written();
        Self(reads)
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        self.0.written();
    }
}
