//! A plugin's errors, as the broker understands them.

use ecm_core::source::{SourceError, SourceFailure};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::line::{LineError, read_result};

/// JSON-RPC's code for a method nobody knows.
const METHOD_NOT_FOUND: i64 = -32601;

/// Longest text of a plugin that goes into a log, in characters.
const WORDS: usize = 512;

#[derive(Deserialize)]
struct WireFailure {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Data {
    failure: Option<serde_json::Value>,
    may_have_happened: bool,
    retry_after_ms: Option<u64>,
}

/// Reads the `error` member of an answer. A failure that is not in the closed set is
/// [`SourceFailure::Broken`], and so is an error without any.
///
/// # Errors
///
/// [`LineError`] when it is no JSON-RPC error at all.
pub fn failure_of(error: &RawValue) -> Result<SourceError, LineError> {
    let WireFailure { code, message, data } = read_result(error)?;
    let named = data.failure.and_then(|word| serde_json::from_value(word).ok());
    let failure = match named {
        Some(failure) => failure,
        None if code == METHOD_NOT_FOUND => SourceFailure::Misuse,
        None => SourceFailure::Broken,
    };
    let said = words_for_a_log(&message);
    let message = if said.is_empty() { format!("error {code} without words") } else { said };
    Ok(SourceError {
        failure,
        message: format!("the plugin says: {message}"),
        may_have_happened: data.may_have_happened,
        is_unknown_user: false,
        retry_after_ms: data.retry_after_ms,
    })
}

/// A plugin's words for one line of a log: short, and without what could begin another line.
#[must_use]
pub fn words_for_a_log(text: &str) -> String {
    let trimmed = text.trim();
    trimmed.chars().take(WORDS).map(|c| if c.is_control() { '?' } else { c }).collect()
}
