//! A secret that is a text of visible ASCII characters, such as a bearer token (RFC 6750, 2.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::base64::Base64;

pub(super) fn serialize<S: Serializer>(
    secret: &SecretString,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Zeroizing::new(STANDARD.encode(secret.expose_secret())).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SecretString, D::Error> {
    let bytes = Base64::deserialize(deserializer)?.0;
    let text = std::str::from_utf8(bytes.expose_secret())
        .ok()
        .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or(D::Error::custom("not visible ASCII"))?;
    Ok(SecretString::from(text))
}
