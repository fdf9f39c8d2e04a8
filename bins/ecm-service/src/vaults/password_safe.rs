//! A Password Safe: transport, pool, and the address to try.

use std::sync::Arc;

use ecm_core::source::password_safe::{PasswordSafe, PasswordSafeSettings, VaultSessions};
use ps_client::transport::https::{HttpsError, HttpsTransport};
use ps_client::{Client, Error, RunAs, Session, VaultAddress};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use secrecy::ExposeSecret;
use service_host::tls::client_config;
use url::Url;

use super::VaultSetupError;
use crate::config::vault::{PasswordSafeConfig, VaultAuth};
use crate::metrics::Meter;
use crate::vault_pool::{PoolAuth, PoolLimits, VaultPool};
use crate::vault_watch::WatchedVault;

/// The broker's view of a pool.
pub(super) struct Sessions(Arc<VaultPool<HttpsTransport>>);

impl VaultSessions for Sessions {
    type Transport = HttpsTransport;

    async fn session(&self, user: &RunAs) -> Result<Session<HttpsTransport>, Error> {
        self.0.session(user).await
    }

    fn refused(&self, user: &RunAs) {
        self.0.refused(user);
    }
}

/// A Password Safe, ready to be asked.
pub(super) struct Assembled {
    pub(super) source: PasswordSafe<Sessions>,
    pub(super) pool: Arc<VaultPool<HttpsTransport>>,
    pub(super) watched: WatchedVault,
}

pub(super) fn assemble(
    name: &str,
    vault: &PasswordSafeConfig,
    roots: &[CertificateDer<'static>],
    meter: Option<&Meter>,
) -> Result<Assembled, VaultSetupError> {
    let name = || name.to_owned();
    let address = VaultAddress::parse(vault.url.as_str())
        .map_err(|cause| VaultSetupError::Address { vault: name(), cause })?;
    let transport =
        transport(vault).map_err(|cause| VaultSetupError::Transport { vault: name(), cause })?;
    let tls = watch_tls(&name(), vault, roots)?;
    let url: &Url = &vault.url;
    let watched = WatchedVault {
        name: name(),
        host: url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
        port: url.port_or_known_default().unwrap_or(443),
        proxy: vault.proxy.clone(),
        tls,
    };
    let limits = PoolLimits { most: vault.max_sessions, idle: vault.session_idle };
    let mut client = Client::builder(address, transport).calls_at_once(vault.calls_at_once);
    if let Some(meter) = meter {
        client = client.metrics(meter.of_vault(&name()));
    }
    let client = client.build();
    let pool = Arc::new(VaultPool::new(name(), client, pool_auth(&vault.auth), limits));
    let sessions = Sessions(Arc::clone(&pool));
    let one_identity = matches!(vault.auth, VaultAuth::OAuth { .. });
    let settings = PasswordSafeSettings {
        one_identity,
        ticket_systems: vault.ticket_systems.clone(),
        ..PasswordSafeSettings::default()
    };
    Ok(Assembled { source: PasswordSafe::new(name(), sessions, settings), pool, watched })
}

/// TLS for looking whether the vault is there: the same trust and the same certificate of ours as
/// for its calls. A vault that insists on one ends the handshake of whoever shows none.
fn watch_tls(
    name: &str,
    vault: &PasswordSafeConfig,
    roots: &[CertificateDer<'static>],
) -> Result<Arc<ClientConfig>, VaultSetupError> {
    let config = client_config(&vault.trust, roots, &[b"http/1.1"])
        .map_err(|cause| VaultSetupError::Tls { vault: name.to_owned(), cause })?;
    let Some(pem) = &vault.client_certificate else { return Ok(config) };
    let failed = |cause| VaultSetupError::Transport { vault: name.to_owned(), cause };
    let (pem, what) = (pem.expose_secret(), "client certificate's file");
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem).flatten().collect();
    if chain.is_empty() {
        return Err(failed(HttpsError::NoCertificate { what }));
    }
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| failed(HttpsError::NoKey))?;
    let shown = CertifiedKey::from_der(chain, key, config.crypto_provider());
    let shown = shown.map_err(|cause| failed(HttpsError::BadCertificate(cause)))?;
    let mut config = ClientConfig::clone(&config);
    config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(shown));
    Ok(Arc::new(config))
}

/// How a vault is reached.
pub(crate) fn transport(vault: &PasswordSafeConfig) -> Result<HttpsTransport, HttpsError> {
    let mut builder = HttpsTransport::builder()
        .native_roots(vault.trust.system_roots)
        .connect_timeout(vault.connect_timeout)
        .timeout(vault.request_timeout)
        .sign_in_timeout(vault.request_timeout);
    if !vault.trust.ca_pem.is_empty() {
        builder = builder.ca_pem(&vault.trust.ca_pem)?;
    }
    if let Some(pem) = &vault.client_certificate {
        builder = builder.client_certificate_pem(pem.expose_secret())?;
    }
    if let Some(proxy) = &vault.proxy
        && let Ok(url) = Url::parse(&proxy.url())
    {
        builder = builder.proxy(url, None);
    }
    builder.build()
}

fn pool_auth(auth: &VaultAuth) -> PoolAuth {
    match auth {
        VaultAuth::ApiKey(key) => PoolAuth::Key(key.clone()),
        VaultAuth::OAuth { client_id, client_secret, token_url } => PoolAuth::OAuth {
            client_id: client_id.clone(),
            client_secret: client_secret.clone(),
            token_url: token_url.clone(),
        },
    }
}
