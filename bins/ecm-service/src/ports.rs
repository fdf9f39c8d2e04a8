//! The broker's ports, plugged into this machine: its clock, its chance, its disk.

use std::io;
use std::path::Path;
use std::time::Instant;

use ecm_core::ports::{AuditEnd, AuditLog, BoxFuture, Clock, Entropy, LedgerStore};
use jiff::Timestamp;

use crate::durable_file::DurableFile;

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }

    fn sleep_until(&self, when: Instant) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep_until(when.into()))
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy)]
pub struct MachineEntropy;

impl Entropy for MachineEntropy {
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()> {
        getrandom::fill(buffer).map_err(io::Error::other)
    }
}

/// The ledger on disk. The state folder's lock keeps other processes away from it.
#[derive(Debug)]
pub struct LedgerFile(DurableFile);

impl LedgerFile {
    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        DurableFile::open(path).map(Self)
    }
}

impl LedgerStore for LedgerFile {
    fn read(&self) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        Box::pin(self.0.read())
    }

    fn append(&self, line: Vec<u8>) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(self.0.append(line))
    }

    fn replace(&self, text: Vec<u8>) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(self.0.replace(text))
    }
}

/// The audit log on disk.
#[derive(Debug)]
pub struct AuditFile(DurableFile);

impl AuditFile {
    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        DurableFile::open(path).map(Self)
    }
}

impl AuditLog for AuditFile {
    fn resume(&self) -> BoxFuture<'_, io::Result<AuditEnd>> {
        let tail = self.0.resume();
        Box::pin(async move {
            let tail = tail.await?;
            if tail.torn_bytes > 0 {
                crate::event_code::Event::audit_torn(tail.torn_bytes).log();
            }
            Ok(AuditEnd { last_line: tail.last_line, torn_bytes: tail.torn_bytes })
        })
    }

    fn append(&self, line: Vec<u8>) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(self.0.append(line))
    }
}
