//! Requests to a site over https: with the trust and the proxy of its link.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::USER_AGENT;
use rustls::ClientConfig;
use service_host::outbound::ProxyAddress;
use site_api::{HttpAnswer, HttpRequest, Transport, TransportError};
use zeroize::Zeroizing;

/// How long connecting, and how long a whole call may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Carries requests to one site. Each has a connection of its own, as sites ask for; nothing is
/// followed, kept or repeated.
#[derive(Debug)]
pub struct SiteHttps(reqwest::Client);

impl SiteHttps {
    /// Prepares the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Why it cannot be made.
    pub fn new(tls: &Arc<ClientConfig>, proxy: Option<&ProxyAddress>) -> Result<Self, String> {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, super::user_agent());
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(ClientConfig::clone(tls))
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .pool_max_idle_per_host(0)
            .http1_only()
            .https_only(true)
            .connect_timeout(PATIENCE)
            .timeout(PATIENCE)
            .no_proxy();
        let builder = match proxy {
            None => builder,
            Some(proxy) => {
                let proxy = reqwest::Proxy::all(proxy.url()).map_err(|error| innermost(&error))?;
                builder.proxy(proxy)
            }
        };
        builder.build().map(Self).map_err(|error| innermost(&error))
    }
}

impl Transport for SiteHttps {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let HttpRequest { method, url, headers, body, max_answer } = request;
        let mut asking = self.0.request(method, url).headers(headers);
        if !body.is_empty() {
            // The client takes ownership of what it sends; this is the one copy that is not wiped.
            asking = asking.body(body.to_vec());
        }
        let mut answer = asking.send().await.map_err(|error| lost(&error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = Zeroizing::new(Vec::with_capacity(max_answer.min(64 * 1024)));
        while let Some(piece) = answer.chunk().await.map_err(|error| lost(&error))? {
            if body.len() + piece.len() > max_answer {
                return Err(TransportError::TooLong { max: max_answer });
            }
            body.extend_from_slice(&piece);
        }
        Ok(HttpAnswer { status, headers, body })
    }
}

fn lost(error: &reqwest::Error) -> TransportError {
    let reason = innermost(error);
    if matches!(tls_cause(error), Some(rustls::Error::InvalidCertificate(_))) {
        TransportError::Untrusted { reason }
    } else if error.is_connect() {
        TransportError::Unreachable { reason }
    } else if error.is_timeout() {
        TransportError::TimedOut
    } else {
        TransportError::Broken { reason }
    }
}

/// The last cause in the chain: reqwest's own text repeats the URL, the cause says what happened.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if error.is_timeout() { "it took too long".to_owned() } else { cause.to_string() }
}

/// The TLS error somewhere below. An I/O error hides what it wraps from `source`: it answers the
/// wrapped error's own cause instead.
fn tls_cause<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => tls_cause(wrapped),
        None => tls_cause(error.source()?),
    }
}
