//! How a property of an object becomes a Rust value, by the value's type.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::value::RawValue;

use super::{Fields, RowError, secret_text, word_of};
use crate::model::VaultTime;

/// A whole object of the vault that can be read.
pub(crate) trait Readable: Sized {
    /// Whether something in it is a secret.
    const HOLDS_SECRET: bool;

    fn read(fields: &Fields<'_>) -> Result<Self, RowError>;
}

/// A value that stands behind a property's name.
///
/// What is not optional must be there, but for flags and lists: an absent flag is no, an absent
/// list is empty. A text that must be there, and is null, is empty: one odd row is not to cost
/// the list. Of optional values null, absent, and an empty text or the number zero where the
/// vault writes those for "none", are all `None`.
pub(crate) trait Property: Sized {
    /// Whether it is a secret, or holds one.
    const IS_SECRET: bool = false;

    fn of(fields: &Fields<'_>, property: &'static str) -> Result<Self, RowError>;
}

/// A text that names or means something, and what it means is decided by the type.
pub(crate) trait FromText: Sized {
    fn from_text(text: String) -> Self;
}

/// A number that names something; zero stands for none where the value is optional.
pub(crate) trait FromNumber: Sized {
    fn from_number(number: i64) -> Self;
}

/// A number that means something, or a word that does.
pub(crate) trait FromCode: Sized {
    fn from_number(number: i64) -> Self;
    fn from_word(word: &str) -> Self;
}

impl Property for String {
    fn of(fields: &Fields<'_>, property: &'static str) -> Result<Self, RowError> {
        match fields.word(property)? {
            Some(text) => Ok(text),
            None if fields.raw(property).is_some() || fields.is_null(property) => Ok(Self::new()),
            None => Err(RowError { property, missing: true }),
        }
    }
}

impl Property for Option<String> {
    fn of(fields: &Fields<'_>, property: &'static str) -> Result<Self, RowError> {
        fields.word(property)
    }
}

impl Property for bool {
    fn of(fields: &Fields<'_>, property: &'static str) -> Result<Self, RowError> {
        fields.flag(property)
    }
}

impl Property for Option<bool> {
    fn of(fields: &Fields<'_>, property: &'static str) -> Result<Self, RowError> {
        fields.raw(property).map(|_| fields.flag(property)).transpose()
    }
}

impl Property for i64 {
    fn of(fields: &Fields<'_>, property: &'static str) -> Result<Self, RowError> {
        fields.id(property)
    }
}

impl Property for Option<i64> {
    fn of(fields: &Fields<'_>, property: &'static str) -> Result<Self, RowError> {
        fields.number(property)
    }
}

impl Property for u32 {
    fn of(fields: &Fields<'_>, property: &'static str) -> Result<Self, RowError> {
        fields.minutes(property)?.ok_or(RowError { property, missing: true })
    }
}

impl Property for Option<u32> {
    fn of(fields: &Fields<'_>, property: &'static str) -> Result<Self, RowError> {
        fields.minutes(property)
    }
}

impl Property for Option<VaultTime> {
    fn of(fields: &Fields<'_>, property: &'static str) -> Result<Self, RowError> {
        Ok(fields.word(property)?.map(VaultTime::from_text))
    }
}

impl Property for Option<SecretString> {
    const IS_SECRET: bool = true;

    fn of(fields: &Fields<'_>, property: &'static str) -> Result<Self, RowError> {
        let Some(raw) = fields.raw(property) else { return Ok(None) };
        let wrong = RowError { property, missing: false };
        let bare = |digit: &u8| matches!(digit, b'-' | b'0'..=b'9');
        let secret = match raw.get().as_bytes().first() {
            Some(first) if bare(first) => SecretString::from(raw.get()),
            _ => secret_text(raw.get().as_bytes()).ok_or(wrong)?,
        };
        Ok(Some(secret).filter(|secret| !secret.expose_secret().is_empty()))
    }
}

impl Property for SecretString {
    const IS_SECRET: bool = true;

    fn of(fields: &Fields<'_>, property: &'static str) -> Result<Self, RowError> {
        Option::<Self>::of(fields, property)?.ok_or(RowError { property, missing: true })
    }
}

/// The same for texts and numbers with a type of their own. A blanket implementation for
/// everything that is [`FromText`] would forbid those above.
macro_rules! text_property {
    ($type:ty) => {
        impl $crate::answer::Property for $type {
            fn of(
                fields: &$crate::answer::Fields<'_>,
                property: &'static str,
            ) -> Result<Self, $crate::answer::RowError> {
                Option::<Self>::of(fields, property)?
                    .ok_or($crate::answer::RowError { property, missing: true })
            }
        }

        impl $crate::answer::Property for Option<$type> {
            fn of(
                fields: &$crate::answer::Fields<'_>,
                property: &'static str,
            ) -> Result<Self, $crate::answer::RowError> {
                use $crate::answer::FromText as _;
                Ok(fields.word(property)?.map(<$type>::from_text))
            }
        }

        impl $crate::answer::ListItem for $type {
            fn item(raw: &serde_json::value::RawValue) -> Option<Self> {
                use $crate::answer::FromText as _;
                $crate::answer::word_of(raw).map(<$type>::from_text)
            }
        }
    };
}

macro_rules! number_property {
    ($type:ty) => {
        impl $crate::answer::Property for $type {
            fn of(
                fields: &$crate::answer::Fields<'_>,
                property: &'static str,
            ) -> Result<Self, $crate::answer::RowError> {
                use $crate::answer::FromNumber as _;
                fields.id(property).map(<$type>::from_number)
            }
        }

        impl $crate::answer::Property for Option<$type> {
            fn of(
                fields: &$crate::answer::Fields<'_>,
                property: &'static str,
            ) -> Result<Self, $crate::answer::RowError> {
                use $crate::answer::FromNumber as _;
                Ok(fields.some_id(property)?.map(<$type>::from_number))
            }
        }

        impl $crate::answer::ListItem for $type {
            fn item(raw: &serde_json::value::RawValue) -> Option<Self> {
                use $crate::answer::FromNumber as _;
                $crate::answer::number_of(raw).map(<$type>::from_number)
            }
        }
    };
}

/// The same for enumerations that are numbered, and that some servers write as words.
macro_rules! code_property {
    ($type:ty) => {
        impl $crate::answer::Property for $type {
            fn of(
                fields: &$crate::answer::Fields<'_>,
                property: &'static str,
            ) -> Result<Self, $crate::answer::RowError> {
                Option::<Self>::of(fields, property)?
                    .ok_or($crate::answer::RowError { property, missing: true })
            }
        }

        impl $crate::answer::Property for Option<$type> {
            fn of(
                fields: &$crate::answer::Fields<'_>,
                property: &'static str,
            ) -> Result<Self, $crate::answer::RowError> {
                Ok(fields.word(property)?.map(|word| $crate::answer::code(&word)))
            }
        }
    };
}

/// What a number, or the word in its place, stands for.
pub(crate) fn code<T: FromCode>(word: &str) -> T {
    super::whole(word).map_or_else(|| T::from_word(word.trim()), T::from_number)
}

pub(crate) use {code_property, number_property, text_property};

/// What a list inside an object is made of.
pub(crate) trait ListItem: Sized {
    const IS_SECRET: bool = false;

    fn item(raw: &RawValue) -> Option<Self>;
}

impl ListItem for String {
    fn item(raw: &RawValue) -> Option<Self> {
        word_of(raw)
    }
}

impl<T: Readable> ListItem for T {
    const IS_SECRET: bool = T::HOLDS_SECRET;

    fn item(raw: &RawValue) -> Option<Self> {
        Fields::read(raw.get()).and_then(|fields| T::read(&fields)).ok()
    }
}

impl<T: ListItem> Property for Vec<T> {
    const IS_SECRET: bool = T::IS_SECRET;

    fn of(fields: &Fields<'_>, property: &'static str) -> Result<Self, RowError> {
        let Some(raw) = fields.raw(property) else { return Ok(Self::new()) };
        let wrong = || RowError { property, missing: false };
        let items: Vec<&RawValue> = match raw.get().as_bytes().first() {
            Some(b'[') => serde_json::from_str(raw.get()).map_err(|_| wrong())?,
            _ if matches!(raw.get(), "\"\"" | "{}") => return Ok(Self::new()),
            // One thing alone, where a list of one is meant.
            _ => vec![raw],
        };
        let items = items.into_iter().filter(|item| item.get() != "null");
        items.map(|item| T::item(item).ok_or_else(wrong)).collect()
    }
}
