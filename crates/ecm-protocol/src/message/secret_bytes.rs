//! Serde forms of secret bytes, for protocols that share this one's rule: base64 text, in members
//! whose names say so.
//!
//! ```
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Answer {
//!     #[serde(rename = "password-b64", with = "ecm_protocol::message::secret_bytes")]
//!     password: secrecy::SecretSlice<u8>,
//! }
//! let answer: Answer = serde_json::from_str(r#"{"password-b64":"cHc="}"#)?;
//! assert_eq!(serde_json::to_string(&answer)?, r#"{"password-b64":"cHc="}"#);
//! # Ok::<(), serde_json::Error>(())
//! ```

use secrecy::SecretSlice;
use serde::{Deserialize, Deserializer, Serializer};

use super::base64::{Base64, as_base64};

/// Writes them as base64.
///
/// # Errors
///
/// Those of the serializer.
pub fn serialize<S: Serializer>(
    secret: &SecretSlice<u8>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    as_base64(secret, serializer)
}

/// Reads them from base64.
///
/// # Errors
///
/// "not base64", without a byte of the text.
pub fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SecretSlice<u8>, D::Error> {
    Ok(Base64::deserialize(deserializer)?.0)
}
