//! Reads that may be answered from memory, with their age said.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Session;
use crate::client::Read;
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
    /// knows, and so does what other sessions of the same client write; what others write in the vault is seen when the age is over. Without a
    /// [runtime](crate::ClientBuilder::runtime) there is no clock, and every read is made. How much is
    /// remembered is limited in number and bytes
    /// ([`Limits::remembered_bytes`](crate::Limits::remembered_bytes)).
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
        let read = Read::of(endpoint)?;
        let (Some(read), Some(runtime)) = (read, inner.client.runtime()) else {
            let answer = self.session.send(endpoint).await?;
            return Ok(Aged { answer, age: Duration::ZERO });
        };
        let (key, asked) = (inner.reads.key(&read), runtime.now());
        if let Some((fetched, age)) = inner.reads.kept.get(&key, asked, self.max_age) {
            inner.client.metrics().cached(E::NAME, age);
            let answer = self.session.read(endpoint, &fetched)?;
            return Ok(Aged { answer, age });
        }
        // Not shared with one that is on its way: nobody knows how old its answer will be.
        let fetched = Arc::new(self.session.fetch(&read).await?);
        let answer = self.session.read(endpoint, &fetched)?;
        inner.reads.kept.put(key, asked, fetched);
        Ok(Aged { answer, age: Duration::ZERO })
    }
}

impl<T> fmt::Debug for Cached<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cached({:?}, {:?})", self.session, self.max_age)
    }
}
