//! What came back, and what it is read as.

use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::answer::{FromNumber, ObjectError, Readable, object, plain, rows, secret_text};
use crate::error::{Error, ErrorKind, Excerpt, ReasonCode, is_html};
use crate::transport::HttpAnswer;

/// In a longer text four digits may mean anything.
const LONGEST_CODE_BODY: usize = 256;

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
