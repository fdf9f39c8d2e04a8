//! Texts as directories compare them: the string preparation of RFC 4518.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// Whether letter case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Ignored,
    Counts,
}

/// A text after preparation, or `None` where RFC 4518 section 2.4 forbids a character: what a
/// directory makes of it is then up to the directory.
///
/// Where Unicode versions differ, more texts come out alike rather than fewer: this decides whom
/// to refuse, never whom to accept.
pub(crate) fn prepare(text: &str, case: Case) -> Option<String> {
    let mapped: String = text.chars().filter_map(map).collect();
    // Folding and normalising can each undo the other's work, as U+1D409 (a bold J) shows.
    let normal: String = match case {
        Case::Counts => mapped.nfkc().collect(),
        Case::Ignored => fold_case(&fold_case(&mapped).nfkc().collect::<String>()).nfkc().collect(),
    };
    let forbidden = |c: char| {
        c == '\u{fffd}'
            || matches!(
                c.general_category(),
                GeneralCategory::Unassigned | GeneralCategory::PrivateUse
            )
    };
    (!normal.contains(forbidden)).then(|| squeeze(&normal))
}

/// Section 2.2: what is not seen becomes nothing, and every space becomes U+0020.
fn map(character: char) -> Option<char> {
    match character {
        '\t'..='\r' | '\u{85}' => Some(' '),
        '\u{ad}'
        | '\u{34f}'
        | '\u{1806}'
        | '\u{180b}'..='\u{180e}'
        | '\u{200b}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{fffc}'
        | '\u{e0100}'..='\u{e01ef}' => None,
        other => match other.general_category() {
            GeneralCategory::Control | GeneralCategory::Format => None,
            GeneralCategory::SpaceSeparator
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator => Some(' '),
            _ => Some(other),
        },
    }
}

/// Close to full case folding, and never telling apart what it does not. By way of upper case `ß`
/// becomes `ss` and the long s becomes `s`; the first step is for the capital `ẞ`.
fn fold_case(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// Section 2.6.1: outer spaces do not count, inner ones count once however many they are.
fn squeeze(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !squeezed.is_empty() {
            squeezed.push(' ');
        }
        squeezed.push_str(word);
    }
    squeezed
}
