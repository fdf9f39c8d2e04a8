//! Calls as values: what is sent and how the answer is read, without sending anything.
//!
//! Each family has a file of its own in the same shape. Every endpoint's documentation says
//! method and path, the permission it needs, what it answers, and how sure we are: *confirmed*
//! by the vendor's documentation, *seen* in clients that rely on it, *inferred*.

mod declare;

pub mod access_policies;
pub mod address_groups;
pub mod aliases;
pub mod applications;
pub mod assets;
pub mod attributes;
pub mod auth;
pub mod credentials;
pub mod custom_platforms;
pub mod databases;
pub mod deliveries;
pub mod directories;
pub mod functional_accounts;
pub mod isa_requests;
pub mod keystrokes;
pub mod linked_accounts;
pub mod managed_accounts;
pub mod managed_systems;
pub mod oracle_internet_directories;
pub mod organizations;
pub mod password_rules;
pub mod platforms;
pub mod propagation_actions;
pub mod quick_rules;
pub mod raw;
pub mod registrations;
pub mod replay;
pub mod request_sets;
pub mod requests;
pub mod roles;
pub mod secrets_safe;
pub mod sessions;
pub mod smart_rules;
pub mod surroundings;
pub mod synced_accounts;
pub mod user_audits;
pub mod user_groups;
pub mod users;
pub mod workgroups;

use std::borrow::Cow;
use std::ops::Range;

use http::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::answer::{FromNumber, ObjectError, Readable, object, plain, rows, secret_text};
use crate::body::{Form, Value, Written};
use crate::error::{Error, ErrorKind, Excerpt, ReasonCode, is_html};
use crate::repeat::Repeat;
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
/// assert_eq!(request.query(), [("type".into(), "dsskey".to_owned())]);
/// ```
pub trait Endpoint {
    /// What it answers.
    type Answer;

    /// Method and path pattern, for messages: `GET Credentials/{requestId}`.
    const NAME: &'static str;

    /// Whether the answer holds a secret. Then it is neither shared nor remembered.
    const RELEASES_SECRET: bool = true;

    /// What is sent.
    fn request(&self) -> ApiRequest;

    /// Reads the answer, whatever its status.
    ///
    /// # Errors
    ///
    /// [`Error`] for every answer that is not the one hoped for.
    fn read(&self, answer: &ApiAnswer) -> Result<Self::Answer, Error>;

    /// Reads the answer to a repeat, when an earlier try may have been executed: then what is gone
    /// has been deleted, and is no error.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    fn read_again(&self, answer: &ApiAnswer) -> Result<Self::Answer, Error> {
        self.read(answer)
    }

    /// Looks whether the call can be made at all; a session does so before it sends anything.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`] names the rule that is broken.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// What sending the call again would do when the fate of the first is unknown.
    fn repeat(&self) -> Repeat {
        Repeat::Safe
    }
}

/// A line of the catalogue: what is known of a call without making it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// Method and path pattern, as [`Endpoint::NAME`].
    pub name: &'static str,
    /// The type that makes the call, as a path of this crate.
    pub rust: &'static str,
    /// The permission it needs, in the vault's words.
    pub permission: &'static str,
    /// How sure we are of its shape.
    pub certainty: Certainty,
    /// What a repeat would do.
    pub repeat: Repeat,
}

/// How sure we are of what a call sends and what it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The vendor's documentation says it.
    Confirmed,
    /// Clients in use rely on it.
    Seen,
    /// Known from practice, not confirmed by a text at hand.
    Recalled,
    /// Concluded from other facts.
    Inferred,
}

/// Every call that this crate can make, family by family.
///
/// ```
/// let calls = ps_client::endpoint::calls();
/// let unsafe_to_repeat = calls.filter(|call| call.repeat == ps_client::Repeat::Unsafe);
/// assert!(unsafe_to_repeat.map(|call| call.name).any(|name| name == "POST ISARequests"));
/// ```
pub fn calls() -> impl Iterator<Item = &'static Call> {
    FAMILIES.iter().copied().flatten()
}

/// Every family's calls.
const FAMILIES: &[&[Call]] = &[
    access_policies::CALLS,
    address_groups::CALLS,
    aliases::CALLS,
    applications::CALLS,
    assets::CALLS,
    attributes::CALLS,
    auth::CALLS,
    credentials::CALLS,
    custom_platforms::CALLS,
    databases::CALLS,
    deliveries::CALLS,
    directories::CALLS,
    functional_accounts::CALLS,
    isa_requests::CALLS,
    keystrokes::CALLS,
    linked_accounts::CALLS,
    managed_accounts::CALLS,
    managed_systems::CALLS,
    oracle_internet_directories::CALLS,
    organizations::CALLS,
    password_rules::CALLS,
    platforms::CALLS,
    propagation_actions::CALLS,
    quick_rules::CALLS,
    registrations::CALLS,
    replay::CALLS,
    request_sets::CALLS,
    requests::CALLS,
    roles::CALLS,
    secrets_safe::folders::CALLS,
    secrets_safe::safes::CALLS,
    secrets_safe::secrets::CALLS,
    sessions::CALLS,
    smart_rules::CALLS,
    surroundings::CALLS,
    synced_accounts::CALLS,
    user_audits::CALLS,
    user_groups::CALLS,
    users::CALLS,
    workgroups::CALLS,
];

/// In a longer text four digits may mean anything.
const LONGEST_CODE_BODY: usize = 256;

/// What a call sends, but for address and session.
#[derive(Debug)]
pub struct ApiRequest {
    pub(crate) method: Method,
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(Cow<'static, str>, String)>,
    pub(crate) body: Option<Content>,
    pub(crate) is_list: bool,
}

/// A body and its type. `Debug` tells its length only.
pub(crate) struct Content {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    pub(crate) media_type: Cow<'static, str>,
    /// Where secrets stand in it, as texts of JSON.
    secrets: Vec<Range<usize>>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

impl ApiRequest {
    pub(crate) fn new(method: Method, path: &[&str]) -> Self {
        Self {
            method,
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            query: Vec::new(),
            body: None,
            is_list: false,
        }
    }

    /// A member of the query, unless it is absent.
    pub(crate) fn set(mut self, name: &'static str, value: &impl Value) -> Self {
        if !value.is_absent() {
            let json = crate::body::Json::of(value).bytes;
            // A text's JSON form is unquoted again; numbers and truth values are as in a query.
            let is_text = json.starts_with(b"\"");
            let text = is_text.then(|| serde_json::from_slice::<String>(&json).ok()).flatten();
            let plain = || String::from_utf8_lossy(&json).into_owned();
            self.query.push((name.into(), text.unwrap_or_else(plain)));
        }
        self
    }

    pub(crate) fn json(mut self, Written { bytes, secrets }: Written) -> Self {
        self.body = Some(Content { bytes, media_type: "application/json".into(), secrets });
        self
    }

    /// The secrets in its body, as they are and as JSON has them: for taking them out of what a
    /// server echoes.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let Some(Content { bytes, secrets, .. }) = &self.body else { return Vec::new() };
        let texts = secrets.iter().filter_map(|range| bytes.get(range.clone()));
        texts
            .flat_map(|json| {
                let quoted = std::str::from_utf8(json).ok().map(|text| text.trim_matches('"'));
                [secret_text(json), quoted.map(SecretString::from)]
            })
            .flatten()
            .collect()
    }

    /// A body that is not this crate's own.
    pub(crate) fn foreign(mut self, bytes: Zeroizing<Vec<u8>>, media_type: String) -> Self {
        self.body = Some(Content { bytes, media_type: media_type.into(), secrets: Vec::new() });
        self
    }

    pub(crate) fn multipart(mut self, form: Form) -> Self {
        let Form { bytes, media_type, secrets } = form;
        self.body = Some(Content { bytes, media_type: media_type.into(), secrets });
        self
    }

    /// A call that lists something may answer more.
    pub(crate) fn list(mut self) -> Self {
        self.is_list = true;
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
    pub fn query(&self) -> &[(Cow<'static, str>, String)] {
        &self.query
    }

    /// The body, if there is one.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_ref().map(|body| body.bytes.as_slice())
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

    /// An object. Of a list of one it is that one; none is as if there were no such thing.
    pub(crate) fn object<T: Readable>(&self, endpoint: &'static str) -> Result<T, Error> {
        object(self.text(endpoint)?, T::read).map_err(|error| match error {
            ObjectError::Row(error) => self.unreadable(endpoint, error),
            ObjectError::None if endpoint.starts_with("GET ") => {
                Error::new(endpoint, ErrorKind::NotFound).with_answer(self.0.status.as_u16(), None)
            }
            ObjectError::None => self.unreadable(endpoint, "it is an empty list"),
            ObjectError::Several(rows) => {
                self.unreadable(endpoint, format!("{rows} rows fit where one is expected"))
            }
        })
    }

    /// A list, in whichever shape it comes.
    pub(crate) fn list<T: Readable>(&self, endpoint: &'static str) -> Result<Vec<T>, Error> {
        rows(self.text(endpoint)?, T::read).map_err(|error| self.unreadable(endpoint, error))
    }

    /// A bare number that stands for something; one in quotes is taken too, because what was made
    /// would be lost with its number.
    pub(crate) fn number<T: FromNumber>(&self, endpoint: &'static str) -> Result<T, Error> {
        let text = plain(self.text(endpoint)?);
        let number: Option<i64> = text.trim_matches('"').parse().ok();
        let number = number.filter(|number| *number > 0).map(T::from_number);
        number.ok_or_else(|| self.unreadable(endpoint, "it is not a number from 1 on"))
    }

    /// A bare text that is a secret; an empty one is none, and no success.
    pub(crate) fn secret(&self, endpoint: &'static str) -> Result<SecretString, Error> {
        let secret = secret_text(self.body(endpoint)?)
            .ok_or_else(|| self.unreadable(endpoint, "it is not a bare JSON string"))?;
        match secret.expose_secret().is_empty() {
            true => Err(self.unreadable(endpoint, "the secret is empty")),
            false => Ok(secret),
        }
    }

    /// Bytes as they are. A web page in place of a file is no file.
    pub(crate) fn file(&self, endpoint: &'static str) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.body(endpoint).map(|bytes| Zeroizing::new(bytes.to_vec()))
    }

    pub(crate) fn unreadable(&self, endpoint: &'static str, what: impl ToString) -> Error {
        Error::new(endpoint, ErrorKind::Unreadable { what: what.to_string() })
            .with_answer(self.0.status.as_u16(), None)
    }

    /// A page of a proxy, a sign-in or the web server itself, whatever type it claims.
    pub(crate) fn is_html(&self) -> bool {
        let html = |value: &http::HeaderValue| {
            let start = value.as_bytes().get(..9).unwrap_or_default();
            start.eq_ignore_ascii_case(b"text/html")
        };
        match self.0.headers.get(http::header::CONTENT_TYPE) {
            Some(kind) if html(kind) => true,
            // A file is what its owner put there, also where that is a page.
            Some(kind) if kind.as_bytes().starts_with(b"application/octet-stream") => false,
            _ => is_html(&self.0.body),
        }
    }

    /// What an answer that is no success means. Of a success nothing is quoted: it may hold a
    /// secret.
    pub(crate) fn error(&self, endpoint: &'static str) -> Error {
        let status = self.0.status;
        let code = std::str::from_utf8(&self.0.body)
            .ok()
            .filter(|text| text.len() <= LONGEST_CODE_BODY)
            .and_then(ReasonCode::find);
        let kind = match status {
            _ if status.is_success() || status.is_redirection() => ErrorKind::NotTheApi,
            StatusCode::UNAUTHORIZED => ErrorKind::SignInRefused,
            StatusCode::FORBIDDEN => code.map_or(ErrorKind::Forbidden, ErrorKind::Refused),
            StatusCode::NOT_FOUND if self.is_html() => ErrorKind::NotTheApi,
            StatusCode::NOT_FOUND => ErrorKind::NotFound,
            StatusCode::CONFLICT => ErrorKind::Conflict(code),
            StatusCode::GONE => ErrorKind::VersionDisabled,
            StatusCode::TOO_MANY_REQUESTS => ErrorKind::Throttled,
            _ if status.is_server_error() => ErrorKind::Server,
            _ => ErrorKind::Invalid,
        };
        let excerpt = match status {
            _ if status.is_success() => None,
            _ if status.is_redirection() => self.redirected_to(),
            _ => Excerpt::read(&self.0.body),
        };
        Error::new(endpoint, kind)
            .with_answer(status.as_u16(), excerpt)
            .with_retry_after(self.retry_after())
    }

    /// Scheme and host only: the rest may hold tokens.
    fn redirected_to(&self) -> Option<Excerpt> {
        let location = self.0.headers.get(http::header::LOCATION)?.to_str().ok()?;
        let origin = url::Url::parse(location).ok()?.origin().ascii_serialization();
        Some(Excerpt::note(format!("redirected to {origin}")))
    }

    /// `Retry-After` (RFC 9110, 10.2.3): seconds, or a date, which is compared with the answer's
    /// own, so that clocks that differ do not matter.
    fn retry_after(&self) -> Option<std::time::Duration> {
        let text = |name| self.0.headers.get(name)?.to_str().ok();
        let wanted = text(http::header::RETRY_AFTER)?;
        if let Ok(seconds) = wanted.trim().parse() {
            return Some(std::time::Duration::from_secs(seconds));
        }
        let date = |text| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
        let wait = date(wanted)?.as_second() - date(text(http::header::DATE)?)?.as_second();
        Some(std::time::Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
    }
}
