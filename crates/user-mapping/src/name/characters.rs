//! What a name may be made of, before it is known which spelling it is.

use super::{NameError, NameProblem};
use crate::Characters;
use crate::letters::letters_policy;

/// The longest name in octets: that of a user principal name.
const MAX_OCTETS: usize = 1024;

/// Names are printable ASCII without outer spaces. Other letters are refused, not converted: what
/// looks alike, folds alike or is normalised alike is not the same person. Where letters are taken,
/// [`check_letters`] looks at the user part, once it is known which it is.
pub(super) fn check_characters(text: &str, characters: Characters) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::new(NameProblem::Empty, 0));
    }
    if text.len() > MAX_OCTETS {
        return Err(NameError::new(NameProblem::TooLong, MAX_OCTETS));
    }
    if let Some(at) = text.find(is_control_or_format) {
        return Err(NameError::new(NameProblem::ControlOrFormatChar, at));
    }
    if text.starts_with(' ') {
        return Err(NameError::new(NameProblem::OuterSpace, 0));
    }
    if text.ends_with(' ') {
        return Err(NameError::new(NameProblem::OuterSpace, text.len() - 1));
    }
    match characters {
        Characters::Ascii => check_ascii(text, 0),
        Characters::Letters => Ok(()),
    }
}

/// Checks the user part that starts `offset` octets into the name.
pub(super) fn check_letters(user: &str, offset: usize) -> Result<(), NameError> {
    letters_policy(user)
        .map_err(|problem| NameError::new(NameProblem::Letter(problem), offset + problem.at()))
}

/// Checks what is never anything but ASCII, such as a domain, that starts `offset` octets into the
/// name.
pub(super) fn check_ascii(text: &str, offset: usize) -> Result<(), NameError> {
    match text.find(|character: char| !character.is_ascii()) {
        Some(at) => Err(NameError::new(NameProblem::NonAscii, offset + at)),
        None => Ok(()),
    }
}

/// Characters that are not seen, or change how others are seen: General_Category Cc, Cf, Zl, Zp
/// and Co of Unicode 16. A format character that a later version adds is refused all the same,
/// as not ASCII.
fn is_control_or_format(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0001}' | '\u{e0020}'..='\u{e007f}'
            | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}
