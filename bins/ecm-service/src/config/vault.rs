//! `[[vault]]`: one Password Safe.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{SecretSlice, SecretString};
use url::Url;

use super::reader::{At, TableReader};
use super::site::read_secret_text;
use super::tls::{ProxyAddress, Trust, read_https_url, read_proxy, read_trust};
use super::{Context, key, read_name};

/// One vault, checked.
#[derive(Debug, Clone)]
pub struct VaultConfig {
    /// Its name in logs, answers, credential ids and the ledger.
    pub name: String,
    /// Base address of its API; always https.
    pub url: Url,
    /// How the service signs in.
    pub auth: VaultAuth,
    /// The global approver.
    pub approver: Option<String>,
    /// What happens when the policy wants approval.
    pub approval: Approval,
    /// 1 to 1440 minutes.
    pub release_duration_minutes: u16,
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
    /// How many vault users may be signed in at once.
    pub max_sessions: usize,
    /// After how much silence one is signed out.
    pub session_idle: Duration,
    /// How it is searched.
    pub search: SearchConfig,
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

/// What happens when the access policy wants approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// The global approver approves at once.
    ApproveByApprover,
    /// The console is told to wait for a person.
    Wait,
    /// The retrieval is refused.
    Refuse,
}

/// How a vault is searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchConfig {
    /// Kinds of accounts, at least one.
    pub kinds: Vec<AccountKind>,
    /// Calls at the same time, 1 to 32.
    pub parallel: usize,
}

/// A kind of account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountKind {
    /// An account of the endpoint itself.
    Local,
    /// A domain account linked to it.
    Linked,
    /// An account of an application.
    Application,
}

impl Default for SearchConfig {
    fn default() -> Self {
        Self {
            kinds: vec![AccountKind::Local, AccountKind::Linked, AccountKind::Application],
            parallel: 8,
        }
    }
}

impl VaultConfig {
    pub(crate) fn from_reader(
        mut reader: TableReader<'_, '_>,
        context: &Context<'_>,
        names: &mut BTreeMap<String, ()>,
    ) -> Option<Self> {
        let second = Duration::from_secs(1);
        let name = read_name(&mut reader, &key::VAULT_NAME, names);
        let url = read_https_url(&mut reader, &key::VAULT_URL);
        let auth = read_auth(&mut reader, context);
        let approver = reader.text(&key::VAULT_APPROVER).map(|at| at.value.to_owned());
        let approval = read_approval(&mut reader, approver.is_some());
        let release_duration_minutes =
            reader.number(&key::VAULT_RELEASE_DURATION, 1..=1440).unwrap_or(360);
        let trust = read_trust(&mut reader, context);
        let client_certificate = read_client_certificate(&mut reader, context);
        let proxy = read_proxy(&mut reader);
        let connect_timeout = reader
            .duration(&key::VAULT_CONNECT_TIMEOUT, second..=second * 60)
            .unwrap_or(second * 5);
        let request_timeout = reader
            .duration(&key::VAULT_REQUEST_TIMEOUT, second..=second * 300)
            .unwrap_or(second * 20);
        let max_sessions = reader.number(&key::VAULT_MAX_SESSIONS, 1..=10_000_u16).unwrap_or(100);
        let session_idle = reader
            .duration(&key::VAULT_SESSION_IDLE, second * 10..=second * 3600)
            .unwrap_or(second * 300);
        let search = reader.table("search").map_or_else(SearchConfig::default, read_search);
        reader.finish();
        Some(Self {
            name: name?,
            url: url?,
            auth: auth?,
            approver,
            approval: approval?,
            release_duration_minutes,
            trust: trust?,
            client_certificate,
            proxy: proxy?,
            connect_timeout,
            request_timeout,
            max_sessions: usize::from(max_sessions),
            session_idle,
            search,
        })
    }
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

fn read_approval(reader: &mut TableReader<'_, '_>, has_approver: bool) -> Option<Approval> {
    let choices = [
        ("approve-by-approver", Approval::ApproveByApprover),
        ("wait", Approval::Wait),
        ("refuse", Approval::Refuse),
    ];
    match reader.choice(&key::VAULT_APPROVAL, &choices) {
        Some(At { value: Approval::ApproveByApprover, span }) if !has_approver => {
            reader.problem(
                span,
                "`approval` is approve-by-approver, but there is no `approver`",
                format!("add for example: approver = {}", key::VAULT_APPROVER.example),
            );
            None
        }
        Some(At { value, .. }) => Some(value),
        None if reader.has(key::VAULT_APPROVAL.name) => None,
        None if has_approver => Some(Approval::ApproveByApprover),
        None => Some(Approval::Refuse),
    }
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

fn read_search(mut reader: TableReader<'_, '_>) -> SearchConfig {
    let default = SearchConfig::default();
    let kinds = [
        ("local", AccountKind::Local),
        ("linked", AccountKind::Linked),
        ("application", AccountKind::Application),
    ];
    let search = SearchConfig {
        kinds: reader.choices(&key::SEARCH_KINDS, &kinds).unwrap_or(default.kinds),
        parallel: usize::from(reader.number(&key::SEARCH_PARALLEL, 1..=32_u8).unwrap_or(8)),
    };
    reader.finish();
    search
}
