//! Problems of a configuration file: collected, placed, shown.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// One thing that is wrong in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file as the operator named it.
    pub file: PathBuf,
    /// Line, counted from 1; absent when the whole file is meant.
    pub line: Option<usize>,
    /// Column in characters, counted from 1.
    pub column: Option<usize>,
    /// The line itself. Values that may be secret are left out.
    pub excerpt: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub advice: String,
}

impl fmt::Display for Problem {
    /// `file:line:column: message`, the line with a caret, and the advice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        if let (Some(line), Some(column), Some(excerpt)) = (self.line, self.column, &self.excerpt) {
            let gutter = line.to_string().len();
            let caret = column.saturating_sub(1).min(excerpt.chars().count());
            // Tabs stay tabs, so that the caret lands below its character in any terminal.
            let lead: String =
                excerpt.chars().take(caret).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            write!(f, "\n  {line} | {excerpt}\n  {:gutter$} | {lead}^", "")?;
        }
        write!(f, "\n  advice: {}", self.advice)
    }
}

/// Every problem of one file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{}", self.report())]
pub struct Problems {
    /// In the order of the file.
    pub problems: Vec<Problem>,
}

impl Problems {
    /// A single problem with the file as a whole.
    #[must_use]
    pub fn whole_file(file: &Path, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            problems: vec![Problem {
                file: file.to_owned(),
                line: None,
                column: None,
                excerpt: None,
                message: message.into(),
                advice: advice.into(),
            }],
        }
    }

    fn report(&self) -> String {
        let mut text = String::new();
        for problem in &self.problems {
            text.push_str(&problem.to_string());
            text.push_str("\n\n");
        }
        let count = self.problems.len();
        text.push_str(&format!("{count} problem{}", if count == 1 { "" } else { "s" }));
        text
    }
}

/// Takes problems while a file is read; knows the text, so it can place them.
#[derive(Debug)]
pub struct Findings<'t> {
    file: &'t Path,
    text: &'t str,
    found: RefCell<Vec<(usize, Problem)>>,
}

impl<'t> Findings<'t> {
    /// Starts an empty list for the file with this text.
    #[must_use]
    pub fn new(file: &'t Path, text: &'t str) -> Self {
        Self { file, text, found: RefCell::default() }
    }

    /// The file these findings are about.
    #[must_use]
    pub fn file(&self) -> &'t Path {
        self.file
    }

    /// Notes a problem at a byte range of the text.
    pub fn add(&self, at: Range<usize>, message: impl Into<String>, advice: impl Into<String>) {
        let place = Place::of(self.text, at.start);
        let problem = Problem {
            file: self.file.to_owned(),
            line: Some(place.line),
            column: Some(place.column),
            excerpt: Some(without_values_that_may_be_secret(place.text)),
            message: message.into(),
            advice: advice.into(),
        };
        self.found.borrow_mut().push((at.start, problem));
    }

    /// Whether anything was noted so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// The problems in the order of the file.
    #[must_use]
    pub fn into_problems(self) -> Problems {
        let mut found = self.found.into_inner();
        found.sort_by_key(|(start, _)| *start);
        Problems { problems: found.into_iter().map(|(_, problem)| problem).collect() }
    }
}

struct Place<'t> {
    line: usize,
    column: usize,
    text: &'t str,
}

impl<'t> Place<'t> {
    fn of(text: &'t str, byte: usize) -> Self {
        let mut start = 0;
        let mut line = 0;
        let mut current = "";
        for piece in text.split_inclusive('\n') {
            line += 1;
            current = piece.trim_end_matches(['\n', '\r']);
            if byte < start + piece.len() {
                break;
            }
            start += piece.len();
        }
        let within = byte.saturating_sub(start).min(current.len());
        let column = current.char_indices().take_while(|(at, _)| *at < within).count() + 1;
        Self { line: line.max(1), column, text: current }
    }
}

/// The line as it may be shown: string values behind keys that sound like secrets, and passwords
/// inside URLs, are replaced. A problem report must not copy a secret into a log, not even one
/// that stands where it must not.
fn without_values_that_may_be_secret(line: &str) -> String {
    const SECRET_WORDS: [&str; 6] = ["key", "secret", "password", "token", "pwd", "certificate"];
    const REFERENCES: [&str; 3] = ["file", "env", "credential"];
    if !line.contains('=') && !line.trim_start().starts_with(['[', '#', ']', '}']) {
        // A line in the middle of a multi-line value, or broken TOML: nobody knows what it holds.
        return "…".to_owned();
    }
    let mut inside_reference = false;
    let mut pieces = line.split_inclusive('=').peekable();
    let mut shown = String::new();
    while let Some(piece) = pieces.next() {
        shown.push_str(piece);
        let Some(value) = pieces.peek() else { break };
        let value = value.trim();
        let name = key_before_equals(piece);
        let sounds_secret =
            SECRET_WORDS.iter().any(|word| name.contains(word)) && !name.ends_with("url");
        let opens_table = value.starts_with('{');
        let is_plain = value.parse::<f64>().is_ok() || matches!(value, "true" | "false");
        let names_a_place = REFERENCES.contains(&name.as_str());
        let hide = (sounds_secret && !opens_table && !is_plain)
            || (inside_reference && !names_a_place)
            || (value.contains("://") && value.contains('@'));
        if hide {
            shown.push_str(" …");
            break;
        }
        inside_reference = (inside_reference || sounds_secret) && !value.contains('}');
    }
    shown.chars().take(200).collect()
}

/// The bare key that ends `piece`, which itself ends with an equals sign.
fn key_before_equals(piece: &str) -> String {
    let key = piece.trim_end_matches('=').trim_end().trim_end_matches(['"', '\'']);
    let start = key
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '-' | '_'))
        .last()
        .map_or(key.len(), |(at, _)| at);
    key.get(start..).unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_lines_and_characters_from_one() {
        let text = "a = 1\nbé = 2\n";
        let at = text.find('2').unwrap_or_default();
        let place = Place::of(text, at);
        assert_eq!((place.line, place.column, place.text), (2, 6, "bé = 2"));
        assert_eq!(Place::of("", 0).line, 1);
        assert_eq!(Place::of(text, 999).line, 2);
    }

    #[test]
    fn values_of_secret_sounding_keys_are_not_shown() {
        for (line, shown) in [
            ("api-key = \"hunter2\"", "api-key = …"),
            ("api-key = \"hunter2", "api-key = …"),
            ("password = { inline = \"hunter2\" }", "password = { inline = …"),
            ("oauth = { client-secret = \"hunter2\" }", "oauth = { client-secret = …"),
            ("client-secret = { file = \"/x\" }", "client-secret = { file = \"/x\" }"),
            ("url = \"https://joe:hunter2@vault\"", "url = …"),
            ("token-url = \"https://vault/token\"", "token-url = \"https://vault/token\""),
            ("name = \"main\"", "name = \"main\""),
            ("hunter2", "…"),
        ] {
            assert_eq!(without_values_that_may_be_secret(line), shown);
        }
    }
}
