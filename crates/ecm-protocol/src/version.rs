//! Versions of the protocol, and how the two sides agree on one.

use std::fmt;
use std::str::FromStr;

use crate::message::ProtocolRange;

/// A version, `major.minor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Raised when an old peer would misunderstand a new one.
    pub major: u16,
    /// Raised when something is added.
    pub minor: u16,
}

impl Version {
    /// The lowest version this crate speaks.
    pub const LOWEST: Self = Self { major: 1, minor: 0 };
    /// The highest.
    pub const HIGHEST: Self = Self { major: 1, minor: 0 };
    /// The sub-protocol name of the WebSocket upgrade (RFC 6455, 1.9).
    pub const SUBPROTOCOL: &'static str = "ecm.open.v1";

    /// What this crate speaks, for the hello.
    #[must_use]
    pub fn range() -> ProtocolRange {
        ProtocolRange { min: Self::LOWEST.to_string(), max: Self::HIGHEST.to_string() }
    }

    /// The highest version in both ranges, or none.
    #[must_use]
    pub fn choose(theirs: &ProtocolRange) -> Option<Self> {
        let min: Self = theirs.min.parse().ok()?;
        let max: Self = theirs.max.parse().ok()?;
        let chosen = max.min(Self::HIGHEST);
        (min <= max && chosen >= min && chosen >= Self::LOWEST).then_some(chosen)
    }

    /// Whether this crate speaks it.
    #[must_use]
    pub fn is_spoken(self) -> bool {
        (Self::LOWEST..=Self::HIGHEST).contains(&self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let (major, minor) = text.split_once('.').ok_or(NotAVersion)?;
        let number = |digits: &str| -> Result<u16, NotAVersion> {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            if plain { digits.parse().map_err(|_| NotAVersion) } else { Err(NotAVersion) }
        };
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

/// A version is two numbers with a dot between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a protocol version is two numbers with a dot between, such as 1.0")]
pub struct NotAVersion;
