//! The directories of all domains that have one, as the mapping asks them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use ecm_core::mapping::{Directories, WithDirectories};
use ecm_core::ports::BoxFuture;
use rustls::pki_types::CertificateDer;
use service_host::tls::{TlsSetupError, client_config};
use user_mapping::ldap::{CacheLimits, LdapBind, LdapDirectory, LdapSettings, TimeLimits};
use user_mapping::{Answer, Question};

use crate::config::{Config, DirectoryConfig};

/// A directory's TLS settings do not work.
#[derive(Debug, thiserror::Error)]
#[error("directory of {domain}: {cause}")]
pub struct DirectorySetupError {
    /// Whose directory.
    pub domain: String,
    /// Why.
    pub cause: TlsSetupError,
}

/// One directory per domain, by the domain's id.
pub struct DomainDirectories(HashMap<String, LdapDirectory>);

impl DomainDirectories {
    /// Prepares all of them; nothing is connected to yet.
    ///
    /// # Errors
    ///
    /// See [`DirectorySetupError`].
    pub fn assemble(
        directories: &[DirectoryConfig],
        roots: &[CertificateDer<'static>],
    ) -> Result<Self, DirectorySetupError> {
        Ok(Self(Self::each(directories, roots)?))
    }

    /// The same, one by one.
    ///
    /// # Errors
    ///
    /// See [`DirectorySetupError`].
    pub fn each(
        directories: &[DirectoryConfig],
        roots: &[CertificateDer<'static>],
    ) -> Result<HashMap<String, LdapDirectory>, DirectorySetupError> {
        let mut assembled = HashMap::new();
        for directory in directories {
            let domain = directory.domain.clone();
            let tls = client_config(&directory.trust, roots, &[])
                .map_err(|cause| DirectorySetupError { domain: domain.clone(), cause })?;
            let bind = directory.bind.clone();
            let settings = LdapSettings {
                servers: directory.servers.clone(),
                discovery: directory.discovery.clone(),
                tls,
                bind: bind.map(|(name, password)| LdapBind { name, password }),
                base: directory.base.clone(),
                schema: directory.schema.clone(),
                limits: TimeLimits::default(),
                cache: CacheLimits::default(),
            };
            assembled.insert(domain, LdapDirectory::new(settings));
        }
        Ok(assembled)
    }
}

impl Directories for DomainDirectories {
    fn answer<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            match self.0.get(question.domain.as_str()) {
                Some(directory) => directory.answer(question, SystemTime::now()).await,
                None => Answer::Unavailable("the domain has no [[directory]]".to_owned()),
            }
        })
    }
}

/// The rules of a configuration with its directories.
///
/// # Errors
///
/// See [`DirectorySetupError`].
pub fn mapping_of(
    config: &Config,
    roots: &[CertificateDer<'static>],
) -> Result<WithDirectories, DirectorySetupError> {
    let directories = DomainDirectories::assemble(&config.directories, roots)?;
    Ok(WithDirectories { rules: Arc::clone(&config.rules), directories: Arc::new(directories) })
}
