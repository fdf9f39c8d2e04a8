//! A server session: signed in once, signed in again when the vault forgot it, signed out.

mod create;
mod pages;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, StatusCode};
use tokio::sync::Mutex as AsyncMutex;

pub use self::pages::{Paged, Pages};

use crate::auth::Auth;
use crate::client::{Begun, Client};
use crate::cookies::Cookies;
use crate::endpoint::auth::{SignOut, SignedInUser};
use crate::endpoint::{ApiAnswer, Endpoint};
use crate::error::{Error, ErrorKind};
use crate::transport::Transport;

/// A signed-in session. Clones share it; the vault itself runs the calls of one session one
/// after the other, so use several sessions for real parallelism.
pub struct Session<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    client: Client<T>,
    auth: Auth,
    user: SignedInUser,
    state: Mutex<State>,
    /// Held by the one who signs in again; the others wait for it.
    signing_in: AsyncMutex<()>,
}

#[derive(Clone)]
struct State {
    cookies: Cookies,
    /// Raised with each sign-in, so that one expiry causes one sign-in.
    generation: u64,
    /// Raised with each sign-in that failed, so that those who waited for it share its outcome: a
    /// refused password is sent once, not once for each call that waits.
    failures: u64,
    last_failure: Option<Error>,
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
        let state = State { cookies, generation: 0, failures: 0, last_failure: None };
        let state = Mutex::new(state);
        let signing_in = AsyncMutex::new(());
        Self { inner: Arc::new(Inner { client, auth, user, state, signing_in }) }
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
    /// session before it does anything, so nothing happens twice.
    ///
    /// # Errors
    ///
    /// What the endpoint's documentation names; [`ErrorKind::SignInRefused`] when signing in
    /// again did not help.
    pub async fn send<E: Endpoint>(&self, endpoint: &E) -> Result<E::Answer, Error> {
        let answer = self.exchange(endpoint).await?;
        endpoint.read(&answer).map_err(|error| {
            let state = self.state();
            let secrets = self.inner.auth.secrets().chain(state.cookies.secrets());
            error.with_repeat(endpoint.repeat()).scrubbed(secrets)
        })
    }

    async fn exchange<E: Endpoint>(&self, endpoint: &E) -> Result<ApiAnswer, Error> {
        let sent_with = self.state();
        let answer = self.send_with(endpoint, &sent_with).await?;
        if answer.0.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        tracing::debug!(endpoint = E::NAME, "the vault's session is over, signing in again");
        self.sign_in_again(&sent_with).await?;
        self.send_with(endpoint, &self.state()).await
    }

    async fn send_with<E: Endpoint>(
        &self,
        endpoint: &E,
        state: &State,
    ) -> Result<ApiAnswer, Error> {
        let client = &self.inner.client;
        let answer = client.send(endpoint, HeaderMap::new(), &state.cookies).await?;
        if answer.0.status.is_success() {
            self.keep_cookies(state, &answer);
        }
        Ok(answer)
    }

    /// A balancer may move the session to another node and set its cookie anew.
    fn keep_cookies(&self, sent_with: &State, answer: &ApiAnswer) {
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.generation == sent_with.generation {
            state.cookies.take(&answer.0.headers);
        }
    }

    /// Signs in after the session of `expired` was refused, unless somebody else just has, or has
    /// just been refused.
    async fn sign_in_again(&self, expired: &State) -> Result<(), Error> {
        let _only_one = self.inner.signing_in.lock().await;
        let now = self.state();
        if now.generation != expired.generation {
            return Ok(());
        }
        if now.failures != expired.failures
            && let Some(failure) = now.last_failure
        {
            return Err(failure);
        }
        let begun = self.begin_again().await;
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        match begun {
            Ok(cookies) => {
                let State { generation, failures, .. } = now;
                let generation = generation + 1;
                *state = State { cookies, generation, failures, last_failure: None };
                Ok(())
            }
            Err(error) => {
                state.failures += 1;
                state.last_failure = Some(error.clone());
                Err(error)
            }
        }
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

    fn state(&self) -> State {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the server session. Later calls on a clone would begin a new one.
    ///
    /// # Errors
    ///
    /// Transport errors and failures of the vault; the session then ends by itself after twenty
    /// minutes without a call.
    pub async fn sign_out(&self) -> Result<(), Error> {
        let cookies = self.state().cookies;
        let answer = self.inner.client.send(&SignOut {}, HeaderMap::new(), &cookies).await?;
        match (SignOut {}).read(&answer) {
            Err(error) if matches!(error.kind(), ErrorKind::SignInRefused) => Ok(()),
            outcome => outcome,
        }
    }

    pub(crate) fn client(&self) -> &Client<T> {
        &self.inner.client
    }
}
