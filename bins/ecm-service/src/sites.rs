//! From a site's configuration to the task that keeps it connected.

use std::sync::Arc;

use ecm_protocol::framed;
use ecm_protocol::message::Limits;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use service_host::tls::{TlsSetupError, client_config};
use tokio::sync::watch;

use crate::config::SiteConfig;
use crate::config::site::SiteAddress;
use crate::desk::Desk;
use crate::greeting::{SelfPortrait, hello};
use crate::site_link::framed::{FramedDialer, FramedTarget};
use crate::site_link::keeper::Keeper;
use crate::site_link::pump::StopOrder;
use crate::site_link::token::{TokenError, TokenSource};
use crate::site_link::websocket::WebSocketDialer;
use crate::site_link::wire::AnyDialer;
use crate::status::SiteBoard;
use crate::vault_watch::VaultBoard;

/// Why a site could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteSetupError {
    /// Its TLS settings do not work.
    #[error("site {site}: {cause}")]
    Tls {
        /// The site.
        site: String,
        /// Why.
        cause: TlsSetupError,
    },
    /// Its token cannot be asked for.
    #[error("site {site}: {cause}")]
    Token {
        /// The site.
        site: String,
        /// Why.
        cause: TokenError,
    },
    /// Its APIs have no address.
    #[error("site {site}: {cause}")]
    Address {
        /// The site.
        site: String,
        /// Why.
        cause: site_api::Input,
    },
}

/// Who serves a site, and where that shows.
pub struct Service {
    /// Who answers.
    pub desk: Desk,
    /// What `status` shows.
    pub board: SiteBoard,
    /// Where tokens come from.
    pub tokens: TokenSource,
}

/// Prepares everything for one site; nothing is sent yet.
///
/// # Errors
///
/// See [`SiteSetupError`].
pub fn site_keeper(
    site: &SiteConfig,
    roots: &[CertificateDer<'static>],
    who: &SelfPortrait,
    vaults: &VaultBoard,
    service: Service,
    stop: &watch::Receiver<Option<StopOrder>>,
) -> Result<Keeper<AnyDialer, Desk>, SiteSetupError> {
    let Service { desk, board, tokens } = service;
    let dialer = dialer(site, roots)?;
    let (who, vaults, group) = (who.clone(), vaults.clone(), site.expect_group.clone());
    let limits = Limits { in_flight: site.questions_at_a_time, ..Limits::default() };
    Ok(Keeper {
        site: site.name.clone(),
        dialer,
        tokens: Arc::new(tokens),
        hello: Box::new(move || hello(&who, group.as_deref(), &vaults, limits)),
        answers: Arc::new(desk),
        board,
        stop: stop.clone(),
        random,
    })
}

/// Where a site's tokens come from.
///
/// # Errors
///
/// See [`SiteSetupError`].
pub fn token_source(
    site: &SiteConfig,
    roots: &[CertificateDer<'static>],
) -> Result<TokenSource, SiteSetupError> {
    TokenSource::new(
        site.token_url.clone(),
        site.client_id.clone(),
        site.client_secret.clone(),
        &tls(site, roots, &[b"http/1.1"])?,
        site.proxy.as_ref(),
    )
    .map_err(|cause| SiteSetupError::Token { site: site.name.clone(), cause })
}

/// How a site is reached.
///
/// # Errors
///
/// See [`SiteSetupError`].
pub fn dialer(
    site: &SiteConfig,
    roots: &[CertificateDer<'static>],
) -> Result<AnyDialer, SiteSetupError> {
    let proxy = site.proxy.clone();
    Ok(match &site.address {
        SiteAddress::WebSocket { host, port, path } => AnyDialer::WebSocket(WebSocketDialer {
            host: host.clone(),
            port: *port,
            path: path.clone(),
            proxy,
            tls: tls(site, roots, &[b"http/1.1"])?,
        }),
        SiteAddress::FramedTls { host, port } => AnyDialer::Framed(FramedDialer {
            target: FramedTarget::Tls {
                host: host.clone(),
                port: *port,
                proxy,
                tls: tls(site, roots, &[framed::ALPN])?,
            },
        }),
        SiteAddress::FramedUnix { path } => {
            AnyDialer::Framed(FramedDialer { target: FramedTarget::Unix { path: path.clone() } })
        }
    })
}

fn tls(
    site: &SiteConfig,
    roots: &[CertificateDer<'static>],
    protocols: &[&[u8]],
) -> Result<Arc<ClientConfig>, SiteSetupError> {
    client_config(&site.trust, roots, protocols)
        .map_err(|cause| SiteSetupError::Tls { site: site.name.clone(), cause })
}

/// A number between 0 and 1, spread evenly.
fn random() -> f64 {
    let mut bytes = [0; 4];
    // Without randomness all pauses have their full length: slower, never wrong.
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}
