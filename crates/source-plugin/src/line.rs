//! One line: a JSON-RPC 2.0 object.
//!
//! Lines rather than lengths: a plugin in any language reads them with what its standard library
//! has, a person can type them, and JSON never holds a bare line feed. A reader bounds a line as
//! well as a length.

use ecm_protocol::codec::{Frame, FrameError, encode_whole, hold_to_limits, read_as};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::LINE_LIMIT;
use crate::calls::CallId;
use crate::message::{Ask, Batch};

/// Why a line cannot be taken. Never quotes it: it may carry a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// Not JSON, or beyond a limit of the wire; also a member that does not fit.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// JSON, and nothing a plugin may say.
    #[error("a line is not what a plugin may say: {what}")]
    NotAnswer {
        /// What is wrong.
        what: &'static str,
    },
}

/// What a plugin said.
pub enum Line<'l> {
    /// It answers a call.
    Result {
        /// Which.
        id: CallId,
        /// The answer, still text.
        result: &'l RawValue,
    },
    /// It fails a call.
    Failure {
        /// Which.
        id: CallId,
        /// The error, still text.
        error: &'l RawValue,
    },
    /// Part of a search.
    Partial {
        /// Of which call.
        id: CallId,
        /// What was found.
        batch: Box<Batch>,
    },
    /// A notification that this version does not know; to be ignored.
    Unknown,
}

impl std::fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Result { id, .. } => write!(f, "Result({id})"),
            Self::Failure { id, .. } => write!(f, "Failure({id})"),
            Self::Partial { id, .. } => write!(f, "Partial({id})"),
            Self::Unknown => f.write_str("Unknown"),
        }
    }
}

/// Writes a call, without its line feed.
#[must_use]
pub fn encode_call<A: Ask>(id: CallId, ask: &A) -> Frame {
    #[derive(Serialize)]
    struct Call<'a, A> {
        jsonrpc: &'static str,
        id: CallId,
        method: &'static str,
        params: &'a A,
    }
    encode_whole(&Call { jsonrpc: "2.0", id, method: A::METHOD, params: ask })
}

/// Writes that nobody waits for a call any more.
#[must_use]
pub fn encode_cancel(id: CallId) -> Frame {
    #[derive(Serialize)]
    struct Params {
        id: CallId,
    }
    #[derive(Serialize)]
    struct Notification {
        jsonrpc: &'static str,
        method: &'static str,
        params: Params,
    }
    encode_whole(&Notification { jsonrpc: "2.0", method: "cancel", params: Params { id } })
}

#[derive(Deserialize)]
struct RawLine<'l> {
    jsonrpc: String,
    #[serde(default)]
    id: Option<CallId>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default, borrow)]
    params: Option<&'l RawValue>,
    #[serde(default, borrow)]
    result: Option<&'l RawValue>,
    #[serde(default, borrow)]
    error: Option<&'l RawValue>,
}

#[derive(Deserialize)]
struct PartialParams {
    id: CallId,
    batch: Batch,
}

/// Reads one line of a plugin.
///
/// # Errors
///
/// [`LineError`]: who says such a thing does not keep to the protocol.
pub fn read_line(line: &[u8]) -> Result<Line<'_>, LineError> {
    let not = |what| LineError::NotAnswer { what };
    let text = hold_to_limits(line, LINE_LIMIT)?;
    let raw: RawLine<'_> = serde_json::from_str(text)
        .map_err(|_| not("no JSON-RPC 2.0 object; `id` is the number of the call"))?;
    if raw.jsonrpc != "2.0" {
        return Err(not("`jsonrpc` is not \"2.0\""));
    }
    match (raw.method.as_deref(), raw.id, raw.result, raw.error) {
        (None, Some(id), Some(result), None) => Ok(Line::Result { id, result }),
        (None, Some(id), None, Some(error)) => Ok(Line::Failure { id, error }),
        (Some("partial"), None, None, None) => {
            let params = raw.params.ok_or(not("`partial` without `params`"))?;
            let PartialParams { id, batch } = read_result(params)?;
            Ok(Line::Partial { id, batch: Box::new(batch) })
        }
        (Some(_), None, None, None) => Ok(Line::Unknown),
        (Some(_), Some(_), ..) => Err(not("plugins ask nothing: a method with an `id`")),
        (None, None, ..) => Err(not("an answer without `id`")),
        _ => Err(not("an answer has either `result` or `error`")),
    }
}

/// Reads a result as the type that belongs to its call. Members that are not known are ignored.
///
/// # Errors
///
/// [`LineError::Frame`] with the path of the member that does not fit.
pub fn read_result<T: DeserializeOwned>(raw: &RawValue) -> Result<T, LineError> {
    Ok(read_as(Some(raw))?.value)
}
