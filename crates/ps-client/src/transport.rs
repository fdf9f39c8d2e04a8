//! The seam to the network: one HTTP request in, one answer out.

#[cfg(feature = "https")]
mod distrust;
#[cfg(feature = "testing")]
pub mod fault;
#[cfg(any(feature = "https", feature = "tower"))]
mod gather;
#[cfg(feature = "https")]
pub mod https;
#[cfg(feature = "tower")]
pub mod tower;

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use http::{HeaderMap, Method, StatusCode};
use url::Url;
use zeroize::Zeroizing;

/// One request. Its body is wiped when dropped; sensitive headers are marked so.
pub struct HttpRequest {
    /// Method.
    pub method: Method,
    /// Full address.
    pub url: Url,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, empty for none. A POST without body still needs `Content-Length: 0`.
    pub body: Zeroizing<Vec<u8>>,
    /// The longest body that is taken, in bytes. Of a success (2xx) with a longer one nothing is
    /// taken, which is [`TransportError::TooLong`]; any other answer is cut there, because its
    /// status matters more than its text.
    pub max_answer: usize,
    /// Whether this is a sign-in, which may wait for a person's second factor.
    pub is_sign_in: bool,
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
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpAnswer({}, {} bytes)", self.status, self.body.len())
    }
}

/// An answer whose body comes piece by piece.
pub struct Download {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub pieces: Box<dyn Pieces>,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Download({})", self.status)
    }
}

/// The next piece, or that there is none.
pub type NextPiece<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Zeroizing<Vec<u8>>>, TransportError>> + Send + 'a>>;

/// A body that comes piece by piece. Each piece is wiped when dropped.
pub trait Pieces: Send {
    /// The next piece, `None` at the end. A body that ends before its announced length is
    /// [`TransportError::Broken`].
    fn next(&mut self) -> NextPiece<'_>;
}

/// A body that came at once.
struct Whole(Option<Zeroizing<Vec<u8>>>);

impl Pieces for Whole {
    fn next(&mut self) -> NextPiece<'_> {
        let piece = self.0.take().filter(|piece| !piece.is_empty());
        Box::pin(std::future::ready(Ok(piece)))
    }
}

impl From<HttpAnswer> for Download {
    fn from(answer: HttpAnswer) -> Self {
        let HttpAnswer { status, headers, body } = answer;
        Self { status, headers, pieces: Box::new(Whole(Some(body))) }
    }
}

/// Whatever can carry a request to the vault. Follows no redirect, keeps no cookies, repeats
/// nothing, and logs neither headers nor bodies.
pub trait Transport: Send + Sync + 'static {
    /// Sends one request and waits for the whole answer.
    fn send(
        &self,
        request: HttpRequest,
    ) -> impl Future<Output = Result<HttpAnswer, TransportError>> + Send;

    /// Sends one request and waits for the head of the answer only. Of a success the body may be
    /// of any length, and [`HttpRequest::max_answer`] says nothing.
    ///
    /// Unless a transport has something better, this waits for the whole answer.
    fn open(
        &self,
        request: HttpRequest,
    ) -> impl Future<Output = Result<Download, TransportError>> + Send {
        let answer = self.send(request);
        async { Ok(answer.await?.into()) }
    }
}

/// Why a request brought no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection: name, network or port. Nothing was sent.
    #[error("the vault cannot be reached")]
    Unreachable(#[source] Cause),
    /// TLS failed, mostly because the vault's certificate is not accepted. Nothing was sent.
    #[error("no trusted connection to the vault: {why}")]
    Untrusted {
        /// Why not.
        why: Distrust,
        /// The TLS library's words.
        #[source]
        cause: Cause,
    },
    /// No answer in time. The request may have been executed.
    #[error("the vault did not answer in time")]
    TimedOut(#[source] Cause),
    /// The connection broke before the answer was whole. The request may have been executed.
    #[error("the connection broke before the answer came")]
    Broken(#[source] Cause),
    /// The answer is longer than anything that was asked for.
    #[error("the answer is longer than {max} bytes")]
    TooLong {
        /// The limit.
        max: usize,
    },
}

/// The cause below a transport error.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// Why a connection is not trusted, sorted by who must act. "It" is the vault's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Distrust {
    /// Nobody we trust signed it.
    UnknownIssuer,
    /// It is for another name.
    WrongName,
    /// It is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It was revoked.
    Revoked,
    /// The vault wants a certificate of ours, or another one.
    ClientCertificate,
    /// The two sides have no TLS version or cipher in common.
    NothingInCommon,
    /// Anything else; the cause says it.
    Other,
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownIssuer => "nobody we trust signed it",
            Self::WrongName => "it is for another name",
            Self::Expired => "it has expired",
            Self::NotYetValid => "it is not valid yet",
            Self::Revoked => "it was revoked",
            Self::ClientCertificate => "the vault wants a client certificate that it accepts",
            Self::NothingInCommon => "the two sides have no TLS version or cipher in common",
            Self::Other => "TLS failed",
        })
    }
}

impl Distrust {
    fn advice(self) -> &'static str {
        match self {
            Self::UnknownIssuer => {
                "give the certificate of the authority that issued the vault's certificate as CA \
                 file; an intermediate certificate that the vault does not send looks the same"
            }
            Self::WrongName => {
                "use a name that the vault's certificate is for, with a resolve override if that \
                 name does not lead to the vault"
            }
            Self::Expired => {
                "renew the vault's certificate; if it is new, set this machine's clock"
            }
            Self::NotYetValid => "set this machine's clock",
            Self::Revoked => "have a new certificate issued for the vault",
            Self::ClientCertificate => {
                "give a client certificate of an authority that the vault trusts; a web server \
                 that asks for it by renegotiation (TLS 1.2) or after the handshake (TLS 1.3) \
                 cannot be served: have it ask at the first handshake"
            }
            Self::NothingInCommon => {
                "switch TLS 1.3, or TLS 1.2 with ECDHE and AES-GCM, on in the vault's web server"
            }
            Self::Other => "see the cause; check that the port speaks TLS",
        }
    }
}

impl TransportError {
    /// Whether nothing was executed, so that the same request may be sent again.
    #[must_use]
    pub fn may_repeat(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }

    /// Whether the vault may have executed the request all the same.
    #[must_use]
    pub fn may_have_been_executed(&self) -> bool {
        matches!(self, Self::TimedOut(_) | Self::Broken(_) | Self::TooLong { .. })
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "check name, port, route, firewall and proxy",
            Self::Untrusted { why, .. } => why.advice(),
            Self::TimedOut(_) => "repeat what may be repeated; look at the vault's load",
            Self::Broken(_) => "repeat what may be repeated",
            Self::TooLong { .. } => "ask for less at once",
        }
    }
}
