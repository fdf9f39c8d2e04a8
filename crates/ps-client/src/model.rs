//! The vault's own words: identifiers that cannot be mixed up, times, and open enumerations.

mod account;
mod alias;
mod attribute;
mod credential;
mod definition;
mod identifier;
mod inventory;
mod other;
mod people;
mod platform;
mod policy;
mod registration;
mod request;
mod request_set;
mod rows;
mod rule;
mod safe;
mod session;
mod system;
mod words;

pub use self::account::*;
pub use self::alias::*;
pub use self::attribute::*;
pub use self::credential::*;
pub use self::definition::*;
pub use self::identifier::*;
pub use self::inventory::*;
pub use self::other::*;
pub use self::people::*;
pub use self::platform::*;
pub use self::policy::*;
pub use self::registration::*;
pub use self::request::*;
pub use self::request_set::*;
pub use self::rule::*;
pub use self::safe::*;
pub use self::session::*;
pub use self::system::*;

use std::fmt;

/// A point in time as the vault wrote it.
///
/// The vault writes ISO 8601 with `Z`, with an offset, with and without fraction, and without
/// any zone at all; the last is to be read as UTC. The text is kept as it came.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VaultTime(String);

impl VaultTime {
    pub(crate) fn from_text(text: String) -> Self {
        Self(text)
    }

    /// As it came.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.0
    }

    /// As RFC 3339: `T` between date and time, midnight where no time is given, and `Z` where no
    /// zone is. What does not have the form of a time at all comes as it was written.
    ///
    /// ```
    /// use ps_client::model::VaultTime;
    ///
    /// assert_eq!(VaultTime::from("2026-03-01T08:00:00.5").with_zone(), "2026-03-01T08:00:00.5Z");
    /// assert_eq!(VaultTime::from("2026-03-01").with_zone(), "2026-03-01T00:00:00Z");
    /// assert_eq!(VaultTime::from("next Tuesday").with_zone(), "next Tuesday");
    /// ```
    #[must_use]
    pub fn with_zone(&self) -> String {
        rfc3339(&self.0).unwrap_or_else(|| self.0.clone())
    }
}

impl From<&str> for VaultTime {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// The form only; what the numbers say is for a date library.
fn rfc3339(text: &str) -> Option<String> {
    let (date, rest) = text.trim().split_at_checked(10)?;
    has_form(date, "dddd-dd-dd").then_some(())?;
    let Some(rest) = rest.strip_prefix(['T', 't', ' ']) else {
        return rest.is_empty().then(|| format!("{date}T00:00:00Z"));
    };
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at_checked(zone_at)?;
    let (clock, fraction) = match time.split_once('.') {
        Some((clock, digits)) => {
            let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            (clock, all_digits.then(|| format!(".{digits}"))?)
        }
        None => (time, String::new()),
    };
    has_form(clock, "dd:dd:dd").then_some(())?;
    let zone = match zone {
        "" | "Z" | "z" => "Z",
        offset if has_form(&offset.replace('+', "-"), "-dd:dd") => offset,
        _ => return None,
    };
    Some(format!("{date}T{clock}{fraction}{zone}"))
}

/// In `form` a `d` stands for a digit, anything else for itself.
fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            literal => byte == literal,
        })
}

impl fmt::Display for VaultTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for VaultTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VaultTime({})", self.0)
    }
}
