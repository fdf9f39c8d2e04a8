//! Colours and durations, the same in every command.

use std::fmt;
use std::io::IsTerminal as _;
use std::time::Duration;

/// Where a coloured word will be printed; colours are used only on a terminal and without `NO_COLOR`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    coloured: bool,
}

impl Palette {
    /// For text that goes to stdout (results).
    pub(crate) fn stdout() -> Self {
        Self { coloured: wanted() && std::io::stdout().is_terminal() }
    }

    /// For text that goes to stderr (progress).
    pub(crate) fn stderr() -> Self {
        Self { coloured: wanted() && std::io::stderr().is_terminal() }
    }

    pub(crate) fn good(self, text: impl fmt::Display) -> String {
        self.paint("32", text)
    }

    pub(crate) fn bad(self, text: impl fmt::Display) -> String {
        self.paint("1;31", text)
    }

    pub(crate) fn strong(self, text: impl fmt::Display) -> String {
        self.paint("1", text)
    }

    pub(crate) fn faint(self, text: impl fmt::Display) -> String {
        self.paint("2", text)
    }

    fn paint(self, code: &str, text: impl fmt::Display) -> String {
        if self.coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

/// <https://no-color.org>: set and not empty means no colours.
fn wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A duration for people: `0.4 s`, `12.3 s`, `3 min 05 s`.
pub(crate) fn short(duration: Duration) -> String {
    let tenths = (duration.as_millis() + 50) / 100;
    if tenths < 600 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        let seconds = (tenths + 5) / 10;
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_and_never_lose_a_minute() {
        for (millis, text) in [
            (0, "0.0 s"),
            (449, "0.4 s"),
            (450, "0.5 s"),
            (12_345, "12.3 s"),
            (59_940, "59.9 s"),
            (59_960, "1 min 00 s"),
            (185_400, "3 min 05 s"),
        ] {
            assert_eq!(short(Duration::from_millis(millis)), text, "{millis} ms");
        }
    }

    #[test]
    fn without_colours_text_is_left_alone() {
        let plain = Palette { coloured: false };
        assert_eq!(plain.bad("failed"), "failed");
        assert_eq!(Palette { coloured: true }.strong("x"), "\x1b[1mx\x1b[0m");
    }
}
