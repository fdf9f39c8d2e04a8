//! Where the vault's API is.

use std::fmt;

use std::borrow::Cow;

use url::Url;

use crate::percent;

/// The base address of a vault's public API: always `https`, always ends with `/`, never holds a
/// user name, password, query or fragment. Safe to print.
///
/// # Examples
///
/// ```
/// use ps_client::VaultAddress;
///
/// let address = VaultAddress::parse("https://vault.acme.test/BeyondTrust/api/public/v3")?;
/// assert_eq!(address.to_string(), "https://vault.acme.test/BeyondTrust/api/public/v3/");
/// assert!(VaultAddress::parse("http://vault.acme.test/BeyondTrust/api/public/v3").is_err());
/// # Ok::<(), ps_client::AddressError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VaultAddress(Url);

impl VaultAddress {
    /// Reads an address, with or without the final `/`.
    ///
    /// # Errors
    ///
    /// [`AddressError`] says what is wrong and what an address looks like.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let mut url = Url::parse(text.trim()).map_err(AddressError::NotAUrl)?;
        if url.scheme() != "https" {
            return Err(AddressError::NotHttps { scheme: url.scheme().to_owned() });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::UserInfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::QueryOrFragment);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        if !ends_in_version(&path) {
            return Err(AddressError::NotTheApi { path });
        }
        url.set_path(&format!("{path}/"));
        Ok(Self(url))
    }

    /// The address of one call. Every path part and query value is percent-encoded by itself and
    /// strictly: a name with `&`, `+`, `#`, `%`, a space or a backslash arrives as that name.
    pub(crate) fn join(&self, path: &[String], query: &[(Cow<'static, str>, String)]) -> Url {
        let mut url = self.0.clone();
        url.set_path(&percent::path(self.0.path(), path));
        if !query.is_empty() {
            url.set_query(Some(&percent::query(query)));
        }
        url
    }

    /// Host name or address, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The address as a URL.
    #[must_use]
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

/// Only `/api/public/v3` and the like is asked for: what comes before it differs on very old
/// servers and behind some proxies.
fn ends_in_version(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.rsplit_once("/api/public/v").is_some_and(|(_, version)| {
        !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

impl fmt::Display for VaultAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for VaultAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VaultAddress({})", self.0)
    }
}

/// Why a text is no address of a vault. No variant quotes a user name or password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not a URL.
    #[error("not a URL; an address looks like https://vault.example.com/BeyondTrust/api/public/v3")]
    NotAUrl(#[source] url::ParseError),
    /// The vault is only spoken to by TLS.
    #[error("the scheme is {scheme}, the vault is only spoken to by https")]
    NotHttps {
        /// What it is.
        scheme: String,
    },
    /// Credentials in an address end in logs.
    #[error("the address holds a user name or password; say these in their own settings")]
    UserInfo,
    /// Nothing belongs behind the path.
    #[error("the address has a query or fragment; it ends with the path")]
    QueryOrFragment,
    /// The path is not that of the API.
    #[error("the path {path:?} is not that of the API, which is /BeyondTrust/api/public/v3")]
    NotTheApi {
        /// What it is.
        path: String,
    },
}
