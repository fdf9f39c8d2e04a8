//! A server session: signed in once, signed in again when the vault forgot it, signed out.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, StatusCode};
use tokio::sync::Mutex as AsyncMutex;

use crate::auth::Auth;
use crate::client::{Begun, Client};
use crate::cookies::Cookies;
use crate::endpoint::auth::{SignOut, SignedInUser};
use crate::endpoint::managed_accounts::ListManagedAccounts;
use crate::endpoint::managed_systems::ListManagedSystems;
use crate::endpoint::requests::{CreateRequest, Created, ListRequests};
use crate::endpoint::{ApiAnswer, Endpoint};
use crate::error::{Error, ErrorKind};
use crate::model::{
    ManagedAccountQuery, ManagedSystem, ManagedSystemQuery, NewRequest, ReleaseRequest,
    RequestableAccount,
};
use crate::transport::Transport;

/// Rows asked for at once; the vault's own default for accounts.
const PAGE: u32 = 1_000;

/// Pages of one list at the most. A list this long is a fault of the server or the query.
const MAX_PAGES: u32 = 1_000;

/// A signed-in session. Clones share it; the vault itself runs the calls of one session one
/// after the other, so use several sessions for real parallelism.
#[derive(Debug)]
pub struct Session<T> {
    inner: Arc<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    client: Client<T>,
    auth: Auth,
    user: SignedInUser,
    state: Mutex<State>,
    /// Held by the one who signs in again; the others wait for it.
    signing_in: AsyncMutex<()>,
}

#[derive(Clone, Debug)]
struct State {
    cookies: Cookies,
    /// Raised with each sign-in, so that one expiry causes one sign-in.
    generation: u64,
}

impl<T> Clone for Session<T> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<T: Transport> Session<T> {
    pub(crate) fn new(client: Client<T>, auth: Auth, user: SignedInUser, cookies: Cookies) -> Self {
        let state = Mutex::new(State { cookies, generation: 0 });
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
        endpoint.read(&answer)
    }

    async fn exchange<E: Endpoint>(&self, endpoint: &E) -> Result<ApiAnswer, Error> {
        let request = endpoint.request();
        let state = self.state();
        let client = &self.inner.client;
        let answer = client.send(E::NAME, &request, HeaderMap::new(), &state.cookies).await?;
        if answer.0.status != StatusCode::UNAUTHORIZED {
            self.keep_cookies(&state, &answer);
            return Ok(answer);
        }
        tracing::debug!(endpoint = E::NAME, "the vault's session is over, signing in again");
        self.sign_in_again(state.generation).await?;
        let state = self.state();
        client.send(E::NAME, &request, HeaderMap::new(), &state.cookies).await
    }

    /// A balancer may move the session to another node and set its cookie anew.
    fn keep_cookies(&self, sent_with: &State, answer: &ApiAnswer) {
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.generation == sent_with.generation {
            state.cookies.take(&answer.0.headers);
        }
    }

    async fn sign_in_again(&self, expired: u64) -> Result<(), Error> {
        let _only_one = self.inner.signing_in.lock().await;
        if self.state().generation != expired {
            return Ok(());
        }
        let begun =
            self.inner.client.begin_session(&self.inner.auth, Cookies::default(), None).await?;
        let (user, cookies) = match begun {
            Begun::Session(user, cookies) => (user, cookies),
            Begun::Challenge(..) => {
                return Err(Error::new("POST Auth/SignAppin", ErrorKind::TwoFactorWanted));
            }
        };
        if user.user != self.inner.user.user {
            // The same name now means somebody else: nothing of theirs is ours to touch.
            return Err(Error::new("POST Auth/SignAppin", ErrorKind::SignInRefused));
        }
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { cookies, generation: expired + 1 };
        Ok(())
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
        let request = SignOut.request();
        let answer =
            self.inner.client.send(SignOut::NAME, &request, HeaderMap::new(), &cookies).await?;
        match SignOut.read(&answer) {
            Err(error) if matches!(error.kind(), ErrorKind::SignInRefused) => Ok(()),
            outcome => outcome,
        }
    }

    /// All accounts that this user may request and the query fits, page after page.
    ///
    /// # Errors
    ///
    /// As [`ListManagedAccounts`]; [`ErrorKind::Unreadable`] when the list does not end.
    pub async fn managed_accounts(
        &self,
        query: &ManagedAccountQuery,
    ) -> Result<Vec<RequestableAccount>, Error> {
        let page = |offset| ListManagedAccounts { query: query.clone(), limit: PAGE, offset };
        let key = |row: &RequestableAccount| (row.system, row.account, row.application);
        self.all_pages(page, key).await
    }

    /// All managed systems that the query fits, page after page.
    ///
    /// # Errors
    ///
    /// As [`ListManagedSystems`]; [`ErrorKind::Unreadable`] when the list does not end.
    pub async fn managed_systems(
        &self,
        query: &ManagedSystemQuery,
    ) -> Result<Vec<ManagedSystem>, Error> {
        let page = |offset| ListManagedSystems { query: query.clone(), limit: PAGE, offset };
        self.all_pages(page, |row: &ManagedSystem| row.system).await
    }

    /// Asks for pages until one is short, or brings nothing new: some servers and proxies ignore
    /// the offset and send the first page for ever.
    async fn all_pages<E, R, K>(
        &self,
        page: impl Fn(u32) -> E,
        key: impl Fn(&R) -> K,
    ) -> Result<Vec<R>, Error>
    where
        E: Endpoint<Answer = Vec<R>>,
        K: Eq + Hash,
    {
        let mut all = Vec::new();
        let mut seen = HashSet::new();
        for number in 0..MAX_PAGES {
            let rows = self.send(&page(number * PAGE)).await?;
            let is_last = rows.len() < PAGE as usize;
            let before = all.len();
            all.extend(rows.into_iter().filter(|row| seen.insert(key(row))));
            if is_last || all.len() == before {
                return Ok(all);
            }
        }
        let what = format!("the list has more than {MAX_PAGES} pages of {PAGE} rows");
        Err(Error::new(E::NAME, ErrorKind::Unreadable { what }))
    }

    /// Makes a release request, and never two of it.
    ///
    /// If the answer is lost, the request may exist all the same. Then the user's requests are
    /// listed and one with the same system, account and reason is taken for it; so put something
    /// unique into the reason. If that cannot be found out either, the error is
    /// [`ErrorKind::MaybeMade`].
    ///
    /// # Errors
    ///
    /// As [`CreateRequest`], and [`ErrorKind::MaybeMade`].
    pub async fn create_request(&self, new: &NewRequest) -> Result<Created, Error> {
        let lost = match self.send(&CreateRequest(new)).await {
            Err(error) if was_maybe_executed(&error) => error,
            outcome => return outcome,
        };
        tracing::debug!("the answer to a new release request was lost, looking for the request");
        match self.send(&ListRequests::default()).await {
            Ok(rows) => match newest(rows, new) {
                Some(row) => Ok(Created { id: row.request, reused: false }),
                None => Err(lost),
            },
            Err(_) => Err(Error::new("POST Requests", ErrorKind::MaybeMade(Box::new(lost)))),
        }
    }
}

fn was_maybe_executed(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Transport(transport) => transport.may_have_been_executed(),
        // A balancer's word says nothing about what the vault behind it did.
        ErrorKind::Server | ErrorKind::Unreadable { .. } | ErrorKind::NotTheApi => true,
        _ => false,
    }
}

fn newest(rows: Vec<ReleaseRequest>, new: &NewRequest) -> Option<ReleaseRequest> {
    let reason = new.reason.as_deref();
    rows.into_iter()
        .filter(|row| row.system == new.system && row.account == new.account)
        .filter(|row| row.reason.as_deref() == reason)
        .max_by_key(|row| row.request)
}
