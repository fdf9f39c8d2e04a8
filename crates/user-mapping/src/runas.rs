//! The name under which the vault is asked.

use std::fmt;

use serde::Serialize;

/// A user name that is safe as the value of `runas=` in the vault's header
/// `Authorization: PS-Auth key=…; runas=…;`.
///
/// That header has no quoting: a field ends at the next `;`. So a value is 1 to 256 printable
/// ASCII characters, with single spaces inside only, at most one of `\` and `@`, and none of
/// `; = [ ] , " / : | + * ? < >`. None of these can occur in a Windows account name either.
///
/// # Examples
///
/// ```
/// use user_mapping::Runas;
///
/// assert_eq!(Runas::new(r"ACME\joe.user")?.as_str(), r"ACME\joe.user");
///
/// let error = Runas::new("joe; runas=admin").unwrap_err();
/// assert_eq!(error.to_string(), "byte 3 of the vault user is `;`, which its header cannot carry");
/// # Ok::<(), user_mapping::RunasError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Runas(String);

impl Runas {
    /// Checks a value.
    ///
    /// # Errors
    ///
    /// The first thing about it that the header, or the vault's forms of names, cannot take.
    pub fn new(value: impl Into<String>) -> Result<Self, RunasError> {
        let value = value.into();
        check(&value)?;
        Ok(Self(value))
    }

    /// The value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Runas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a value cannot be sent as `runas`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunasError {
    /// There is nothing in it.
    #[error("the vault user is empty")]
    Empty,
    /// It is longer than 256 octets.
    #[error("the vault user has {octets} octets, {MAX_OCTETS} are allowed")]
    TooLong {
        /// How long it is.
        octets: usize,
    },
    /// A character that would end or change the header, or that no account name has.
    #[error("byte {at} of the vault user is `{}`, which its header cannot carry", character.escape_debug())]
    Character {
        /// Offset in octets.
        at: usize,
        /// The character.
        character: char,
    },
    /// A space at an end, or two in a row.
    #[error("byte {at} of the vault user is a space that is not single and inside")]
    Space {
        /// Offset in octets.
        at: usize,
    },
    /// A second `\` or `@`, or both kinds: which part is the domain is unclear.
    #[error("byte {at} of the vault user is a second separator of user and domain")]
    SecondSeparator {
        /// Offset in octets.
        at: usize,
    },
}

/// The longest vault user, in octets.
const MAX_OCTETS: usize = 256;

fn check(value: &str) -> Result<(), RunasError> {
    if value.is_empty() {
        return Err(RunasError::Empty);
    }
    if value.len() > MAX_OCTETS {
        return Err(RunasError::TooLong { octets: value.len() });
    }
    let mut separated = false;
    let mut after_space = true;
    for (at, character) in value.char_indices() {
        if character == ' ' {
            if after_space || at + 1 == value.len() {
                return Err(RunasError::Space { at });
            }
        } else if !is_allowed(character) {
            return Err(RunasError::Character { at, character });
        } else if matches!(character, '\\' | '@') {
            if separated {
                return Err(RunasError::SecondSeparator { at });
            }
            separated = true;
        }
        after_space = character == ' ';
    }
    Ok(())
}

/// Whether a `runas` can carry this character, spaces left aside.
pub(crate) fn is_allowed(character: char) -> bool {
    const FORBIDDEN: &str = ";=[],\"/:|+*?<>";
    character.is_ascii_graphic() && !FORBIDDEN.contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_vault_knows_are_taken() {
        let names = [
            "joe.user",
            r"ACME\joe.user",
            "joe.user@acme-inc.com",
            "joe user",
            "o'neil",
            "a(b)",
            "svc$",
        ];
        for name in names {
            assert_eq!(Runas::new(name).map(|runas| runas.to_string()), Ok(name.to_owned()));
        }
        assert!(Runas::new("a".repeat(256)).is_ok());
    }

    #[test]
    fn whatever_could_change_the_header_is_refused_where_it_stands() {
        for character in "; = [ ] , \" / : | + * ? < >".split(' ').flat_map(str::chars) {
            let error = RunasError::Character { at: 3, character };
            assert_eq!(Runas::new(format!("joe{character}x")), Err(error));
        }
        for character in ['\r', '\n', '\0', '\t', '\u{7f}', 'é', '\u{200b}', '\u{202e}', '；'] {
            let error = RunasError::Character { at: 3, character };
            assert_eq!(Runas::new(format!("joe{character}x")), Err(error));
        }
    }

    #[test]
    fn spaces_and_separators_have_their_places() {
        let table = [
            ("", RunasError::Empty),
            (" joe", RunasError::Space { at: 0 }),
            ("joe ", RunasError::Space { at: 3 }),
            ("joe  user", RunasError::Space { at: 4 }),
            (r"ACME\\joe", RunasError::SecondSeparator { at: 5 }),
            (r"ACME\joe@acme.test", RunasError::SecondSeparator { at: 8 }),
            ("joe@corp@acme.test", RunasError::SecondSeparator { at: 8 }),
        ];
        for (value, error) in table {
            assert_eq!(Runas::new(value), Err(error), "{value:?}");
        }
        assert_eq!(Runas::new("a".repeat(257)), Err(RunasError::TooLong { octets: 257 }));
    }
}
