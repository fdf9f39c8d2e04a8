//! Access tokens of a site, for its link and for everything that is asked beside the link.
//!
//! One token is shared by all of them: a site keeps only so many tokens per account, and each new
//! one may push another one out. Keeping, renewing and reading it is `site-api`'s; here is what a
//! failure means for the link.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use secrecy::SecretString;
use service_host::outbound::ProxyAddress;
use site_api::{Clock, Granted, Tokens, TransportError};
use tokio::time::Instant;
use url::Url;

use super::https::SiteHttps;
use super::refusal::{Refusal, Retry};

/// A bearer token and its life.
#[derive(Debug, Clone)]
pub struct AccessToken(site_api::AccessToken);

impl AccessToken {
    /// A token that was just received and lives for `life`.
    #[must_use]
    pub fn new(secret: SecretString, life: Duration) -> Self {
        Self(site_api::AccessToken::new(Granted { secret, life }, RuntimeClock.now()))
    }

    /// The token itself.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        self.0.secret()
    }

    /// When 80 % of its life are over.
    #[must_use]
    pub fn renew_at(&self) -> Instant {
        Instant::from_std(self.0.renew_at())
    }
}

/// The runtime's clock, which tests can stop.
struct RuntimeClock;

impl Clock for RuntimeClock {
    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
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

impl From<site_api::TokenError> for TokenError {
    fn from(error: site_api::TokenError) -> Self {
        use site_api::TokenError as E;
        match error {
            E::Transport(TransportError::Untrusted { reason }) => {
                Self::Unreachable { reason, untrusted: true }
            }
            E::Transport(
                TransportError::Unreachable { reason } | TransportError::Broken { reason },
            ) => Self::Unreachable { reason, untrusted: false },
            E::Transport(TransportError::TimedOut) => {
                Self::Unreachable { reason: "it took too long".to_owned(), untrusted: false }
            }
            E::Refused { status, code, hints } => {
                let refusal = match (status.as_u16(), code.as_deref()) {
                    (400, Some("invalid_client" | "invalid_grant" | "invalid_credentials")) => {
                        Refusal::Token
                    }
                    _ => Refusal::read(status, &hints),
                };
                Self::Refused { status: status.as_u16(), code, refusal }
            }
            _ => Self::Unreadable,
        }
    }
}

/// Fetches and keeps the token of one site account.
#[derive(Debug, Clone)]
pub struct TokenSource(Arc<Tokens<SiteHttps>>);

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
        let https = SiteHttps::new(tls, proxy).map_err(|reason| TokenError::Setup { reason })?;
        let clock = Arc::new(RuntimeClock);
        let tokens = Tokens::new(url, client_id, client_secret, Arc::new(https), clock);
        Ok(Self(Arc::new(tokens)))
    }

    /// The kept token, or a new one if it is due.
    ///
    /// # Errors
    ///
    /// See [`TokenError`].
    pub async fn token(&self) -> Result<AccessToken, TokenError> {
        Ok(AccessToken(self.0.token().await?))
    }

    /// Forgets a token the site does not accept. A newer one stays.
    pub async fn forget(&self, token: &AccessToken) {
        self.0.forget(&token.0).await;
    }

    /// What keeps the token, for calls beside the link.
    #[must_use]
    pub fn shared(&self) -> Arc<Tokens<SiteHttps>> {
        Arc::clone(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};
    use secrecy::ExposeSecret;

    use super::*;

    fn read(status: u16, body: &str) -> Result<AccessToken, TokenError> {
        let status = StatusCode::from_u16(status).unwrap();
        let Granted { secret, life } =
            site_api::read_granted(status, &HeaderMap::new(), body.as_bytes())?;
        Ok(AccessToken::new(secret, life))
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
