//! The book and its file, kept in step.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::book::{Book, BookError};
use super::line::{self, LineError};
use super::record::Record;
use crate::ports::LedgerStore;

/// Most leases at a time; more is a site gone wild.
pub(super) const MAX_LEASES: usize = 10_000;

/// A file with this many lines more than twice what it needs is written anew.
const SPARE_LINES: usize = 512;

/// Why the ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file is damaged. An operator must look at it: something may be borrowed.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The file's lines contradict each other.
    #[error("ledger record {record} does not fit: {source}")]
    Contradiction {
        /// Counted from 1.
        record: usize,
        /// How.
        source: BookError,
    },
    /// The store failed. Nothing new is lent until it works again.
    #[error("ledger cannot be {doing}")]
    Store {
        /// `read` or `written`.
        doing: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A record does not fit; our fault.
    #[error(transparent)]
    Book(#[from] BookError),
    /// More than the limit of 10 000 leases.
    #[error("{MAX_LEASES} leases are open; no more are lent")]
    Full,
}

/// What was found when a ledger was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opening {
    /// Leases that an earlier run left.
    pub leases: usize,
    /// Leases that an earlier run kept for this one.
    pub kept: usize,
    /// The number of a torn last line, if there was one.
    pub torn_line: Option<usize>,
}

/// The book and its store.
pub struct Journal {
    store: Box<dyn LedgerStore>,
    book: Mutex<Book>,
    /// INVARIANT: held while a record is applied *and* written, so that the file has the order of
    /// the book.
    writer: tokio::sync::Mutex<Writer>,
}

#[derive(Debug, Default)]
struct Writer {
    lines: usize,
    /// The end of the file is not known to be whole: an append failed or was dropped, or the last
    /// line was torn. The next record replaces the file instead of adding to it.
    doubtful: bool,
}

impl Journal {
    /// Reads the ledger. Leases left by an earlier run are [`Abandoned`](super::Stage::Abandoned), or
    /// [`Held`](super::Stage::Held) if it kept them.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Line`] or [`LedgerError::Contradiction`] naming the place,
    /// [`LedgerError::Store`].
    pub async fn open(store: Box<dyn LedgerStore>) -> Result<(Self, Opening), LedgerError> {
        let text =
            store.read().await.map_err(|source| LedgerError::Store { doing: "read", source })?;
        let read = line::read(&text)?;
        let mut book = Book::default();
        for (index, record) in read.records.iter().enumerate() {
            book.apply(record)
                .map_err(|source| LedgerError::Contradiction { record: index + 1, source })?;
        }
        // One without a request has nothing that could be held.
        let is_held = |lease: &super::Lease| lease.is_kept && lease.loan.is_some();
        let left = book.leases().map(|lease| (lease.intention.lease.clone(), is_held(lease)));
        let left: Vec<(String, bool)> = left.collect();
        for (lease, is_held) in &left {
            let stage = if *is_held { super::Stage::Held } else { super::Stage::Abandoned };
            book.set_stage(lease, stage);
        }
        let kept = left.iter().filter(|(_, is_held)| *is_held).count();
        let opening = Opening { leases: left.len() - kept, kept, torn_line: read.torn_line };
        let writer = Writer { lines: read.records.len(), doubtful: read.torn_line.is_some() };
        let journal =
            Self { store, book: Mutex::new(book), writer: tokio::sync::Mutex::new(writer) };
        // Kept once, not for ever: if this run crashes, everything goes back.
        for (lease, _) in left.into_iter().filter(|(_, is_held)| *is_held) {
            journal.record(Record::Resumed { lease }).await?;
        }
        Ok((journal, opening))
    }

    /// The book. Never held across an await.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        // A panic while the book was held cannot have left it half-changed: every change is one
        // call. Going on is better than forgetting what is borrowed.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one change into the book and writes it down; durable when this returns.
    ///
    /// The book changes first: when this future is dropped while the store is at work, the book
    /// knows at least what the file knows. An intention that could not be written is taken back;
    /// any other change stays in the book, and the next record writes the file anew.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Store`], [`LedgerError::Full`], [`LedgerError::Book`].
    pub async fn record(&self, record: Record) -> Result<(), LedgerError> {
        let line = line::write(&record)?;
        let mut writer = self.writer.lock().await;
        let replacement = {
            let mut book = self.book();
            if matches!(record, Record::Intended(_)) && book.len() >= MAX_LEASES {
                return Err(LedgerError::Full);
            }
            book.apply(&record)?;
            let wasteful = writer.lines > 2 * 2 * book.len() + SPARE_LINES;
            (writer.doubtful || wasteful).then(|| book.snapshot())
        };
        // Doubtful until the store says otherwise, also when this future ends here.
        writer.doubtful = true;
        let written = match &replacement {
            Some(records) => {
                let mut text = Vec::new();
                for record in records {
                    text.extend(line::write(record)?);
                }
                self.store.replace(text).await.map(|()| records.len())
            }
            None => self.store.append(line).await.map(|()| writer.lines + 1),
        };
        match written {
            Ok(lines) => {
                *writer = Writer { lines, doubtful: false };
                Ok(())
            }
            Err(source) => {
                if let Record::Intended(intention) = &record {
                    self.book().forget(&intention.lease);
                }
                Err(LedgerError::Store { doing: "written", source })
            }
        }
    }
}
