//! Secret bytes as base64 text (RFC 4648, 4), the only way a secret lies on the wire: base64
//! needs no escapes, so a reader of JSON makes no second copy to undo them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretSlice};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// Secret bytes, read from base64 text.
pub(super) struct Base64(pub(super) SecretSlice<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let mut room = Zeroizing::new(vec![0; text.len() / 4 * 3 + 3]);
        // The decoder's own error would tell a byte of the secret.
        let length = STANDARD
            .decode_slice(text.as_bytes(), &mut room)
            .map_err(|_| D::Error::custom("not base64"))?;
        // Copied into its exact size: a vector that shrinks leaves the longer one unwiped.
        Ok(Self(SecretSlice::from(room.get(..length).unwrap_or_default().to_vec())))
    }
}

/// Writes secret bytes as base64 text.
pub(super) fn as_base64<S: Serializer>(
    secret: &SecretSlice<u8>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Zeroizing::new(STANDARD.encode(secret.expose_secret())).serialize(serializer)
}

/// The same for a member that is left out when there is none.
pub(super) fn as_base64_if_any<S: Serializer>(
    secret: &Option<SecretSlice<u8>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => as_base64(secret, serializer),
        None => serializer.serialize_none(),
    }
}
