//! The one comparison of identities.

use std::fmt;

use serde::Serialize;

/// A name made ready for comparison: ASCII letters in lower case, every other octet untouched.
///
/// Two names are the same exactly if their folded forms are equal. Nothing else is ever done to a
/// name: no Unicode normalisation, no Unicode case folding, no trimming, no percent-decoding.
/// Directories do more (OpenLDAP answers `joe.user` when asked for `ｊoe.user`), and that is how
/// one person becomes another.
///
/// # Examples
///
/// ```
/// use user_mapping::fold;
///
/// assert_eq!(fold("JOE.User"), fold("joe.user"));
/// assert_ne!(fold("joe.u\u{17f}er"), fold("joe.user")); // U+017F, the long s
/// assert_ne!(fold("\u{212a}im"), fold("kim")); // U+212A, the Kelvin sign
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Folded(String);

impl Folded {
    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Folded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Makes a name ready for comparison.
#[must_use]
pub fn fold(name: &str) -> Folded {
    Folded(name.to_ascii_lowercase())
}

/// Whether two names are the same, without making their folded forms.
#[must_use]
pub fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}
