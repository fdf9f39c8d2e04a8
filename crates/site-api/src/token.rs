//! Access tokens: OAuth 2.0 client credentials (RFC 6749, section 4.4).
//!
//! A site keeps at most thirty valid tokens for an API account and kills the oldest for the next
//! one. So one token is shared by everybody, fetched by one caller at a time, and renewed at 80 %
//! of its life.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;
use zeroize::Zeroizing;

use crate::transport::{HttpRequest, Transport, TransportError};

/// Answers are short; more is not read.
const ANSWER_LIMIT: usize = 64 * 1024;
/// The life assumed when the answer does not say, in seconds. A day is the longest believed.
const USUAL_LIFE: u64 = 3600;
/// How old a token must be that was never accepted before another is fetched in its place.
const UNPROVEN: Duration = Duration::from_secs(60);

/// The time, for the life of tokens.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Instant;
}

/// Why there is no token.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The token endpoint gives no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It does not accept the client.
    #[error("the token endpoint refuses the account ({status}{})", .code.as_deref().map(|c| format!(", {c}")).unwrap_or_default())]
    Refused {
        /// Its status.
        status: StatusCode,
        /// Its error code, if it is one of letters and underscores.
        code: Option<String>,
        /// Its `Retry-After` and `WWW-Authenticate`, nothing else.
        hints: Box<HeaderMap>,
    },
    /// Its answer is not a token. The answer itself is not kept: it may hold one.
    #[error("the token endpoint's answer is not a bearer token")]
    Unreadable,
}

impl TokenError {
    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Transport(error) => error.advice(),
            Self::Refused { code, .. } => match code.as_deref() {
                Some("access_denied") => {
                    "check that the API account is not locked and may be used from this address"
                }
                Some("unauthorized_client") => "check that the API account is enabled",
                Some("invalid_client" | "invalid_credentials" | "invalid_grant") => {
                    "check client id and client secret; a new secret makes the old one invalid"
                }
                _ => "check client id and client secret, and that the API account is enabled",
            },
            Self::Unreadable => {
                "check that the address is the site's own token endpoint and no portal before it"
            }
        }
    }
}

/// The request for a token.
#[must_use]
pub fn token_request(url: &Url, client_id: &str, client_secret: &SecretString) -> HttpRequest {
    let pair = Zeroizing::new(format!("{client_id}:{}", client_secret.expose_secret()));
    let basic = Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes())));
    let mut headers = HeaderMap::new();
    // Base64 is always a header value.
    if let Ok(mut value) = HeaderValue::from_str(&basic) {
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(CONTENT_TYPE, form);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    HttpRequest {
        method: Method::POST,
        url: url.clone(),
        headers,
        body: Zeroizing::new(b"grant_type=client_credentials".to_vec()),
        max_answer: ANSWER_LIMIT,
    }
}

/// What a token endpoint grants.
#[derive(Debug, Clone)]
pub struct Granted {
    /// The bearer token.
    pub secret: SecretString,
    /// How long it is worth something.
    pub life: Duration,
}

/// Reads the answer of a token endpoint.
///
/// ```
/// # use {http::{HeaderMap, StatusCode}, std::time::Duration};
/// let body = br#"{"access_token":"t","token_type":"Bearer","expires_in":600}"#;
/// let granted = site_api::read_granted(StatusCode::OK, &HeaderMap::new(), body)?;
/// assert_eq!(granted.life, Duration::from_secs(600));
/// # Ok::<(), site_api::TokenError>(())
/// ```
///
/// # Errors
///
/// [`TokenError::Refused`] and [`TokenError::Unreadable`].
pub fn read_granted(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Granted, TokenError> {
    #[derive(Deserialize)]
    struct Token {
        #[serde(deserialize_with = "secret_text")]
        access_token: SecretString,
        token_type: Option<String>,
        expires_in: Option<u64>,
    }
    #[derive(Deserialize)]
    struct Denied {
        error: String,
    }
    if status != StatusCode::OK {
        let code = serde_json::from_slice::<Denied>(body).ok().map(|denied| denied.error);
        let code = code.filter(|code| {
            code.len() <= 40 && code.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        });
        let mut hints = Box::<HeaderMap>::default();
        for name in [RETRY_AFTER, WWW_AUTHENTICATE] {
            if let Some(value) = headers.get(&name) {
                hints.insert(name, value.clone());
            }
        }
        return Err(TokenError::Refused { status, code, hints });
    }
    // The reader's own error is dropped: it can quote what it read.
    let token: Token = serde_json::from_slice(body).map_err(|_| TokenError::Unreadable)?;
    let is_bearer = token.token_type.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    let text = token.access_token.expose_secret();
    let is_token = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_bearer || !is_token || text.len() > 16 * 1024 {
        return Err(TokenError::Unreadable);
    }
    let life = token.expires_in.unwrap_or(USUAL_LIFE).clamp(1, 24 * USUAL_LIFE);
    Ok(Granted { secret: token.access_token, life: Duration::from_secs(life) })
}

fn secret_text<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<SecretString, D::Error> {
    // Copied into its exact size: a text that shrinks may leave the longer one unwiped.
    let text = Zeroizing::new(String::deserialize(reader)?);
    Ok(SecretString::from(text.as_str()))
}

/// A bearer token and its life.
#[derive(Debug, Clone)]
pub struct AccessToken {
    secret: SecretString,
    fetched_at: Instant,
    renew_at: Instant,
}

impl AccessToken {
    /// A token that was received at `now`.
    #[must_use]
    pub fn new(granted: Granted, now: Instant) -> Self {
        let Granted { secret, life } = granted;
        Self { secret, fetched_at: now, renew_at: now + life * 4 / 5 }
    }

    /// The token itself.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// When 80 % of its life are over.
    #[must_use]
    pub fn renew_at(&self) -> Instant {
        self.renew_at
    }

    fn is(&self, other: &Self) -> bool {
        self.secret.expose_secret() == other.secret.expose_secret()
    }
}

struct Kept {
    token: AccessToken,
    /// Whether the site has accepted it at least once.
    proven: bool,
}

/// Fetches and keeps the token of one API account.
pub struct Tokens<T> {
    transport: Arc<T>,
    clock: Arc<dyn Clock>,
    url: Url,
    client_id: String,
    client_secret: SecretString,
    /// Held while a token is fetched: callers that come meanwhile wait and share the result.
    kept: Mutex<Option<Kept>>,
}

impl<T> std::fmt::Debug for Tokens<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl<T: Transport> Tokens<T> {
    /// Prepares to fetch tokens at this address. Nothing is sent yet.
    pub fn new(
        url: Url,
        client_id: String,
        client_secret: SecretString,
        transport: Arc<T>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { transport, clock, url, client_id, client_secret, kept: Mutex::new(None) }
    }

    /// What carries its requests.
    #[must_use]
    pub fn transport(&self) -> &Arc<T> {
        &self.transport
    }

    /// The kept token, or a new one if it is due.
    ///
    /// # Errors
    ///
    /// See [`TokenError`].
    pub async fn token(&self) -> Result<AccessToken, TokenError> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref()
            && self.clock.now() < kept.token.renew_at
        {
            return Ok(kept.token.clone());
        }
        *kept = None;
        let request = token_request(&self.url, &self.client_id, &self.client_secret);
        let answer = self.transport.send(request).await?;
        let granted = read_granted(answer.status, &answer.headers, &answer.body)?;
        let token = AccessToken::new(granted, self.clock.now());
        *kept = Some(Kept { token: token.clone(), proven: false });
        Ok(token)
    }

    /// Forgets a token the site does not accept. A newer one stays.
    pub async fn forget(&self, token: &AccessToken) {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_some_and(|kept| kept.token.is(token)) {
            *kept = None;
        }
    }

    /// Notes that the site accepts a token.
    pub(crate) async fn proved(&self, token: &AccessToken) {
        if let Some(kept) = self.kept.lock().await.as_mut()
            && kept.token.is(token)
        {
            kept.proven = true;
        }
    }

    /// Forgets a rejected token if another may help: one that never was accepted is replaced at
    /// most once a minute, so that an account in trouble does not cost a token for each call.
    pub(crate) async fn rejected(&self, token: &AccessToken) -> bool {
        let mut kept = self.kept.lock().await;
        let Some(held) = kept.as_ref() else { return true };
        if !held.token.is(token) {
            return true;
        }
        let age = self.clock.now().saturating_duration_since(held.token.fetched_at);
        let renewed = held.proven || age >= UNPROVEN;
        if renewed {
            *kept = None;
        }
        renewed
    }
}
