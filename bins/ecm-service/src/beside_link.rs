//! What is asked of a site beside the link: its public APIs, as far as public text shows them.
//! Nothing in here is needed to serve; all of it fails open.

pub mod enrich;
pub mod reconcile;

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use site_api::{Client, SiteAddress};

use crate::config::SiteConfig;
use crate::site_link::https::SiteHttps;
use crate::site_link::token::TokenSource;
use crate::sites::{SiteSetupError, token_source};

/// A site's APIs, with the account, trust and proxy of its link.
#[derive(Debug, Clone)]
pub struct SiteApi {
    site: Arc<str>,
    client: Client<SiteHttps>,
}

impl SiteApi {
    /// The APIs of a configured site, with a token of its own. For commands; a running service
    /// shares the token of its link ([`sharing`](Self::sharing)).
    ///
    /// # Errors
    ///
    /// [`SiteSetupError`]. Nothing is sent yet.
    pub fn for_site(
        site: &SiteConfig,
        roots: &[CertificateDer<'static>],
    ) -> Result<Self, SiteSetupError> {
        Self::sharing(site, &token_source(site, roots)?)
    }

    /// The APIs of a configured site, with tokens that others use too. They are where the token
    /// endpoint is: the link may go to a socket.
    ///
    /// # Errors
    ///
    /// [`SiteSetupError::Address`].
    pub fn sharing(site: &SiteConfig, tokens: &TokenSource) -> Result<Self, SiteSetupError> {
        let address = SiteAddress::of(&site.token_url)
            .map_err(|cause| SiteSetupError::Address { site: site.name.clone(), cause })?;
        let client = Client::new(address, tokens.shared());
        Ok(Self { site: site.name.as_str().into(), client })
    }

    /// The client, for any call.
    #[must_use]
    pub fn client(&self) -> &Client<SiteHttps> {
        &self.client
    }

    /// The site's name in the configuration.
    #[must_use]
    pub fn site(&self) -> &str {
        &self.site
    }
}
