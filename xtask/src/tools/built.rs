//! Programs that are built from source, in `target/tools`, when a command needs them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;

/// One of these programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Built {
    /// Compares a library's public API with an earlier one.
    SemverChecks,
}

impl Built {
    /// Package, version, program.
    const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::SemverChecks => ("cargo-semver-checks", "0.51.0", "cargo-semver-checks"),
        }
    }
}

/// Where the program is: it is built when it is not there in this version, which takes minutes.
///
/// # Errors
///
/// Why it is not there, with the command that would help.
pub(crate) fn built(root: &Path, what: Built, may_install: bool) -> Result<PathBuf, String> {
    let (package, version, program) = what.names();
    let folder = root.join("target/tools");
    let path = folder.join("bin").join(program).with_extension(std::env::consts::EXE_EXTENSION);
    let suits = || {
        let said = run::output(Command::new(&path).arg("--version"));
        said.is_ok_and(|line| line.split_whitespace().last() == Some(version))
    };
    if suits() {
        return Ok(path);
    }
    let exact = format!("{package}@{version}");
    let install = ["install", &exact, "--locked", "--root", "target/tools"];
    if may_install {
        eprintln!("building {package} {version}, which takes minutes");
        let done = run::succeeds(run::cargo(root).args(install));
        if let Err(error) = done {
            eprintln!("not built: {error:#}");
        }
    }
    if suits() {
        Ok(path)
    } else {
        Err(format!("no {package} {version}; run: cargo {}", install.join(" ")))
    }
}
