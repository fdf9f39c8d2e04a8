//! The seam to the network: one HTTP request in, one answer out.

use std::fmt;
use std::future::Future;

use http::{HeaderMap, Method, StatusCode};
use url::Url;
use zeroize::Zeroizing;

/// One request. Its body is wiped when dropped; the `Authorization` header is marked sensitive.
///
/// `Connection: close` is among the headers: sites ask for a connection of its own for each call,
/// so a transport keeps none.
pub struct HttpRequest {
    /// Method.
    pub method: Method,
    /// Full address; always https.
    pub url: Url,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, empty for none.
    pub body: Zeroizing<Vec<u8>>,
    /// The longest body that is taken, in bytes; a longer one is [`TransportError::TooLong`].
    pub max_answer: usize,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRequest({} {}, {} bytes)", self.method, self.url.path(), self.body.len())
    }
}

/// One answer. Its body is wiped when dropped.
pub struct HttpAnswer {
    /// Status.
    pub status: StatusCode,
    /// Headers. Cookies among them are nobody's business.
    pub headers: HeaderMap,
    /// Body.
    pub body: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpAnswer({}, {} bytes)", self.status, self.body.len())
    }
}

/// Whatever can carry a request to the site. Follows no redirect, keeps neither cookies nor
/// connections, repeats nothing, and logs neither headers nor bodies.
pub trait Transport: Send + Sync + 'static {
    /// Sends one request and waits for the whole answer.
    fn send(
        &self,
        request: HttpRequest,
    ) -> impl Future<Output = Result<HttpAnswer, TransportError>> + Send;
}

/// Why a request brought no answer. Reasons are the network's own words, without addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection: name, route, port or proxy. Nothing was sent.
    #[error("the site cannot be reached: {reason}")]
    Unreachable {
        /// Why.
        reason: String,
    },
    /// The certificate is not accepted. Nothing was sent.
    #[error("the site's certificate is not accepted: {reason}")]
    Untrusted {
        /// Why.
        reason: String,
    },
    /// No answer in time. A change may have been made all the same.
    #[error("the site did not answer in time")]
    TimedOut,
    /// The connection broke before the answer was whole. A change may have been made all the same.
    #[error("the connection to the site broke: {reason}")]
    Broken {
        /// Why.
        reason: String,
    },
    /// The answer is longer than anything that was asked for.
    #[error("the site's answer is longer than {max} bytes")]
    TooLong {
        /// The limit.
        max: usize,
    },
}

impl TransportError {
    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "check the site's name and port, route, firewall and proxy",
            Self::Untrusted { .. } => {
                "trust the authority that issued the site's certificate, or correct the name the \
                 site is called by; check this machine's clock"
            }
            Self::TimedOut => "look at the route to the site and at the site's load",
            Self::Broken { .. } => "try again; if it stays, look for a proxy that cuts connections",
            Self::TooLong { .. } => "ask for less at once",
        }
    }
}
