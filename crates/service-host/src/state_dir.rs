//! The state folder: made with private permissions, used by one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The state folder, locked for this process until dropped.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    /// Held, never read: the operating system releases it when the process ends, however it ends.
    _lock: File,
}

/// Why the state folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateDirError {
    /// Another process uses it.
    #[error("another process uses the state folder {path}; stop it first, or give each its own")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// It cannot be made or written.
    #[error("the state folder {path} cannot be used: {cause}")]
    NotUsable {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
}

impl StateDir {
    /// Makes the folder if it is not there, and locks it.
    ///
    /// # Errors
    ///
    /// See [`StateDirError`].
    pub fn open(path: &Path) -> Result<Self, StateDirError> {
        let not_usable = |cause| StateDirError::NotUsable { path: path.to_owned(), cause };
        make_private(path).map_err(not_usable)?;
        let lock = private_options().open(path.join("lock")).map_err(not_usable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StateDirError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(cause)) => Err(not_usable(cause)),
        }
    }

    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes a folder that only this user may enter, with all that is missing above it. One that is
/// there already is left as it is.
///
/// # Errors
///
/// What the operating system says.
#[cfg(unix)]
pub fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a folder, with all that is missing above it.
///
/// # Errors
///
/// What the operating system says.
#[cfg(not(unix))]
pub fn make_private(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Options for a file that only this user may read, made if it is not there.
#[must_use]
pub fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_process_is_kept_out_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        let first = StateDir::open(&path).unwrap();
        assert!(matches!(StateDir::open(&path), Err(StateDirError::InUse { .. })));
        drop(first);
        assert!(StateDir::open(&path).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn folder_and_lock_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(&folder.path().join("state")).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(state.path()), 0o700);
        assert_eq!(mode(&state.file("lock")), 0o600);
    }
}
