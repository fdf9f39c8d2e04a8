//! Outside tools that some tests drive: a private Python environment for the vendor's own client.
//!
//! A machine with only Rust and a C linker gets what is missing here (as root on Debian or
//! Ubuntu), or is told the exact command. Without them those tests report themselves as not run.

use std::process::{Command, Stdio};

use super::Outcome;
use super::step::Setting;
use crate::run;

/// The Debian packages behind `python3 -m venv` and its pip.
const PYTHON_PACKAGES: [&str; 2] = ["python3-venv", "python3-pip"];

/// What can be done about missing packages on this machine.
#[derive(Debug, PartialEq, Eq)]
enum Remedy {
    Nothing,
    /// Run apt-get for these packages.
    Install(Vec<&'static str>),
    /// Say which command would help.
    Tell(String),
}

/// What is known about this machine.
#[derive(Debug, Clone, Copy)]
struct Machine {
    python_makes_environments: bool,
    has_apt: bool,
    is_root: bool,
    may_install: bool,
}

/// Installs what is missing, or says how to.
pub(super) fn prepare(setting: &Setting) -> anyhow::Result<Outcome> {
    let python = python_makes_environments();
    let machine = Machine {
        python_makes_environments: python,
        has_apt: quiet(Command::new("apt-get").arg("--version")),
        is_root: run::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0"),
        may_install: setting.install,
    };
    match remedy(machine, is_installed) {
        Remedy::Nothing => {
            eprintln!("python3 with venv and pip is there");
            Ok(Outcome::Passed)
        }
        Remedy::Tell(advice) => {
            eprintln!("{advice}");
            Ok(Outcome::Skipped("tests that need what is missing say so below"))
        }
        Remedy::Install(packages) => {
            eprintln!("installing {}", packages.join(" "));
            install(&packages)?;
            Ok(if python_makes_environments() {
                Outcome::Passed
            } else {
                Outcome::Failed(
                    "the packages are installed, `python3 -m venv` still fails".to_owned(),
                )
            })
        }
    }
}

fn remedy(machine: Machine, is_installed: impl Fn(&str) -> bool) -> Remedy {
    if machine.python_makes_environments {
        return Remedy::Nothing;
    }
    let missing: Vec<_> =
        PYTHON_PACKAGES.into_iter().filter(|package| !is_installed(package)).collect();
    if !machine.has_apt {
        let advice = "some tests need python3 with venv and pip: install them with this system's \
                      package manager";
        Remedy::Tell(advice.to_owned())
    } else if machine.is_root && machine.may_install && !missing.is_empty() {
        Remedy::Install(missing)
    } else {
        let advice = format!(
            "some tests need more; run: sudo apt-get update && sudo apt-get install --yes {}",
            PYTHON_PACKAGES.join(" ")
        );
        Remedy::Tell(advice)
    }
}

fn python_makes_environments() -> bool {
    quiet(Command::new("python3").args(["-c", "import ensurepip, venv"]))
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

    const BARE: Machine = Machine {
        python_makes_environments: false,
        has_apt: true,
        is_root: true,
        may_install: true,
    };

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
            let Remedy::Tell(advice) = remedy(machine, |_| false) else { panic!("{machine:?}") };
            assert!(advice.contains("apt-get install --yes python3-venv python3-pip"), "{advice}");
        }
        let advice = remedy(Machine { has_apt: false, ..BARE }, |_| false);
        assert!(matches!(advice, Remedy::Tell(text) if !text.contains("apt-get")));
    }

    #[test]
    fn a_python_that_works_is_left_alone() {
        let ready = Machine { python_makes_environments: true, ..BARE };
        assert_eq!(remedy(ready, |_| false), Remedy::Nothing);
    }
}
