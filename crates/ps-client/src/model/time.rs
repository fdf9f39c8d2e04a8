//! Times as the vault writes them.

use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::DateTime;

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

    /// What it means: a moment, or a time of a clock whose zone is not said. `None` when it is no
    /// time at all.
    ///
    /// ```
    /// use ps_client::model::{Moment, VaultTime};
    ///
    /// let zoned = VaultTime::from("2026-03-01T08:00:00+02:00").moment();
    /// assert_eq!(zoned, Some(Moment::Zoned("2026-03-01T06:00:00Z".parse().unwrap())));
    /// let unzoned = VaultTime::from("2026-03-01T08:00:00").moment();
    /// assert_eq!(unzoned, Some(Moment::Unzoned("2026-03-01T08:00:00".parse().unwrap())));
    /// assert_eq!(VaultTime::from("next Tuesday").moment(), None);
    /// ```
    #[must_use]
    pub fn moment(&self) -> Option<Moment> {
        let text = rfc3339(&self.0)?;
        let clock = self.0.trim().get("2026-03-01".len()..).unwrap_or_default();
        let has_zone = clock.contains(['Z', 'z', '+', '-']);
        let timestamp: Timestamp = text.parse().ok()?;
        Some(match has_zone {
            true => Moment::Zoned(timestamp),
            false => Moment::Unzoned(text.trim_end_matches('Z').parse().ok()?),
        })
    }

    /// The moment, with UTC where no zone is said.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.with_zone().parse().ok()
    }

    /// The same for the standard library.
    #[must_use]
    pub fn system_time(&self) -> Option<SystemTime> {
        self.timestamp().map(SystemTime::from)
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

/// What a time of the vault means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A moment: the vault wrote the zone.
    Zoned(Timestamp),
    /// A time of a clock. The vault's are in UTC, as far as is known.
    Unzoned(DateTime),
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
