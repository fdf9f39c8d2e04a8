//! Reads that may be answered from memory, with their age said.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Session;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::transport::Transport;

/// A view of a session whose reads may be a little old; see [`Session::cached`].
pub struct Cached<'a, T> {
    session: &'a Session<T>,
    max_age: Duration,
}

/// An answer and how old it is at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aged<A> {
    /// The answer.
    pub answer: A,
    /// Time since it was asked for; nothing when it was asked for just now.
    pub age: Duration,
}

impl<T: Transport> Session<T> {
    /// The same session, whose reads are answered from memory when they were asked for not longer
    /// than `max_age` ago.
    ///
    /// Never what releases a secret. Whatever this session writes makes it forget all that it
    /// knows; what others write in the vault is seen when the age is over. Without a
    /// [runtime](crate::ClientBuilder::runtime) there is no clock, and every read is made.
    #[must_use]
    pub fn cached(&self, max_age: Duration) -> Cached<'_, T> {
        Cached { session: self, max_age }
    }
}

impl<T: Transport> Cached<'_, T> {
    /// Makes one call, or remembers its answer.
    ///
    /// # Errors
    ///
    /// As [`Session::send`]. Only successes are remembered.
    pub async fn send<E: Endpoint>(&self, endpoint: &E) -> Result<Aged<E::Answer>, Error> {
        let Session { inner } = self.session;
        endpoint.check()?;
        let key = inner.reads.key(endpoint);
        let (Some(key), Some(runtime)) = (key, inner.client.runtime()) else {
            let answer = self.session.send(endpoint).await?;
            return Ok(Aged { answer, age: Duration::ZERO });
        };
        let asked = runtime.now();
        if let Some((fetched, age)) = inner.reads.kept(&key, asked, self.max_age) {
            inner.client.metrics().cached(E::NAME, age);
            let answer = self.session.read(endpoint, &fetched)?;
            return Ok(Aged { answer, age });
        }
        let fetched = Arc::new(self.session.fetch(endpoint).await?);
        let answer = self.session.read(endpoint, &fetched)?;
        inner.reads.keep(key, asked, Arc::clone(&fetched));
        Ok(Aged { answer, age: Duration::ZERO })
    }
}

impl<T> fmt::Debug for Cached<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cached({:?}, {:?})", self.session, self.max_age)
    }
}
