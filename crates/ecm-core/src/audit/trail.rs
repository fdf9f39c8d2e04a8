//! The audit log with its chain: writes one record after another, each acknowledged.

use tokio::sync::Mutex;

use super::chain::Head;
use super::{AuditEvent, AuditField, AuditRecord};
use crate::ports::{AuditLog, Clock};

/// Why a record could not be written. Nothing may be lent then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The log failed.
    #[error("audit log cannot be {doing}")]
    Store {
        /// `read` or `written`.
        doing: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The log's last line is not ours; an operator must look at it.
    #[error("last line of the audit log cannot be followed: {why}")]
    Foreign {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A record could not be put into words.
    #[error("audit record cannot be written")]
    Unwritable,
}

/// The log and the end of its chain.
pub struct Trail {
    log: Box<dyn AuditLog>,
    /// `None` while it is not known how the log ends: at start, and after a write that failed or
    /// was dropped half-way.
    head: Mutex<Option<Head>>,
}

impl Trail {
    /// A trail over `log`, which is read at the first record.
    #[must_use]
    pub fn new(log: Box<dyn AuditLog>) -> Self {
        Self { log, head: Mutex::new(None) }
    }

    /// Writes one record; durable when this returns.
    ///
    /// # Errors
    ///
    /// [`AuditError`]; the record may or may not be in the log, and the chain is sound either way.
    pub async fn record(&self, clock: &dyn Clock, record: &AuditRecord) -> Result<(), AuditError> {
        let mut head = self.head.lock().await;
        let last = match head.take() {
            Some(last) => last,
            None => self.resume(clock).await?,
        };
        *head = Some(self.append(&last, record).await?);
        Ok(())
    }

    async fn append(&self, last: &Head, record: &AuditRecord) -> Result<Head, AuditError> {
        let (line, next) = last.line(record).map_err(|_| AuditError::Unwritable)?;
        self.log
            .append(line.into_bytes())
            .await
            .map_err(|source| AuditError::Store { doing: "written", source })?;
        Ok(next)
    }

    /// Finds the end of the log, and says so when a crash had cut it.
    async fn resume(&self, clock: &dyn Clock) -> Result<Head, AuditError> {
        let end = self
            .log
            .resume()
            .await
            .map_err(|source| AuditError::Store { doing: "read", source })?;
        let head = match &end.last_line {
            Some(line) => Head::of_last_line(line).map_err(|why| AuditError::Foreign { why })?,
            None => Head::default(),
        };
        if end.torn_bytes == 0 {
            return Ok(head);
        }
        let record = AuditRecord::new(clock.now(), AuditEvent::Resumed)
            .with(AuditField::TornBytes, end.torn_bytes);
        self.append(&head, &record).await
    }
}
