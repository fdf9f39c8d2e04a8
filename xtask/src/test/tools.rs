//! Outside tools that some tests drive: a private Python environment for the vendor's own client.
//!
//! A machine with only Rust and a C linker gets what is missing here (as root on Debian or
//! Ubuntu), or is told the exact command. Without them those tests report themselves as not run,
//! which the last step judges, so nothing here fails the run.

use std::process::{Command, Stdio};

use super::Outcome;
use super::step::Setting;
use crate::run;

/// The Debian packages behind `python3 -m venv` and its pip.
const PYTHON_PACKAGES: [&str; 2] = ["python3-venv", "python3-pip"];

/// Names under which a Python may be found, as the tests try them.
const PYTHONS: [&str; 5] = ["python3.13", "python3.12", "python3.11", "python3.14", "python3"];

/// The vendor's client needs 3.11; an environment needs `venv`, and `ensurepip` for its pip.
const SUITS: &str = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))";

/// What can be done on this machine.
#[derive(Debug, PartialEq, Eq)]
enum Remedy {
    Nothing,
    /// Run apt-get for these packages.
    Install(Vec<&'static str>),
    /// Say what would help.
    Tell(String),
}

/// What is known about this machine.
#[derive(Debug, Clone, Copy)]
struct Machine {
    python_suits: bool,
    has_apt: bool,
    is_root: bool,
    may_install: bool,
}

/// Installs what is missing, or says how to.
pub(super) fn prepare(setting: &Setting) -> anyhow::Result<Outcome> {
    let machine = Machine {
        python_suits: python_suits(),
        has_apt: quiet(Command::new("apt-get").arg("--version")),
        is_root: run::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0"),
        may_install: setting.install,
    };
    let advice = match remedy(machine, is_installed) {
        Remedy::Nothing => {
            eprintln!("a Python 3.11 or later with venv and pip is there");
            return Ok(Outcome::Passed);
        }
        Remedy::Install(packages) => {
            eprintln!("installing {}", packages.join(" "));
            match install(&packages) {
                Ok(()) if python_suits() => return Ok(Outcome::Passed),
                Ok(()) => TOO_OLD.to_owned(),
                Err(error) => format!("not installed: {error:#}"),
            }
        }
        Remedy::Tell(advice) => advice,
    };
    eprintln!("{advice}");
    Ok(Outcome::Skipped("tests that need what is missing say so below"))
}

const TOO_OLD: &str =
    "some tests need Python 3.11 or later with venv and pip; this system's is older";

fn remedy(machine: Machine, is_installed: impl Fn(&str) -> bool) -> Remedy {
    if machine.python_suits {
        return Remedy::Nothing;
    }
    let missing: Vec<_> =
        PYTHON_PACKAGES.into_iter().filter(|package| !is_installed(package)).collect();
    if !machine.has_apt {
        let advice = "some tests need Python 3.11 or later with venv and pip: install it with \
                      this system's package manager";
        Remedy::Tell(advice.to_owned())
    } else if missing.is_empty() {
        Remedy::Tell(TOO_OLD.to_owned())
    } else if machine.is_root && machine.may_install {
        Remedy::Install(missing)
    } else {
        let packages = missing.join(" ");
        let command = format!("apt-get update && sudo apt-get install --yes {packages}");
        Remedy::Tell(format!("some tests need more; run: sudo {command}"))
    }
}

fn python_suits() -> bool {
    PYTHONS.iter().any(|python| quiet(Command::new(python).args(["-c", SUITS])))
}

fn is_installed(package: &str) -> bool {
    let mut command = Command::new("dpkg-query");
    command.args(["--show", "--showformat=${Status}", package]);
    run::output(&mut command).is_ok_and(|status| status == "install ok installed")
}

/// The package lists are fetched once, and only when something is to be installed.
fn install(packages: &[&str]) -> anyhow::Result<()> {
    for arguments in [&["update"][..], &["install", "--yes", "--no-install-recommends"][..]] {
        let mut command = Command::new("apt-get");
        command.args(["--quiet"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        if arguments.len() > 1 {
            command.args(packages);
        }
        command.stdin(Stdio::null());
        if !run::succeeds(&mut command)? {
            anyhow::bail!("`{}` failed", run::line(&command));
        }
    }
    Ok(())
}

fn quiet(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: Machine =
        Machine { python_suits: false, has_apt: true, is_root: true, may_install: true };

    fn told(machine: Machine, is_installed: impl Fn(&str) -> bool) -> String {
        match remedy(machine, is_installed) {
            Remedy::Tell(advice) => advice,
            other => panic!("{machine:?}: {other:?}"),
        }
    }

    #[test]
    fn root_on_debian_installs_only_what_is_missing() {
        assert_eq!(remedy(BARE, |_| false), Remedy::Install(PYTHON_PACKAGES.to_vec()));
        let has_pip = |package: &str| package == "python3-pip";
        assert_eq!(remedy(BARE, has_pip), Remedy::Install(vec!["python3-venv"]));
    }

    #[test]
    fn everyone_else_is_told_the_command() {
        for machine in [Machine { is_root: false, ..BARE }, Machine { may_install: false, ..BARE }]
        {
            let advice = told(machine, |_| false);
            assert!(advice.ends_with("install --yes python3-venv python3-pip"), "{advice}");
        }
        let advice = told(Machine { has_apt: false, ..BARE }, |_| false);
        assert!(!advice.contains("apt-get"), "{advice}");
    }

    #[test]
    fn a_python_that_is_installed_and_still_does_not_suit_is_too_old() {
        assert_eq!(told(BARE, |_| true), TOO_OLD);
    }

    #[test]
    fn a_python_that_suits_is_left_alone() {
        let ready = Machine { python_suits: true, ..BARE };
        assert_eq!(remedy(ready, |_| false), Remedy::Nothing);
    }
}
