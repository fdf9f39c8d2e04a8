//! Calls as values: what is sent and how the answer is read, without sending anything.
//!
//! Each family has a file of its own in the same shape. Every endpoint's documentation says
//! method and path, the permission it needs, what it answers, and how sure we are: *confirmed*
//! by the vendor's documentation, *seen* in clients that rely on it, *inferred*.

pub mod auth;
pub mod credentials;
pub mod isa_requests;
pub mod linked_accounts;
pub mod managed_accounts;
pub mod managed_systems;
pub mod requests;

use http::{Method, StatusCode};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, ReasonCode};
use crate::transport::HttpAnswer;

/// One call to the vault.
///
/// # Examples
///
/// An endpoint is a plain value; what it would send can be looked at without a vault.
///
/// ```
/// use ps_client::endpoint::{Endpoint, credentials::GetCredential};
/// use ps_client::model::{CredentialType, RequestId};
///
/// let call = GetCredential { request: RequestId::new(77), kind: CredentialType::DssKey };
/// let request = call.request();
/// assert_eq!(request.path(), ["Credentials", "77"]);
/// assert_eq!(request.query(), [("type", "dsskey".to_owned())]);
/// ```
pub trait Endpoint {
    /// What it answers.
    type Answer;

    /// Method and path pattern, for messages: `GET Credentials/{requestId}`.
    const NAME: &'static str;

    /// What is sent.
    fn request(&self) -> ApiRequest;

    /// Reads the answer, whatever its status.
    ///
    /// # Errors
    ///
    /// [`Error`] for every answer that is not the one hoped for.
    fn read(&self, answer: &ApiAnswer) -> Result<Self::Answer, Error>;
}

/// Longest answer of a call that lists something.
pub(crate) const LIST_BYTES: usize = 8 << 20;

/// Longest answer of any other call.
pub(crate) const SCALAR_BYTES: usize = 64 << 10;

/// What a call sends, but for address and session.
#[derive(Debug)]
pub struct ApiRequest {
    pub(crate) method: Method,
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Body>,
    pub(crate) max_answer: usize,
}

/// A JSON body. `Debug` tells its length only.
pub(crate) struct Body(pub(crate) Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

impl ApiRequest {
    pub(crate) fn new(method: Method, path: &[&str]) -> Self {
        Self {
            method,
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            query: Vec::new(),
            body: None,
            max_answer: SCALAR_BYTES,
        }
    }

    pub(crate) fn query_if_some(mut self, name: &'static str, value: Option<String>) -> Self {
        self.query.extend(value.map(|value| (name, value)));
        self
    }

    pub(crate) fn json<B: Serialize>(mut self, body: &B) -> Self {
        // Bodies here are structures of numbers and texts; writing them to memory cannot fail.
        self.body = serde_json::to_vec(body).ok().map(|bytes| Body(Zeroizing::new(bytes)));
        self
    }

    pub(crate) fn list(mut self) -> Self {
        self.max_answer = LIST_BYTES;
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path below the vault's address, part by part, not yet percent-encoded.
    #[must_use]
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// The query, not yet percent-encoded.
    #[must_use]
    pub fn query(&self) -> &[(&'static str, String)] {
        &self.query
    }

    /// The JSON body, if there is one.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_ref().map(|body| body.0.as_slice())
    }
}

/// What came back.
#[derive(Debug)]
pub struct ApiAnswer(pub(crate) HttpAnswer);

impl ApiAnswer {
    /// An answer, for tests of an endpoint without a vault.
    #[must_use]
    pub fn new(answer: HttpAnswer) -> Self {
        Self(answer)
    }

    /// The body, if the status is a success and it is no web page.
    pub(crate) fn body(&self, endpoint: &'static str) -> Result<&[u8], Error> {
        if self.0.status.is_success() && !self.is_html() {
            return Ok(&self.0.body);
        }
        Err(self.error(endpoint))
    }

    /// The same as text.
    pub(crate) fn text(&self, endpoint: &'static str) -> Result<&str, Error> {
        let text = std::str::from_utf8(self.body(endpoint)?);
        text.map_err(|_| self.unreadable(endpoint, "it is not UTF-8"))
    }

    pub(crate) fn unreadable(&self, endpoint: &'static str, what: impl ToString) -> Error {
        Error::new(endpoint, ErrorKind::Unreadable { what: what.to_string() })
            .with_answer(self.0.status.as_u16(), None)
    }

    fn is_html(&self) -> bool {
        let html = |value: &http::HeaderValue| value.as_bytes().starts_with(b"text/html");
        self.0.headers.get(http::header::CONTENT_TYPE).is_some_and(html)
    }

    /// What an answer that is no success means.
    pub(crate) fn error(&self, endpoint: &'static str) -> Error {
        let status = self.0.status;
        let text = String::from_utf8_lossy(&self.0.body);
        let code = (text.len() <= 512).then(|| ReasonCode::find(&text)).flatten();
        let kind = match status {
            _ if status.is_success() => ErrorKind::NotTheApi,
            _ if status.is_redirection() => ErrorKind::NotTheApi,
            StatusCode::UNAUTHORIZED => ErrorKind::SignInRefused,
            StatusCode::FORBIDDEN => code.map_or(ErrorKind::Forbidden, ErrorKind::Refused),
            StatusCode::NOT_FOUND if self.is_html() => ErrorKind::NotTheApi,
            StatusCode::NOT_FOUND => ErrorKind::NotFound,
            StatusCode::CONFLICT => ErrorKind::Conflict(code),
            StatusCode::GONE => ErrorKind::VersionDisabled,
            StatusCode::TOO_MANY_REQUESTS => {
                ErrorKind::Throttled { retry_after: self.retry_after() }
            }
            _ if status.is_server_error() => ErrorKind::Server,
            _ => ErrorKind::Invalid,
        };
        let excerpt = (!self.is_html() && !text.trim().is_empty()).then(|| excerpt(&text));
        Error::new(endpoint, kind).with_answer(status.as_u16(), excerpt)
    }

    fn retry_after(&self) -> Option<std::time::Duration> {
        let seconds = self.0.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        Some(std::time::Duration::from_secs(seconds))
    }
}

/// The reason of a failed change stands near the end of a long log: both ends are kept.
fn excerpt(text: &str) -> String {
    const END: usize = 512;
    let clean: Vec<char> =
        text.trim().chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    match clean.len() {
        ..=1_024 => clean.into_iter().collect(),
        len => clean.iter().take(END).chain(&['…']).chain(clean.iter().skip(len - END)).collect(),
    }
}
