//! Which characters beyond ASCII a name may have where they are permitted at all.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};
use unicode_security::GeneralSecurityProfile as _;
use unicode_security::mixed_script::AugmentedScriptSet;

use crate::pointer::Pointed;

/// Checks one part of a name, such as the user part, for the policy `characters = "letters"`.
///
/// Printable ASCII is taken, and letters and marks that UTS 39 allows in identifiers, in
/// normalisation forms C and KC, of one script. Nothing is ever converted: what would have to be
/// is refused. That is no promise that no two names look alike
/// ([`may_collide`](crate::may_collide)): a name of one script can look like one of another.
///
/// # Errors
///
/// The first character that is not taken, and why.
///
/// # Examples
///
/// ```
/// use user_mapping::letters_policy;
///
/// assert!(letters_policy("jürgen.groß").is_ok());
/// assert!(letters_policy("иван.петров").is_ok());
///
/// let name = "jo\u{435}.user"; // with a Cyrillic letter
/// let problem = letters_policy(name).unwrap_err();
/// assert_eq!((problem.code(), problem.at()), ("mixed_script", 2));
/// ```
pub fn letters_policy(text: &str) -> Result<(), CharacterProblem> {
    let mut scripts = AugmentedScriptSet::default();
    for (at, character) in text.char_indices() {
        check_character(character, at)?;
        scripts.intersect_with(AugmentedScriptSet::for_char(character));
        if scripts.is_empty() {
            return Err(CharacterProblem::MixedScript { at });
        }
    }
    // Each character is stable by itself; several may still compose to another.
    let mut normal = text.nfc();
    match text.char_indices().find(|&(_, character)| normal.next() != Some(character)) {
        Some((at, _)) => Err(CharacterProblem::NotComposed { at }),
        None => Ok(()),
    }
}

fn check_character(character: char, at: usize) -> Result<(), CharacterProblem> {
    if matches!(character, ' '..='~') {
        return Ok(());
    }
    match character.general_category() {
        GeneralCategory::Control
        | GeneralCategory::Format
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator
        | GeneralCategory::PrivateUse
        | GeneralCategory::Unassigned
        | GeneralCategory::Surrogate => return Err(CharacterProblem::Hidden { at }),
        _ => {}
    }
    let group = character.general_category_group();
    if !matches!(group, GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark) {
        return Err(CharacterProblem::NotALetter { at });
    }
    if !std::iter::once(character).nfkc().eq([character]) {
        return Err(CharacterProblem::Compatibility { at });
    }
    if !character.identifier_allowed() {
        return Err(CharacterProblem::Restricted { at });
    }
    Ok(())
}

/// What to do about any of them.
pub(crate) const ADVICE: &str = "give the user a logon name of plain letters of one script";

/// Why a character is not taken where letters beyond ASCII are. `at` is in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}, at byte {}", self.what(), self.at())]
#[non_exhaustive]
pub enum CharacterProblem {
    /// It is not seen, changes how others are seen, or has no meaning that everybody knows.
    Hidden {
        /// Where it stands.
        at: usize,
    },
    /// Outside ASCII, and neither a letter nor a mark.
    NotALetter {
        /// Where it stands.
        at: usize,
    },
    /// Another way to write a character: `ｊ` for `j`.
    Compatibility {
        /// Where it stands.
        at: usize,
    },
    /// A letter that UTS 39 restricts: obsolete, technical, or easily taken for another.
    Restricted {
        /// Where it stands.
        at: usize,
    },
    /// Letters of two scripts, where the second begins.
    MixedScript {
        /// Where the second script begins.
        at: usize,
    },
    /// A letter and a mark, or marks in an order, that normalisation form C writes otherwise.
    NotComposed {
        /// Where it begins.
        at: usize,
    },
}

impl CharacterProblem {
    /// What is wrong, without the place.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Hidden { .. } => "this character is not seen, or unknown",
            Self::NotALetter { .. } => "this character is no letter",
            Self::Compatibility { .. } => "this character is another form of a usual one",
            Self::Restricted { .. } => "this letter is not used in names today",
            Self::MixedScript { .. } => "letters of another script begin here",
            Self::NotComposed { .. } => "this is written with more characters than it needs",
        }
    }

    /// Where the character stands, in octets from the start.
    #[must_use]
    pub fn at(self) -> usize {
        match self {
            Self::Hidden { at }
            | Self::NotALetter { at }
            | Self::Compatibility { at }
            | Self::Restricted { at }
            | Self::MixedScript { at }
            | Self::NotComposed { at } => at,
        }
    }

    /// The name of the problem in logs and documents.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Hidden { .. } => "hidden_char",
            Self::NotALetter { .. } => "not_a_letter",
            Self::Compatibility { .. } => "compatibility_form",
            Self::Restricted { .. } => "restricted_letter",
            Self::MixedScript { .. } => "mixed_script",
            Self::NotComposed { .. } => "not_composed",
        }
    }

    /// The problem with a caret under the place in `text`, and what to do about it.
    #[must_use]
    pub fn pointing_at<'a>(&'a self, text: &'a str) -> Pointed<'a> {
        Pointed::new(text, self.at(), self, ADVICE)
    }
}
