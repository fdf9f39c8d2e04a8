//! HTTPS by hyper over rustls: this file and those below it are the only ones of this crate that
//! open connections.

mod connect;
mod roots;
mod timers;

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use secrecy::SecretString;
use url::Url;
use zeroize::Zeroizing;

use self::connect::{Connector, Proxy, Way};
pub use self::roots::NativeRoots;
use self::timers::Timers;
use super::distrust::distrust;
use super::gather::Gather;
use super::{
    Cause, Distrust, Download, HttpAnswer, HttpRequest, NextPiece, Pieces, Transport,
    TransportError,
};

type Connections = legacy::Client<Connector, Full<Bytes>>;

/// Connections to one vault, reused between calls.
///
/// Trusts what it is told to trust and nothing else; reads no proxy from the environment unless
/// asked; follows no redirect; keeps no cookies.
///
/// A call that finds no other on its way goes by HTTP/1.1, which costs some two thirds of the
/// processor time of HTTP/2 (see `docs/performance.md`). Calls beside others share a connection of
/// HTTP/2, where the vault speaks it.
#[derive(Clone, Debug)]
pub struct HttpsTransport {
    alone: Connections,
    together: Connections,
    on_their_way: Arc<AtomicUsize>,
    timers: Timers,
    sign_in_timeout: Duration,
    timeout: Duration,
}

/// Settings of an [`HttpsTransport`].
pub struct HttpsBuilder {
    native_roots: bool,
    ca: Vec<CertificateDer<'static>>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    proxy: Option<(Url, Option<(String, SecretString)>)>,
    system_proxy: bool,
    connect_timeout: Duration,
    timeout: Duration,
    sign_in_timeout: Duration,
    resolve: Vec<(String, SocketAddr)>,
}

/// Why a transport cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpsError {
    /// The text holds no certificate, or a broken one.
    #[error("the {what} holds no readable certificate in PEM form")]
    NoCertificate {
        /// Which text.
        what: &'static str,
    },
    /// The text holds no private key.
    #[error("the client certificate's file holds no readable private key in PEM form")]
    NoKey,
    /// A certificate cannot be used.
    #[error("a certificate cannot be used")]
    BadCertificate(#[source] rustls::Error),
    /// The operating system's trusted roots cannot be read.
    #[error("none of the operating system's trusted certificates could be read ({errors} errors)")]
    NoNativeRoots {
        /// How many were unreadable.
        errors: usize,
    },
    /// Nothing would be trusted.
    #[error("no certificate authority is trusted; give a CA file or allow the system's roots")]
    NoRoots,
    /// The program chose no cryptography provider.
    #[error("no cryptography provider is installed in this process")]
    NoProvider,
    /// The proxy's address is no address.
    #[error("the proxy address cannot be used")]
    BadProxy(#[source] Cause),
}

impl HttpsTransport {
    /// Settings to begin with: the system's roots, no proxy, 10 s to connect, 30 s for a call,
    /// 120 s for a sign-in, which may wait for somebody's telephone.
    #[must_use]
    pub fn builder() -> HttpsBuilder {
        HttpsBuilder {
            native_roots: true,
            ca: Vec::new(),
            identity: None,
            proxy: None,
            system_proxy: false,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            sign_in_timeout: Duration::from_secs(120),
            resolve: Vec::new(),
        }
    }
}

impl HttpsBuilder {
    /// Whether the authorities that the operating system trusts are trusted here.
    #[must_use]
    pub fn native_roots(mut self, trusted: bool) -> Self {
        self.native_roots = trusted;
        self
    }

    /// Trusts the authorities in this PEM text as well.
    ///
    /// # Errors
    ///
    /// [`HttpsError::NoCertificate`].
    pub fn ca_pem(mut self, pem: &[u8]) -> Result<Self, HttpsError> {
        self.ca.extend(certificates(pem, "CA file")?);
        Ok(self)
    }

    /// Shows this certificate to a vault that wants one at the first handshake. A vault that
    /// asks later, by renegotiation or after a TLS 1.3 handshake, cannot be served.
    ///
    /// # Errors
    ///
    /// [`HttpsError::NoCertificate`], [`HttpsError::NoKey`].
    pub fn client_certificate_pem(mut self, pem: &[u8]) -> Result<Self, HttpsError> {
        let chain = certificates(pem, "client certificate's file")?;
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| HttpsError::NoKey)?;
        self.identity = Some((chain, key));
        Ok(self)
    }

    /// Goes through this HTTP proxy.
    #[must_use]
    pub fn proxy(mut self, address: Url, login: Option<(String, SecretString)>) -> Self {
        self.proxy = Some((address, login));
        self
    }

    /// Whether proxies of the environment and the operating system are used.
    #[must_use]
    pub fn system_proxy(mut self, used: bool) -> Self {
        self.system_proxy = used;
        self
    }

    /// How long a connection may take.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a call may take, connection included. Of a download: how long it may take until
    /// it begins, and then each piece of it.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a sign-in may take, connection included.
    #[must_use]
    pub fn sign_in_timeout(mut self, timeout: Duration) -> Self {
        self.sign_in_timeout = timeout;
        self
    }

    /// Connects to this address where the vault is called by that name. A port in the vault's own
    /// address is kept; behind a proxy the name is the proxy's to resolve.
    #[must_use]
    pub fn resolve(mut self, name: &str, address: SocketAddr) -> Self {
        self.resolve.push((name.to_owned(), address));
        self
    }

    /// Makes the transport. Needs a cryptography provider installed in the process
    /// (`rustls::crypto::CryptoProvider::install_default`); which one is the program's choice.
    ///
    /// # Errors
    ///
    /// [`HttpsError`].
    pub fn build(self) -> Result<HttpsTransport, HttpsError> {
        let tls = self.tls()?;
        let proxy = match &self.proxy {
            Some((address, login)) => {
                Proxy::always(address, login.as_ref()).map_err(HttpsError::BadProxy)?
            }
            None if self.system_proxy => Proxy::as_the_system_says(),
            None => Proxy::None,
        };
        let way = Way::new(&self.resolve, proxy, tls.clone(), self.connect_timeout);
        let connections = |protocols: &[&str]| {
            let mut tls = tls.clone();
            tls.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
            legacy::Client::builder(TokioExecutor::new())
                .timer(TokioTimer::new())
                .pool_timer(TokioTimer::new())
                // Web servers close what was idle for longer; IIS after two minutes.
                .pool_idle_timeout(Duration::from_secs(90))
                // One connection carries many calls: one that is dead must not carry the next.
                .http2_keep_alive_interval(Duration::from_secs(15))
                .http2_keep_alive_timeout(Duration::from_secs(10))
                .http2_keep_alive_while_idle(true)
                .build(Connector::new(way.clone(), tls, self.connect_timeout))
        };
        Ok(HttpsTransport {
            alone: connections(&["http/1.1"]),
            together: connections(&["h2", "http/1.1"]),
            on_their_way: Arc::default(),
            timers: Timers::default(),
            sign_in_timeout: self.sign_in_timeout,
            timeout: self.timeout,
        })
    }

    fn tls(&self) -> Result<ClientConfig, HttpsError> {
        let provider =
            rustls::crypto::CryptoProvider::get_default().ok_or(HttpsError::NoProvider)?;
        let mut roots = RootCertStore::empty();
        if self.native_roots {
            let native = NativeRoots::of_this_machine();
            if native.count() == 0 && self.ca.is_empty() {
                return Err(HttpsError::NoNativeRoots { errors: native.problems().len() });
            }
            roots.extend(native.roots());
        }
        for certificate in &self.ca {
            roots.add(certificate.clone()).map_err(HttpsError::BadCertificate)?;
        }
        if roots.is_empty() {
            return Err(HttpsError::NoRoots);
        }
        let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
            .with_safe_default_protocol_versions()
            .map_err(HttpsError::BadCertificate)?
            .with_root_certificates(roots);
        Ok(match &self.identity {
            Some((chain, key)) => builder
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(HttpsError::BadCertificate)?,
            None => builder.with_no_client_auth(),
        })
    }
}

fn certificates(
    pem: &[u8],
    what: &'static str,
) -> Result<Vec<CertificateDer<'static>>, HttpsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(HttpsError::NoCertificate { what }),
    }
}

impl Transport for HttpsTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let timeout = if request.is_sign_in { self.sign_in_timeout } else { self.timeout };
        let max = request.max_answer;
        let (connections, _ride) = self.connections();
        // On the heap: every future around this one would carry the room for it.
        let work = Box::pin(async { read_answer(call(connections, request).await?, max).await });
        self.timers.in_time(timeout, work).await
    }

    async fn open(&self, request: HttpRequest) -> Result<Download, TransportError> {
        let (max, timeout) = (request.max_answer, self.timeout);
        let (connections, ride) = self.connections();
        let answer = self.timers.in_time(timeout, call(connections, request)).await?;
        if !answer.status().is_success() {
            let refusal = read_answer(answer, max);
            return self.timers.in_time(timeout, refusal).await.map(Download::from);
        }
        let (head, body) = answer.into_parts();
        let pieces = Box::new(Rest { body, timers: self.timers.clone(), timeout, _ride: ride });
        Ok(Download { status: head.status, headers: head.headers, pieces })
    }
}

/// A call on its way, until its answer is read.
struct Ride(Arc<AtomicUsize>);

impl Drop for Ride {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl HttpsTransport {
    /// What the next call goes by.
    fn connections(&self) -> (&Connections, Ride) {
        let others = self.on_their_way.fetch_add(1, Ordering::Relaxed);
        let ride = Ride(Arc::clone(&self.on_their_way));
        (if others == 0 { &self.alone } else { &self.together }, ride)
    }
}

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("keyferry-ps-client/", env!("CARGO_PKG_VERSION")));

async fn call(
    connections: &Connections,
    request: HttpRequest,
) -> Result<Response<Incoming>, TransportError> {
    let HttpRequest { method, url, mut headers, body, .. } = request;
    if body.is_empty() && matches!(method, Method::POST | Method::PUT) {
        // hyper leaves the length of an empty body out, and IIS answers that with 411.
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
    // The buffer itself goes along, and is wiped when the last one lets go of it.
    let body = if body.is_empty() { Bytes::new() } else { Bytes::from_owner(body) };
    let mut call = Request::new(Full::new(body));
    *call.method_mut() = method;
    *call.uri_mut() =
        Uri::try_from(url.as_str()).map_err(|error| TransportError::Unreachable(error.into()))?;
    *call.headers_mut() = headers;
    connections.request(call).await.map_err(|error| {
        let is_connect = error.is_connect();
        transport_error(error, if is_connect { Stage::Connecting } else { Stage::Asking })
    })
}

/// The rest of an answer. As a whole it may take as long as it takes; each piece may not.
struct Rest {
    body: Incoming,
    timers: Timers,
    timeout: Duration,
    _ride: Ride,
}

impl Pieces for Rest {
    fn next(&mut self) -> NextPiece<'_> {
        let Self { body, timers, timeout, .. } = self;
        Box::pin(timers.in_time(*timeout, async {
            let piece = next_piece(body).await?;
            Ok(piece.map(|bytes| Zeroizing::new(bytes.to_vec())))
        }))
    }
}

/// Takes the body piece by piece, no more than `max` bytes of it.
async fn read_answer(answer: Response<Incoming>, max: usize) -> Result<HttpAnswer, TransportError> {
    let (head, mut body) = answer.into_parts();
    let mut gather = Gather::new(head.status, body.size_hint().exact(), max);
    while let Some(piece) = next_piece(&mut body).await? {
        if !gather.take(&piece)? {
            break;
        }
    }
    Ok(HttpAnswer { status: head.status, headers: head.headers, body: gather.whole() })
}

async fn next_piece(body: &mut Incoming) -> Result<Option<Bytes>, TransportError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| transport_error(error, Stage::Answering))?;
        // Trailers say nothing that is asked for.
        if let Ok(piece) = frame.into_data() {
            return Ok(Some(piece));
        }
    }
    Ok(None)
}

/// How far a call had come when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// There was no connection yet.
    Connecting,
    /// The question was on its way, or there already.
    Asking,
    /// The answer had begun.
    Answering,
}

/// Sorts errors by what the vault may have done.
///
/// A peer that refuses our certificate says so after the handshake (RFC 8446, 4.4.2.4), when the
/// question may be on its way; it has not read it then. Whatever else goes wrong with TLS on a
/// connection that stands says nothing of the question.
fn transport_error(error: impl StdError + Send + Sync + 'static, stage: Stage) -> TransportError {
    match distrust(&error) {
        Some(why)
            if stage == Stage::Connecting || (stage == Stage::Asking && why != Distrust::Other) =>
        {
            TransportError::Untrusted { why, cause: error.into() }
        }
        _ if stage == Stage::Connecting => TransportError::Unreachable(error.into()),
        _ => TransportError::Broken(error.into()),
    }
}
