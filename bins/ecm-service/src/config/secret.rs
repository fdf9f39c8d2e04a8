//! Secrets by reference: where one is kept, and how it is fetched from there.
//!
//! A secret never stands in the configuration file. The file names a place: a file only its
//! owner can read, an environment variable, or a systemd credential.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// A file; relative names count from the folder of the configuration file.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// A systemd credential (`LoadCredential=`), by its name.
    Credential(String),
}

/// The environment variables the configuration may look at. A trait, so that tests need not change
/// the environment of their process.
pub trait Surroundings {
    /// The variable's value, if it is set and is Unicode.
    fn variable(&self, name: &str) -> Option<String>;

    /// A secret that was typed for this file and is not written there yet.
    fn typed_secret(&self, _path: &Path) -> Option<Zeroizing<Vec<u8>>> {
        None
    }
}

/// The environment of this process.
#[derive(Debug, Clone, Copy)]
pub struct Process;

impl Surroundings for Process {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// Why a secret could not be read. Never holds any of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file cannot be opened or read.
    #[error("secret file {path} cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: std::io::Error,
    },
    /// Others than the owner can read the file.
    #[error("secret file {path} may be read by others than its owner (mode {mode:o})")]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Larger than any secret is.
    #[error("secret {place} is larger than {limit} bytes")]
    TooLarge {
        /// The place, without its content.
        place: String,
        /// The limit.
        limit: usize,
    },
    /// There, but with nothing in it.
    #[error("secret {place} is empty")]
    Empty {
        /// The place, without its content.
        place: String,
    },
    /// Not UTF-8 text.
    #[error("secret {place} is not UTF-8 text")]
    NotText {
        /// The place, without its content.
        place: String,
    },
    /// The environment variable is not set.
    #[error("environment variable {name} is not set")]
    NotSet {
        /// Its name.
        name: String,
    },
    /// systemd gave this process no credentials.
    #[error("there is no credentials folder, so credential `{name}` cannot be read")]
    NoCredentials {
        /// The credential's name.
        name: String,
    },
}

impl SecretError {
    /// What the operator can do about it.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::Unreadable { cause, .. } => match cause.kind() {
                std::io::ErrorKind::NotFound => {
                    "create the file, or correct its name; relative names count from the folder \
                     of the configuration file"
                        .to_owned()
                }
                std::io::ErrorKind::PermissionDenied => {
                    "give the user this service runs as the right to read it".to_owned()
                }
                _ => format!("the operating system says: {cause}"),
            },
            Self::TooOpen { path, .. } => format!("run: chmod 600 {}", path.display()),
            Self::TooLarge { .. } => "check that this is the right place".to_owned(),
            Self::Empty { .. } => {
                "put the secret there; a line feed at its end is ignored".to_owned()
            }
            Self::NotText { .. } => "store the secret as UTF-8 text".to_owned(),
            Self::NotSet { .. } => {
                "set it for the service, for example by EnvironmentFile=".to_owned()
            }
            Self::NoCredentials { name } => format!(
                "start the service by systemd with LoadCredential={name}:/path, or use {{ file = … }}"
            ),
        }
    }
}

/// No secret is larger than this: 64 KiB holds any key, token or PEM bundle.
pub const SECRET_LIMIT: usize = 64 * 1024;

impl SecretRef {
    /// Fetches the secret as bytes, without a line feed at its end.
    ///
    /// # Errors
    ///
    /// See [`SecretError`].
    pub fn fetch_bytes(
        &self,
        base: &Path,
        surroundings: &dyn Surroundings,
    ) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let (place, mut bytes) = match self {
            Self::File(path) => {
                let path = base.join(path);
                let typed = surroundings.typed_secret(&path);
                let bytes = typed.map_or_else(|| read_private(&path, 0o077), Ok)?;
                (path.display().to_string(), bytes)
            }
            Self::Credential(name) => {
                let folder = surroundings
                    .variable("CREDENTIALS_DIRECTORY")
                    .ok_or_else(|| SecretError::NoCredentials { name: name.clone() })?;
                let path = Path::new(&folder).join(name);
                // The service manager may give its own group the right to read, in a folder that is the
                // service's alone.
                (format!("credential {name}"), read_private(&path, 0o037)?)
            }
            Self::Env(name) => {
                let value = surroundings
                    .variable(name)
                    .ok_or_else(|| SecretError::NotSet { name: name.clone() })?;
                (format!("variable {name}"), Zeroizing::new(value.into_bytes()))
            }
        };
        if bytes.len() > SECRET_LIMIT {
            return Err(SecretError::TooLarge { place, limit: SECRET_LIMIT });
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        if bytes.is_empty() { Err(SecretError::Empty { place }) } else { Ok(bytes) }
    }

    /// Fetches the secret as text.
    ///
    /// # Errors
    ///
    /// See [`SecretError`].
    pub fn fetch_text(
        &self,
        base: &Path,
        surroundings: &dyn Surroundings,
    ) -> Result<SecretString, SecretError> {
        let bytes = self.fetch_bytes(base, surroundings)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(SecretString::from(text)),
            Err(_) => Err(SecretError::NotText { place: self.place() }),
        }
    }

    /// The place in words, for messages.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::File(path) => format!("file {}", path.display()),
            Self::Env(name) => format!("variable {name}"),
            Self::Credential(name) => format!("credential {name}"),
        }
    }
}

fn read_private(path: &Path, others: u32) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let unreadable = |cause| SecretError::Unreadable { path: path.to_owned(), cause };
    let file = File::open(path).map_err(unreadable)?;
    check_private(path, &file.metadata().map_err(unreadable)?, others)?;
    // One byte above the limit tells "too large"; the capacity keeps the buffer from moving, which
    // would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_LIMIT + 1));
    let limit = u64::try_from(SECRET_LIMIT).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

#[cfg(unix)]
fn check_private(
    path: &Path,
    metadata: &std::fs::Metadata,
    others: u32,
) -> Result<(), SecretError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & others == 0 {
        Ok(())
    } else {
        Err(SecretError::TooOpen { path: path.to_owned(), mode })
    }
}

#[cfg(not(unix))]
fn check_private(_: &Path, _: &std::fs::Metadata, _: u32) -> Result<(), SecretError> {
    Ok(())
}
