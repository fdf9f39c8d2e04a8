//! Names that are two to us and could be one to a directory or to a human.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::fold::is_same;
use crate::preparation::{Case, prepare};

/// How two different names could be taken for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Collision {
    /// A directory that keeps to RFC 4518 finds them equal: `ｊoe` and `joe`, `ß` and `ss`.
    #[error("a directory finds them equal after string preparation (RFC 4518)")]
    Directory,
    /// Active Directory finds them equal besides, for accents and the kinds of kana do not count
    /// there: `josé` and `jose`.
    #[error("Active Directory finds them equal, because accents do not count there")]
    ActiveDirectory,
    /// They look alike (UTS 39): `jоe` with a Cyrillic `о`, and `joe`.
    #[error("they look alike")]
    LooksAlike,
}

impl Collision {
    /// The name of the collision in logs and documents.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Directory => "equal_in_directory",
            Self::ActiveDirectory => "equal_in_active_directory",
            Self::LooksAlike => "looks_alike",
        }
    }
}

/// Whether two names that [`fold`](crate::fold()) tells apart could be taken for one.
///
/// The answer is for refusing: names that collide must not both be mapped. That two names do
/// not collide says nothing, and that they do never makes them one. Names of ASCII alone are
/// not said to look alike, although `rn` and `m` do: names are looked up, not shown for approval.
///
/// # Examples
///
/// ```
/// use user_mapping::{Collision, may_collide};
///
/// assert_eq!(may_collide("joe.user", "JOE.USER"), None); // the same name
/// assert_eq!(may_collide("joe.user", "joe.u\u{17f}er"), Some(Collision::Directory));
/// assert_eq!(may_collide("joe.user", "jo\u{e9}.user"), Some(Collision::ActiveDirectory));
/// assert_eq!(may_collide("joe.user", "jo\u{435}.user"), Some(Collision::LooksAlike));
/// assert_eq!(may_collide("joe.user", "joan.user"), None);
/// ```
#[must_use]
pub fn may_collide(one: &str, other: &str) -> Option<Collision> {
    if is_same(one, other) {
        return None;
    }
    if let (Some(one), Some(other)) = (prepare(one, Case::Ignored), prepare(other, Case::Ignored)) {
        if one == other {
            return Some(Collision::Directory);
        }
        if without_marks(&one) == without_marks(&other) {
            return Some(Collision::ActiveDirectory);
        }
    }
    (!(one.is_ascii() && other.is_ascii()) && look_alike(one, other))
        .then_some(Collision::LooksAlike)
}

/// What a text looks like (UTS 39 section 4): two texts look alike if their skeletons are equal.
///
/// It is no text for people, and no name: `m` comes out as `rn`.
///
/// # Examples
///
/// ```
/// use user_mapping::skeleton;
///
/// assert_eq!(skeleton("\u{440}\u{430}\u{443}"), skeleton("pay")); // all Cyrillic
/// assert_ne!(skeleton("pay"), skeleton("play"));
/// ```
#[must_use]
pub fn skeleton(text: &str) -> String {
    unicode_security::skeleton(text).collect()
}

/// As written, or when either letter case is shown: `В` looks like `B`, but `в` not like `b`.
fn look_alike(one: &str, other: &str) -> bool {
    is_same(&skeleton(one), &skeleton(other))
        || skeleton(&one.to_lowercase()) == skeleton(&other.to_lowercase())
        || skeleton(&one.to_uppercase()) == skeleton(&other.to_uppercase())
}

/// A prepared text without accents, and with the kana of one kind.
fn without_marks(prepared: &str) -> String {
    prepared.nfkd().filter(|&character| !is_combining_mark(character)).map(to_hiragana).collect()
}

fn to_hiragana(character: char) -> char {
    match character {
        '\u{30a1}'..='\u{30f6}' => char::from_u32(u32::from(character) - 0x60).unwrap_or(character),
        other => other,
    }
}
