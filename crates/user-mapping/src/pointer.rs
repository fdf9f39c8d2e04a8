//! An input with a caret under the place that an error is about.

use std::fmt;

use unicode_width::UnicodeWidthStr as _;

/// How many characters of the input are shown on either side of the place.
const AROUND: usize = 40;

/// Prints an error: what is wrong, the input with a caret under the place, and what to do.
///
/// Control, invisible and direction-changing characters are shown as `\u{…}`; a long input is
/// cut to the neighbourhood of the place. Characters that terminals show two cells wide count as
/// two. Its text is for the operator, who may see names.
#[derive(Clone, Copy)]
pub struct Pointed<'a> {
    input: &'a str,
    at: usize,
    message: &'a dyn fmt::Display,
    advice: &'static str,
}

impl<'a> Pointed<'a> {
    pub(crate) fn new(
        input: &'a str,
        at: usize,
        message: &'a dyn fmt::Display,
        advice: &'static str,
    ) -> Self {
        Self { input, at, message, advice }
    }
}

/// A character from outside as it may stand in a log: whatever could move the cursor, turn the
/// writing direction or hide is written as `\u{…}`.
pub(crate) fn visible(character: char) -> impl Iterator<Item = char> {
    // Names are full of these three, and they can do no harm.
    let plain = matches!(character, '\\' | '"' | '\'').then_some(character);
    let escaped = plain.is_none().then(|| character.escape_debug());
    plain.into_iter().chain(escaped.into_iter().flatten())
}

impl fmt::Display for Pointed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = (0..=self.at.min(self.input.len()))
            .rev()
            .find(|&at| self.input.is_char_boundary(at))
            .unwrap_or_default();
        let (before, after) = self.input.split_at_checked(place).unwrap_or((self.input, ""));
        let first = before.char_indices().rev().take(AROUND).last().map_or(place, |(at, _)| at);
        let shown_before = before.get(first..).unwrap_or_default();

        let mut line = String::from(if first > 0 { "…" } else { "" });
        line.extend(shown_before.chars().flat_map(visible));
        let column = line.width();
        line.extend(after.chars().take(AROUND).flat_map(visible));
        if after.chars().nth(AROUND).is_some() {
            line.push('…');
        }
        writeln!(f, "{}", self.message)?;
        writeln!(f, "  {line}")?;
        writeln!(f, "  {:column$}^", "")?;
        write!(f, "{}", self.advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointed(input: &str, at: usize) -> String {
        Pointed::new(input, at, &"wrong", "do this").to_string()
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        assert_eq!(pointed("uid=joe@x", 3), "wrong\n  uid=joe@x\n     ^\ndo this");
        assert_eq!(pointed("joe", 3), "wrong\n  joe\n     ^\ndo this");
        assert_eq!(pointed("", 0), "wrong\n  \n  ^\ndo this");
    }

    #[test]
    fn characters_are_counted_as_they_are_shown() {
        assert_eq!(pointed("Lučić=", 7), "wrong\n  Lučić=\n       ^\ndo this");
        assert_eq!(pointed("a\nb=", 3), "wrong\n  a\\nb=\n      ^\ndo this");
        assert_eq!(pointed("\u{202e}=", 3), "wrong\n  \\u{202e}=\n          ^\ndo this");
    }

    #[test]
    fn wide_characters_take_two_cells_and_marks_are_shown_apart() {
        assert_eq!(pointed("日本=", 6), "wrong\n  日本=\n      ^\ndo this");
        assert_eq!(pointed("ｊ=", 3), "wrong\n  ｊ=\n    ^\ndo this");
        assert_eq!(pointed("e\u{301}=", 3), "wrong\n  e\\u{301}=\n          ^\ndo this");
    }

    #[test]
    fn a_long_input_is_cut_around_the_place_and_a_wrong_place_does_no_harm() {
        let input = format!("{}={}", "a".repeat(100), "b".repeat(100));
        let shown =
            format!("wrong\n  …{}={}…\n  {:41}^\ndo this", "a".repeat(40), "b".repeat(39), "");
        assert_eq!(pointed(&input, 100), shown);
        assert_eq!(pointed("é", 1), "wrong\n  é\n  ^\ndo this");
        assert_eq!(pointed("é", 99), "wrong\n  é\n   ^\ndo this");
    }
}
