//! English sentences of the site, as far as they may be shown.

use std::fmt;

/// Longest text that is kept, in characters.
const LONGEST: usize = 300;

/// A sentence the site gave: for people, never compared. Cut at 300 characters; control characters,
/// which could forge log lines, are blanks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SiteText(String);

impl SiteText {
    /// Takes a text of the site.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        Self(text.trim().chars().take(LONGEST).map(printable).collect())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SiteText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("(no reason given)") } else { f.write_str(&self.0) }
    }
}
