//! `cargo xtask check`: the rules a compiler does not know.
//!
//! A check is a function from data (the files, cargo's metadata) to a [`Report`], so that its own
//! tests can hand it a project that breaks the rule.

mod api;
mod docs;
mod layers;
mod markdown;
mod named_paths;
mod purity;
mod rust_source;
mod secrets;
mod semver;
mod size;
mod words;

use std::fmt;
use std::path::Path;

use crate::Verdict;
use crate::cli::{CheckName, CheckOptions};
use crate::console::Palette;
use crate::workspace::{self, Metadata, SourceTree};

/// Something that breaks a rule, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// `path`, or `path:line`.
    place: String,
    message: String,
}

impl Finding {
    fn in_file(path: &str, message: impl Into<String>) -> Self {
        Self { place: path.to_owned(), message: message.into() }
    }

    fn at_line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { place: format!("{path}:{line}"), message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// What a check found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Broken rules; one is enough to fail.
    findings: Vec<Finding>,
    /// Worth a look, but allowed.
    remarks: Vec<Finding>,
    /// How much was looked at, so that a check which saw nothing shows.
    looked_at: String,
}

impl Report {
    fn verdict(&self) -> Verdict {
        if self.findings.is_empty() { Verdict::Passed } else { Verdict::Failed }
    }
}

/// Runs the named checks, or all of the quick ones, and prints what they found to stdout.
pub(crate) fn run(options: &CheckOptions) -> anyhow::Result<Verdict> {
    let named = &options.checks;
    let names = if named.is_empty() { &CheckName::QUICK[..] } else { named };
    let root = workspace::root();
    let mut verdict = Verdict::Passed;
    for name in names {
        let done = match name {
            CheckName::Api => api(&root, options.bless, !options.no_install)?,
            CheckName::Semver => {
                let baseline = options.baseline.as_deref();
                told(*name, semver::check(&root, baseline, !options.no_install)?)
            }
            quick => Ok(run_one(&root, *quick)?),
        };
        // What was asked for by name and cannot be done has not passed.
        if done != Ok(Verdict::Passed) {
            verdict = Verdict::Failed;
        }
    }
    Ok(verdict)
}

/// Compares the public API with its text, or writes the text; the inner error says why neither
/// can be done here.
pub(crate) fn api(
    root: &Path,
    bless: bool,
    may_install: bool,
) -> anyhow::Result<Result<Verdict, String>> {
    Ok(told(CheckName::Api, api::check(root, bless, may_install)?))
}

fn told(name: CheckName, done: Result<Report, String>) -> Result<Verdict, String> {
    match &done {
        Ok(report) => print(name, report),
        Err(why) => println!("check {}: not run: {why}", name.as_str()),
    }
    done.map(|report| report.verdict())
}

/// Runs one of the quick checks on the project below `root` and prints what it found to stdout.
pub(crate) fn run_one(root: &Path, name: CheckName) -> anyhow::Result<Verdict> {
    let tree = SourceTree::read(root)?;
    let report = match name {
        CheckName::Layers => {
            let metadata = Metadata::of_workspace(root)?;
            let mut report = layers::check(&metadata, &tree);
            let pure = layers::pure_folders(&metadata, root);
            report.findings.extend(purity::check(&pure, &tree));
            report
        }
        CheckName::Docs => docs::check(&Metadata::of_workspace(root)?, &tree),
        CheckName::Size => size::check(&tree),
        CheckName::Words => words::check(&tree),
        CheckName::Secrets => secrets::check(&tree),
        CheckName::Api | CheckName::Semver => anyhow::bail!("`{}` is not quick", name.as_str()),
    };
    print(name, &report);
    Ok(report.verdict())
}

fn print(name: CheckName, report: &Report) {
    let palette = Palette::stdout();
    for remark in &report.remarks {
        println!("  {}", palette.faint(remark));
    }
    for finding in &report.findings {
        println!("  {} {finding}", palette.bad("broken"));
    }
    let outcome = match report.findings.len() {
        0 => palette.good("ok"),
        1 => palette.bad("1 finding"),
        many => palette.bad(format_args!("{many} findings")),
    };
    println!("check {}: {outcome} ({})", name.as_str(), report.looked_at);
}

#[cfg(test)]
mod testing {
    use super::Finding;
    use crate::workspace::{SourceFile, SourceTree};

    /// A project made of these files.
    pub(super) fn tree(files: &[(&str, &str)]) -> SourceTree {
        let file = |(path, text): &(&str, &str)| SourceFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        SourceTree::of(files.iter().map(file).collect())
    }

    /// The findings as printed.
    pub(super) fn lines(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }
}
