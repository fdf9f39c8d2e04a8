//! Who we are to the vault. The only writer of an `Authorization` header.

use std::fmt;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use zeroize::Zeroizing;

/// The vault user that a key-based sign-in acts for.
///
/// The header that carries it has no quoting, so a value that could end its field, or start
/// another, cannot be one: 1 to 256 printable ASCII characters, none of
/// `; = [ ] , " / : | + * ? < >`, single inner spaces only, at most one `\` or one `@`.
/// Windows allows none of those characters in account names either.
///
/// # Examples
///
/// ```
/// use ps_client::RunAs;
///
/// assert_eq!(RunAs::new(r"ACME\joe.user")?.as_str(), r"ACME\joe.user");
/// assert!(RunAs::new("joe; runas=admin").is_err());
/// # Ok::<(), ps_client::RunAsError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunAs(String);

const FORBIDDEN: &[char] = &[';', '=', '[', ']', ',', '"', '/', ':', '|', '+', '*', '?', '<', '>'];

impl RunAs {
    /// The longest name that is taken, in bytes.
    pub const MAX_LEN: usize = 256;

    /// Takes a user name: local, `DOMAIN\user`, or a user principal name.
    ///
    /// # Errors
    ///
    /// [`RunAsError`] with the place of what cannot be sent.
    pub fn new(name: &str) -> Result<Self, RunAsError> {
        if name.is_empty() {
            return Err(RunAsError::Empty);
        }
        if name.len() > Self::MAX_LEN {
            return Err(RunAsError::TooLong { bytes: name.len() });
        }
        let bad = |c: char| !(c == ' ' || c.is_ascii_graphic()) || FORBIDDEN.contains(&c);
        if let Some((position, character)) = name.char_indices().find(|(_, c)| bad(*c)) {
            return Err(RunAsError::Character { position, character });
        }
        if name.starts_with(' ') || name.ends_with(' ') || name.contains("  ") {
            return Err(RunAsError::Spaces);
        }
        let separators = name.chars().filter(|c| matches!(c, '\\' | '@')).count();
        if separators > 1 {
            return Err(RunAsError::Separators);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RunAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunAs({:?})", self.0)
    }
}

/// Why a name cannot be sent as run-as user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunAsError {
    /// Nothing there.
    #[error("a run-as user has a name")]
    Empty,
    /// Too long.
    #[error("a run-as user's name has at most {} bytes, this has {bytes}", RunAs::MAX_LEN)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A character that the header cannot carry, or that no account name has.
    #[error(
        "a run-as user's name cannot hold {character:?} (byte {position}); the header that carries it has no quoting"
    )]
    Character {
        /// Byte position.
        position: usize,
        /// The character.
        character: char,
    },
    /// Spaces at an end or side by side.
    #[error("a run-as user's name holds spaces only one by one, and inside")]
    Spaces,
    /// `DOMAIN\user` or `user@suffix`, not both, and each once.
    #[error(
        r"a run-as user is a name, DOMAIN\user or user@suffix; this has more than one separator"
    )]
    Separators,
}

/// How to sign in. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub enum Auth {
    /// An API key, on behalf of a user (scheme `PS-Auth`).
    Key {
        /// The registration's key.
        key: SecretString,
        /// The user.
        run_as: RunAs,
        /// The user's password, where the registration requires it.
        password: Option<SecretString>,
    },
    /// OAuth client credentials (RFC 6749, 4.4): acts as the registration's application user.
    OAuth {
        /// Client id.
        client_id: String,
        /// Client secret.
        client_secret: SecretString,
        /// Where tokens are; none for the usual place under the vault's address.
        token_url: Option<Url>,
    },
}

/// A value that the header cannot carry. Does not say which, for it is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {what} holds a character that a header cannot carry")]
pub struct HeaderError {
    /// Which of the values.
    pub what: &'static str,
}

/// `PS-Auth key=..; runas=..; pwd=[..]; challenge=..;`, marked sensitive.
pub(crate) fn key_header(
    key: &SecretString,
    run_as: &RunAs,
    password: Option<&SecretString>,
    challenge: Option<&SecretString>,
) -> Result<HeaderValue, HeaderError> {
    let key = part(key, "API key", |c| c == ';')?;
    let mut text = Zeroizing::new(String::with_capacity(1_024));
    text.push_str("PS-Auth key=");
    text.push_str(key);
    text.push_str("; runas=");
    text.push_str(run_as.as_str());
    text.push(';');
    if let Some(password) = password {
        // Brackets protect everything but the line itself.
        text.push_str(" pwd=[");
        text.push_str(part(password, "password", |_| false)?);
        text.push_str("];");
    }
    if let Some(challenge) = challenge {
        text.push_str(" challenge=");
        text.push_str(part(challenge, "answer to the challenge", |c| c == ';')?);
        text.push(';');
    }
    sensitive(&text, "sign-in header")
}

/// `Bearer ..` (RFC 6750, 2.1), marked sensitive.
pub(crate) fn bearer_header(token: &SecretString) -> Result<HeaderValue, HeaderError> {
    let token = part(token, "access token", |c| c == ' ' || c == ';')?;
    sensitive(&Zeroizing::new(format!("Bearer {token}")), "access token")
}

fn part<'a>(
    secret: &'a SecretString,
    what: &'static str,
    forbidden: impl Fn(char) -> bool,
) -> Result<&'a str, HeaderError> {
    let text = secret.expose_secret();
    if text.is_empty() || text.chars().any(|c| c.is_control() || forbidden(c)) {
        return Err(HeaderError { what });
    }
    Ok(text)
}

fn sensitive(text: &str, what: &'static str) -> Result<HeaderValue, HeaderError> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| HeaderError { what })?;
    value.set_sensitive(true);
    Ok(value)
}
