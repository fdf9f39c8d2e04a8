//! Access tokens of a site: OAuth 2.0 client credentials (RFC 6749, section 4.4).
//!
//! One token is shared by everything that needs it, fetched by one caller at a time, and renewed
//! at 80 % of its life: a site keeps only so many tokens per account, and each new one may push
//! another one out.

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{HeaderMap, StatusCode};
use rustls::ClientConfig;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use service_host::outbound::ProxyAddress;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;
use zeroize::Zeroizing;

use super::refusal::{Refusal, Retry};

/// A bearer token and its life.
#[derive(Debug, Clone)]
pub struct AccessToken {
    secret: SecretString,
    renew_at: Instant,
}

impl AccessToken {
    /// A token that was just received and lives for `life`.
    #[must_use]
    pub fn new(secret: SecretString, life: Duration) -> Self {
        // Sites in different time do not matter: only lengths of time are used.
        Self { secret, renew_at: Instant::now() + life * 4 / 5 }
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
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The token endpoint cannot be reached, or not securely.
    #[error("the token endpoint cannot be reached: {reason}")]
    Unreachable {
        /// The innermost cause in words; without addresses that could hold secrets.
        reason: String,
        /// Whether its certificate is the cause.
        untrusted: bool,
    },
    /// It does not accept the client.
    #[error("the token endpoint refuses the account ({status}{})", .code.as_deref().map(|c| format!(", {c}")).unwrap_or_default())]
    Refused {
        /// Its status.
        status: u16,
        /// Its error code, if it is one of letters and underscores.
        code: Option<String>,
        /// What to do about it.
        refusal: Refusal,
    },
    /// Its answer is not a token. The answer itself is not kept: it may hold one.
    #[error("the token endpoint's answer is not a bearer token")]
    Unreadable,
    /// The HTTP client could not be made.
    #[error("no HTTP client: {reason}")]
    Setup {
        /// Why.
        reason: String,
    },
}

impl TokenError {
    /// When to try again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            // A wrong secret does not become right; and accounts are locked after failed tries.
            Self::Refused { refusal: Refusal::Token, .. } => Retry::Slowly,
            Self::Refused { refusal, .. } => refusal.retry(),
            _ => Retry::Backoff,
        }
    }
}

/// Fetches and keeps the token of one site account.
#[derive(Debug)]
pub struct TokenSource {
    client: reqwest::Client,
    url: Url,
    client_id: String,
    client_secret: SecretString,
    /// Held while a token is fetched: callers that come meanwhile wait and share the result.
    kept: Mutex<Option<AccessToken>>,
}

/// Answers are short; more is not read.
const ANSWER_LIMIT: usize = 64 * 1024;

/// How long a token may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The life assumed when the answer does not say, and the longest that is believed.
const USUAL_LIFE: u64 = 3600;

impl TokenSource {
    /// Prepares to fetch tokens. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`TokenError::Setup`] when the HTTP client cannot be made.
    pub fn new(
        url: Url,
        client_id: String,
        client_secret: SecretString,
        tls: &Arc<ClientConfig>,
        proxy: Option<&ProxyAddress>,
    ) -> Result<Self, TokenError> {
        let setup = |error: reqwest::Error| TokenError::Setup { reason: innermost(&error) };
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, super::user_agent());
        // Sites ask to close the connection after each call.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(ClientConfig::clone(tls))
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .pool_max_idle_per_host(0)
            .http1_only()
            .https_only(true)
            .connect_timeout(PATIENCE)
            .timeout(PATIENCE)
            .no_proxy();
        let builder = match proxy {
            None => builder,
            Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy.url()).map_err(setup)?),
        };
        let client = builder.build().map_err(setup)?;
        Ok(Self { client, url, client_id, client_secret, kept: Mutex::new(None) })
    }

    /// The kept token, or a new one if it is due.
    ///
    /// # Errors
    ///
    /// See [`TokenError`].
    pub async fn token(&self) -> Result<AccessToken, TokenError> {
        let mut kept = self.kept.lock().await;
        if let Some(token) = kept.as_ref()
            && Instant::now() < token.renew_at
        {
            return Ok(token.clone());
        }
        *kept = None;
        let token = self.fetch().await?;
        *kept = Some(token.clone());
        Ok(token)
    }

    /// Forgets a token the site does not accept. A newer one stays.
    pub async fn forget(&self, token: &AccessToken) {
        let mut kept = self.kept.lock().await;
        if kept
            .as_ref()
            .is_some_and(|kept| kept.secret.expose_secret() == token.secret.expose_secret())
        {
            *kept = None;
        }
    }

    async fn fetch(&self) -> Result<AccessToken, TokenError> {
        let unreachable = |error: reqwest::Error| TokenError::Unreachable {
            untrusted: is_untrusted(&error),
            reason: innermost(&error),
        };
        let mut answer = self
            .client
            .post(self.url.clone())
            .basic_auth(&self.client_id, Some(self.client_secret.expose_secret()))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
            .send()
            .await
            .map_err(unreachable)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = Zeroizing::new(Vec::with_capacity(ANSWER_LIMIT));
        while let Some(piece) = answer.chunk().await.map_err(unreachable)? {
            if body.len() + piece.len() > ANSWER_LIMIT {
                return Err(TokenError::Unreadable);
            }
            body.extend_from_slice(&piece);
        }
        read_answer(status, &headers, &body)
    }
}

#[derive(Deserialize)]
struct Granted {
    #[serde(deserialize_with = "secret_text")]
    access_token: SecretString,
    token_type: Option<String>,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Denied {
    error: String,
}

fn secret_text<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<SecretString, D::Error> {
    // Copied into its exact size: a text that shrinks may leave the longer one unwiped.
    let text = Zeroizing::new(String::deserialize(reader)?);
    Ok(SecretString::from(text.as_str()))
}

fn read_answer(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<AccessToken, TokenError> {
    if status != StatusCode::OK {
        let code = serde_json::from_slice::<Denied>(body).ok().map(|denied| denied.error);
        let code = code.filter(|code| {
            code.len() <= 40 && code.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        });
        let refusal = match (status.as_u16(), code.as_deref()) {
            (400, Some("invalid_client" | "invalid_grant" | "invalid_credentials")) => {
                Refusal::Token
            }
            _ => Refusal::read(status, headers),
        };
        return Err(TokenError::Refused { status: status.as_u16(), code, refusal });
    }
    // The reader's own error is dropped: it can quote what it read.
    let granted: Granted = serde_json::from_slice(body).map_err(|_| TokenError::Unreadable)?;
    let secret = granted.access_token;
    let is_bearer = granted.token_type.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    let is_token = |byte: u8| byte.is_ascii_graphic();
    let text = secret.expose_secret();
    if !is_bearer || text.is_empty() || text.len() > 16 * 1024 || !text.bytes().all(is_token) {
        return Err(TokenError::Unreadable);
    }
    let life = granted.expires_in.unwrap_or(USUAL_LIFE).clamp(1, 24 * USUAL_LIFE);
    Ok(AccessToken::new(secret, Duration::from_secs(life)))
}

/// The last cause in the chain: reqwest's own text repeats the URL, the cause says what happened.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if error.is_timeout() { "it took too long".to_owned() } else { cause.to_string() }
}

fn is_untrusted(error: &reqwest::Error) -> bool {
    matches!(tls_cause(error), Some(rustls::Error::InvalidCertificate(_)))
}

/// The TLS error somewhere below. An I/O error hides what it wraps from `source`: it answers the
/// wrapped error's own cause instead.
fn tls_cause<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => tls_cause(wrapped),
        None => tls_cause(error.source()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Result<AccessToken, TokenError> {
        read_answer(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes())
    }

    #[tokio::test(start_paused = true)]
    async fn token_is_renewed_at_four_fifths_of_its_life() {
        let body = r#"{"access_token":"t0k3n","token_type":"Bearer","expires_in":3600}"#;
        let token = read(200, body).unwrap();
        assert_eq!(token.secret().expose_secret(), "t0k3n");
        assert_eq!(token.renew_at() - Instant::now(), Duration::from_secs(2880));
        assert!(!format!("{token:?}").contains("t0k3n"));
    }

    #[tokio::test]
    async fn answers_that_are_no_bearer_token_are_refused_and_never_quoted() {
        for body in [
            "",
            "t0k3n",
            r#"{"access_token":3,"x":"t0k3n"}"#,
            r#"{"access_token":"","token_type":"Bearer"}"#,
            r#"{"access_token":"t0k3n","token_type":"mac"}"#,
            r#"{"access_token":"t0k3n\r\nx: y","token_type":"Bearer"}"#,
        ] {
            let error = read(200, body).expect_err(body);
            assert!(matches!(error, TokenError::Unreadable), "{body}");
            assert!(!format!("{error} {error:?}").contains("t0k3n"), "{body}");
        }
    }

    #[tokio::test]
    async fn wrong_secret_is_not_tried_again_quickly() {
        let denied = r#"{"error":"invalid_client","message":"no"}"#;
        for status in [400, 401] {
            assert_eq!(read(status, denied).expect_err("denied").retry(), Retry::Slowly);
        }
        assert_eq!(read(500, "").expect_err("broken").retry(), Retry::Backoff);
        let shown = read(401, r#"{"error":"Your secret hunter2!"}"#).expect_err("denied");
        assert!(!format!("{shown} {shown:?}").contains("hunter2"));
    }
}
