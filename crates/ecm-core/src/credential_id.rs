//! Credential ids: opaque to a site, stable over time, and impossible to make up.
//!
//! A site remembers per endpoint which credential a person chose, so the id of one account for
//! one vault user never changes while the key stays the same. It carries the system id *and* the
//! account id, because a release request for a linked account needs both, and the vault user it
//! was offered to. An authentication tag stops a console from asking for what it was never
//! offered.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::source::{AccountKind, AccountRef, SecretKind};

/// Longest credential id that is made or read, in bytes.
pub const MAX_CREDENTIAL_ID: usize = 1024;

const VERSION: &str = "e1";
const TAG_BYTES: usize = 16;
const MIN_KEY_BYTES: usize = 32;

/// What a credential id says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CredentialRef {
    /// Name of the vault in the configuration.
    pub vault: String,
    /// The vault user it was offered to.
    pub vault_user: String,
    /// Which account on which system.
    pub account: AccountRef,
    /// Its password or its key: two credentials of one account.
    pub secret: SecretKind,
}

/// The same in the order and with the short names that go into the id.
/// INVARIANT: field order and names are part of the id; changing them changes every id.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    v: String,
    s: String,
    a: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p: Option<String>,
    k: AccountKind,
    #[serde(default, skip_serializing_if = "is_password")]
    t: SecretKind,
    u: String,
}

fn is_password(kind: &SecretKind) -> bool {
    *kind == SecretKind::Password
}

/// The key under which ids are made and checked.
///
/// It must outlive restarts, or every console forgets its favourites.
pub struct CredentialIdKey(SecretSlice<u8>);

impl CredentialIdKey {
    /// Takes a key of at least 32 bytes.
    ///
    /// # Errors
    ///
    /// [`CredentialIdError::ShortKey`] when it is shorter.
    pub fn new(key: SecretSlice<u8>) -> Result<Self, CredentialIdError> {
        let bytes = key.expose_secret().len();
        if bytes < MIN_KEY_BYTES {
            return Err(CredentialIdError::ShortKey { bytes });
        }
        Ok(Self(key))
    }

    /// Makes the id: `e1.` body `.` tag, both base64url without padding.
    ///
    /// # Errors
    ///
    /// [`CredentialIdError::TooLong`] when the names in it exceed [`MAX_CREDENTIAL_ID`].
    ///
    /// # Examples
    ///
    /// ```
    /// use ecm_core::credential_id::{CredentialIdKey, CredentialRef};
    /// use ecm_core::source::{AccountKind, AccountRef, SecretKind};
    ///
    /// let key = CredentialIdKey::new(vec![7; 32].into())?;
    /// let offered = CredentialRef {
    ///     vault: "main".into(),
    ///     vault_user: r"ACME\joe.user".into(),
    ///     account: AccountRef {
    ///         system: "12".into(),
    ///         account: "3124".into(),
    ///         application: None,
    ///         kind: AccountKind::Local,
    ///     },
    ///     secret: SecretKind::Password,
    /// };
    /// let id = key.make(&offered)?;
    /// assert!(id.starts_with("e1."));
    /// assert_eq!(key.read(&id)?, offered);
    /// # Ok::<(), ecm_core::credential_id::CredentialIdError>(())
    /// ```
    pub fn make(&self, offered: &CredentialRef) -> Result<String, CredentialIdError> {
        let body = Body {
            v: offered.vault.clone(),
            s: offered.account.system.clone(),
            a: offered.account.account.clone(),
            p: offered.account.application.clone(),
            k: offered.account.kind,
            t: offered.secret,
            u: offered.vault_user.clone(),
        };
        let json = serde_json::to_vec(&body).map_err(|_| CredentialIdError::Malformed)?;
        let signed = format!("{VERSION}.{}", URL_SAFE_NO_PAD.encode(json));
        let tag = URL_SAFE_NO_PAD.encode(self.tag(&signed)?);
        let id = format!("{signed}.{tag}");
        if id.len() > MAX_CREDENTIAL_ID {
            return Err(CredentialIdError::TooLong { bytes: id.len() });
        }
        Ok(id)
    }

    /// Checks and reads an id. The tag is compared in constant time, before the body is looked at.
    ///
    /// # Errors
    ///
    /// [`CredentialIdError::TooLong`], [`CredentialIdError::Malformed`] for anything this key
    /// would not have written byte for byte, [`CredentialIdError::Forged`] for a wrong tag.
    pub fn read(&self, id: &str) -> Result<CredentialRef, CredentialIdError> {
        if id.len() > MAX_CREDENTIAL_ID {
            return Err(CredentialIdError::TooLong { bytes: id.len() });
        }
        let (signed, tag) = id.rsplit_once('.').ok_or(CredentialIdError::Malformed)?;
        let (version, body) = signed.split_once('.').ok_or(CredentialIdError::Malformed)?;
        if version != VERSION {
            return Err(CredentialIdError::Malformed);
        }
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| CredentialIdError::Malformed)?;
        if !bool::from(self.tag(signed)?.ct_eq(tag.as_slice())) {
            return Err(CredentialIdError::Forged);
        }
        let json = URL_SAFE_NO_PAD.decode(body).map_err(|_| CredentialIdError::Malformed)?;
        let body: Body = serde_json::from_slice(&json).map_err(|_| CredentialIdError::Malformed)?;
        Ok(CredentialRef {
            vault: body.v,
            vault_user: body.u,
            account: AccountRef {
                system: body.s,
                account: body.a,
                application: body.p,
                kind: body.k,
            },
            secret: body.t,
        })
    }

    fn tag(&self, signed: &str) -> Result<[u8; TAG_BYTES], CredentialIdError> {
        // HMAC takes a key of any length; the constructor cannot fail, its type can.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret())
            .map_err(|_| CredentialIdError::Malformed)?;
        mac.update(signed.as_bytes());
        let full = mac.finalize().into_bytes();
        let mut tag = [0; TAG_BYTES];
        tag.iter_mut().zip(full).for_each(|(to, from)| *to = from);
        Ok(tag)
    }
}

impl fmt::Debug for CredentialIdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialIdKey([REDACTED])")
    }
}

/// Why a credential id cannot be made or trusted. Never quotes the id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialIdError {
    /// The service's key is too weak. The operator must make a new one.
    #[error("credential id key has {bytes} bytes, needs at least {MIN_KEY_BYTES}")]
    ShortKey {
        /// Its length.
        bytes: usize,
    },
    /// Longer than any id of ours.
    #[error("credential id has {bytes} bytes, limit {MAX_CREDENTIAL_ID}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not of our form.
    #[error("credential id is malformed")]
    Malformed,
    /// Of our form, but not made with our key.
    #[error("credential id was not made by this service")]
    Forged,
}
