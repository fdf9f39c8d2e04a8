//! `cargo xtask test`: everything that must pass, on a laptop and in CI.

mod not_run;
mod oldest_rust;
mod step;
mod work_tree;

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::cli::TestOptions;
use crate::console::{Palette, short};
use crate::{Verdict, workspace};

use self::not_run::NotRun;
use self::step::{STEPS, Setting, Step};
use self::work_tree::WorkTree;

/// How one step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Passed,
    /// With what to do about it.
    Failed(String),
    /// Not run, and why.
    Skipped(&'static str),
}

struct Line {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

/// Runs the steps, prints the table, and ends with a line `steps: N passed, M failed`.
pub(crate) fn run(options: &TestOptions) -> anyhow::Result<Verdict> {
    if options.list {
        list();
        return Ok(Verdict::Passed);
    }
    let known = |name: &String| STEPS.iter().any(|step| step.name == name);
    if let Some(unknown) = options.only.iter().find(|name| !known(name)) {
        let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        bail!("there is no step `{unknown}`; the steps are {}", names.join(", "));
    }
    let root = workspace::root();
    let setting = Setting {
        not_run: NotRun::new().context("cannot make the file that collects what was not run")?,
        before: WorkTree::look(&root),
        install: !options.no_install,
        in_ci: std::env::var_os("CI").is_some_and(|value| !value.is_empty()),
        root,
    };
    let lines = run_steps(&STEPS, options, &setting);
    print_table(&lines);
    print_not_run(&setting.not_run.entries());
    let failed = lines.iter().filter(|line| matches!(line.outcome, Outcome::Failed(_))).count();
    let passed = lines.iter().filter(|line| line.outcome == Outcome::Passed).count();
    println!("steps: {passed} passed, {failed} failed");
    Ok(if failed == 0 { Verdict::Passed } else { Verdict::Failed })
}

fn list() {
    let width = STEPS.iter().map(|step| step.name.len()).max().unwrap_or_default();
    for step in &STEPS {
        println!("{:width$}  {}", step.name, step.does);
    }
}

/// Runs all steps, in order; only `--fail-fast` lets a failure keep later ones from running.
fn run_steps(steps: &[Step], options: &TestOptions, setting: &Setting) -> Vec<Line> {
    let palette = Palette::stderr();
    let start = Instant::now();
    let mut lines = Vec::new();
    let mut stopped = false;
    for (number, step) in steps.iter().enumerate() {
        let selected = options.only.is_empty() || options.only.iter().any(|name| name == step.name);
        let begun = Instant::now();
        let outcome = if !selected {
            Outcome::Skipped("not selected")
        } else if stopped {
            Outcome::Skipped("an earlier step failed")
        } else {
            let place = format!("[{}/{}]", number + 1, steps.len());
            let elapsed = palette.faint(format_args!("(after {})", short(start.elapsed())));
            eprintln!("\n{} {}: {} {elapsed}", palette.strong(place), step.name, step.does);
            match (step.run)(setting) {
                Ok(outcome) => outcome,
                Err(error) => Outcome::Failed(format!("{error:#}")),
            }
        };
        if let Outcome::Failed(why) = &outcome {
            eprintln!("{} {}: {why}", palette.bad("failed"), step.name);
            stopped = options.fail_fast;
        }
        lines.push(Line { name: step.name, outcome, took: begun.elapsed() });
    }
    lines
}

fn print_table(lines: &[Line]) {
    let palette = Palette::stdout();
    let width = lines.iter().map(|line| line.name.len()).max().unwrap_or_default();
    println!();
    for line in lines {
        let (word, why) = match &line.outcome {
            Outcome::Passed => (palette.good("passed "), ""),
            Outcome::Failed(why) => (palette.bad("failed "), why.as_str()),
            Outcome::Skipped(why) => (palette.faint("skipped"), *why),
        };
        let row = format!("  {:width$}  {word}  {:>12}  {why}", line.name, short(line.took));
        println!("{}", row.trim_end());
    }
}

fn print_not_run(entries: &[String]) {
    if entries.is_empty() {
        println!("not run: nothing");
    } else {
        println!("not run:");
        for entry in entries {
            println!("  {entry}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(only: &[&str], fail_fast: bool) -> TestOptions {
        let only = only.iter().map(|&name| name.to_owned()).collect();
        TestOptions { only, list: false, fail_fast, no_install: true }
    }

    fn outcomes(options: &TestOptions) -> Vec<Outcome> {
        let steps = [
            Step { name: "one", does: "", run: |_| Ok(Outcome::Passed) },
            Step { name: "two", does: "", run: |_| anyhow::bail!("broken") },
            Step { name: "three", does: "", run: |_| Ok(Outcome::Passed) },
        ];
        let setting = Setting::for_tests(std::path::Path::new("/"));
        run_steps(&steps, options, &setting).into_iter().map(|line| line.outcome).collect()
    }

    #[test]
    fn a_failure_does_not_keep_later_steps_from_running() {
        let failed = Outcome::Failed("broken".to_owned());
        assert_eq!(
            outcomes(&options(&[], false)),
            [Outcome::Passed, failed.clone(), Outcome::Passed]
        );
        let skipped = Outcome::Skipped("an earlier step failed");
        assert_eq!(outcomes(&options(&[], true)), [Outcome::Passed, failed, skipped]);
    }

    #[test]
    fn only_the_named_steps_run() {
        let skipped = Outcome::Skipped("not selected");
        assert_eq!(
            outcomes(&options(&["three"], false)),
            [skipped.clone(), skipped, Outcome::Passed]
        );
    }

    #[test]
    fn a_step_that_does_not_exist_is_refused_with_the_names_of_those_that_do() {
        let error = run(&options(&["tset"], false)).expect_err("no such step");
        let text = error.to_string();
        assert!(text.contains("`tset`") && text.contains("clippy"), "{text}");
    }
}
