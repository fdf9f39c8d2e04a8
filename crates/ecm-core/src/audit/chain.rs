//! The hash chain: each line names the hash of the one before it and ends with its own.
//!
//! ```text
//! {"seq":7,"prev":"<64 hex>","rec":{…},"hash":"<64 hex>"}
//! ```
//!
//! `hash` is the SHA-256 of every byte of the line before `,"hash"`, which includes `prev`. So a
//! line that is changed, left out, put in or moved breaks the chain at a line that can be named.
//! The chain has no key: whoever may rewrite the whole file can rewrite the whole chain, and lines
//! cut off at the end leave a shorter, sound chain. Keep [`Verified::head`] elsewhere (a log
//! collector) to detect both.

use sha2::{Digest as _, Sha256};

use super::AuditRecord;
use crate::hex;

/// The `prev` of the first line.
const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const HASH_MARK: &str = r#","hash":""#;
const HASH_HEX: usize = 64;

/// The end of a chain: what the next line follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of the last line; 0 before the first.
    pub seq: u64,
    /// Its hash, 64 hexadecimal digits.
    pub hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { seq: 0, hash: START.to_owned() }
    }
}

impl Head {
    /// Reads the head off the last line of a log, without checking what came before.
    ///
    /// # Errors
    ///
    /// Why the line is not one of a chain.
    pub fn of_last_line(line: &str) -> Result<Self, &'static str> {
        let (body, hash) = split(line)?;
        if hash_of(body) != hash {
            return Err("its hash does not fit");
        }
        let (seq, _) = numbers(body)?;
        Ok(Self { seq, hash: hash.to_owned() })
    }

    /// The line for `record` that follows this head, with its newline, and the head after it.
    ///
    /// # Errors
    ///
    /// A record that cannot be put into words; none of this crate's.
    pub fn line(&self, record: &AuditRecord) -> Result<(String, Self), serde_json::Error> {
        let rec = serde_json::to_string(record)?;
        let seq = self.seq + 1;
        let body = format!(r#"{{"seq":{seq},"prev":"{}","rec":{rec}"#, self.hash);
        let hash = hash_of(&body);
        Ok((format!("{body}{HASH_MARK}{hash}\"}}\n"), Self { seq, hash }))
    }
}

/// A sound log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many lines.
    pub lines: usize,
    /// Where the next line, or the next file, goes on.
    pub head: Head,
    /// An incomplete line at the end, as a crash leaves it; it was never acknowledged.
    pub torn_end: bool,
}

/// The first line that breaks the chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("audit line {line}: {why}")]
pub struct Broken {
    /// Counted from 1 in the text given.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Checks a whole log, or one file of it that follows `before`.
///
/// # Errors
///
/// [`Broken`] with the first line that does not fit.
///
/// # Examples
///
/// ```
/// use ecm_core::audit::chain::{Head, verify};
/// use ecm_core::audit::{AuditEvent, AuditField, AuditRecord};
///
/// let at = "2026-03-02T08:00:00Z".parse()?;
/// let record = AuditRecord::new(at, AuditEvent::Lent).with(AuditField::Lease, "l-1");
/// let (first, head) = Head::default().line(&record)?;
/// let (second, _) = head.line(&record)?;
///
/// assert_eq!(verify(&Head::default(), &format!("{first}{second}"))?.lines, 2);
/// let bad = verify(&Head::default(), &second).unwrap_err();
/// assert_eq!(bad.to_string(), "audit line 1: a line before it is missing");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify(before: &Head, text: &str) -> Result<Verified, Broken> {
    let mut head = before.clone();
    let mut lines = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let broken = |why| Broken { line: index + 1, why };
        let Some(line) = line.strip_suffix('\n') else {
            return Ok(Verified { lines, head, torn_end: true });
        };
        let (body, hash) = split(line).map_err(broken)?;
        if hash_of(body) != hash {
            return Err(broken("its hash does not fit: it was changed"));
        }
        let (seq, prev) = numbers(body).map_err(broken)?;
        if seq > head.seq + 1 {
            return Err(broken("a line before it is missing"));
        }
        if seq <= head.seq {
            return Err(broken("it repeats a number"));
        }
        if prev != head.hash {
            return Err(broken("it does not follow the line before it"));
        }
        head = Head { seq, hash: hash.to_owned() };
        lines += 1;
    }
    Ok(Verified { lines, head, torn_end: false })
}

/// A line as what was hashed, and the hash.
fn split(line: &str) -> Result<(&str, &str), &'static str> {
    let rest = line.strip_suffix("\"}").ok_or("it is not an audit line")?;
    let (body, hash) = rest.rsplit_once(HASH_MARK).ok_or("it has no hash")?;
    let is_hash = hash.len() == HASH_HEX && hash.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hash { Ok((body, hash)) } else { Err("its hash is malformed") }
}

/// `seq` and `prev` of a body.
fn numbers(body: &str) -> Result<(u64, &str), &'static str> {
    let rest = body.strip_prefix(r#"{"seq":"#).ok_or("it has no number")?;
    let (seq, rest) = rest.split_once(r#","prev":""#).ok_or("it names no line before it")?;
    let (prev, _) = rest.split_once('"').ok_or("it names no line before it")?;
    Ok((seq.parse().map_err(|_| "its number is malformed")?, prev))
}

fn hash_of(body: &str) -> String {
    hex::encode(&Sha256::digest(body.as_bytes()))
}
