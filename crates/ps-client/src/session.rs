//! A server session: signed in once, signed in again when the vault forgot it, signed out.

mod cached;
pub(crate) mod create;
mod download;
mod fetch;
mod kept;
mod lane;
mod lanes;
mod pages;
mod shared;

use std::fmt;
use std::sync::Arc;

pub use self::cached::{Aged, Cached};
pub use self::download::FileStream;
pub use self::pages::{Paged, Pages};

use self::fetch::Fetched;
use self::lane::{Lane, SignIns};
use self::shared::{Fetching, Reads};
use crate::auth::Auth;
use crate::checkout::Loans;
use crate::client::{Ask as _, Client, Of, Read};
use crate::cookies::Cookies;
use crate::endpoint::Endpoint;
use crate::endpoint::auth::SignedInUser;
use crate::error::Error;
use crate::transport::Transport;

/// A signed-in session. Clones share it.
///
/// The vault runs the calls of one server session one after the other; so a session can be
/// several of them ([`ClientBuilder::sessions`](crate::ClientBuilder::sessions)), of which the
/// further ones are begun when the others are busy.
pub struct Session<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    client: Client<T>,
    auth: Auth,
    user: SignedInUser,
    /// The server session that was signed in by whoever made this one.
    first: Arc<Lane>,
    further: Vec<Arc<Lane>>,
    sign_ins: SignIns,
    reads: Reads,
    loans: Loans,
}

impl<T> Clone for Session<T> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<T> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { client, user, .. } = &*self.inner;
        write!(f, "Session({:?}, user {})", client, user.user)
    }
}

impl<T: Transport> Session<T> {
    pub(crate) fn new(client: Client<T>, auth: Auth, user: SignedInUser, cookies: Cookies) -> Self {
        let first = Lane::first(cookies);
        let further = (1..client.sessions()).map(Lane::further).collect();
        let reads = Reads::new(client.writes(), client.limits().remembered_bytes);
        let loans = Loans::default();
        let sign_ins = SignIns::default();
        Self {
            inner: Arc::new(Inner { client, auth, user, first, further, sign_ins, reads, loans }),
        }
    }

    /// Who is signed in, as the vault said.
    #[must_use]
    pub fn user(&self) -> &SignedInUser {
        &self.inner.user
    }

    /// Makes one call.
    ///
    /// When the server session is over (401), this signs in once more, together with everybody
    /// else who meets it at the same time, and makes the call again: the vault decides about the
    /// session before it does anything, so nothing happens twice. With a
    /// [runtime](crate::ClientBuilder::runtime), calls that do no harm when made twice are made
    /// again when they fail ([`RetryPolicy`](crate::RetryPolicy)).
    ///
    /// The future can be dropped at any time; then the vault may or may not have done what was
    /// asked, and the session is as good as before.
    ///
    /// # Errors
    ///
    /// What the endpoint's documentation names;
    /// [`SignInRefused`](crate::ErrorKind::SignInRefused) when signing in again did not help.
    pub async fn send<E: Endpoint>(&self, endpoint: &E) -> Result<E::Answer, Error> {
        if self.inner.client.coalesces()
            && let Some(read) = Read::of(endpoint)?
        {
            return self.read(endpoint, &*self.fetch_shared(read).await?);
        }
        self.read(endpoint, &self.fetch(&Of(endpoint)).await?)
    }

    fn read<E: Endpoint>(&self, endpoint: &E, fetched: &Fetched) -> Result<E::Answer, Error> {
        let answer = match fetched.is_repeat {
            true => endpoint.read_again(&fetched.answer),
            false => endpoint.read(&fetched.answer),
        };
        answer.map_err(|error| self.scrubbed(endpoint, error))
    }

    /// Takes our own secrets, and those that were sent along, out of what a server echoed.
    fn scrubbed<E: Endpoint>(&self, endpoint: &E, error: Error) -> Error {
        let error = error.with_repeat(endpoint.repeat());
        if error.excerpt().is_none() {
            return error;
        }
        let sent = endpoint.request().secrets();
        let states: Vec<_> = self.lanes().map(|lane| lane.state()).collect();
        let cookies = states.iter().flat_map(|state| state.cookies.secrets());
        error.scrubbed(self.inner.auth.secrets().chain(cookies).chain(&sent))
    }

    /// The answer of the same read that is on its way, or of this one.
    async fn fetch_shared(&self, read: Read) -> Result<Arc<Fetched>, Error> {
        let reads = &self.inner.reads;
        let (key, endpoint) = (reads.key(&read), read.name());
        let (shared, is_others) = reads.join(&key, |line| -> Fetching {
            let session = self.clone();
            Box::pin(async move {
                let _line = line;
                session.fetch(&read).await.map(Arc::new)
            })
        });
        if is_others {
            self.inner.client.metrics().coalesced(endpoint);
        }
        shared.await
    }

    pub(crate) fn loans(&self) -> &Loans {
        &self.inner.loans
    }

    pub(crate) fn client(&self) -> &Client<T> {
        &self.inner.client
    }
}
