//! Who we are to the vault.

mod header;

use std::fmt;

use secrecy::SecretString;
use url::Url;

pub use self::header::HeaderError;
pub(crate) use self::header::{bearer_header, key_header};

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
        if name.starts_with(['\\', '@']) || name.ends_with(['\\', '@']) {
            return Err(RunAsError::HalfName);
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
    /// A separator with nothing before or behind it.
    #[error("a run-as user has a name on both sides of its separator")]
    HalfName,
}

/// How to sign in. `Debug` shows no secret.
///
/// An administrator makes either kind as an *API registration* and gives it to a group of users.
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

impl Auth {
    /// What must not show in any text that is passed on.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let (first, second) = match self {
            Self::Key { key, password, .. } => (key, password.as_ref()),
            Self::OAuth { client_secret, .. } => (client_secret, None),
        };
        std::iter::once(first).chain(second)
    }
}
