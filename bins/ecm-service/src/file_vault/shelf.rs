//! The file on disk: read when first needed, and again when it has changed.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::entries::Entries;
use super::sealed::{FILE_LIMIT, SealedError, open};
use crate::config::vault::{FileVaultConfig, Unlock};

/// How long a look at the file is believed.
const BELIEVED: Duration = Duration::from_secs(1);

/// Why there are no entries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShelfError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        cause: String,
    },
    /// Larger than any vault of this kind.
    #[error("{path} is larger than {FILE_LIMIT} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be opened.
    #[error("{path}: {cause}")]
    Sealed {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: SealedError,
    },
}

/// The entries of one file, as they are now.
#[derive(Debug)]
pub struct Shelf {
    path: PathBuf,
    unlock: Unlock,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    looked: Option<Instant>,
    stamp: Option<Stamp>,
    entries: Option<Arc<Entries>>,
    /// Why the newest content is not the one in use.
    trouble: Option<ShelfError>,
}

/// What a file looks like from outside; another look means another content.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Shelf {
    /// The shelf of this file; nothing is read yet.
    #[must_use]
    pub fn new(config: &FileVaultConfig) -> Self {
        let (path, unlock) = (config.file.clone(), config.unlock.clone());
        Self { path, unlock, known: Mutex::default() }
    }

    /// The entries. While a changed file cannot be read, those of before stay in use: a slip of an
    /// editor must not lock everybody out.
    ///
    /// # Errors
    ///
    /// When the file was never read.
    pub async fn entries(&self) -> Result<Arc<Entries>, ShelfError> {
        let mut known = self.known.lock().await;
        if known.looked.is_none_or(|looked| looked.elapsed() >= BELIEVED) {
            self.look(&mut known).await;
        }
        match (&known.entries, &known.trouble) {
            (Some(entries), _) => Ok(Arc::clone(entries)),
            (None, Some(trouble)) => Err(trouble.clone()),
            (None, None) => Ok(Arc::default()),
        }
    }

    async fn look(&self, known: &mut Known) {
        let path = self.path.clone();
        let unreadable = |cause: io::Error| ShelfError::Unreadable {
            path: path.clone(),
            cause: cause.to_string(),
        };
        let stamp = match tokio::fs::metadata(&self.path).await {
            Ok(metadata) => Stamp::of(&metadata),
            Err(cause) => {
                known.looked = Some(Instant::now());
                known.stamp = None;
                known.trouble = Some(unreadable(cause));
                return;
            }
        };
        if known.stamp.as_ref() == Some(&stamp) {
            known.looked = Some(Instant::now());
            return;
        }
        let (path, unlock) = (self.path.clone(), self.unlock.clone());
        let read = tokio::task::spawn_blocking(move || read(&path, &unlock)).await;
        let read = read.unwrap_or_else(|error| Err(unreadable(io::Error::other(error))));
        known.looked = Some(Instant::now());
        known.stamp = Some(stamp);
        match read {
            Ok(entries) => {
                tracing::info!(file = %self.path.display(), entries = entries.len(), "vault file read");
                known.entries = Some(Arc::new(entries));
                known.trouble = None;
            }
            Err(error) => {
                tracing::error!(%error, in_use = known.entries.is_some(), "vault file not read");
                known.trouble = Some(error);
            }
        }
    }
}

impl Stamp {
    fn of(metadata: &std::fs::Metadata) -> Self {
        Self { modified: metadata.modified().ok(), length: metadata.len(), inode: inode(metadata) }
    }
}

#[cfg(unix)]
fn inode(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}

/// Reads and decrypts a file.
///
/// # Errors
///
/// See [`ShelfError`].
pub fn read(path: &Path, unlock: &Unlock) -> Result<Entries, ShelfError> {
    let unreadable = |cause: io::Error| ShelfError::Unreadable {
        path: path.to_owned(),
        cause: cause.to_string(),
    };
    let limit = u64::try_from(FILE_LIMIT).unwrap_or(u64::MAX);
    let mut sealed = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(limit.saturating_add(1)).read_to_end(&mut sealed).map_err(unreadable)?;
    if sealed.len() > FILE_LIMIT {
        return Err(ShelfError::TooLarge { path: path.to_owned() });
    }
    open(&sealed, unlock).map_err(|cause| ShelfError::Sealed { path: path.to_owned(), cause })
}
