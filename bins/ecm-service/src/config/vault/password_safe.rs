//! `kind = "password-safe"`: address, sign-in, certificates, limits.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{SecretSlice, SecretString};
use service_host::outbound::ProxyAddress;
use service_host::tls::Trust;
use url::Url;

use crate::config::reader::{At, TableReader};
use crate::config::site::read_secret_text;
use crate::config::tls::{read_https_url, read_proxy, read_trust};
use crate::config::{Context, key};

/// One Password Safe, checked.
#[derive(Debug, Clone)]
pub struct PasswordSafeConfig {
    /// Base address of its API; always https.
    pub url: Url,
    /// How the service signs in.
    pub auth: VaultAuth,
    /// Whose certificates are trusted.
    pub trust: Trust,
    /// PEM text of a client certificate and its key.
    pub client_certificate: Option<SecretSlice<u8>>,
    /// Proxy to go through.
    pub proxy: Option<ProxyAddress>,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long one call may take.
    pub request_timeout: Duration,
    /// How many calls are under way at a time.
    pub calls_at_once: usize,
    /// How many vault users may be signed in at once.
    pub max_sessions: usize,
    /// After how much silence one is signed out.
    pub session_idle: Duration,
    /// The vault's numbers of ticket systems, by the names that come with tickets.
    pub ticket_systems: BTreeMap<String, i64>,
}

/// How the service signs in to a vault.
#[derive(Debug, Clone)]
pub enum VaultAuth {
    /// Key of an API registration, with run-as: the vault sees the representative's vault user.
    ApiKey(SecretString),
    /// OAuth client credentials: the vault sees one application user, whoever asks.
    OAuth {
        /// Client id.
        client_id: String,
        /// Client secret.
        client_secret: SecretString,
        /// Token endpoint, if it is not the vault's own.
        token_url: Option<Url>,
    },
}

impl PasswordSafeConfig {
    pub(super) fn from_reader(
        reader: &mut TableReader<'_, '_>,
        context: &Context<'_>,
    ) -> Option<Self> {
        let second = Duration::from_secs(1);
        if !reader.has(key::VAULT_URL.name) {
            let advice = format!("add for example: url = {}", key::VAULT_URL.example);
            reader.problem(reader.span(), "`url` is missing in [[vault]]", advice);
        }
        let url = read_https_url(reader, &key::VAULT_URL);
        let auth = read_auth(reader, context);
        let trust = read_trust(reader, context);
        let client_certificate = read_client_certificate(reader, context);
        let proxy = read_proxy(reader);
        let connect_timeout = reader
            .duration(&key::VAULT_CONNECT_TIMEOUT, second..=second * 60)
            .unwrap_or(second * 5);
        let request_timeout = read_request_timeout(reader);
        let calls_at_once = reader.number(&key::VAULT_CALLS, 1..=1000_u16).unwrap_or(64);
        let max_sessions = reader.number(&key::VAULT_MAX_SESSIONS, 1..=10_000_u16).unwrap_or(100);
        let session_idle = reader
            .duration(&key::VAULT_SESSION_IDLE, second * 10..=second * 3600)
            .unwrap_or(second * 300);
        let ticket_systems = read_ticket_systems(reader);
        Some(Self {
            url: url?,
            auth: auth?,
            trust: trust?,
            client_certificate,
            proxy: proxy?,
            connect_timeout,
            request_timeout,
            calls_at_once: usize::from(calls_at_once),
            max_sessions: usize::from(max_sessions),
            session_idle,
            ticket_systems: ticket_systems?,
        })
    }
}

fn read_ticket_systems(reader: &mut TableReader<'_, '_>) -> Option<BTreeMap<String, i64>> {
    let words = reader.words(&key::VAULT_TICKET_SYSTEMS).unwrap_or_default();
    let mut numbers = BTreeMap::new();
    for (name, number) in words {
        match number.parse::<i64>() {
            Ok(number) if number > 0 => {
                numbers.insert(name, number);
            }
            _ => {
                let shown: String = name.chars().take(60).collect();
                reader.problem(
                    reader.span_of(&key::VAULT_TICKET_SYSTEMS),
                    format!("the ticket system `{shown}` has no number"),
                    "write the vault's number of it as a text, such as \"3\"",
                );
                return None;
            }
        }
    }
    Some(numbers)
}

/// How long one call may take.
pub(super) fn read_request_timeout(reader: &mut TableReader<'_, '_>) -> Duration {
    let second = Duration::from_secs(1);
    reader.duration(&key::VAULT_REQUEST_TIMEOUT, second..=second * 300).unwrap_or(second * 20)
}

fn read_auth(reader: &mut TableReader<'_, '_>, context: &Context<'_>) -> Option<VaultAuth> {
    let has_key = reader.has(key::VAULT_API_KEY.name);
    let api_key = read_secret_text(reader, &key::VAULT_API_KEY, context);
    match (has_key, reader.table("oauth")) {
        (true, None) => api_key.map(VaultAuth::ApiKey),
        (false, Some(oauth)) => read_oauth(oauth, context),
        (true, Some(oauth)) => {
            let at = oauth.span();
            // Read all the same, so that its own problems are told in the same run.
            read_oauth(oauth, context);
            reader.problem(
                at,
                "a vault has either `api-key` or `oauth`, not both",
                "remove one; api-key keeps every representative's own vault user",
            );
            None
        }
        (false, None) => {
            reader.problem(
                reader.span(),
                "this vault has neither `api-key` nor `oauth`",
                format!("add for example: api-key = {}", key::VAULT_API_KEY.example),
            );
            None
        }
    }
}

fn read_oauth(mut reader: TableReader<'_, '_>, context: &Context<'_>) -> Option<VaultAuth> {
    let client_id = reader.text(&key::OAUTH_CLIENT_ID).map(|at| at.value.to_owned());
    let client_secret = read_secret_text(&mut reader, &key::OAUTH_CLIENT_SECRET, context);
    let token_url = if reader.has(key::OAUTH_TOKEN_URL.name) {
        read_https_url(&mut reader, &key::OAUTH_TOKEN_URL).map(Some)
    } else {
        Some(None)
    };
    let acknowledged = reader.switch(&key::OAUTH_ACKNOWLEDGE);
    if let Some(At { value: false, span }) = acknowledged {
        reader.problem(
            span,
            "with OAuth every representative acts as the application user",
            "accept that by setting it to true, or use api-key",
        );
    }
    reader.finish();
    Some(VaultAuth::OAuth {
        client_id: client_id?,
        client_secret: client_secret?,
        token_url: token_url?,
    })
}

fn read_client_certificate(
    reader: &mut TableReader<'_, '_>,
    context: &Context<'_>,
) -> Option<SecretSlice<u8>> {
    let At { value, span } = reader.secret(&key::VAULT_CLIENT_CERTIFICATE)?;
    match value.fetch_bytes(context.base, context.surroundings) {
        Ok(bytes) => Some(bytes.to_vec().into()),
        Err(error) => {
            reader.problem(span, error.to_string(), error.advice());
            None
        }
    }
}
