//! HTTPS by reqwest over rustls: the only file of this crate that opens connections.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use zeroize::Zeroizing;

use super::distrust::distrust;
use super::gather::Gather;
use super::{
    Cause, Download, HttpAnswer, HttpRequest, NextPiece, Pieces, Transport, TransportError,
};

/// Connections to one vault, reused between calls.
///
/// Trusts what it is told to trust and nothing else; reads no proxy from the environment unless
/// asked; follows no redirect; keeps no cookies.
#[derive(Clone, Debug)]
pub struct HttpsTransport {
    client: reqwest::Client,
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
    /// The client cannot be made.
    #[error("the HTTP client cannot be made")]
    Client(#[source] Cause),
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

    /// Connects to this address where the vault is called by that name.
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
        let mut client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            // How long a download may stand still; the other calls are over sooner.
            .read_timeout(self.timeout.max(self.sign_in_timeout))
            .user_agent(concat!("keyferry-ps-client/", env!("CARGO_PKG_VERSION")));
        if !self.system_proxy {
            client = client.no_proxy();
        }
        if let Some((address, login)) = self.proxy {
            let mut proxy = reqwest::Proxy::all(address)
                .map_err(|error| HttpsError::BadProxy(error.without_url().into()))?;
            if let Some((name, password)) = login {
                proxy = proxy.basic_auth(&name, password.expose_secret());
            }
            client = client.proxy(proxy);
        }
        for (name, address) in &self.resolve {
            client = client.resolve(name, *address);
        }
        Ok(HttpsTransport {
            client: client.build().map_err(|error| HttpsError::Client(error.into()))?,
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
            roots.extend(native.store.roots.iter().cloned());
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
        let mut config = match &self.identity {
            Some((chain, key)) => builder
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(HttpsError::BadCertificate)?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// The authorities that this machine trusts, read once per process.
#[derive(Debug)]
pub struct NativeRoots {
    store: RootCertStore,
    problems: Vec<String>,
}

impl NativeRoots {
    /// Reads them, or returns what was read before.
    #[must_use]
    pub fn of_this_machine() -> &'static Self {
        static ROOTS: OnceLock<NativeRoots> = OnceLock::new();
        ROOTS.get_or_init(|| {
            let found = rustls_native_certs::load_native_certs();
            let mut problems: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
            let mut store = RootCertStore::empty();
            let (_, unusable) = store.add_parsable_certificates(found.certs);
            if unusable > 0 {
                problems.push(format!("{unusable} certificates cannot be used"));
            }
            Self { store, problems }
        })
    }

    /// How many authorities there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.store.len()
    }

    /// What could not be read, for the log: one unreadable file is no reason to trust nobody.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
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
        let answer = self.call(request).timeout(timeout).send().await.map_err(transport_error)?;
        read_answer(answer, max).await
    }

    async fn open(&self, request: HttpRequest) -> Result<Download, TransportError> {
        let (max, timeout) = (request.max_answer, self.timeout);
        let call = self.call(request).send();
        let mut answer = in_time(timeout, async { call.await.map_err(transport_error) }).await?;
        if !answer.status().is_success() {
            return in_time(timeout, read_answer(answer, max)).await.map(Download::from);
        }
        let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        Ok(Download { status, headers, pieces: Box::new(Body { answer, timeout }) })
    }
}

impl HttpsTransport {
    fn call(&self, request: HttpRequest) -> reqwest::RequestBuilder {
        let mut headers = request.headers;
        if request.body.is_empty() && matches!(request.method, Method::POST | Method::PUT) {
            // hyper leaves the length of an empty body out, and IIS answers that with 411.
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let call = self.client.request(request.method, request.url).headers(headers);
        if request.body.is_empty() {
            return call;
        }
        // The buffer itself goes along, and is wiped when the last one lets go of it.
        call.body(Bytes::from_owner(request.body))
    }
}

/// The rest of an answer. As a whole it may take as long as it takes; each piece may not.
struct Body {
    answer: reqwest::Response,
    timeout: Duration,
}

impl Pieces for Body {
    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(in_time(self.timeout, async {
            let piece = self.answer.chunk().await.map_err(transport_error)?;
            Ok(piece.map(|bytes| Zeroizing::new(bytes.to_vec())))
        }))
    }
}

async fn in_time<R>(
    timeout: Duration,
    work: impl Future<Output = Result<R, TransportError>>,
) -> Result<R, TransportError> {
    let outcome = tokio::time::timeout(timeout, work).await;
    outcome.unwrap_or_else(|elapsed| Err(TransportError::TimedOut(elapsed.into())))
}

/// Takes the body piece by piece, no more than `max` bytes of it.
async fn read_answer(
    mut answer: reqwest::Response,
    max: usize,
) -> Result<HttpAnswer, TransportError> {
    let status = answer.status();
    let headers = std::mem::take(answer.headers_mut());
    let mut gather = Gather::new(status, answer.content_length(), max);
    while let Some(piece) = answer.chunk().await.map_err(transport_error)? {
        if !gather.take(&piece)? {
            break;
        }
    }
    Ok(HttpAnswer { status, headers, body: gather.whole() })
}

/// Sorts reqwest's errors by what the vault may have done.
fn transport_error(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if let Some(why) = distrust(&error) {
        return TransportError::Untrusted { why, cause: error.into() };
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, _) => TransportError::Unreachable(error.into()),
        (false, true) => TransportError::TimedOut(error.into()),
        (false, false) => TransportError::Broken(error.into()),
    }
}
