//! What the broker needs from the outside world: time, chance, a durable ledger, an audit log.
//!
//! The traits are object-safe and their futures are boxed, so that a broker has one plain type
//! whatever stands behind its ports. A boxed future costs one allocation; each of these calls
//! ends at a disk or a timer.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Instant;

use jiff::Timestamp;

/// A future on the heap, `Send`, that may borrow from its port.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The only source of time.
pub trait Clock: Send + Sync + 'static {
    /// Wall-clock time, for due times that must survive a restart and for audit records.
    fn now(&self) -> Timestamp;

    /// Monotonic time, for deadlines and measured durations.
    fn instant(&self) -> Instant;

    /// Completes at `when`, or at once when that lies in the past.
    fn sleep_until(&self, when: Instant) -> BoxFuture<'_, ()>;
}

/// The only source of chance.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `buffer` with bytes nobody can guess.
    ///
    /// # Errors
    ///
    /// The operating system could not deliver; nothing may be lent then.
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()>;
}

/// Where the ledger's lines live.
///
/// # Duties of an implementation
///
/// - **One process per ledger.** The store takes an exclusive lock for as long as it is open and
///   refuses to open when another process has it. Two brokers over one ledger would give back
///   what the other still lends.
/// - Writes happen in the order in which the methods were *called*, and each is on
///   disk (synced, and the directory entry with it when the file is new) before its future ends.
/// - A future dropped half-way may or may not have written. It must not write *later than* a call
///   that came after it.
/// - [`replace`](Self::replace) is all or nothing: after a crash there is the old text or the new.
/// - The file is readable by the service's own account alone: it names people and systems.
pub trait LedgerStore: Send + Sync + 'static {
    /// Reads everything; an absent ledger is empty.
    fn read(&self) -> BoxFuture<'_, io::Result<Vec<u8>>>;

    /// Adds `line`, which ends in a newline, and syncs.
    fn append(&self, line: Vec<u8>) -> BoxFuture<'_, io::Result<()>>;

    /// Puts `text` in place of everything, and syncs.
    fn replace(&self, text: Vec<u8>) -> BoxFuture<'_, io::Result<()>>;
}

/// Where the audit records live: append-only, kept forever as far as the broker is concerned.
///
/// # Duties of an implementation
///
/// As for [`LedgerStore`]: one process, order of calls, synced before the future ends. Rotation
/// to a new file keeps the chain: the first line of a new file follows the last of the old one.
pub trait AuditLog: Send + Sync + 'static {
    /// Reads the end of the log, so that the chain goes on where it stopped.
    ///
    /// An incomplete last line, left by a crash, is cut off first and its length reported: it was
    /// never acknowledged, so no secret left because of it.
    fn resume(&self) -> BoxFuture<'_, io::Result<AuditEnd>>;

    /// Adds `line`, which ends in a newline, and syncs.
    fn append(&self, line: Vec<u8>) -> BoxFuture<'_, io::Result<()>>;
}

/// The end of an audit log, as found when it is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditEnd {
    /// The last complete line without its newline; `None` for an empty log.
    pub last_line: Option<String>,
    /// Length in bytes of the incomplete line that was cut off; 0 as a rule.
    pub torn_bytes: u64,
}
