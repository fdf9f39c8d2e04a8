//! Security identifiers of Windows ([MS-DTYP] 2.4.2).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::pointer::Pointed;

/// The most sub-authorities that the binary form has room for.
const MAX_SUB_AUTHORITIES: usize = 15;

/// The only revision there has ever been.
const REVISION: u8 = 1;

/// A security identifier: the name of a user, group or domain that is never given twice.
///
/// Two spellings of one identifier are equal; [`Display`](fmt::Display) prints the usual one.
///
/// # Examples
///
/// ```
/// use user_mapping::Sid;
///
/// let joe = Sid::parse("S-1-5-21-1734453186-1476520036-3569928760-1103")?;
/// assert_eq!(joe.relative_id(), 1103);
/// assert!(joe.is_below(&Sid::parse("S-1-5-21-1734453186-1476520036-3569928760")?));
/// assert_eq!(Sid::from_octets(&joe.to_octets()), Ok(joe));
/// # Ok::<(), user_mapping::SidError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid {
    /// INVARIANT: below 2^48.
    authority: u64,
    /// INVARIANT: zero from `count` on, so that equality and order need not look at it.
    sub_authorities: [u32; MAX_SUB_AUTHORITIES],
    /// INVARIANT: 1 to 15.
    count: u8,
}

impl Sid {
    /// Reads `S-1-`, the authority and 1 to 15 sub-authorities. The authority is decimal, or `0x`
    /// and twelve hexadecimal digits ([MS-DTYP] 2.4.2.1). Letter case does not matter.
    ///
    /// # Errors
    ///
    /// What is not a security identifier, and where.
    pub fn parse(text: &str) -> Result<Self, SidError> {
        let prefix = text.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("S-1-"));
        let Some(rest) = prefix.and_then(|prefix| text.get(prefix.len()..)) else {
            return Err(SidError::new(SidProblem::BadPrefix, 0));
        };
        let (mut at, mut parts) = (text.len() - rest.len(), rest.split('-'));
        let authority_text = parts.next().unwrap_or_default();
        let authority =
            read_authority(authority_text).ok_or(SidError::new(SidProblem::BadAuthority, at))?;
        at += authority_text.len() + 1;
        let (mut sub_authorities, mut count) = ([0; MAX_SUB_AUTHORITIES], 0);
        for part in parts {
            let number = read_decimal(part).ok_or(SidError::new(SidProblem::BadNumber, at))?;
            let place = sub_authorities
                .get_mut(usize::from(count))
                .ok_or(SidError::new(SidProblem::TooMany, at))?;
            *place = number;
            count += 1;
            at += part.len() + 1;
        }
        if count == 0 {
            return Err(SidError::new(SidProblem::None, text.len()));
        }
        Ok(Self { authority, sub_authorities, count })
    }

    /// Reads the binary form, which directories keep in `objectSid` and `tokenGroups`: the
    /// revision, the number of sub-authorities, six octets of authority with the highest first,
    /// and the sub-authorities, each of four octets with the lowest first.
    ///
    /// # Errors
    ///
    /// What is wrong, and at which octet.
    pub fn from_octets(octets: &[u8]) -> Result<Self, SidError> {
        let Some((&[revision, count, a, b, c, d, e, f], rest)) = octets.split_first_chunk() else {
            return Err(SidError::new(SidProblem::BadLength, octets.len()));
        };
        if revision != REVISION {
            return Err(SidError::new(SidProblem::BadPrefix, 0));
        }
        if count == 0 {
            return Err(SidError::new(SidProblem::None, 1));
        }
        let mut sub_authorities = [0; MAX_SUB_AUTHORITIES];
        let Some(wanted) = sub_authorities.get_mut(..usize::from(count)) else {
            return Err(SidError::new(SidProblem::TooMany, 1));
        };
        let (numbers, odd) = rest.as_chunks::<4>();
        if numbers.len() != wanted.len() || !odd.is_empty() {
            return Err(SidError::new(SidProblem::BadLength, octets.len()));
        }
        for (place, &number) in wanted.iter_mut().zip(numbers) {
            *place = u32::from_le_bytes(number);
        }
        let authority = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        Ok(Self { authority, sub_authorities, count })
    }

    /// The binary form: 12 to 68 octets.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let mut octets = vec![REVISION, self.count];
        octets.extend(self.authority.to_be_bytes().into_iter().skip(2));
        octets.extend(self.sub_authorities().iter().flat_map(|number| number.to_le_bytes()));
        octets
    }

    /// Who gave the identifier; 5 is Windows itself. Below 2^48.
    #[must_use]
    pub fn authority(&self) -> u64 {
        self.authority
    }

    /// The numbers after the authority, 1 to 15 of them.
    #[must_use]
    pub fn sub_authorities(&self) -> &[u32] {
        self.sub_authorities.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// The last number: which account of its domain this is.
    #[must_use]
    pub fn relative_id(&self) -> u32 {
        self.sub_authorities().last().copied().unwrap_or_default()
    }

    /// Whether this is an account or group of that domain: all its numbers, and one more.
    #[must_use]
    pub fn is_below(&self, domain: &Self) -> bool {
        self.authority == domain.authority
            && self.sub_authorities().split_last().map(|(_, domain)| domain)
                == Some(domain.sub_authorities())
    }

    /// Whether this is a user, group or computer of some domain or machine,
    /// `S-1-5-21-a-b-c-rid`, and not a well-known or built-in principal, which is called the same
    /// on every machine.
    #[must_use]
    pub fn is_domain_account(&self) -> bool {
        self.authority == 5 && matches!(self.sub_authorities(), [21, _, _, _, _])
    }
}

/// Decimal below 2^32, or `0x` and twelve hexadecimal digits.
fn read_authority(text: &str) -> Option<u64> {
    let hex = text.get(..2).filter(|prefix| prefix.eq_ignore_ascii_case("0x"));
    let Some(digits) = hex.and_then(|prefix| text.get(prefix.len()..)) else {
        return read_decimal(text).map(u64::from);
    };
    let is_whole = digits.len() == 12 && digits.bytes().all(|octet| octet.is_ascii_hexdigit());
    u64::from_str_radix(digits, 16).ok().filter(|_| is_whole)
}

/// One to ten digits, as the grammar has it; no sign, which the standard library would take.
fn read_decimal(text: &str) -> Option<u32> {
    let is_plain = text.len() <= 10 && text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.authority <= u64::from(u32::MAX) {
            write!(f, "S-1-{}", self.authority)?;
        } else {
            write!(f, "S-1-0x{:012X}", self.authority)?;
        }
        self.sub_authorities().iter().try_for_each(|number| write!(f, "-{number}"))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sid({self})")
    }
}

impl FromStr for Sid {
    type Err = SidError;

    fn from_str(text: &str) -> Result<Self, SidError> {
        Self::parse(text)
    }
}

impl Serialize for Sid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Why something is no security identifier, and at which octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {at}")]
pub struct SidError {
    problem: SidProblem,
    at: usize,
}

impl SidError {
    fn new(problem: SidProblem, at: usize) -> Self {
        Self { problem, at }
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> SidProblem {
        self.problem
    }

    /// Where, in octets from the start of what was read.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// The error with a caret under the place in `text`, and what to do about it.
    #[must_use]
    pub fn pointing_at<'a>(&'a self, text: &'a str) -> Pointed<'a> {
        Pointed::new(
            text,
            self.at,
            self,
            "write it as in S-1-5-21-1734453186-1476520036-3569928760-1103",
        )
    }
}

/// What can be wrong with a security identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SidProblem {
    /// It does not start with `S-1-`, or the octet of the revision is not 1.
    #[error("a security identifier starts with S-1-")]
    BadPrefix,
    /// Neither a decimal number below 2^32 nor `0x` and twelve hexadecimal digits.
    #[error("this is no identifier authority")]
    BadAuthority,
    /// A sub-authority is not a decimal number below 2^32.
    #[error("this is no sub-authority")]
    BadNumber,
    /// No sub-authority.
    #[error("the security identifier has no sub-authority")]
    None,
    /// More than 15 sub-authorities.
    #[error("the security identifier has more than 15 sub-authorities")]
    TooMany,
    /// The binary form is shorter or longer than it says.
    #[error("the security identifier is not as long as it says")]
    BadLength,
}
