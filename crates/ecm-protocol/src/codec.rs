//! Frames and what lies in them: JSON-RPC 2.0 objects, one a frame.
//!
//! Reading happens in three steps, each with its own refusal: the whole text is walked once and
//! held against the limits of the protocol (`codec/guard.rs`); the envelope is taken apart without
//! copying; the parameters become a [`crate::message`] type. No error quotes what it read,
//! because a frame may carry a secret; it names the member instead.

mod envelope;
mod guard;

pub use self::envelope::{Envelope, RequestId};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::message::{Category, Problem};

/// The bytes of one frame, wiped when dropped. `Debug` tells their number only.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame(Zeroizing<Vec<u8>>);

impl Frame {
    /// The JSON text.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes themselves, for a transport that wants to own them.
    #[must_use]
    pub fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({} bytes)", self.0.len())
    }
}

/// Writes a request that wants an answer.
#[must_use]
pub fn encode_request<P: Serialize>(id: &RequestId, method: &str, params: &P) -> Frame {
    encode(&Outgoing {
        jsonrpc: "2.0",
        id: Some(id.as_str()),
        method: Some(method),
        params: Some(params),
        ..Outgoing::NOTHING
    })
}

/// Writes a notification.
#[must_use]
pub fn encode_notification<P: Serialize>(method: &str, params: &P) -> Frame {
    encode(&Outgoing {
        jsonrpc: "2.0",
        method: Some(method),
        params: Some(params),
        ..Outgoing::NOTHING
    })
}

/// Writes the answer to a request.
#[must_use]
pub fn encode_result<R: Serialize>(id: &RequestId, result: &R) -> Frame {
    encode(&Outgoing {
        jsonrpc: "2.0",
        id: Some(id.as_str()),
        result: Some(result),
        ..Outgoing::NOTHING
    })
}

/// Writes the failure of a request.
#[must_use]
pub fn encode_problem(id: &RequestId, problem: &Problem) -> Frame {
    let error = WireError::of(problem);
    encode(&Outgoing::<()> {
        jsonrpc: "2.0",
        id: Some(id.as_str()),
        error: Some(error),
        ..Outgoing::NOTHING
    })
}

/// Tells the peer that a frame of its could not be taken, when not even its id is known.
#[must_use]
pub fn encode_unaddressed_problem(problem: &Problem) -> Frame {
    #[derive(Serialize)]
    struct Unaddressed<'a> {
        jsonrpc: &'static str,
        id: (),
        error: WireError<'a>,
    }
    encode_whole(&Unaddressed { jsonrpc: "2.0", id: (), error: WireError::of(problem) })
}

/// One JSON-RPC object on its way out.
#[derive(Serialize)]
struct Outgoing<'a, B> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<&'a B>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a B>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<WireError<'a>>,
}

impl<B> Outgoing<'_, B> {
    const NOTHING: Self =
        Self { jsonrpc: "2.0", id: None, method: None, params: None, result: None, error: None };
}

fn encode<B: Serialize>(message: &Outgoing<'_, B>) -> Frame {
    encode_whole(message)
}

/// Writes any value as the JSON text of one frame, for protocols that share these frames.
///
/// Counts first, then writes into a buffer of that very size: a buffer that grows leaves
/// copies behind that nobody wipes.
#[must_use]
pub fn encode_whole<T: Serialize>(message: &T) -> Frame {
    let mut length = Length(0);
    let mut bytes = Zeroizing::new(Vec::new());
    if serde_json::to_writer(&mut length, message).is_ok() {
        bytes.reserve_exact(length.0);
        // Cannot fail: the same value was written a moment ago, and a Vec takes everything.
        let _ = serde_json::to_writer(&mut *bytes, message);
    }
    Frame(bytes)
}

struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Reads one frame's envelope after holding the whole text against the limits.
///
/// # Errors
///
/// [`FrameError`]; what it means for the link, [`crate::link`] decides.
pub fn decode(bytes: &[u8], max_bytes: usize) -> Result<Envelope<'_>, FrameError> {
    Envelope::read(hold_to_limits(bytes, max_bytes)?)
}

/// Holds a text against the limits of the wire (length, UTF-8, depth, members said twice, integers
/// beyond 53 bits, batches) and says nothing about what it means.
///
/// # Errors
///
/// The first limit it breaks.
pub fn hold_to_limits(bytes: &[u8], max_bytes: usize) -> Result<&str, FrameError> {
    if bytes.len() > max_bytes {
        return Err(FrameError::TooLarge { bytes: bytes.len(), max: max_bytes });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| FrameError::NotUtf8 { position: error.valid_up_to() })?;
    guard::check(text)?;
    Ok(text)
}

/// Parameters or a result, typed, and how many of its members nobody knows here.
#[derive(Debug)]
pub struct Typed<T> {
    /// The value.
    pub value: T,
    /// Members that this version ignores.
    pub unknown_members: usize,
}

/// Reads parameters, or a result, as the type that belongs to the method.
///
/// # Errors
///
/// [`FrameError::Member`] with the path of the member that does not fit.
pub fn read_as<T: DeserializeOwned>(raw: Option<&RawValue>) -> Result<Typed<T>, FrameError> {
    let text = raw.map_or("{}", RawValue::get);
    let mut unknown_members = 0;
    let mut json = serde_json::Deserializer::from_str(text);
    let mut count = |_: serde_ignored::Path<'_>| unknown_members += 1;
    let counted = serde_ignored::Deserializer::new(&mut json, &mut count);
    match T::deserialize(counted) {
        Ok(value) => Ok(Typed { value, unknown_members }),
        // The reader's own words may quote a value; its position cannot.
        Err(error) => {
            Err(FrameError::Member { path: path_of_refusal::<T>(text), column: error.column() })
        }
    }
}

/// Where `T` does not fit the text. Read once more for it: keeping track of the path takes longer
/// than reading, and nearly every message is well.
fn path_of_refusal<T: DeserializeOwned>(text: &str) -> String {
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let refused = T::deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
    drop(refused);
    track.path().to_string()
}

/// A JSON-RPC error as it lies on the wire.
#[derive(Serialize)]
struct WireError<'a> {
    code: i32,
    message: &'a str,
    data: WireProblem<'a>,
}

/// RFC 9457 with our members.
#[derive(Serialize)]
struct WireProblem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    category: Category,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_id: Option<&'a str>,
}

const PROBLEM_TYPE: &str = "urn:ecm-open:error:";
const PROBLEM_INSTANCE: &str = "urn:ecm-open:ref:";

impl<'a> WireError<'a> {
    fn of(problem: &'a Problem) -> Self {
        let category = problem.category;
        Self {
            code: category.code(),
            message: category.title(),
            data: WireProblem {
                kind: format!("{PROBLEM_TYPE}{}", category.name()),
                title: category.title(),
                status: category.status(),
                detail: problem.detail.as_deref(),
                instance: problem.request_ref.as_ref().map(|r| format!("{PROBLEM_INSTANCE}{r}")),
                category,
                retry_after_ms: problem.retry_after_ms,
                advice: problem.advice.as_deref(),
                lease_id: problem.lease_id.as_deref(),
            },
        }
    }
}

/// Reads a failure. A peer may know more categories than we do, or say less than it could.
pub(crate) fn read_problem(raw: &RawValue) -> Result<Problem, FrameError> {
    #[derive(Deserialize)]
    struct Error {
        code: i32,
        #[serde(default)]
        message: Option<String>,
        #[serde(default)]
        data: Data,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Data {
        category: Option<String>,
        detail: Option<String>,
        instance: Option<String>,
        retry_after_ms: Option<u64>,
        advice: Option<String>,
        lease_id: Option<String>,
    }
    let error: Error = read_as::<Error>(Some(raw))?.value;
    let by_name = |name: &str| Category::ALL.into_iter().find(|known| known.name() == name);
    let category = (error.data.category.as_deref().and_then(by_name))
        .or_else(|| Category::from_code(error.code))
        .unwrap_or(Category::Internal);
    // A bare JSON-RPC error says all it knows in `message`; ours repeat the title there.
    let said = error.message.filter(|message| message != category.title());
    Ok(Problem {
        category,
        detail: error.data.detail.or(said),
        advice: error.data.advice,
        retry_after_ms: error.data.retry_after_ms,
        request_ref: (error.data.instance)
            .and_then(|urn| urn.strip_prefix(PROBLEM_INSTANCE).map(str::to_owned)),
        lease_id: error.data.lease_id,
    })
}

/// Why a frame cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Longer than was agreed.
    #[error("a frame of {bytes} bytes, at most {max} were agreed")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Not UTF-8.
    #[error("the frame is not UTF-8 from byte {position} on")]
    NotUtf8 {
        /// The first wrong byte.
        position: usize,
    },
    /// Not JSON.
    #[error("the frame is not JSON at line {line}, column {column}")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Nested deeper than the protocol allows.
    #[error("the frame is nested deeper than {max} levels")]
    TooDeep {
        /// The limit.
        max: usize,
    },
    /// One object has the same member twice, so two readers could read it differently.
    #[error("an object of the frame has a member twice, at line {line}, column {column}")]
    DuplicateMember {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// An integer that not every JSON reader keeps exactly (RFC 8259, 6).
    #[error("the frame holds an integer of more than 53 bits")]
    IntegerTooLarge,
    /// Several requests in one frame.
    #[error("the frame is a batch; one frame holds one request")]
    Batch,
    /// JSON, and no JSON-RPC 2.0 object.
    #[error("the frame is no JSON-RPC 2.0 object: {what}")]
    NotJsonRpc {
        /// What is missing or wrong.
        what: &'static str,
        /// The id, where there is one, so that it can be answered.
        id: Option<RequestId>,
    },
    /// A member of the parameters or the result is missing or of the wrong kind.
    #[error("member `{path}` is missing, or not of the kind the protocol says (column {column})")]
    Member {
        /// Where, as `target.addresses[0].ip`; `.` is the whole.
        path: String,
        /// Column in the parameters, from 1.
        column: usize,
    },
    /// A member whose value the protocol does not allow.
    #[error("member `{path}` {why}")]
    Forbidden {
        /// Where.
        path: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A text longer than the protocol allows.
    #[error("member `{path}` is longer than {max} characters")]
    TextTooLong {
        /// Where.
        path: &'static str,
        /// The limit.
        max: usize,
    },
}

impl FrameError {
    /// How to tell the sender.
    #[must_use]
    pub fn to_problem(&self) -> Problem {
        let category = match self {
            Self::TooLarge { .. } | Self::NotUtf8 { .. } | Self::NotJson { .. } => Category::Parse,
            Self::TooDeep { .. }
            | Self::DuplicateMember { .. }
            | Self::IntegerTooLarge
            | Self::Batch
            | Self::NotJsonRpc { .. } => Category::Invalid,
            Self::Member { .. } | Self::Forbidden { .. } | Self::TextTooLong { .. } => {
                Category::BadParameters
            }
        };
        Problem::new(category).with_detail(self.to_string())
    }
}
