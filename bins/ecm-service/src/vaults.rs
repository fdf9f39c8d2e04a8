//! From a vault's configuration to a credential source, and what stands behind it.

mod password_safe;

pub(crate) use password_safe::transport;

use std::sync::Arc;
use std::time::Duration;

use ecm_core::settings::VaultSettings;
use ecm_core::source::CredentialSource;
use ps_client::AddressError;
use ps_client::transport::https::{HttpsError, HttpsTransport};
use rustls::pki_types::CertificateDer;
use service_host::tls::TlsSetupError;

use crate::config::VaultConfig;
use crate::config::vault::{PluginVaultConfig, VaultKind};
use crate::file_vault::source::FileVault;
use crate::metrics::Meter;
use crate::plugin::keeper::{Kept, Plugin};
use crate::plugin::launch::Launch;
use crate::plugin::life::{Introduction, Pace};
use crate::plugin::plugin_settings::hello;
use crate::plugin::source::PluginSource;
use crate::vault_pool::VaultPool;
use crate::vault_watch::{VaultBoard, WatchedVault, keep_watch};

/// One vault, ready to be asked.
pub struct AssembledVault {
    /// Its name in the configuration.
    pub name: String,
    /// As the broker sees it.
    pub source: Arc<dyn CredentialSource>,
    /// How it is used.
    pub settings: VaultSettings,
    /// Where it is, for people.
    pub place: String,
    behind: Behind,
}

/// What stands behind a source.
enum Behind {
    PasswordSafe { pool: Arc<VaultPool<HttpsTransport>>, watched: WatchedVault },
    File(Arc<FileVault>),
    Plugin(Arc<Kept>),
}

impl AssembledVault {
    /// Vault users that are signed in now.
    #[must_use]
    pub fn sessions(&self) -> Sessions {
        match &self.behind {
            Behind::PasswordSafe { pool, .. } => Sessions(Some(Arc::clone(pool))),
            Behind::File(_) | Behind::Plugin(_) => Sessions(None),
        }
    }

    /// The sessions of a Password Safe.
    #[must_use]
    pub fn password_safe(&self) -> Option<&Arc<VaultPool<HttpsTransport>>> {
        match &self.behind {
            Behind::PasswordSafe { pool, .. } => Some(pool),
            Behind::File(_) | Behind::Plugin(_) => None,
        }
    }

    /// Its address, where it has one.
    #[must_use]
    pub fn watched(&self) -> Option<&WatchedVault> {
        match &self.behind {
            Behind::PasswordSafe { watched, .. } => Some(watched),
            Behind::File(_) | Behind::Plugin(_) => None,
        }
    }

    /// What must go on for ever while the service runs: idle users signed out, and the vault looked
    /// at.
    pub fn upkeep(&self, board: &VaultBoard) -> impl Future<Output = ()> + Send + 'static + use<> {
        let board = board.clone();
        let work: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> = match &self.behind {
            Behind::PasswordSafe { pool, watched } => {
                let (pool, watched) = (Arc::clone(pool), watched.clone());
                Box::pin(async move {
                    tokio::join!(pool.keep_tidy(), keep_watch(watched, board));
                })
            }
            Behind::File(vault) => Box::pin(Arc::clone(vault).keep_watch(board)),
            Behind::Plugin(kept) => {
                let (kept, name) = (Arc::clone(kept), self.name.clone());
                Box::pin(crate::plugin::watch::keep_watch(name, kept, board))
            }
        };
        work
    }

    /// Signs everybody out and ends what was started. What takes longer than `grace` is left.
    pub async fn close(&self, grace: Duration) {
        match &self.behind {
            Behind::PasswordSafe { pool, .. } => pool.sign_out_all(grace).await,
            Behind::File(_) => {}
            Behind::Plugin(kept) => {
                if tokio::time::timeout(grace, kept.stop()).await.is_err() {
                    tracing::debug!(vault = self.name, "the plugin did not end in time");
                }
            }
        }
    }
}

/// Counts the vault users that are signed in. Cheap to clone.
#[derive(Clone)]
pub struct Sessions(Option<Arc<VaultPool<HttpsTransport>>>);

impl Sessions {
    /// How many there are; 0 for a vault without sessions.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.as_ref().map_or(0, |pool| pool.len())
    }
}

/// Why a vault could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultSetupError {
    /// Its address is no address.
    #[error("vault {vault}: {cause}")]
    Address {
        /// The vault.
        vault: String,
        /// Why.
        cause: AddressError,
    },
    /// No transport can be made.
    #[error("vault {vault}: {cause}")]
    Transport {
        /// The vault.
        vault: String,
        /// Why.
        cause: HttpsError,
    },
    /// Its TLS settings do not work.
    #[error("vault {vault}: {cause}")]
    Tls {
        /// The vault.
        vault: String,
        /// Why.
        cause: TlsSetupError,
    },
}

/// Prepares every vault, and starts plugins; no vault is asked yet. Must be called within a runtime
/// when there are plugins.
///
/// # Errors
///
/// See [`VaultSetupError`].
pub fn assemble(
    vaults: &[VaultConfig],
    roots: &[CertificateDer<'static>],
) -> Result<Vec<AssembledVault>, VaultSetupError> {
    vaults.iter().map(|vault| assemble_one(vault, roots, None)).collect()
}

/// The same, with the calls to Password Safes counted.
///
/// # Errors
///
/// See [`VaultSetupError`].
pub fn assemble_counted(
    vaults: &[VaultConfig],
    roots: &[CertificateDer<'static>],
    meter: &Meter,
) -> Result<Vec<AssembledVault>, VaultSetupError> {
    vaults.iter().map(|vault| assemble_one(vault, roots, Some(meter))).collect()
}

fn assemble_one(
    vault: &VaultConfig,
    roots: &[CertificateDer<'static>],
    meter: Option<&Meter>,
) -> Result<AssembledVault, VaultSetupError> {
    let name = vault.name.clone();
    let (source, behind): (Arc<dyn CredentialSource>, _) = match &vault.kind {
        VaultKind::PasswordSafe(config) => {
            let password_safe::Assembled { source, pool, watched } =
                password_safe::assemble(&name, config, roots, meter)?;
            (Arc::new(source), Behind::PasswordSafe { pool, watched })
        }
        VaultKind::File(config) => {
            let vault = Arc::new(FileVault::new(name.clone(), config));
            (Arc::clone(&vault) as _, Behind::File(vault))
        }
        VaultKind::Plugin(config) => {
            let kept = Kept::start(plugin_of(&name, config));
            let source = PluginSource::new(name.clone(), kept.caller());
            (Arc::new(source), Behind::Plugin(Arc::new(kept)))
        }
    };
    let (settings, place) = (vault.settings.clone(), vault.place());
    Ok(AssembledVault { name, source, settings, place, behind })
}

/// How a configured plugin is run.
#[must_use]
pub fn plugin_of(vault: &str, config: &PluginVaultConfig) -> Plugin {
    let installed = &config.installed;
    Plugin {
        vault: vault.to_owned(),
        launch: Launch::of(installed, config.environment.clone()),
        introduction: Introduction {
            hello: Arc::new(hello(vault, &config.settings)),
            manifest: installed.manifest.clone(),
        },
        pace: Pace::with_calls_of(config.request_timeout),
    }
}
