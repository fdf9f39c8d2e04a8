//! `cargo xtask coverage`: the page that compares ps-client with the vendor's clients, call by call.
//!
//! A test of ps-client makes the page, because the catalogue of calls is compiled into it; this
//! command is the way in that one can remember.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, ensure};

use crate::cli::CoverageOptions;
use crate::{Verdict, run, workspace};

const PAGE: &str = "docs/reference/password-safe-coverage.md";

/// The tests that make the page and look at the table it is made of.
const TESTS: &str = "coverage::";

/// Set for the test, this has it write the page before it compares.
const BLESS: &str = "KEYFERRY_BLESS";

/// Writes the page, or with `--check` only compares it.
pub(crate) fn run(options: &CoverageOptions) -> anyhow::Result<Verdict> {
    let root = workspace::root();
    let before = read(&root)?;
    let mut test = run::cargo(&root);
    test.args(["test", "-p", "ps-client", "--all-features", "--test", "it", TESTS]);
    // A value from outside must not turn a check into writing.
    test.env_remove(BLESS);
    if !options.check {
        test.env(BLESS, "1");
    }
    test.stderr(Stdio::inherit());
    let ended = test.output().with_context(|| format!("cannot start {}", run::line(&test)))?;
    let said = String::from_utf8_lossy(&ended.stdout);
    if !ended.status.success() {
        eprint!("{said}");
        return Ok(Verdict::Failed);
    }
    ensure!(tests_passed(&said) > 0, "ps-client has no tests `{TESTS}`: nothing was looked at");
    let news = if read(&root)? == before { "is up to date" } else { "was written anew" };
    println!("{PAGE} {news}");
    Ok(Verdict::Passed)
}

/// The page as it is; one that is not there yet is empty.
fn read(root: &Path) -> anyhow::Result<String> {
    match std::fs::read_to_string(root.join(PAGE)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.with_context(|| format!("cannot read {PAGE}")),
    }
}

/// How many tests passed, of the line `test result: ok. 5 passed; …`.
fn tests_passed(said: &str) -> usize {
    said.lines()
        .filter_map(|line| line.strip_prefix("test result: ok. ")?.split_once(" passed"))
        .filter_map(|(count, _)| count.parse::<usize>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_finds_no_test_is_seen() {
        let none = "\nrunning 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; \
                    0 measured; 217 filtered out; finished in 0.00s\n";
        assert_eq!(tests_passed(none), 0);
        assert_eq!(tests_passed(&none.replace("ok. 0", "ok. 4")), 4);
        assert_eq!(tests_passed(""), 0);
    }
}
