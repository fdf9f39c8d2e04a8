//! The id of a session.

use std::fmt;

use crate::error::Input;

/// Logging session id: 32 hexadecimal digits as recorded. Any short text of letters, digits, `-`
/// and `_` is taken, because it comes from the site itself and only has to be harmless.
///
/// ```
/// assert!(site_api::Lsid::parse("00112233445566778899aabbccddeeff").is_ok());
/// assert!(site_api::Lsid::parse("a&action=terminate_session").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lsid(String);

impl Lsid {
    /// Takes an id.
    ///
    /// # Errors
    ///
    /// [`Input::Lsid`] when it is empty, longer than 64 characters or has others in it.
    pub fn parse(text: &str) -> Result<Self, Input> {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if text.is_empty() || text.len() > 64 || !text.bytes().all(fine) {
            return Err(Input::Lsid);
        }
        Ok(Self(text.to_owned()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Lsid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
