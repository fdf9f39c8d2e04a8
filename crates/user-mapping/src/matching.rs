//! The matching rules of RFC 4517: whether a directory calls two values equal.

use crate::dn::{AttributeType, Dn};
use crate::preparation::{Case, prepare};

/// What a directory would say to "are these equal?".
///
/// It serves to refuse, never to accept: identities are the same only by
/// [`fold`](crate::fold()).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DirectoryAnswer {
    /// They are equal.
    Equal,
    /// They differ.
    Different,
    /// Directories may say either: a value is not of the rule's syntax, or has a character that
    /// string preparation forbids.
    Undefined,
}

impl DirectoryAnswer {
    /// Whether some directory may call them equal.
    #[must_use]
    pub fn may_be(self) -> bool {
        self != Self::Different
    }

    pub(crate) fn of(is_equal: bool) -> Self {
        if is_equal { Self::Equal } else { Self::Different }
    }
}

/// How a directory compares the values of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MatchingRule {
    /// `caseIgnoreMatch`: prepared strings (RFC 4518), letter case folded.
    CaseIgnore,
    /// `caseExactMatch`: prepared strings, letter case counts.
    CaseExact,
    /// `caseIgnoreIA5Match`: as `CaseIgnore`, for ASCII alone.
    CaseIgnoreIa5,
    /// `caseExactIA5Match`: as `CaseExact`, for ASCII alone.
    CaseExactIa5,
    /// `distinguishedNameMatch`.
    DistinguishedName,
    /// `integerMatch`.
    Integer,
    /// `telephoneNumberMatch`: as `CaseIgnore` with neither spaces nor hyphens.
    TelephoneNumber,
    /// `octetStringMatch`: octet by octet.
    OctetString,
}

/// How deep distinguished names in distinguished names are looked into.
const MAX_NESTING: u8 = 4;

/// Attributes whose rule is not `caseIgnoreMatch`, which is that of most others and of those that
/// nobody knows: of all rules it makes the most values equal.
const RULES: [(&str, MatchingRule); 22] = [
    ("dc", MatchingRule::CaseIgnoreIa5),
    ("mail", MatchingRule::CaseIgnoreIa5),
    ("rfc822Mailbox", MatchingRule::CaseIgnoreIa5),
    ("email", MatchingRule::CaseIgnoreIa5),
    ("emailAddress", MatchingRule::CaseIgnoreIa5),
    ("e", MatchingRule::CaseIgnoreIa5),
    ("1.2.840.113549.1.9.1", MatchingRule::CaseIgnoreIa5),
    ("labeledURI", MatchingRule::CaseExact),
    ("homeDirectory", MatchingRule::CaseExactIa5),
    ("member", MatchingRule::DistinguishedName),
    ("uniqueMember", MatchingRule::DistinguishedName),
    ("memberOf", MatchingRule::DistinguishedName),
    ("manager", MatchingRule::DistinguishedName),
    ("owner", MatchingRule::DistinguishedName),
    ("seeAlso", MatchingRule::DistinguishedName),
    ("distinguishedName", MatchingRule::DistinguishedName),
    ("uidNumber", MatchingRule::Integer),
    ("gidNumber", MatchingRule::Integer),
    ("telephoneNumber", MatchingRule::TelephoneNumber),
    ("2.5.4.20", MatchingRule::TelephoneNumber),
    ("objectSid", MatchingRule::OctetString),
    ("objectGUID", MatchingRule::OctetString),
];

impl MatchingRule {
    /// The rule of an attribute's type.
    #[must_use]
    pub fn of(attribute: &AttributeType<'_>) -> Self {
        let known = RULES.iter().find(|(name, _)| attribute.is(name));
        known.map_or(Self::CaseIgnore, |&(_, rule)| rule)
    }

    /// Whether a directory calls two values equal by this rule.
    ///
    /// # Examples
    ///
    /// ```
    /// use user_mapping::{DirectoryAnswer, MatchingRule};
    ///
    /// let rule = MatchingRule::CaseIgnore;
    /// assert_eq!(rule.compare("Joe  User ", "joe user"), DirectoryAnswer::Equal);
    /// assert_eq!(rule.compare("\u{ff4a}oe", "joe"), DirectoryAnswer::Equal);
    /// assert_eq!(rule.compare("joe", "jim"), DirectoryAnswer::Different);
    /// assert_eq!(MatchingRule::Integer.compare("007", "7"), DirectoryAnswer::Equal);
    /// ```
    #[must_use]
    pub fn compare(self, one: &str, other: &str) -> DirectoryAnswer {
        if one == other {
            return DirectoryAnswer::Equal;
        }
        match (self.key(one, MAX_NESTING), self.key(other, MAX_NESTING)) {
            (Some(one), Some(other)) => DirectoryAnswer::of(one == other),
            _ => DirectoryAnswer::Undefined,
        }
    }

    /// A text that is equal for values that the rule calls equal; `None` where it is undefined.
    pub(crate) fn key(self, value: &str, nesting: u8) -> Option<String> {
        match self {
            Self::CaseIgnore => prepare(value, Case::Ignored),
            Self::CaseExact => prepare(value, Case::Counts),
            Self::CaseIgnoreIa5 => ascii(value).and_then(|text| prepare(text, Case::Ignored)),
            Self::CaseExactIa5 => ascii(value).and_then(|text| prepare(text, Case::Counts)),
            Self::DistinguishedName => {
                Dn::parse_lenient(value).ok()?.directory_key(nesting.checked_sub(1)?)
            }
            Self::Integer => integer(value),
            Self::TelephoneNumber => prepare(value, Case::Ignored).map(|text| {
                let is_significant = |c: &char| !matches!(c, ' ' | '-' | '\u{2010}' | '\u{2212}');
                text.chars().filter(is_significant).collect()
            }),
            Self::OctetString => Some(value.to_owned()),
        }
    }
}

/// What is not ASCII is not of the syntax IA5String, and some directories take it all the same.
fn ascii(value: &str) -> Option<&str> {
    value.is_ascii().then_some(value)
}

/// An integer of any size, without leading zeros; RFC 4517 forbids them and directories forgive.
fn integer(value: &str) -> Option<String> {
    let (sign, digits) = value.strip_prefix('-').map_or(("", value), |digits| ("-", digits));
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    Some(if significant.is_empty() { "0".to_owned() } else { format!("{sign}{significant}") })
}
