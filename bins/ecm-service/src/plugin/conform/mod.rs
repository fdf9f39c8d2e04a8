//! Does a plugin keep to the protocol? A table of named checks that anyone can run on their own.

mod checks;
mod probe;

use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::folder::load;

/// One check and how it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A sentence that should be true.
    pub name: &'static str,
    /// Whether it is.
    pub verdict: Verdict,
    /// What was seen, where something is wrong or left out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub seen: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub advice: &'static str,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Does not apply to this plugin.
    Skip,
}

/// All checks of one plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conformance {
    /// Its name, as far as it is known.
    pub plugin: String,
    /// Whether no check failed.
    pub conforms: bool,
    /// The checks, in the order they were made.
    pub checks: Vec<Check>,
}

/// Tries the plugin in this folder.
pub async fn conform(path: &Path) -> Conformance {
    let mut table = Table::default();
    let plugin = match load(path) {
        Ok(installed) => {
            table.pass("its folder can be loaded");
            let name = installed.manifest.name.clone();
            checks::run(&installed, &mut table).await;
            name
        }
        Err(error) => {
            let seen = format!("{error}; {}", error.advice());
            table.fail("its folder can be loaded", seen, "correct the folder, then try again");
            path.display().to_string()
        }
    };
    let conforms = table.0.iter().all(|check| check.verdict != Verdict::Fail);
    Conformance { plugin, conforms, checks: table.0 }
}

/// Collects checks.
#[derive(Default)]
struct Table(Vec<Check>);

impl Table {
    fn pass(&mut self, name: &'static str) {
        let (verdict, seen) = (Verdict::Pass, String::new());
        self.0.push(Check { name, verdict, seen, advice: "" });
    }

    fn fail(&mut self, name: &'static str, seen: impl Into<String>, advice: &'static str) {
        self.0.push(Check { name, verdict: Verdict::Fail, seen: seen.into(), advice });
    }

    fn skip(&mut self, name: &'static str, why: &str) {
        let (verdict, seen) = (Verdict::Skip, why.to_owned());
        self.0.push(Check { name, verdict, seen, advice: "" });
    }

    /// Passes, or fails with what was seen.
    fn hold(&mut self, name: &'static str, held: Result<(), String>, advice: &'static str) {
        match held {
            Ok(()) => self.pass(name),
            Err(seen) => self.fail(name, seen, advice),
        }
    }
}

impl fmt::Display for Conformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |verdict| self.checks.iter().filter(|one| one.verdict == verdict).count();
        for check in &self.checks {
            let word = match check.verdict {
                Verdict::Pass => "pass",
                Verdict::Fail => "FAIL",
                Verdict::Skip => "skip",
            };
            writeln!(f, "{word}  {}", check.name)?;
            if !check.seen.is_empty() {
                writeln!(f, "      {}", check.seen)?;
            }
            if !check.advice.is_empty() {
                writeln!(f, "      advice: {}", check.advice)?;
            }
        }
        write!(
            f,
            "\n{} {}: {} passed, {} failed, {} skipped",
            self.plugin,
            if self.conforms { "conforms" } else { "does not conform" },
            count(Verdict::Pass),
            count(Verdict::Fail),
            count(Verdict::Skip)
        )
    }
}
