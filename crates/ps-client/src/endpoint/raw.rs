//! Calls that this crate does not know.

use std::fmt;

use http::{Method, StatusCode};
use secrecy::SecretSlice;
use zeroize::Zeroizing;

use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::error::Error;
use crate::repeat::Repeat;

/// A call by method and path, for what is missing here or newer than this crate.
///
/// It goes through the same session as every other call: signed in again when that is over,
/// names percent-encoded, answers bounded, refusals read.
///
/// ```
/// use http::Method;
/// use ps_client::endpoint::{Endpoint, raw::Request};
///
/// let call = Request::raw(Method::GET, &["Assets", "12", "Thing/s"]).query("name", "a b");
/// assert_eq!(call.request().path(), ["Assets", "12", "Thing/s"]);
/// ```
pub struct Request {
    method: Method,
    path: Vec<String>,
    query: Vec<(String, String)>,
    body: Option<Zeroizing<Vec<u8>>>,
    media_type: String,
    repeat: Repeat,
}

impl Request {
    /// A call of `method` to the path of these parts below the vault's address. The parts are
    /// encoded; a slash inside one is not a separator.
    #[must_use]
    pub fn raw(method: Method, path: &[&str]) -> Self {
        // Until the caller says otherwise, nothing but reading is repeated.
        let repeat = if method.is_safe() { Repeat::Safe } else { Repeat::Unsafe };
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        let media_type = "application/json".to_owned();
        Self { method, path, query: Vec::new(), body: None, media_type, repeat }
    }

    /// With a member of the query. It may be logged by machines in between: never a secret.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this JSON, taken as it is.
    #[must_use]
    pub fn json(mut self, json: Zeroizing<Vec<u8>>) -> Self {
        self.body = Some(json);
        self
    }

    /// With a body of another type.
    #[must_use]
    pub fn body(mut self, media_type: &str, bytes: Zeroizing<Vec<u8>>) -> Self {
        media_type.clone_into(&mut self.media_type);
        self.body = Some(bytes);
        self
    }

    /// What a repeat would do. Reading is [`Repeat::Safe`], everything else
    /// [`Repeat::Unsafe`], unless it is said.
    #[must_use]
    pub fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.body.as_ref().map_or(0, |body| body.len());
        write!(f, "Request({} {}, {bytes} bytes)", self.method, self.path.join("/"))
    }
}

/// The answer to a call that this crate does not know: a success, whatever it holds.
#[derive(Clone, Debug)]
pub struct RawAnswer {
    /// The status, from 200 to 299.
    pub status: StatusCode,
    /// The body, which may hold secrets.
    pub body: SecretSlice<u8>,
}

impl Endpoint for Request {
    type Answer = RawAnswer;
    const NAME: &'static str = "raw call";

    fn request(&self) -> ApiRequest {
        let path: Vec<_> = self.path.iter().map(String::as_str).collect();
        let mut request = ApiRequest::new(self.method.clone(), &path).list();
        let owned = |(name, value): &(String, String)| (name.clone().into(), value.clone());
        request.query = self.query.iter().map(owned).collect();
        match &self.body {
            Some(bytes) => request.foreign(bytes.clone(), self.media_type.clone()),
            None => request,
        }
    }

    fn read(&self, answer: &ApiAnswer) -> Result<RawAnswer, Error> {
        let body = SecretSlice::from(answer.body(Self::NAME)?.to_vec());
        Ok(RawAnswer { status: answer.0.status, body })
    }

    fn repeat(&self) -> Repeat {
        self.repeat
    }
}
