//! A call as a value: what is sent, and how its answer is read. No I/O.

use std::fmt;

use http::{HeaderMap, Method, StatusCode};

use crate::error::{Error, refused};

/// What is sent, without host and token.
///
/// Changes go as a form in the body, so that values do not end up in access logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Absolute path on the site.
    pub path: String,
    /// Query, unescaped, in this order.
    pub query: Vec<(String, String)>,
    /// Form body, unescaped; empty for no body.
    pub form: Vec<(String, String)>,
    /// The `Accept` header.
    pub accept: &'static str,
}

impl Request {
    pub(crate) fn get(path: impl Into<String>, accept: &'static str) -> Self {
        let (method, path) = (Method::GET, path.into());
        Self { method, path, query: Vec::new(), form: Vec::new(), accept }
    }

    pub(crate) fn ask(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }
}

/// An answer that came, whatever it says.
pub struct Answer<'a> {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: &'a HeaderMap,
    /// Body.
    pub body: &'a [u8],
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}

impl<'a> Answer<'a> {
    /// The body of a success.
    ///
    /// # Errors
    ///
    /// What any other status says.
    pub fn success(&self) -> Result<&'a [u8], Error> {
        if self.status.is_success() { Ok(self.body) } else { Err(refused(self)) }
    }
}

/// A call to the site: how it is asked and how its answer is read, both without I/O.
pub trait Call: Sync {
    /// What it brings.
    type Answer;
    /// What it is called in errors and logs.
    const NAME: &'static str;
    /// Whether it is sent with a token.
    const NEEDS_TOKEN: bool = true;

    /// What is sent.
    fn request(&self) -> Request;

    /// Reads the answer. Never panics, whatever the bytes.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    fn read(&self, answer: &Answer<'_>) -> Result<Self::Answer, Error>;
}
