//! TLS settings of one connection, from whom the configuration trusts.

mod witness;

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

pub use witness::Witness;
use witness::Witnessed;

/// Whose certificates are trusted on one connection.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// PEM text of further roots; empty when there are none.
    pub ca_pem: Vec<u8>,
    /// Whether the machine's roots count too.
    pub system_roots: bool,
}

/// Why TLS settings could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsSetupError {
    /// A certificate of the CA file is no certificate.
    #[error("a certificate of ca-file cannot be used")]
    BadCertificate(#[source] rustls::Error),
    /// The machine has no roots and the configuration names none.
    #[error("there is no certificate authority to trust")]
    NobodyToTrust,
    /// The crypto library refuses the protocol versions.
    #[error("the crypto library cannot do TLS 1.2 or 1.3")]
    Versions(#[source] rustls::Error),
}

/// TLS 1.2 and 1.3 with the given trust, and the protocols to name in the handshake (ALPN).
///
/// # Errors
///
/// See [`TlsSetupError`].
pub fn client_config(
    trust: &Trust,
    machine_roots: &[CertificateDer<'static>],
    protocols: &[&[u8]],
) -> Result<Arc<ClientConfig>, TlsSetupError> {
    let roots = roots_of(trust, machine_roots)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsSetupError::Versions)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(config))
}

/// The same settings, with a witness who remembers the certificates that a server shows, whether
/// or not they are trusted. For telling people what is wrong with them.
///
/// # Errors
///
/// See [`TlsSetupError`].
pub fn witnessed_config(
    trust: &Trust,
    machine_roots: &[CertificateDer<'static>],
) -> Result<(Arc<ClientConfig>, Witness), TlsSetupError> {
    let roots = Arc::new(roots_of(trust, machine_roots)?);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
        .build()
        .map_err(|_| TlsSetupError::NobodyToTrust)?;
    let witness = Witness::default();
    let verifier = Witnessed { verifier, witness: witness.clone() };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsSetupError::Versions)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok((Arc::new(config), witness))
}

fn roots_of(
    trust: &Trust,
    machine_roots: &[CertificateDer<'static>],
) -> Result<RootCertStore, TlsSetupError> {
    let mut roots = RootCertStore::empty();
    if trust.system_roots {
        // Machines carry odd old roots; one that cannot be read must not stop all the others.
        roots.add_parsable_certificates(machine_roots.iter().cloned());
    }
    for certificate in CertificateDer::pem_slice_iter(&trust.ca_pem).flatten() {
        roots.add(certificate).map_err(TlsSetupError::BadCertificate)?;
    }
    if roots.is_empty() {
        return Err(TlsSetupError::NobodyToTrust);
    }
    Ok(roots)
}

/// The machine's roots. Read once per process: scanning the folder can take milliseconds.
#[must_use]
pub fn machine_roots() -> Vec<CertificateDer<'static>> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "one of the machine's roots cannot be read");
    }
    found.certs
}
