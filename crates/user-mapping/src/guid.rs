//! Globally unique identifiers of Active Directory's objects ([MS-DTYP] 2.3.4).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many hexadecimal digits each group of the text has.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// An object's GUID. It outlives renaming and moving, and is never given twice.
///
/// # Examples
///
/// ```
/// use user_mapping::Guid;
///
/// let text = "06b1026d-c13d-4f2e-b953-8c37b16f0a4d";
/// let guid = Guid::parse(text)?;
/// // `objectGUID` has the first three groups with their lowest octet first.
/// assert_eq!(guid.to_octets()[..8], [0x6d, 0x02, 0xb1, 0x06, 0x3d, 0xc1, 0x2e, 0x4f]);
/// assert_eq!(Guid::from_octets(guid.to_octets()), guid);
/// assert_eq!(guid.to_string(), text);
/// # Ok::<(), user_mapping::NotAGuid>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid {
    /// The octets in the order of the text.
    as_printed: [u8; 16],
}

impl Guid {
    /// Reads five groups of hexadecimal digits joined by `-`, in braces or without them, in either
    /// letter case.
    ///
    /// # Errors
    ///
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, NotAGuid> {
        let bare = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
        let mut groups = bare.split('-');
        let mut digits = Vec::with_capacity(32);
        for length in GROUPS {
            let group = groups.next().filter(|group| group.len() == length).ok_or(NotAGuid)?;
            for octet in group.bytes() {
                let digit = char::from(octet).to_digit(16).ok_or(NotAGuid)?;
                digits.push(u8::try_from(digit).map_err(|_| NotAGuid)?);
            }
        }
        if groups.next().is_some() {
            return Err(NotAGuid);
        }
        let (pairs, _) = digits.as_chunks::<2>();
        let mut as_printed = [0; 16];
        for (octet, [high, low]) in as_printed.iter_mut().zip(pairs) {
            *octet = high << 4 | low;
        }
        Ok(Self { as_printed })
    }

    /// Reads the sixteen octets of `objectGUID`: of the text's first three groups the lowest octet
    /// comes first, of the other two the highest.
    #[must_use]
    pub fn from_octets(octets: [u8; 16]) -> Self {
        Self { as_printed: swap_ends(octets) }
    }

    /// The sixteen octets as `objectGUID` has them.
    #[must_use]
    pub fn to_octets(self) -> [u8; 16] {
        swap_ends(self.as_printed)
    }
}

/// Turns the octets of the first three groups round; its own inverse.
fn swap_ends(octets: [u8; 16]) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h, rest @ ..] = octets;
    let [i, j, k, l, m, n, o, p] = rest;
    [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, octet) in self.as_printed.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{octet:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guid({self})")
    }
}

impl FromStr for Guid {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Self, NotAGuid> {
        Self::parse(text)
    }
}

impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A text is no GUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a GUID is written as in 06b1026d-c13d-4f2e-b953-8c37b16f0a4d, in braces or without")]
pub struct NotAGuid;
