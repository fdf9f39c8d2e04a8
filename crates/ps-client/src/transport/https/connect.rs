//! How a connection to the vault comes about: name, TCP, maybe a proxy, TLS.

use std::collections::HashMap;
use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, Uri};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, SignatureScheme};
use secrecy::{ExposeSecret, SecretString};
use tower_service::Service;
use url::Url;
use zeroize::Zeroizing;

use crate::transport::Cause;

/// What carries bytes to the vault's web server, or to a proxy before it.
type Plain = MaybeHttpsStream<<HttpConnector as Service<Uri>>::Response>;

type Connecting<C> = Pin<Box<dyn Future<Output = Result<C, Cause>> + Send>>;

/// Connects with TLS, within a time.
#[derive(Clone)]
pub(super) struct Connector {
    tls: HttpsConnector<Way>,
    timeout: Duration,
}

impl Connector {
    pub(super) fn new(way: Way, tls: ClientConfig, timeout: Duration) -> Self {
        let mut tls = HttpsConnector::from((way, tls));
        tls.enforce_https();
        Self { tls, timeout }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Plain>;
    type Error = Cause;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        self.tls.poll_ready(context)
    }

    fn call(&mut self, vault: Uri) -> Self::Future {
        let connecting = self.tls.call(vault);
        let in_time = tokio::time::timeout(self.timeout, connecting);
        Box::pin(async { in_time.await.unwrap_or_else(|late| Err(late.into())) })
    }
}

/// What a proxy is shown: the certificate of the configuration is for the vault.
#[derive(Debug)]
struct NoCertificate;

impl ResolvesClientCert for NoCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// The way to the vault's port.
#[derive(Clone)]
pub(super) struct Way {
    tcp: HttpConnector<Names>,
    /// TCP, and TLS to those proxies that want it.
    to_proxy: HttpsConnector<HttpConnector<Names>>,
    proxy: Proxy,
}

impl Way {
    /// `tls` is for proxies that are spoken to by TLS.
    pub(super) fn new(
        names: &[(String, SocketAddr)],
        proxy: Proxy,
        mut tls: ClientConfig,
        connect_timeout: Duration,
    ) -> Self {
        let names = names.iter().map(|(name, address)| (name.to_ascii_lowercase(), *address));
        let mut tcp = HttpConnector::new_with_resolver(Names {
            known: Arc::new(names.collect()),
            system: GaiResolver::new(),
        });
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Shared among the addresses of a name, so that the last one gets its turn.
        tcp.set_connect_timeout(Some(connect_timeout));
        // An idle peer that went away without a word is noticed within a minute; one that owes an
        // answer by the timeout of the call, or over HTTP/2 by its pings.
        tcp.set_keepalive(Some(Duration::from_secs(15)));
        tcp.set_keepalive_interval(Some(Duration::from_secs(15)));
        tcp.set_keepalive_retries(Some(3));
        tls.alpn_protocols.clear();
        tls.client_auth_cert_resolver = Arc::new(NoCertificate);
        Self { to_proxy: HttpsConnector::from((tcp.clone(), tls)), tcp, proxy }
    }
}

impl Service<Uri> for Way {
    type Response = Plain;
    type Error = Cause;
    type Future = Connecting<Plain>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        self.to_proxy.poll_ready(context)
    }

    fn call(&mut self, vault: Uri) -> Self::Future {
        let Some((proxy, login)) = self.proxy.before(&vault) else {
            let connecting = self.tcp.call(vault);
            return Box::pin(async { Ok(MaybeHttpsStream::Http(connecting.await?)) });
        };
        let mut tunnel = Tunnel::new(proxy, self.to_proxy.clone());
        if let Some(login) = login {
            tunnel = tunnel.with_auth(login);
        }
        Box::pin(async move { Ok(tunnel.call(vault).await?) })
    }
}

/// Which proxy is gone through.
#[derive(Clone)]
pub(super) enum Proxy {
    None,
    Always { address: Uri, login: Option<HeaderValue> },
    AsTheSystemSays(Arc<Matcher>),
}

impl Proxy {
    pub(super) fn always(
        address: &Url,
        login: Option<&(String, SecretString)>,
    ) -> Result<Self, Cause> {
        if !matches!(address.scheme(), "http" | "https") {
            return Err("a proxy is spoken to by http or https".into());
        }
        let matcher = Matcher::builder().all(address.as_str()).build();
        let found = matcher.intercept(&Uri::from_static("https://vault"));
        let found = found.ok_or("the address names no proxy")?;
        let login = match login {
            Some((name, password)) => Some(basic(name, password)?),
            None => found.basic_auth().cloned(),
        };
        Ok(Self::Always { address: found.uri().clone(), login })
    }

    pub(super) fn as_the_system_says() -> Self {
        Self::AsTheSystemSays(Arc::new(Matcher::from_system()))
    }

    /// The proxy before this vault, and how we are known there.
    fn before(&self, vault: &Uri) -> Option<(Uri, Option<HeaderValue>)> {
        match self {
            Self::None => None,
            Self::Always { address, login } => Some((address.clone(), login.clone())),
            Self::AsTheSystemSays(matcher) => {
                let found = matcher.intercept(vault)?;
                Some((found.uri().clone(), found.basic_auth().cloned()))
            }
        }
    }
}

/// `Basic …` (RFC 7617, 2), marked sensitive.
fn basic(name: &str, password: &SecretString) -> Result<HeaderValue, Cause> {
    let pair = Zeroizing::new([name, ":", password.expose_secret()].concat());
    let coded = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
    let text = Zeroizing::new(["Basic ", &coded].concat());
    let mut header = HeaderValue::from_str(&text)?;
    header.set_sensitive(true);
    Ok(header)
}

/// Addresses of names: those that were told, and the system's.
#[derive(Clone)]
struct Names {
    known: Arc<HashMap<String, SocketAddr>>,
    system: GaiResolver,
}

impl Service<Name> for Names {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.system.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        if let Some(address) = self.known.get(&name.as_str().to_ascii_lowercase()) {
            return Box::pin(ready(Ok(vec![*address].into_iter())));
        }
        let asking = self.system.call(name);
        Box::pin(async { Ok(asking.await?.collect::<Vec<_>>().into_iter()) })
    }
}
