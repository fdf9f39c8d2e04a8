//! Another Rust than the one that builds everything: the oldest that is promised, or the one
//! whose tools speak a known format.

use std::path::Path;
use std::process::Command;

use crate::run;

/// A Rust of a certain version, ready to be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toolchain {
    version: String,
    /// Whether it is the one that runs anyway.
    is_current: bool,
}

impl Toolchain {
    /// The Rust of this version (such as `1.89.0`): the current one if it is that, or one that
    /// rustup has, or one that rustup is made to install.
    ///
    /// # Errors
    ///
    /// Why there is none, with the command that would help.
    pub(crate) fn prepare(version: &str, may_install: bool) -> Result<Self, String> {
        let version = version.to_owned();
        if run::output(Command::new("rustc").arg("-V")).is_ok_and(|line| is(&line, &version)) {
            return Ok(Self { version, is_current: true });
        }
        let install =
            ["toolchain", "install", &version, "--profile", "minimal", "--no-self-update"];
        if !is_there(&version) && may_install {
            eprintln!("installing Rust {version}");
            if let Err(error) = run::output(Command::new("rustup").args(install)) {
                eprintln!("not installed: {error:#}");
            }
        }
        if is_there(&version) {
            return Ok(Self { version, is_current: false });
        }
        Err(format!("Rust {version} is not there; run: rustup {}", install.join(" ")))
    }

    /// Its cargo, in the workspace.
    pub(crate) fn cargo(&self, root: &Path) -> Command {
        if self.is_current {
            return run::cargo(root);
        }
        let mut command = Command::new("rustup");
        command.args(["run", &self.version, "cargo"]).current_dir(root);
        command.stdin(std::process::Stdio::null());
        command
    }
}

/// Whether `rustc -V` said this version.
fn is(line: &str, version: &str) -> bool {
    line.split_whitespace().nth(1) == Some(version)
}

fn is_there(version: &str) -> bool {
    let mut command = Command::new("rustup");
    // Without `--install`, so that asking installs nothing.
    command.args(["run", version, "rustc", "-V"]).env("RUSTUP_AUTO_INSTALL", "0");
    run::output(&mut command).is_ok_and(|line| is(&line, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_compared_as_a_whole() {
        assert!(is("rustc 1.89.0 (29483883e 2025-08-04)\n", "1.89.0"));
        assert!(!is("rustc 1.89.0-nightly (29483883e 2025-08-04)", "1.89.0"));
        assert!(!is("rustc 1.89.10 (29483883e 2025-08-04)", "1.89.1"));
        assert!(!is("", "1.89.0"));
    }

    #[test]
    fn rust_that_never_was_is_missed_with_the_command_that_would_install_it() {
        let missed = Toolchain::prepare("0.1.0", false).unwrap_err();
        assert!(missed.contains("rustup toolchain install 0.1.0"), "{missed}");
    }
}
