//! Ledger and audit log as files, for people who look at them. Nothing is locked or changed: a
//! running service may write meanwhile, and whole lines are all that is read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ecm_core::ledger::line::{self, LineError};
use ecm_core::ledger::{Book, BookError};

/// File names in the state folder.
pub const LEDGER_FILE: &str = "ledger.jsonl";
/// See [`LEDGER_FILE`].
pub const AUDIT_FILE: &str = "audit.jsonl";

/// Why a ledger cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BooksError {
    /// It cannot be read.
    #[error("{path} cannot be read: {cause}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// A line of it is damaged.
    #[error("{path}: {cause}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Which line, and why.
        cause: LineError,
    },
    /// Its lines contradict each other.
    #[error("{path}: {cause}")]
    Contradiction {
        /// Which file.
        path: PathBuf,
        /// What does not fit.
        cause: BookError,
    },
}

/// The leases of the ledger in this state folder. One that is not there has none.
///
/// # Errors
///
/// See [`BooksError`].
pub fn ledger_of(state_dir: &Path) -> Result<Book, BooksError> {
    let path = state_dir.join(LEDGER_FILE);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Book::default()),
        Err(cause) => return Err(BooksError::Unreadable { path, cause }),
    };
    let read =
        line::read(&text).map_err(|cause| BooksError::Damaged { path: path.clone(), cause })?;
    let mut book = Book::default();
    for record in &read.records {
        book.apply(record)
            .map_err(|cause| BooksError::Contradiction { path: path.clone(), cause })?;
    }
    Ok(book)
}
