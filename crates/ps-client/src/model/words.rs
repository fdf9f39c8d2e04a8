//! Open enumerations: what is known has a name, what is not is kept.

/// Enumerations that the vault writes as words, compared without case.
macro_rules! words {
    ($(
        $(#[$doc:meta])*
        $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $word:literal, )+ }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_doc])* $variant, )+
            /// Another word of the vault, kept as it came.
            Other(String),
        }

        impl $name {
            /// The vault's word.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )+
                    Self::Other(word) => word,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::answer::FromText for $name {
            fn from_text(text: String) -> Self {
                $( if text.eq_ignore_ascii_case($word) { return Self::$variant; } )+
                Self::Other(text)
            }
        }

        $crate::answer::text_property!($name);

        impl $crate::body::Value for $name {
            fn write(&self, json: &mut $crate::body::Json) {
                json.scalar(self.as_str());
            }
        }
    )+};
}

/// Enumerations that the vault writes as numbers. Should one come as a word, as some serializers
/// write them, it is read by the name of the variant.
macro_rules! codes {
    ($(
        $(#[$doc:meta])*
        $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $code:literal, )+ }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_doc])* $variant, )+
            /// Another number of the vault, kept.
            Other(i64),
            /// A word of the vault in the number's place, and none that is known here.
            Unnumbered,
        }

        impl $name {
            /// The vault's number, unless it is [`Self::Unnumbered`].
            #[must_use]
            pub const fn code(self) -> Option<i64> {
                match self {
                    $( Self::$variant => Some($code), )+
                    Self::Other(code) => Some(code),
                    Self::Unnumbered => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.code() {
                    Some(code) => code.fmt(f),
                    None => f.write_str("unnumbered"),
                }
            }
        }

        impl $crate::answer::FromCode for $name {
            fn from_number(number: i64) -> Self {
                match number {
                    $( $code => Self::$variant, )+
                    other => Self::Other(other),
                }
            }

            fn from_word(word: &str) -> Self {
                $( if word.eq_ignore_ascii_case(stringify!($variant)) { return Self::$variant; } )+
                Self::Unnumbered
            }
        }

        $crate::answer::code_property!($name);

        impl $crate::body::Value for $name {
            fn write(&self, json: &mut $crate::body::Json) {
                json.scalar(&self.code());
            }

            fn check_value(&self) -> Result<(), $crate::body::Rule> {
                self.code().map(drop).ok_or("what the vault wrote as an unknown word has no number")
            }
        }
    )+};
}

/// Closed enumerations of the vault's words, as values of bodies and queries.
macro_rules! word_values {
    ($($type:ty),+) => {$(
        impl $crate::body::Value for $type {
            fn write(&self, json: &mut $crate::body::Json) {
                json.scalar(self.as_str());
            }
        }
    )+};
}

pub(crate) use {codes, word_values, words};
