//! Whether a library's changes fit its version number, compared with an earlier revision.

use std::path::Path;
use std::process::Command;

use super::{Finding, Report};
use crate::run;
use crate::tools::{self, Built};

/// The libraries that others build on.
const CRATES: [&str; 1] = ["ps-client"];

/// Runs `cargo semver-checks` against `baseline`, or the newest tag that names a version. The
/// inner error says why that cannot be done here.
pub(super) fn check(
    root: &Path,
    baseline: Option<&str>,
    may_install: bool,
) -> anyhow::Result<Result<Report, String>> {
    let Some(baseline) = baseline.map(str::to_owned).or_else(|| newest_version(root)) else {
        // Before the first release nothing was promised.
        let looked_at = "nothing: no tag names a version; `--baseline REVISION` compares with any";
        return Ok(Ok(Report { looked_at: looked_at.to_owned(), ..Report::default() }));
    };
    let tool = match tools::built(root, Built::SemverChecks, may_install) {
        Ok(tool) => tool,
        Err(why) => return Ok(Err(why)),
    };
    let mut report = Report::default();
    for name in CRATES {
        let mut command = Command::new(&tool);
        command.args(["semver-checks", "--package", name, "--all-features"]);
        command.args(["--baseline-rev", &baseline]).current_dir(root);
        if !run::succeeds(&mut command)? {
            let message = format!("its changes since {baseline} are more than its version says");
            report.findings.push(Finding::in_file(name, message));
        }
    }
    report.looked_at = format!("{} since {baseline}", CRATES.join(", "));
    Ok(Ok(report))
}

fn newest_version(root: &Path) -> Option<String> {
    let mut git = Command::new("git");
    git.args(["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"]).current_dir(root);
    run::output(&mut git).ok().map(|tag| tag.trim().to_owned())
}
