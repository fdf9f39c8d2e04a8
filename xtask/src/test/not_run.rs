//! What tests left out, and why.

use std::fs;
use std::io::Write as _;
use std::path::Path;

/// A file that tests append to, one line `NAME: why` for each that could not run. Its path is in
/// the environment variable `KEYFERRY_NOT_RUN` while tests run.
pub(super) struct NotRun {
    file: tempfile::NamedTempFile,
}

impl NotRun {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self { file: tempfile::Builder::new().prefix("keyferry-not-run-").tempfile()? })
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Adds a line for something of these commands' own that could not run.
    pub(super) fn add(&self, name: &str, why: &str) -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new().append(true).open(self.path())?;
        writeln!(file, "{name}: {why}")
    }

    /// The lines so far. A file that cannot be read any more is itself a gap.
    pub(super) fn entries(&self) -> Vec<String> {
        match fs::read_to_string(self.path()) {
            Ok(text) => text
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect(),
            Err(error) => vec![format!("unknown: the list cannot be read: {error}")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_without_empty_ones() {
        let not_run = NotRun::new().unwrap();
        assert_eq!(not_run.entries(), [""; 0]);
        fs::write(not_run.path(), "a: no python3\n\n  b: no git\n").unwrap();
        not_run.add("c", "no rustup").unwrap();
        assert_eq!(not_run.entries(), ["a: no python3", "b: no git", "c: no rustup"]);
    }

    #[test]
    fn a_lost_list_is_a_gap_and_not_an_empty_list() {
        let not_run = NotRun::new().unwrap();
        fs::remove_file(not_run.path()).unwrap();
        assert_eq!(not_run.entries().len(), 1);
    }
}
