//! A vault and a way to it; from here one signs in.

mod ask;
mod breaker;
mod builder;
mod exchange;
mod gate;
mod pass;
mod retry;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub(crate) use self::ask::{Ask, Of, Read};
pub use self::breaker::BreakerPolicy;
pub use self::builder::ClientBuilder;
pub(crate) use self::exchange::{InPieces, Take, Whole, call_span};
pub(crate) use self::gate::Permit;
pub use self::retry::RetryPolicy;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};

use crate::address::VaultAddress;
use crate::auth::{Auth, bearer_header, key_header};
use crate::cookies::Cookies;
use crate::endpoint::auth::{SignIn, SignedInUser, read_token};
use crate::endpoint::{ApiAnswer, Endpoint};
use crate::error::{Error, ErrorKind};
use crate::metrics::Metrics;
use crate::percent;
use crate::repeat::Repeat;
use crate::runtime::Runtime;
use crate::session::Session;
use crate::transport::{HttpRequest, Transport};

/// Where a sign-in may name its prompt.
const TWO_FACTOR: &str = "WWW-Authenticate-2FA";

/// The server session that a sign-in begins.
const FIRST_LANE: usize = 0;

/// The token call, in errors.
const TOKEN: &str = "POST Auth/connect/token";

/// One vault over one transport. Cheap to clone.
pub struct Client<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    address: VaultAddress,
    transport: T,
    limits: Limits,
    runtime: Option<Arc<dyn Runtime>>,
    retry: RetryPolicy,
    breaker: Option<breaker::Breaker>,
    gate: gate::Gate,
    sessions: usize,
    coalesce: bool,
    /// How often something was changed in this vault by this client, whichever session did it.
    writes: Arc<AtomicU64>,
    metrics: Arc<dyn Metrics>,
}

/// How much of an answer is taken at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one page of a list: 8 MiB unless it is changed. A row has about half a KiB.
    pub list_bytes: usize,
    /// Bytes of any other answer: 64 KiB unless it is changed.
    pub scalar_bytes: usize,
    /// Rows of a list, all pages together: a million unless it is changed.
    pub list_rows: usize,
    /// Bytes of all answers that one session remembers for its
    /// [cached](crate::Session::cached) reads: 16 MiB unless it is changed. The oldest go first;
    /// a longer answer is not remembered.
    pub remembered_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            list_bytes: 8 << 20,
            scalar_bytes: 64 << 10,
            list_rows: 1_000_000,
            remembered_bytes: 16 << 20,
        }
    }
}

impl<T> Clone for Client<T> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

/// What a sign-in came to.
pub enum SignedIn<T> {
    /// A session.
    Session(Session<T>),
    /// The vault wants a second factor; somebody must answer.
    Challenge(Challenge<T>),
}

/// A sign-in that waits for a second factor, inside the server session that asked for it.
pub struct Challenge<T> {
    client: Client<T>,
    auth: Auth,
    cookies: Cookies,
    prompt: String,
}

impl<T: Transport> Challenge<T> {
    /// The vault's words to the person.
    #[must_use]
    pub fn prompt(&self) -> &str {
        &self.prompt
    }

    /// Answers. A vault may ask again, for instance for the next code of a token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRefused`] for a wrong answer; whatever else a sign-in can meet.
    pub async fn answer(self, answer: &SecretString) -> Result<SignedIn<T>, Error> {
        self.client.sign_in_with(self.auth, self.cookies, Some(answer)).await
    }
}

impl<T: Transport> Client<T> {
    /// A client without a runtime, which makes each call once; nothing is sent yet. See
    /// [`builder`](Self::builder) for more.
    #[must_use]
    pub fn new(address: VaultAddress, transport: T) -> Self {
        Self::with_limits(address, transport, Limits::default())
    }

    /// The same with other limits of what is taken.
    #[must_use]
    pub fn with_limits(address: VaultAddress, transport: T, limits: Limits) -> Self {
        Self::builder(address, transport).limits(limits).build()
    }

    /// Settings to begin with.
    pub fn builder(address: VaultAddress, transport: T) -> ClientBuilder<T> {
        ClientBuilder::new(address, transport)
    }

    pub(crate) fn runtime(&self) -> Option<&Arc<dyn Runtime>> {
        self.inner.runtime.as_ref()
    }

    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        &self.inner.retry
    }

    pub(crate) fn sessions(&self) -> usize {
        self.inner.sessions
    }

    pub(crate) fn coalesces(&self) -> bool {
        self.inner.coalesce
    }

    pub(crate) fn writes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.inner.writes)
    }

    pub(crate) fn metrics(&self) -> &dyn Metrics {
        &*self.inner.metrics
    }

    pub(crate) fn limits(&self) -> Limits {
        self.inner.limits
    }

    /// Where the vault is.
    #[must_use]
    pub fn address(&self) -> &VaultAddress {
        &self.inner.address
    }

    /// Signs in and begins a server session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRefused`] without saying which of its causes, for the vault does not;
    /// [`ErrorKind::LicenceInvalid`], [`ErrorKind::VersionDisabled`], and transport errors.
    pub async fn sign_in(&self, auth: Auth) -> Result<SignedIn<T>, Error> {
        self.sign_in_with(auth, Cookies::default(), None).await
    }

    async fn sign_in_with(
        &self,
        auth: Auth,
        cookies: Cookies,
        challenge: Option<&SecretString>,
    ) -> Result<SignedIn<T>, Error> {
        let begun = self.begin_session(&auth, cookies, challenge, FIRST_LANE).await;
        // A challenge is neither yet.
        if !matches!(begun, Ok(Begun::Challenge(..))) {
            self.inner.metrics.sign_in(FIRST_LANE, begun.is_ok());
        }
        Ok(match begun? {
            Begun::Session(user, cookies) => {
                SignedIn::Session(Session::new(self.clone(), auth, user, cookies))
            }
            Begun::Challenge(prompt, cookies) => {
                SignedIn::Challenge(Challenge { client: self.clone(), auth, cookies, prompt })
            }
        })
    }

    /// The sign-in call itself, also used to sign in again.
    pub(crate) async fn begin_session(
        &self,
        auth: &Auth,
        cookies: Cookies,
        challenge: Option<&SecretString>,
        lane: usize,
    ) -> Result<Begun, Error> {
        let begun = self.try_to_begin(auth, cookies, challenge, lane).await;
        begun.map_err(|error| error.scrubbed(auth.secrets().chain(challenge)))
    }

    async fn try_to_begin(
        &self,
        auth: &Auth,
        mut cookies: Cookies,
        challenge: Option<&SecretString>,
        lane: usize,
    ) -> Result<Begun, Error> {
        let authorization = self.authorization(auth, challenge).await?;
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, authorization);
        let span = call_span(SignIn::NAME, lane, 1);
        let sent = self.send::<Whole>(&Of(&SignIn), headers, &cookies, span).await?;
        let answer = ApiAnswer(sent.answer);
        cookies.take(&answer.0.headers);
        if answer.0.status == StatusCode::UNAUTHORIZED
            && let Some(prompt) = answer.0.headers.get(TWO_FACTOR)
        {
            if matches!(auth, Auth::OAuth { .. }) {
                // A bearer token leaves no place for an answer.
                return Err(Error::new(SignIn::NAME, ErrorKind::TwoFactorWanted));
            }
            let prompt = String::from_utf8_lossy(prompt.as_bytes());
            let prompt = prompt.chars().filter(|c| !c.is_control()).take(500).collect();
            return Ok(Begun::Challenge(prompt, cookies));
        }
        let user = SignIn.read(&answer).map_err(|error| error.with_repeat(Repeat::Safe))?;
        Ok(Begun::Session(user, cookies))
    }

    async fn authorization(
        &self,
        auth: &Auth,
        challenge: Option<&SecretString>,
    ) -> Result<HeaderValue, Error> {
        let value = match auth {
            Auth::Key { key, run_as, password } => {
                key_header(key, run_as, password.as_ref(), challenge)
            }
            Auth::OAuth { client_id, client_secret, token_url } => {
                let token = self.token(client_id, client_secret, token_url.as_ref()).await?;
                bearer_header(&token)
            }
        };
        value.map_err(|error| Error::new(SignIn::NAME, ErrorKind::Header(error)))
    }

    /// `POST Auth/connect/token` with client credentials (RFC 6749, 4.4).
    async fn token(
        &self,
        client_id: &str,
        client_secret: &SecretString,
        token_url: Option<&url::Url>,
    ) -> Result<SecretString, Error> {
        const PATH: [&str; 3] = ["Auth", "connect", "token"];
        let own = || self.inner.address.join(&PATH.map(str::to_owned), &[]);
        if token_url.is_some_and(|url| url.scheme() != "https") {
            let rule = "the token address is https: the client secret is sent there";
            return Err(Error::new(TOKEN, ErrorKind::Misuse { rule }));
        }
        let body = percent::secret_form(&[
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", client_secret.expose_secret()),
        ]);
        let mut headers = HeaderMap::new();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(header::CONTENT_TYPE, form);
        let request = HttpRequest {
            method: http::Method::POST,
            url: token_url.cloned().unwrap_or_else(own),
            headers,
            body,
            max_answer: self.inner.limits.scalar_bytes,
            is_sign_in: true,
        };
        let answer = self.inner.transport.send(request).await.map_err(|error| {
            Error::new(TOKEN, ErrorKind::Transport(error)).with_repeat(Repeat::Safe)
        })?;
        read_token(&ApiAnswer(answer)).map_err(|error| error.with_repeat(Repeat::Safe))
    }
}

/// What a sign-in call came to.
pub(crate) enum Begun {
    Session(SignedInUser, Cookies),
    Challenge(String, Cookies),
}

impl<T> fmt::Debug for Client<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.inner.address)
    }
}

impl<T> fmt::Debug for SignedIn<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(session) => session.fmt(f),
            Self::Challenge(challenge) => challenge.fmt(f),
        }
    }
}

impl<T> fmt::Debug for Challenge<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenge({:?})", self.prompt)
    }
}
