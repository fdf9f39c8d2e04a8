//! `[[vault]]`: one Password Safe.

use std::collections::BTreeMap;
use std::time::Duration;

use ecm_core::reason::ReasonTemplate;
use ecm_core::search_key::KeyKind;
use ecm_core::settings::{
    Approval, GivingBackSettings, JoinedRequests, LendingSettings, ReleaseMinutes, SearchSettings,
    SshKeys, VaultSettings,
};
use ecm_core::source::AccountKind;
use secrecy::{SecretSlice, SecretString};
use service_host::outbound::ProxyAddress;
use service_host::tls::Trust;
use url::Url;

use super::reader::{At, TableReader};
use super::site::read_secret_text;
use super::tls::{read_https_url, read_proxy, read_trust};
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
    /// How it is searched, and how its credentials are lent and given back.
    pub settings: VaultSettings,
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
        let lending = read_lending(&mut reader);
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
        let search = reader.table("search").map_or_else(SearchSettings::default, read_search);
        reader.finish();
        Some(Self {
            name: name?,
            url: url?,
            auth: auth?,
            settings: VaultSettings {
                search,
                lending: lending?,
                giving_back: GivingBackSettings::default(),
            },
            trust: trust?,
            client_certificate,
            proxy: proxy?,
            connect_timeout,
            request_timeout,
            max_sessions: usize::from(max_sessions),
            session_idle,
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

/// What happens when the access policy wants approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnApproval {
    ApproveByApprover,
    Wait,
    Refuse,
}

fn read_lending(reader: &mut TableReader<'_, '_>) -> Option<LendingSettings> {
    let default = LendingSettings::default();
    let approver = read_approver(reader);
    let on_approval = read_approval(reader, reader.has(key::VAULT_APPROVER.name));
    let minutes = reader.number(&key::VAULT_RELEASE_DURATION, 1..=ReleaseMinutes::MAX);
    let reason = read_reason(reader);
    let joined = [("leave", JoinedRequests::Leave), ("check-in", JoinedRequests::CheckIn)];
    let joined_requests = reader.choice(&key::VAULT_JOINED_REQUESTS, &joined).map(|at| at.value);
    // An approver who is not to be asked must not be asked.
    let (approver, approval) = match on_approval? {
        OnApproval::ApproveByApprover => (approver?, Approval::Refuse),
        OnApproval::Wait => (None, Approval::Wait),
        OnApproval::Refuse => (None, Approval::Refuse),
    };
    Some(LendingSettings {
        release_minutes: minutes
            .and_then(|minutes| ReleaseMinutes::try_from(minutes).ok())
            .unwrap_or(default.release_minutes),
        reason: reason?,
        approver,
        approval,
        joined_requests: joined_requests.unwrap_or(default.joined_requests),
        ..default
    })
}

/// The outer `Option` is `None` when the key is wrong.
fn read_approver(reader: &mut TableReader<'_, '_>) -> Option<Option<String>> {
    match reader.text(&key::VAULT_APPROVER) {
        Some(text) => Some(Some(text.value.to_owned())),
        None if reader.has(key::VAULT_APPROVER.name) => None,
        None => Some(None),
    }
}

fn read_reason(reader: &mut TableReader<'_, '_>) -> Option<ReasonTemplate> {
    let Some(At { value, span }) = reader.text(&key::VAULT_REASON) else {
        let is_wrong = reader.has(key::VAULT_REASON.name);
        return if is_wrong { None } else { Some(ReasonTemplate::default()) };
    };
    match ReasonTemplate::parse(value) {
        Ok(template) => Some(template),
        Err(error) => {
            let advice = format!("write for example: reason = {}", key::VAULT_REASON.example);
            reader.problem(span, error.to_string(), advice);
            None
        }
    }
}

fn read_approval(reader: &mut TableReader<'_, '_>, has_approver: bool) -> Option<OnApproval> {
    let choices = [
        ("approve-by-approver", OnApproval::ApproveByApprover),
        ("wait", OnApproval::Wait),
        ("refuse", OnApproval::Refuse),
    ];
    match reader.choice(&key::VAULT_APPROVAL, &choices) {
        Some(At { value: OnApproval::ApproveByApprover, span }) if !has_approver => {
            reader.problem(
                span,
                "`approval` is approve-by-approver, but there is no `approver`",
                format!("add for example: approver = {}", key::VAULT_APPROVER.example),
            );
            None
        }
        Some(At { value, .. }) => Some(value),
        None if reader.has(key::VAULT_APPROVAL.name) => None,
        None if has_approver => Some(OnApproval::ApproveByApprover),
        None => Some(OnApproval::Refuse),
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

fn read_search(mut reader: TableReader<'_, '_>) -> SearchSettings {
    let default = SearchSettings::default();
    let kinds = [
        ("local", AccountKind::Local),
        ("linked", AccountKind::Linked),
        ("application", AccountKind::Application),
    ];
    let kinds = reader.choices(&key::SEARCH_KINDS, &kinds);
    let searches = |kind| kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind));
    let keys = [
        ("host", KeyKind::Host),
        ("short-name", KeyKind::ShortName),
        ("fqdn", KeyKind::Fqdn),
        ("address", KeyKind::Address),
        ("url-host", KeyKind::UrlHost),
        ("application", KeyKind::Application),
    ];
    let ssh_keys = [
        ("never", SshKeys::Never),
        ("in-place-of-passwords", SshKeys::InPlaceOfPasswords),
        ("beside-passwords", SshKeys::BesidePasswords),
    ];
    let settings = SearchSettings {
        local_accounts: searches(AccountKind::Local),
        linked_accounts: searches(AccountKind::Linked),
        application_accounts: searches(AccountKind::Application),
        match_on: reader.choices(&key::SEARCH_MATCH_ON, &keys).unwrap_or(default.match_on),
        public_addresses: reader
            .switch(&key::SEARCH_PUBLIC_ADDRESSES)
            .map_or(default.public_addresses, |at| at.value),
        ssh_keys: reader
            .choice(&key::SEARCH_SSH_KEYS, &ssh_keys)
            .map_or(default.ssh_keys, |at| at.value),
        application_names: reader.words(&key::SEARCH_APPLICATION_NAMES).unwrap_or_default(),
        questions_at_a_time: usize::from(
            reader.number(&key::SEARCH_PARALLEL, 1..=32_u8).unwrap_or(8),
        ),
    };
    reader.finish();
    settings
}
