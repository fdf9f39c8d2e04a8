//! A vault and a way to it; from here one signs in.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::address::VaultAddress;
use crate::auth::{Auth, bearer_header, key_header};
use crate::cookies::Cookies;
use crate::endpoint::auth::{SignIn, SignedInUser, read_token};
use crate::endpoint::{ApiAnswer, ApiRequest, Endpoint, SCALAR_BYTES};
use crate::error::{Error, ErrorKind};
use crate::session::Session;
use crate::transport::{HttpRequest, Transport};

/// Where a sign-in may name its prompt.
const TWO_FACTOR: &str = "WWW-Authenticate-2FA";

/// One vault over one transport. Cheap to clone.
#[derive(Debug)]
pub struct Client<T> {
    inner: Arc<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    address: VaultAddress,
    transport: T,
}

impl<T> Clone for Client<T> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

/// What a sign-in came to.
#[derive(Debug)]
pub enum SignedIn<T> {
    /// A session.
    Session(Session<T>),
    /// The vault wants a second factor; somebody must answer.
    Challenge(Challenge<T>),
}

/// A sign-in that waits for a second factor, inside the server session that asked for it.
#[derive(Debug)]
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
    /// A client; nothing is sent yet.
    #[must_use]
    pub fn new(address: VaultAddress, transport: T) -> Self {
        Self { inner: Arc::new(Inner { address, transport }) }
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
        Ok(match self.begin_session(&auth, cookies, challenge).await? {
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
        mut cookies: Cookies,
        challenge: Option<&SecretString>,
    ) -> Result<Begun, Error> {
        let authorization = self.authorization(auth, challenge).await?;
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, authorization);
        let answer = self.send(SignIn::NAME, &SignIn.request(), headers, &cookies).await?;
        cookies.take(&answer.0.headers);
        if answer.0.status == StatusCode::UNAUTHORIZED
            && let Some(prompt) = answer.0.headers.get(TWO_FACTOR)
        {
            let prompt = String::from_utf8_lossy(prompt.as_bytes()).chars().take(500).collect();
            return Ok(Begun::Challenge(prompt, cookies));
        }
        Ok(Begun::Session(SignIn.read(&answer)?, cookies))
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
        // In a block of its own: the serializer is not `Sync`, and held over an await it would
        // keep every call of a session from running on another thread.
        let body = {
            let mut form = url::form_urlencoded::Serializer::new(String::with_capacity(1_024));
            form.append_pair("grant_type", "client_credentials")
                .append_pair("client_id", client_id)
                .append_pair("client_secret", client_secret.expose_secret());
            Zeroizing::new(form.finish().into_bytes())
        };
        let mut headers = HeaderMap::new();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(header::CONTENT_TYPE, form);
        let request = HttpRequest {
            method: http::Method::POST,
            url: token_url.cloned().unwrap_or_else(own),
            headers,
            body,
            max_answer: SCALAR_BYTES,
            is_sign_in: true,
        };
        let answer =
            self.inner.transport.send(request).await.map_err(|error| {
                Error::new("POST Auth/connect/token", ErrorKind::Transport(error))
            })?;
        read_token(&ApiAnswer(answer))
    }

    /// Sends one call in a server session.
    pub(crate) async fn send(
        &self,
        endpoint: &'static str,
        call: &ApiRequest,
        mut headers: HeaderMap,
        cookies: &Cookies,
    ) -> Result<ApiAnswer, Error> {
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(cookie) = cookies.header() {
            headers.insert(header::COOKIE, cookie);
        }
        let mut body = Zeroizing::new(Vec::new());
        if let Some(json) = &call.body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            body.reserve_exact(json.0.len());
            body.extend_from_slice(&json.0);
        }
        let request = HttpRequest {
            method: call.method.clone(),
            url: self.inner.address.join(&call.path, &call.query),
            headers,
            body,
            max_answer: call.max_answer,
            is_sign_in: endpoint == SignIn::NAME,
        };
        let answer = self.inner.transport.send(request).await;
        answer.map(ApiAnswer).map_err(|error| Error::new(endpoint, ErrorKind::Transport(error)))
    }
}

/// What a sign-in call came to.
pub(crate) enum Begun {
    Session(SignedInUser, Cookies),
    Challenge(String, Cookies),
}
