//! Text of the peer that is shown to a person, or given to a driver as a reader's name.

/// Whether a character may be in such a text: nothing that moves a cursor, hides a character, or
/// turns the direction of what stands beside it (Unicode Standard Annex 9; general category Cf).
fn is_harmless(c: char) -> bool {
    let hides = matches!(
        c,
        '\u{AD}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    );
    !c.is_control() && !hides
}

/// What of `text` can be sent: other characters become `?`, and what is beyond `most` bytes is
/// left out, at a character's boundary.
pub(crate) fn sendable(text: &str, most: usize) -> String {
    let mut kept = String::with_capacity(most);
    for c in text.chars().map(|c| if is_harmless(c) { c } else { '?' }) {
        if kept.len() + c.len_utf8() > most {
            break;
        }
        kept.push(c);
    }
    kept
}

/// Reads a text that came; `None` when it is too long, not UTF-8, or not harmless.
pub(crate) fn received(bytes: &[u8], most: usize) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    (text.len() <= most && text.chars().all(is_harmless)).then(|| text.to_owned())
}
