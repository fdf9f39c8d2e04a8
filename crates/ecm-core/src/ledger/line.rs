//! The ledger's text: JSON lines, each of which proves that it is whole.
//!
//! ```text
//! {"v":1,"sum":"0123456789abcdef","rec":{"op":"intended",…}}
//! ```
//!
//! `sum` is the first 8 bytes of the SHA-256 of the exact bytes of `rec`, in hexadecimal. It finds
//! accidents, not forgers: the file belongs to the service's account.

use sha2::{Digest as _, Sha256};

use super::record::Record;
use crate::hex;

const HEAD: &str = r#"{"v":1,"sum":""#;
const MIDDLE: &str = r#"","rec":"#;
const SUM_HEX: usize = 16;

/// Longest line that is read, in bytes; ours stay far below.
const MAX_LINE: usize = 16 * 1024;

/// Why a ledger's text cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// A line is not what was written, and no crash explains it.
    #[error("ledger line {line} cannot be used: {why}")]
    Damaged {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// A record could not be put into words.
    #[error("ledger record cannot be written")]
    Unwritable,
}

/// The records of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Read {
    /// In the order written.
    pub records: Vec<Record>,
    /// The number of an incomplete last line, which was left out. Its change was never
    /// acknowledged, so nothing was built on it.
    pub torn_line: Option<usize>,
}

/// One record as a line with its newline.
///
/// # Errors
///
/// [`LineError::Unwritable`], which does not happen for records made by this crate.
pub fn write(record: &Record) -> Result<Vec<u8>, LineError> {
    let text = serde_json::to_string(record).map_err(|_| LineError::Unwritable)?;
    Ok(format!("{HEAD}{}{MIDDLE}{text}}}\n", sum(&text)).into_bytes())
}

/// All records of a ledger.
///
/// # Errors
///
/// [`LineError::Damaged`] with the first line that cannot be read. Only a last line that a crash may
/// have cut short is left out instead; one that is whole and merely unknown is somebody's lease.
pub fn read(text: &[u8]) -> Result<Read, LineError> {
    let mut read = Read::default();
    let mut lines = text.split_inclusive(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        match read_line(line) {
            Ok(record) => read.records.push(record),
            Err(Unread::Cut(_)) if lines.peek().is_none() => read.torn_line = Some(index + 1),
            Err(Unread::Cut(why) | Unread::Unknown(why)) => {
                return Err(LineError::Damaged { line: index + 1, why });
            }
        }
    }
    Ok(read)
}

/// Why a line is no record.
enum Unread {
    /// It may be what a crash left of a line.
    Cut(&'static str),
    /// It is whole, and of another version of this program.
    Unknown(&'static str),
}

fn read_line(line: &[u8]) -> Result<Record, Unread> {
    if line.len() > MAX_LINE {
        return Err(Unread::Cut("longer than any ledger line"));
    }
    let line = line.strip_suffix(b"\n").ok_or(Unread::Cut("no newline at its end"))?;
    let line = std::str::from_utf8(line).map_err(|_| Unread::Cut("not UTF-8"))?;
    let Some(rest) = line.strip_prefix(HEAD) else {
        let why = "not a version 1 ledger line";
        return Err(if is_whole(line) { Unread::Unknown(why) } else { Unread::Cut(why) });
    };
    let (written, rest) = rest.split_at_checked(SUM_HEX).ok_or(Unread::Cut("cut short"))?;
    let text = rest.strip_prefix(MIDDLE).ok_or(Unread::Cut("no record in it"))?;
    let text = text.strip_suffix('}').ok_or(Unread::Cut("cut short"))?;
    if sum(text) != written {
        return Err(Unread::Cut("its check sum does not fit"));
    }
    serde_json::from_str(text).map_err(|_| Unread::Unknown("a record this version does not know"))
}

/// A JSON object from its first brace to its last, so nothing of it was lost.
fn is_whole(line: &str) -> bool {
    line.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok()
}

fn sum(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    hex::encode(digest.iter().take(SUM_HEX / 2))
}
