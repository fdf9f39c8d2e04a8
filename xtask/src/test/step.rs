//! The steps of `cargo xtask test`, cheapest first.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::not_run::NotRun;
use super::work_tree::WorkTree;
use super::{Outcome, oldest_rust};
use crate::cli::CheckName;
use crate::tools::{self, Group, Missing};
use crate::{Verdict, check, run};

/// One line of the list.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// What it does, for `--list` and progress.
    pub(super) does: &'static str,
    pub(super) run: fn(&Setting) -> anyhow::Result<Outcome>,
}

/// What the steps share.
pub(super) struct Setting {
    pub(super) root: PathBuf,
    pub(super) not_run: NotRun,
    /// The work tree before the first step.
    pub(super) before: WorkTree,
    /// Whether missing packages may be installed.
    pub(super) install: bool,
    pub(super) in_ci: bool,
}

/// How long one program of a step may take where nobody watches. The longest takes a fourth of it;
/// whoever needs more hangs.
const LIMIT_IN_CI: Duration = Duration::from_secs(45 * 60);

/// Clippy also compiles every benchmark; `tests` runs each of them once, without measuring.
pub(super) const STEPS: [Step; 16] = [
    Step { name: "format", does: "cargo fmt --all --check", run: format },
    Step {
        name: "layers",
        does: "crates depend as drawn; pure crates name no clock, socket or file",
        run: |setting| check(setting, CheckName::Layers),
    },
    Step {
        name: "docs",
        does: "links, crate map and versions in prose are true",
        run: |setting| check(setting, CheckName::Docs),
    },
    Step {
        name: "size",
        does: "no Rust file above 600 lines",
        run: |setting| check(setting, CheckName::Size),
    },
    Step {
        name: "words",
        does: "no unfinished work, no path or host of one machine",
        run: |setting| check(setting, CheckName::Words),
    },
    Step {
        name: "secrets",
        does: "spans skip arguments; secrets have secret types",
        run: |setting| check(setting, CheckName::Secrets),
    },
    Step {
        name: "tools",
        does: "outside tools: libraries to compile against, programs that tests drive",
        run: tools,
    },
    Step {
        name: "clippy",
        does: "cargo clippy --workspace --all-targets -- -D warnings",
        run: |setting| {
            cargo(setting, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])
        },
    },
    Step {
        name: "foreign-cards",
        does: "cards that others wrote, a workspace of its own: format, clippy, tests",
        run: foreign_cards,
    },
    Step {
        name: "tests",
        does: "cargo test --workspace --all-targets",
        run: |setting| test(setting, "--all-targets"),
    },
    Step {
        name: "doctests",
        does: "cargo test --workspace --doc",
        run: |setting| test(setting, "--doc"),
    },
    Step {
        name: "rustdoc",
        does: "cargo doc --workspace --no-deps, warnings are errors",
        run: |setting| {
            cargo(setting, &["doc", "--workspace", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")])
        },
    },
    Step {
        name: "oldest-rust",
        does: "the libraries compile with the oldest Rust promised, and with each feature alone",
        run: oldest_rust::run,
    },
    Step { name: "api", does: "the public API is the one that was looked at", run: api },
    Step {
        name: "work-tree",
        does: "git status is what it was before",
        run: |setting| Ok(setting.before.compare(&WorkTree::look(&setting.root))),
    },
    Step { name: "complete", does: "nothing was left out", run: complete },
];

fn format(setting: &Setting) -> anyhow::Result<Outcome> {
    let mut command = run::cargo(&setting.root);
    command.args(["fmt", "--all", "--check"]);
    let formatted = run::succeeds(&mut command)?;
    Ok(if formatted {
        Outcome::Passed
    } else {
        Outcome::Failed("run `cargo fmt --all`".to_owned())
    })
}

fn check(setting: &Setting, name: CheckName) -> anyhow::Result<Outcome> {
    Ok(told(check::run_one(&setting.root, name)?, name))
}

fn told(verdict: Verdict, name: CheckName) -> Outcome {
    match verdict {
        Verdict::Passed => Outcome::Passed,
        Verdict::Failed => {
            Outcome::Failed(format!("see above, or `cargo xtask check {}`", name.as_str()))
        }
    }
}

fn tools(setting: &Setting) -> anyhow::Result<Outcome> {
    let groups = [Group::Python, Group::SmartCards, Group::Directories, Group::Browser, Group::Ssh];
    let missing = tools::prepare(&setting.root, &groups, setting.install)?;
    if missing.is_empty() {
        eprintln!("everything is there");
    }
    Ok(without(&missing, setting.in_ci))
}

/// On a laptop the tests that need what is missing say so, and are listed at the end.
fn without(missing: &[Missing], in_ci: bool) -> Outcome {
    if missing.is_empty() {
        Outcome::Passed
    } else if missing.iter().any(|missing| missing.to_build) {
        Outcome::Failed("without what is named above nothing after this compiles".to_owned())
    } else if in_ci {
        Outcome::Failed("not everything is there; with CI set everything must run".to_owned())
    } else {
        Outcome::Skipped("tests that need what is missing say so below")
    }
}

/// Before the tests of the workspace, some of which use the program that is built here.
fn foreign_cards(setting: &Setting) -> anyhow::Result<Outcome> {
    let needed = |missing: &Missing| missing.is(tools::TO_BUILD_FOREIGN_CARDS);
    if tools::missing(&setting.root, &[Group::SmartCards])?.iter().any(needed) {
        return Ok(Outcome::Skipped("without libclang they cannot be built"));
    }
    let manifest = ["--manifest-path", "fixtures/foreign-card/Cargo.toml"];
    let build = ["--locked", "--all-targets", "--target-dir", "target/foreign-card"];
    let commands = [
        [&["fmt"], &manifest[..], &["--check"]].concat(),
        [&["clippy"], &manifest[..], &build, &["--", "-D", "warnings"]].concat(),
        [&["test", "--no-fail-fast"], &manifest[..], &build].concat(),
    ];
    let file = setting.not_run.path().to_string_lossy();
    for command in commands {
        match cargo(setting, &command, &[("KEYFERRY_NOT_RUN", &file)])? {
            Outcome::Passed => {}
            other => return Ok(other),
        }
    }
    Ok(Outcome::Passed)
}

fn api(setting: &Setting) -> anyhow::Result<Outcome> {
    let done = check::api(&setting.root, false, setting.install || setting.in_ci)?;
    Ok(match done {
        Ok(verdict) => told(verdict, CheckName::Api),
        Err(why) => {
            setting.not_run.add("api", &why)?;
            Outcome::Skipped("the Rust whose documentation it reads is not there")
        }
    })
}

fn test(setting: &Setting, targets: &str) -> anyhow::Result<Outcome> {
    let file = setting.not_run.path().to_string_lossy();
    let arguments = ["test", "--workspace", "--no-fail-fast", targets];
    cargo(setting, &arguments, &[("KEYFERRY_NOT_RUN", &file)])
}

fn cargo(setting: &Setting, arguments: &[&str], env: &[(&str, &str)]) -> anyhow::Result<Outcome> {
    let mut command: Command = run::cargo(&setting.root);
    command.args(arguments).envs(env.iter().copied());
    if !setting.in_ci {
        return ends_well(&mut command);
    }
    let passed = run::succeeds_within(&mut command, LIMIT_IN_CI)?;
    Ok(ended(passed, &command))
}

pub(super) fn ends_well(command: &mut Command) -> anyhow::Result<Outcome> {
    let passed = run::succeeds(command)?;
    Ok(ended(passed, command))
}

fn ended(passed: bool, command: &Command) -> Outcome {
    if passed { Outcome::Passed } else { Outcome::Failed(format!("`{}`", run::line(command))) }
}

/// Gaps are allowed on a laptop and named there; CI must run everything.
fn complete(setting: &Setting) -> anyhow::Result<Outcome> {
    let gaps = setting.not_run.entries().len();
    Ok(if gaps > 0 && setting.in_ci {
        Outcome::Failed(format!("{gaps} not run, listed below; with CI set everything must run"))
    } else {
        Outcome::Passed
    })
}

#[cfg(test)]
impl Setting {
    pub(super) fn for_tests(root: &std::path::Path) -> Self {
        Self {
            root: root.to_path_buf(),
            not_run: NotRun::new().expect("a temporary file"),
            before: WorkTree::look(root),
            install: false,
            in_ci: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_fails_in_ci_and_is_only_named_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let mut setting = Setting::for_tests(folder.path());
        setting.in_ci = true;
        assert_eq!(complete(&setting).unwrap(), Outcome::Passed);
        std::fs::write(setting.not_run.path(), "outside client: no python3\n").unwrap();
        assert!(matches!(complete(&setting).unwrap(), Outcome::Failed(_)));
        setting.in_ci = false;
        assert_eq!(complete(&setting).unwrap(), Outcome::Passed);
    }

    #[test]
    fn a_missing_tool_fails_in_ci_and_what_building_needs_fails_everywhere() {
        let opensc = [Missing::package("opensc", false)];
        assert!(matches!(without(&opensc, true), Outcome::Failed(_)));
        assert!(matches!(without(&opensc, false), Outcome::Skipped(_)));
        let compiler = [Missing::package("pkg-config", true)];
        assert!(matches!(without(&compiler, false), Outcome::Failed(_)));
        assert_eq!(without(&[], true), Outcome::Passed);
    }

    #[test]
    fn a_program_that_fails_is_a_failed_step_that_names_it() {
        let failed = Outcome::Failed("`sh -c exit 3`".to_owned());
        assert_eq!(ends_well(Command::new("sh").args(["-c", "exit 3"])).unwrap(), failed);
        assert_eq!(ends_well(&mut Command::new("true")).unwrap(), Outcome::Passed);
    }

    #[test]
    fn step_names_are_unique() {
        for (at, step) in STEPS.iter().enumerate() {
            assert!(!STEPS.iter().skip(at + 1).any(|other| other.name == step.name));
        }
    }
}
