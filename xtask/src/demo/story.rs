//! What a demo tells: chapters, facts, tables, and claims that are checked while they are told.

use std::fmt::{Debug, Display};

use serde::Serialize;

use crate::console::Palette;

/// How a demo reports; everything goes to stdout, as text or as one JSON document at the end.
#[derive(Debug)]
pub(super) struct Story {
    format: Format,
    palette: Palette,
    record: Record,
}

/// For people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Json,
}

/// The whole story as data.
#[derive(Debug, Default, Serialize)]
struct Record {
    demo: &'static str,
    passed: bool,
    chapters: Vec<Chapter>,
}

#[derive(Debug, Serialize)]
struct Chapter {
    title: String,
    told: Vec<String>,
    claims: Vec<Claim>,
}

/// Something the demo promises, and what was seen.
#[derive(Debug, Serialize)]
struct Claim {
    claim: String,
    holds: bool,
    expected: String,
    seen: String,
}

impl Story {
    pub(super) fn new(demo: &'static str, format: Format) -> Self {
        let record = Record { demo, passed: true, chapters: Vec::new() };
        Self { format, palette: Palette::stdout(), record }
    }

    /// Begins a chapter.
    pub(super) fn chapter(&mut self, title: impl Into<String>) {
        let title = title.into();
        let number = self.record.chapters.len() + 1;
        self.print(&format!("\n{}", self.palette.strong(format_args!("{number}. {title}"))));
        self.record.chapters.push(Chapter { title, told: Vec::new(), claims: Vec::new() });
    }

    /// Tells something, line by line.
    pub(super) fn tell(&mut self, text: impl Display) {
        for line in text.to_string().lines() {
            self.print(format!("   {line}").trim_end());
            self.current().told.push(line.to_owned());
        }
    }

    /// Promises that `seen` is `expected`, and says so if it is not.
    pub(super) fn claim<T: PartialEq + Debug + ?Sized>(
        &mut self,
        claim: impl Into<String>,
        expected: &T,
        seen: &T,
    ) {
        let holds = expected == seen;
        self.record(claim.into(), holds, format!("{expected:?}"), format!("{seen:?}"));
    }

    /// Promises that something holds, with what was seen in words.
    pub(super) fn claim_that(&mut self, claim: impl Into<String>, holds: bool, seen: impl Display) {
        self.record(claim.into(), holds, "that it holds".to_owned(), seen.to_string());
    }

    /// What was to be told next cannot be: the story ends here, and does not hold.
    pub(super) fn break_off(&mut self, error: &anyhow::Error) {
        let seen = format!("{error:#}");
        self.record("the story comes to its end".to_owned(), false, "no error".to_owned(), seen);
    }

    fn record(&mut self, claim: String, holds: bool, expected: String, seen: String) {
        if holds {
            self.print(&format!("   {} {claim}", self.palette.good("ok")));
        } else {
            self.record.passed = false;
            self.print(&format!("   {} {claim}", self.palette.bad("NOT AS PROMISED")));
            self.print(&format!("      expected: {expected}\n      seen:     {seen}"));
        }
        self.current().claims.push(Claim { claim, holds, expected, seen });
    }

    /// Whether every claim held so far.
    pub(super) fn passed(&self) -> bool {
        self.record.passed
    }

    /// Everything told so far, as it would be printed for a program.
    pub(super) fn so_far(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(&self.record)?)
    }

    /// Ends the story with its verdict.
    pub(super) fn end(self) -> anyhow::Result<()> {
        let claims: Vec<_> = self.record.chapters.iter().flat_map(|c| &c.claims).collect();
        let broken = claims.iter().filter(|claim| !claim.holds).count();
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&self.record)?),
            Format::Text if broken == 0 => {
                println!("\ndemo {}: all {} claims hold", self.record.demo, claims.len());
            }
            Format::Text => {
                let verdict = format!("{broken} of {} claims do not hold", claims.len());
                println!("\ndemo {}: {}", self.record.demo, self.palette.bad(verdict));
            }
        }
        Ok(())
    }

    fn print(&self, text: &str) {
        if self.format == Format::Text {
            println!("{text}");
        }
    }

    fn current(&mut self) -> &mut Chapter {
        if self.record.chapters.is_empty() {
            let title = String::new();
            self.record.chapters.push(Chapter { title, told: Vec::new(), claims: Vec::new() });
        }
        let last = self.record.chapters.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "the line above made sure there is a last one")]
        &mut self.record.chapters[last]
    }
}

/// Rows under a header. Columns are as wide as their widest cell; the last one, which may be long,
/// is not measured.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        if column + 1 == header.len() {
            return header.last().map_or(0, |title| title.chars().count());
        }
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        let title = header.get(column).map_or(0, |title| title.chars().count());
        cells.max().unwrap_or_default().max(title)
    };
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<_> =
            cells.enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column))).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let rule: Vec<_> = (0..header.len()).map(|column| "-".repeat(width(column))).collect();
    let mut lines = vec![line(&mut header.iter().copied()), rule.join("  ")];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_claim_that_does_not_hold_fails_the_story() {
        let mut story = Story::new("x", Format::Json);
        story.chapter("first");
        story.claim("two is two", &2, &2);
        assert!(story.passed());
        story.claim("two is three", &3, &2);
        story.claim("and later ones do not mend it", "a", "a");
        assert!(!story.passed());
        let data = serde_json::to_value(&story.record).unwrap();
        assert_eq!(data["passed"], false);
        assert_eq!(data["chapters"][0]["claims"][1]["expected"], "3");
        assert_eq!(data["chapters"][0]["claims"][1]["seen"], "2");
    }

    #[test]
    fn a_table_lines_up_under_its_header() {
        let rows = vec![vec!["a".into(), "short".into()], vec!["longer".into(), "ü".into()]];
        assert_eq!(
            table(&["id", "name"], &rows),
            "id      name\n------  ----\na       short\nlonger  ü"
        );
    }
}
