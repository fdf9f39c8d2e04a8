//! Whether a directory calls two distinguished names equal (RFC 4517 section 4.2.15).

use super::value::Meaning;
use super::{Ava, Dn};
use crate::matching::{DirectoryAnswer, MatchingRule};

/// How deep distinguished names in distinguished names are looked into.
const MAX_NESTING: u8 = 4;

impl Dn<'_> {
    /// Whether a directory that prepares strings (RFC 4518) and compares each value by its
    /// attribute's rule takes both for names of one entry.
    ///
    /// It serves to refuse, never to accept: what [`Dn::is_same`] tells apart is two entries,
    /// and if a directory answers for one of them with the other, nobody is to be believed.
    ///
    /// # Examples
    ///
    /// ```
    /// use user_mapping::{Dn, DirectoryAnswer};
    ///
    /// let asked = Dn::parse("uid=joe.u\u{17f}er,dc=acme,dc=test")?;
    /// let got = Dn::parse("uid=joe.user,dc=acme,dc=test")?;
    /// assert!(!asked.is_same(&got));
    /// assert_eq!(asked.directory_equal(&got), DirectoryAnswer::Equal);
    /// # Ok::<(), user_mapping::DnError>(())
    /// ```
    #[must_use]
    pub fn directory_equal(&self, other: &Dn<'_>) -> DirectoryAnswer {
        if self.depth() != other.depth() || self.avas.len() != other.avas.len() {
            return DirectoryAnswer::Different;
        }
        let mut answer = DirectoryAnswer::Equal;
        for (one, other) in self.rdns().zip(other.rdns()) {
            match compare(one.avas(), other.avas()) {
                DirectoryAnswer::Equal => {}
                DirectoryAnswer::Different => return DirectoryAnswer::Different,
                DirectoryAnswer::Undefined => answer = DirectoryAnswer::Undefined,
            }
        }
        answer
    }

    /// A text that is equal for names that a directory calls equal; `None` where it is undefined.
    pub(crate) fn directory_key(&self, nesting: u8) -> Option<String> {
        let mut whole = String::new();
        for rdn in self.rdns() {
            let mut keys = rdn
                .avas()
                .iter()
                .map(|ava| Key::of(ava, nesting).whole())
                .collect::<Option<Vec<_>>>()?;
            keys.sort_unstable();
            for key in keys {
                // The lengths keep what is joined apart.
                whole.push_str(&format!("{}:{key}", key.len()));
            }
            whole.push(',');
        }
        Some(whole)
    }
}

/// What of one part counts. The type comes first, so that sorting groups by it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    attribute: String,
    /// `None` where the rule is undefined for the value.
    value: Option<KeyValue>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum KeyValue {
    Text(String),
    /// BER of a type that nobody knows: its text may or may not be that of a `Text`.
    Ber(Vec<u8>),
}

impl Key {
    fn of(ava: &Ava<'_>, nesting: u8) -> Self {
        let value = match ava.meaning() {
            Meaning::Text(text) => {
                MatchingRule::of(&ava.attribute).key(text, nesting).map(KeyValue::Text)
            }
            Meaning::Ber(octets) => Some(KeyValue::Ber(octets.to_vec())),
        };
        Self { attribute: ava.attribute.comparable().to_ascii_lowercase(), value }
    }

    fn whole(self) -> Option<String> {
        match self.value? {
            KeyValue::Text(text) => Some(format!("{}={text}", self.attribute)),
            KeyValue::Ber(_) => None,
        }
    }
}

/// Compares two sets of parts, in which parts may repeat.
fn compare(one: &[Ava<'_>], other: &[Ava<'_>]) -> DirectoryAnswer {
    let keys = |avas: &[Ava<'_>]| {
        let mut keys: Vec<_> = avas.iter().map(|ava| Key::of(ava, MAX_NESTING)).collect();
        keys.sort_unstable();
        keys
    };
    let (one, other) = (keys(one), keys(other));
    let same_types = one.len() == other.len()
        && one.iter().zip(&other).all(|(one, other)| one.attribute == other.attribute);
    if !same_types {
        return DirectoryAnswer::Different;
    }
    let has_undefined = one.iter().chain(&other).any(|key| key.value.is_none());
    if !has_undefined && one == other {
        return DirectoryAnswer::Equal;
    }
    let mixes_spellings = one.iter().zip(&other).any(|(one, other)| {
        matches!(
            (&one.value, &other.value),
            (Some(KeyValue::Text(_)), Some(KeyValue::Ber(_)))
                | (Some(KeyValue::Ber(_)), Some(KeyValue::Text(_)))
        )
    });
    if has_undefined || mixes_spellings {
        DirectoryAnswer::Undefined
    } else {
        DirectoryAnswer::Different
    }
}
