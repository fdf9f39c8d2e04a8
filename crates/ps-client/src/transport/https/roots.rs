//! Whom the operating system trusts.

use std::sync::OnceLock;

use rustls::RootCertStore;
use rustls::pki_types::TrustAnchor;

/// The authorities that this machine trusts, read once per process.
#[derive(Debug)]
pub struct NativeRoots {
    store: RootCertStore,
    problems: Vec<String>,
}

impl NativeRoots {
    /// Reads them, or returns what was read before.
    #[must_use]
    pub fn of_this_machine() -> &'static Self {
        static ROOTS: OnceLock<NativeRoots> = OnceLock::new();
        ROOTS.get_or_init(|| {
            let found = rustls_native_certs::load_native_certs();
            let mut problems: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
            let mut store = RootCertStore::empty();
            let (_, unusable) = store.add_parsable_certificates(found.certs);
            if unusable > 0 {
                problems.push(format!("{unusable} certificates cannot be used"));
            }
            Self { store, problems }
        })
    }

    pub(super) fn roots(&self) -> impl Iterator<Item = TrustAnchor<'static>> {
        self.store.roots.iter().cloned()
    }

    /// How many authorities there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.store.len()
    }

    /// What could not be read, for the log: one unreadable file is no reason to trust nobody.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}
