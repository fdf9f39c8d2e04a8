//! A server session: signed in once, signed in again when the vault forgot it, signed out.

mod cached;
mod create;
mod download;
mod lane;
mod pages;
mod shared;

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use tracing::Instrument as _;

pub use self::cached::{Aged, Cached};
pub use self::download::FileStream;
pub use self::pages::{Paged, Pages};

use self::lane::{Lane, Ride, State};
use self::shared::{Key, Reads};
use crate::auth::Auth;
use crate::checkout::Loans;
use crate::client::{Begun, Client};
use crate::cookies::Cookies;
use crate::endpoint::auth::{SignOut, SignedInUser};
use crate::endpoint::{ApiAnswer, Endpoint};
use crate::error::{Error, ErrorKind};
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
    /// The first was signed in by whoever made the session.
    lanes: Vec<Lane>,
    reads: Reads,
    loans: Loans,
}

/// An answer, and whether an earlier try may have done what was asked.
struct Fetched {
    answer: ApiAnswer,
    is_repeat: bool,
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
        let mut lanes = vec![Lane::begun(cookies)];
        lanes.resize_with(client.sessions(), Lane::later);
        Self {
            inner: Arc::new(Inner {
                client,
                auth,
                user,
                lanes,
                reads: Reads::default(),
                loans: Loans::default(),
            }),
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
    /// What the endpoint's documentation names; [`ErrorKind::SignInRefused`] when signing in
    /// again did not help.
    pub async fn send<E: Endpoint>(&self, endpoint: &E) -> Result<E::Answer, Error> {
        if self.inner.client.coalesces() {
            endpoint.check()?;
            if let Some(key) = self.inner.reads.key(endpoint) {
                return self.read(endpoint, &*self.fetch_shared(endpoint, &key).await?);
            }
        }
        self.read(endpoint, &self.fetch(endpoint).await?)
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
        let states: Vec<_> = self.inner.lanes.iter().map(Lane::state).collect();
        let cookies = states.iter().flat_map(|state| state.cookies.secrets());
        error.scrubbed(self.inner.auth.secrets().chain(cookies).chain(&sent))
    }

    async fn fetch_shared<E: Endpoint>(
        &self,
        endpoint: &E,
        key: &Key,
    ) -> Result<Arc<Fetched>, Error> {
        let fetch = Box::pin(self.fetch(endpoint));
        let (outcome, was_others) = self.inner.reads.join(key, fetch).await;
        if was_others {
            self.inner.client.metrics().coalesced(E::NAME);
        }
        outcome
    }

    /// The answer, after as many attempts as it takes and is allowed.
    async fn fetch<E: Endpoint>(&self, endpoint: &E) -> Result<Fetched, Error> {
        let _written = Write::begin::<E>(&self.inner.reads);
        let client = &self.inner.client;
        let begun = client.runtime().map(|runtime| runtime.now());
        let mut is_repeat = false;
        let mut attempt = 1;
        loop {
            let span = tracing::debug_span!("vault_call", endpoint = E::NAME, attempt);
            let outcome = self.exchange(endpoint).instrument(span).await;
            let failure = match &outcome {
                Ok(answer) if answer.0.status.is_success() => None,
                Ok(answer) => Some(answer.error(E::NAME).with_repeat(endpoint.repeat())),
                Err(error) => Some(error.clone()),
            };
            let again = client.runtime().zip(begun).zip(failure).and_then(|(time, failure)| {
                let (runtime, begun) = time;
                let elapsed = runtime.now().saturating_duration_since(begun);
                let random = runtime.random();
                let delay = client.retry_policy().delay(&failure, attempt, elapsed, random)?;
                Some((runtime, delay, failure))
            });
            let Some((runtime, delay, failure)) = again else {
                return outcome.map(|answer| Fetched { answer, is_repeat });
            };
            // An error of signing in again names another call; this one was refused before.
            is_repeat |= failure.may_have_been_executed() && failure.endpoint() == E::NAME;
            attempt += 1;
            tracing::debug!(endpoint = E::NAME, attempt, ?delay, "a call is made again");
            client.metrics().retry(E::NAME, attempt, delay);
            runtime.sleep(delay).await;
        }
    }

    async fn exchange<E: Endpoint>(&self, endpoint: &E) -> Result<ApiAnswer, Error> {
        let (lane, _ride) = self.lane().await?;
        let sent_with = lane.state();
        let answer = self.send_with(endpoint, lane, &sent_with).await?;
        if answer.0.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        tracing::debug!(endpoint = E::NAME, "the vault's session is over, signing in again");
        let first = self.inner.lanes.first().unwrap_or(lane);
        match self.sign_in_again(lane, &sent_with).await {
            Ok(()) => self.send_with(endpoint, lane, &lane.state()).await,
            Err(error) if std::ptr::eq(lane, first) => Err(error),
            Err(error) => {
                self.do_without_further_lanes(lane, &error);
                self.send_with(endpoint, first, &first.state()).await
            }
        }
    }

    async fn send_with<E: Endpoint>(
        &self,
        endpoint: &E,
        lane: &Lane,
        state: &State,
    ) -> Result<ApiAnswer, Error> {
        let client = &self.inner.client;
        let answer = client.send(endpoint, HeaderMap::new(), &state.cookies).await?;
        if answer.0.status.is_success() {
            lane.keep_cookies(state, &answer);
        }
        Ok(answer)
    }

    /// The server session that the next call goes through: one that is idle, else another one if
    /// there may be more, else the one with the fewest calls.
    async fn lane(&self) -> Result<(&Lane, Ride<'_>), Error> {
        let open = || self.inner.lanes.iter().filter(|lane| !lane.is_closed());
        let idle = open().find(|lane| lane.calls() == 0 && lane.is_begun());
        let idle = idle.or_else(|| open().find(|lane| lane.calls() == 0));
        let lane = idle.or_else(|| open().min_by_key(|lane| lane.calls()));
        let (Some(lane), Some(first)) = (lane, self.inner.lanes.first()) else {
            return Err(Error::at_sign_in(ErrorKind::SignInRefused));
        };
        let ride = lane.ride();
        if lane.is_begun() || std::ptr::eq(lane, first) {
            return Ok((lane, ride));
        }
        match self.sign_in_again(lane, &lane.state()).await {
            Ok(()) => Ok((lane, ride)),
            Err(error) => {
                self.do_without_further_lanes(lane, &error);
                Ok((first, first.ride()))
            }
        }
    }

    /// A second factor, or no more places: one session is better than none, and none of the others
    /// asks the same again. A vault that was away may let us in another time.
    fn do_without_further_lanes(&self, lane: &Lane, error: &Error) {
        tracing::debug!(%error, "no further server session");
        if error.may_repeat() {
            return;
        }
        lane.close();
        self.inner.lanes.iter().skip(1).for_each(Lane::close);
    }

    async fn sign_in_again(&self, lane: &Lane, expired: &State) -> Result<(), Error> {
        // On the heap: it is rare, and every call would carry the room for it.
        let outcome = Box::pin(lane.sign_in_again(expired, self.begin_again())).await;
        let number = self.inner.lanes.iter().position(|one| std::ptr::eq(one, lane));
        self.inner.client.metrics().sign_in(number.unwrap_or_default(), outcome.is_ok());
        outcome
    }

    async fn begin_again(&self) -> Result<Cookies, Error> {
        let Inner { client, auth, user, .. } = &*self.inner;
        match client.begin_session(auth, Cookies::default(), None).await? {
            Begun::Challenge(..) => Err(Error::at_sign_in(ErrorKind::TwoFactorWanted)),
            Begun::Session(again, cookies) if again.user == user.user => Ok(cookies),
            // The same name now means somebody else: nothing of theirs is ours to touch.
            Begun::Session(..) => Err(Error::at_sign_in(ErrorKind::SignInRefused)),
        }
    }

    /// Ends the server session, and the further ones. Later calls on a clone would begin new ones.
    ///
    /// # Errors
    ///
    /// Transport errors and failures of the vault; the session then ends by itself after twenty
    /// minutes without a call.
    pub async fn sign_out(&self) -> Result<(), Error> {
        let mut outcome = Ok(());
        for (number, lane) in self.inner.lanes.iter().enumerate() {
            if number > 0 && !lane.is_begun() {
                continue;
            }
            let ended = self.end(&lane.state().cookies).await;
            if number > 0 {
                lane.forget();
            }
            outcome = outcome.and(ended);
        }
        outcome
    }

    async fn end(&self, cookies: &Cookies) -> Result<(), Error> {
        let answer = self.inner.client.send(&SignOut {}, HeaderMap::new(), cookies).await?;
        match (SignOut {}).read(&answer) {
            Err(error) if matches!(error.kind(), ErrorKind::SignInRefused) => Ok(()),
            outcome => outcome,
        }
    }

    pub(crate) fn loans(&self) -> &Loans {
        &self.inner.loans
    }

    pub(crate) fn client(&self) -> &Client<T> {
        &self.inner.client
    }
}

/// A call that changes something, from before it is sent until it is over or dropped: reads that
/// begin after it must not be answered by one that began before.
struct Write<'a>(&'a Reads);

impl<'a> Write<'a> {
    fn begin<E: Endpoint>(reads: &'a Reads) -> Option<Self> {
        if E::NAME.starts_with("GET ") {
            return None;
        }
        reads.written();
        Some(Self(reads))
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        self.0.written();
    }
}
