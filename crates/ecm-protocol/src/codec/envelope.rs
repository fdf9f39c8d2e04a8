//! The JSON-RPC 2.0 object around parameters and results.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{FrameError, read_problem};
use crate::message::Problem;

/// The id of a request: 1 to 64 visible ASCII characters, opaque to the one who did not make it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(String);

impl RequestId {
    /// How long an id may be.
    pub const MAX_LEN: usize = 64;

    /// Takes an id, if it is one.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Option<Self> {
        let id = id.into();
        let visible = id.bytes().all(|byte| byte.is_ascii_graphic());
        (visible && (1..=Self::MAX_LEN).contains(&id.len())).then_some(Self(id))
    }

    /// The number-th id of those we make ourselves; only uniqueness within the link matters.
    pub(crate) fn numbered(number: u64) -> Self {
        Self(format!("e{number}"))
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({})", self.0)
    }
}

/// One frame, its parameters or result still text. Nothing of it is copied, so nothing secret is,
/// and `Debug` shows only who speaks of what.
pub enum Envelope<'a> {
    /// Wants an answer.
    Request {
        /// To be repeated in the answer.
        id: RequestId,
        /// What is asked.
        method: String,
        /// The parameters.
        params: Option<&'a RawValue>,
    },
    /// Wants none.
    Notification {
        /// What is said.
        method: String,
        /// The parameters.
        params: Option<&'a RawValue>,
    },
    /// Answers one of our requests.
    Result {
        /// The request's id.
        id: RequestId,
        /// The result.
        result: &'a RawValue,
    },
    /// Fails one of our requests; or none, when the peer could not even read the id.
    Failure {
        /// The request's id.
        id: Option<RequestId>,
        /// Why.
        problem: Problem,
    },
}

impl fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { id, method, .. } => write!(f, "Request({method:?}, {id})"),
            Self::Notification { method, .. } => write!(f, "Notification({method:?})"),
            Self::Result { id, .. } => write!(f, "Result({id})"),
            Self::Failure { id, problem } => {
                f.debug_struct("Failure").field("id", id).field("problem", problem).finish()
            }
        }
    }
}

#[derive(Deserialize)]
struct RawEnvelope<'a> {
    #[serde(default)]
    jsonrpc: Option<String>,
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
    #[serde(default, borrow)]
    result: Option<&'a RawValue>,
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, FrameError> {
        let not = |what, id| FrameError::NotJsonRpc { what, id };
        let raw: RawEnvelope<'a> = serde_json::from_str(text)
            .map_err(|_| not("`jsonrpc`, `method` or `id` is of the wrong kind", None))?;
        let has_id = raw.id.is_some_and(|id| id.get() != "null");
        let id = match raw.id {
            Some(id) if has_id => Some(
                serde_json::from_str::<String>(id.get())
                    .ok()
                    .and_then(RequestId::new)
                    .ok_or(not("`id` is not a text of 1 to 64 visible ASCII characters", None))?,
            ),
            _ => None,
        };
        if raw.jsonrpc.as_deref() != Some("2.0") {
            return Err(not("`jsonrpc` is not \"2.0\"", id));
        }
        match (raw.method, id, raw.result, raw.error) {
            (Some(method), Some(id), None, None) => {
                Ok(Self::Request { id, method, params: raw.params })
            }
            (Some(method), None, None, None) => {
                Ok(Self::Notification { method, params: raw.params })
            }
            (None, Some(id), Some(result), None) => Ok(Self::Result { id, result }),
            (None, id, None, Some(error)) => {
                Ok(Self::Failure { id, problem: read_problem(error)? })
            }
            (None, None, Some(_), None) => Err(not("a result without `id`", None)),
            (_, id, _, _) => Err(not("neither a request, a notification nor an answer", id)),
        }
    }
}
