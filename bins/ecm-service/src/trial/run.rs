//! Carrying a trial out.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ecm_core::credential_id::{CredentialIdError, CredentialIdKey};
use ecm_core::ledger::LedgerError;
use ecm_core::settings::BrokerSettings;
use ecm_core::{Broker, BrokerParts, Vault};
use ecm_protocol::message::{Find, Release, ReleaseOutcome, Retrieve};
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use service_host::state_dir::{StateDir, StateDirError};

use super::{FieldProblem, RetrieveReport, TrialQuestion, TrialReport};
use crate::config::Config;
use crate::directories::{DirectorySetupError, mapping_of};
use crate::identity::{self, IdentityError};
use crate::ports::{AuditFile, LedgerFile, MachineClock, MachineEntropy};
use crate::vaults::{AssembledVault, VaultSetupError, assemble};

/// Why a trial cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrialError {
    /// Another trial is under way, or the state folder cannot be used.
    #[error(transparent)]
    StateDir(#[from] StateDirError),
    /// A file in it cannot be used.
    #[error("{file} in the trial's state folder cannot be opened: {cause}")]
    File {
        /// Which one.
        file: &'static str,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The key of credential ids cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The key of credential ids is too short.
    #[error(transparent)]
    CredentialIdKey(#[from] CredentialIdError),
    /// The trial's ledger cannot be read.
    #[error("the trial's ledger cannot be used: {0}")]
    Ledger(#[from] LedgerError),
    /// A vault cannot be set up.
    #[error(transparent)]
    Vault(#[from] VaultSetupError),
    /// A directory cannot be set up.
    #[error(transparent)]
    Directory(#[from] DirectorySetupError),
}

/// Folder of the trials, in the state folder.
const FOLDER: &str = "trial";
/// File names in it.
const LEDGER_FILE: &str = "ledger.jsonl";
const AUDIT_FILE: &str = "audit.jsonl";
/// What the ledger and the vault's reasons call the site that asks.
const SITE: &str = "trial";
/// How long signing out may take.
const SIGN_OUT: Duration = Duration::from_secs(3);

/// Vaults and rules of a configuration, ready to be tried.
pub struct Trial {
    broker: Broker,
    vaults: Vec<AssembledVault>,
    /// Held: one trial at a time has the ledger.
    _state: StateDir,
}

impl Trial {
    /// Prepares everything, and gives back what a trial that was killed has left.
    ///
    /// # Errors
    ///
    /// See [`TrialError`].
    pub async fn open(
        config: &Config,
        roots: &[CertificateDer<'static>],
    ) -> Result<Self, TrialError> {
        let state = StateDir::open(&config.state_dir.join(FOLDER))?;
        let vaults = assemble(&config.vaults, roots)?;
        let failed = |file: &'static str| move |cause| TrialError::File { file, cause };
        let key = match &config.credential_id_key {
            Some(key) => key.clone(),
            None => identity::credential_id_key(&state)?,
        };
        let lent = vaults.iter().map(|vault| Vault {
            source: Arc::clone(&vault.source),
            settings: vault.settings.clone(),
        });
        let (broker, opening) = Broker::open(BrokerParts {
            rules: Arc::new(mapping_of(config, roots)?),
            ids: CredentialIdKey::new(key)?,
            vaults: lent.collect(),
            ledger: Box::new(
                LedgerFile::open(&state.file(LEDGER_FILE)).map_err(failed(LEDGER_FILE))?,
            ),
            audit: Box::new(AuditFile::open(&state.file(AUDIT_FILE)).map_err(failed(AUDIT_FILE))?),
            clock: Arc::new(MachineClock),
            entropy: Box::new(MachineEntropy),
            settings: BrokerSettings {
                max_results: config.max_results,
                ..BrokerSettings::default()
            },
        })
        .await?;
        if opening.leases > 0 {
            broker.recover().await;
        }
        Ok(Self { broker, vaults, _state: state })
    }

    /// Asks as a site would.
    ///
    /// # Errors
    ///
    /// What is wrong with the fields.
    pub async fn find(&self, question: &TrialQuestion) -> Result<TrialReport, Vec<FieldProblem>> {
        let find = question.check()?;
        let began = Instant::now();
        let answered = self.broker.find(&find, None).await;
        let elapsed = millis(began);
        let withheld = match &answered.result {
            Ok(found) => self.broker.why_not(&find, found).await,
            Err(_) => Default::default(),
        };
        Ok(TrialReport::new(question.clone(), answered, withheld, elapsed))
    }

    /// Retrieves the credential of this id, tells how it went, and gives it back.
    ///
    /// # Errors
    ///
    /// What is wrong with the fields.
    pub async fn retrieve(
        &self,
        question: &TrialQuestion,
        id: &str,
        name: &str,
    ) -> Result<RetrieveReport, Vec<FieldProblem>> {
        let Find { meta, session, user, target, purpose, .. } = question.check()?;
        let now = Timestamp::now();
        // Without random bytes nothing is lent, and the broker says so.
        let idempotency_key = identity::uuid_v7(now).unwrap_or_default();
        let ask = Retrieve {
            meta,
            session,
            user,
            target,
            purpose,
            credential_id: id.to_owned(),
            idempotency_key,
            reason: Some("test of the settings".to_owned()),
            ticket: None,
        };
        let began = Instant::now();
        let answered = self.broker.retrieve(SITE, &ask).await;
        let elapsed = millis(began);
        let lease = match &answered.result {
            Ok(lent) => Some(lent.lease.id.clone()),
            Err(problem) => problem.lease_id.clone(),
        };
        let given_back = match lease {
            None => true,
            Some(lease_id) => {
                let release = Release {
                    lease_id: Some(lease_id),
                    idempotency_key: None,
                    credential_id: Some(id.to_owned()),
                    ended_at: Timestamp::now(),
                    outcome: ReleaseOutcome::NeverUsed,
                    injected: false,
                };
                self.broker.release(SITE, &release).await.is_ok_and(|answer| answer.released)
            }
        };
        Ok(RetrieveReport::new(name, &answered, given_back, elapsed))
    }

    /// Gives back what is left, and signs out. How many leases are still open; a later trial, or
    /// the end of their release duration, ends them.
    pub async fn close(self) -> usize {
        if self.broker.leases() > 0 {
            self.broker.give_back_all().await;
        }
        for vault in &self.vaults {
            vault.close(SIGN_OUT).await;
        }
        self.broker.leases()
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
