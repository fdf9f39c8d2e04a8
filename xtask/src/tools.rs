//! What building, tests and demos need from outside: Debian packages, named where they are used.
//!
//! A machine with only Rust and a C linker gets what is missing here (as root on Debian or
//! Ubuntu), or is told the exact command.

mod apt;
mod built;
mod toolchain;

use std::path::Path;
use std::process::{Command, Stdio};

pub(crate) use self::built::{Built, built};
pub(crate) use self::toolchain::Toolchain;

use crate::run;

/// Who needs something from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// The vendor's own client, in a private Python environment.
    Python,
    /// PC/SC: the smart-card programs compile against it, their tests and demos run in it.
    SmartCards,
    /// OpenLDAP and Samba, which tests start as directories of their own.
    Directories,
    /// Chromium and its driver, in which tests use the configurator.
    Browser,
    /// An SSH server, which tests start on the loopback interface.
    Ssh,
}

/// Something that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Its Debian package; without one, nothing can be installed against it.
    package: Option<String>,
    /// What it is, for somebody without Debian.
    what: String,
    /// Whether the workspace does not even compile without it.
    pub(crate) to_build: bool,
}

impl Missing {
    /// What it is, in words.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Whether it is this package.
    pub(crate) fn is(&self, package: &str) -> bool {
        self.package.as_deref() == Some(package)
    }

    /// Something that is known by its package's name.
    pub(crate) fn package(name: &str, to_build: bool) -> Self {
        Self { package: Some(name.to_owned()), what: name.to_owned(), to_build }
    }
}

/// What the workspace of its own in fixtures/foreign-card does not compile without.
pub(crate) const TO_BUILD_FOREIGN_CARDS: &str = "libclang-dev";

/// The Debian packages behind `python3 -m venv` and its pip.
const PYTHON_PACKAGES: [&str; 2] = ["python3-venv", "python3-pip"];

/// The Debian packages of an SSH server and its client.
const SSH_PACKAGES: [&str; 2] = ["openssh-server", "openssh-client"];

/// The Debian packages of a browser that a program can drive.
const BROWSER_PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];

/// Names under which a Python may be found, as the tests try them.
const PYTHONS: [&str; 5] = ["python3.13", "python3.12", "python3.11", "python3.14", "python3"];

/// The vendor's client needs 3.11; an environment needs `venv`, and `ensurepip` for its pip.
const SUITS: &str = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))";

const PYTHON: &str = "Python 3.11 or later with venv and pip";
const TOO_OLD: &str =
    "Python 3.11 or later with venv and pip, for some tests; this system's is older";

/// What can be done on this machine.
#[derive(Debug, PartialEq, Eq)]
enum Remedy {
    Nothing,
    /// Run apt-get for these packages.
    Install(Vec<String>),
    /// Say what would help.
    Tell(String),
}

/// What is known about this machine.
#[derive(Debug, Clone, Copy)]
struct Machine {
    has_apt: bool,
    is_root: bool,
    may_install: bool,
}

/// Installs what is missing, or says how to; the answer is what is still missing.
///
/// # Errors
///
/// When it cannot be found out what is missing. That something cannot be installed is printed.
pub(crate) fn prepare(
    root: &Path,
    groups: &[Group],
    may_install: bool,
) -> anyhow::Result<Vec<Missing>> {
    let missing = missing(root, groups)?;
    let machine = Machine {
        has_apt: quiet(Command::new("apt-get").arg("--version")),
        is_root: run::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0"),
        may_install,
    };
    match remedy(machine, &missing) {
        Remedy::Nothing => Ok(missing),
        Remedy::Tell(advice) => {
            eprintln!("{advice}");
            Ok(missing)
        }
        Remedy::Install(packages) => {
            eprintln!("installing {}", packages.join(" "));
            if let Err(error) = apt::install(&packages) {
                eprintln!("not installed: {error:#}");
            }
            let still = self::missing(root, groups)?;
            if !still.is_empty() {
                eprintln!("{}", told(&still));
            }
            Ok(still)
        }
    }
}

/// What is not there of what these groups need.
///
/// # Errors
///
/// When it cannot be found out.
pub(crate) fn missing(root: &Path, groups: &[Group]) -> anyhow::Result<Vec<Missing>> {
    let mut missing = Vec::new();
    for group in groups {
        match group {
            Group::Python => missing.extend(missing_python(python_suits(), is_installed)),
            Group::SmartCards => missing.extend(ask_rig(root, "pcsc-rig")?),
            Group::Directories => missing.extend(ask_rig(root, "directory-rig")?),
            Group::Browser => missing.extend(missing_of(&BROWSER_PACKAGES, is_installed)),
            Group::Ssh => missing.extend(missing_of(&SSH_PACKAGES, is_installed)),
        }
    }
    Ok(missing)
}

fn missing_of(packages: &[&str], is_installed: impl Fn(&str) -> bool) -> Vec<Missing> {
    let missing = packages.iter().filter(|package| !is_installed(package));
    missing.map(|package| Missing::package(package, false)).collect()
}

fn missing_python(suits: bool, is_installed: impl Fn(&str) -> bool) -> Vec<Missing> {
    if suits {
        return Vec::new();
    }
    let packages = PYTHON_PACKAGES.into_iter().filter(|package| !is_installed(package));
    let what = PYTHON.to_owned();
    let missing: Vec<_> = packages
        .map(|package| Missing { what: what.clone(), ..Missing::package(package, false) })
        .collect();
    if missing.is_empty() {
        return vec![Missing { package: None, what: TOO_OLD.to_owned(), to_build: false }];
    }
    missing
}

/// Each rig has a list of its own. It is asked as a program, not linked: these commands must
/// compile soon, and whatever else happens to the workspace.
fn ask_rig(root: &Path, rig: &str) -> anyhow::Result<Vec<Missing>> {
    let mut command = run::cargo(root);
    command.args(["run", "--quiet", "--package", rig, "--example", "missing-packages"]);
    Ok(read_rig(&run::output(&mut command)?))
}

/// A line for each package: `build` or `test`, and its name.
fn read_rig(lines: &str) -> Vec<Missing> {
    let read = |line: &str| {
        let (need, package) = line.split_once(' ')?;
        Some(Missing::package(package, need == "build"))
    };
    lines.lines().filter_map(read).collect()
}

fn remedy(machine: Machine, missing: &[Missing]) -> Remedy {
    let packages: Vec<String> =
        missing.iter().filter_map(|missing| missing.package.clone()).collect();
    if missing.is_empty() {
        Remedy::Nothing
    } else if !machine.has_apt || packages.is_empty() {
        Remedy::Tell(told(missing))
    } else if machine.is_root && machine.may_install {
        Remedy::Install(packages)
    } else {
        let packages = packages.join(" ");
        let command = format!(
            "apt-get update && sudo apt-get install --yes --no-install-recommends {packages}"
        );
        Remedy::Tell(format!("{}; run: sudo {command}", told(missing)))
    }
}

/// One line that names everything once, what building needs first.
fn told(missing: &[Missing]) -> String {
    let named = |to_build: bool, purpose: &str| {
        let mut names: Vec<&str> = Vec::new();
        for missing in missing.iter().filter(|missing| missing.to_build == to_build) {
            if !names.contains(&missing.what.as_str()) {
                names.push(&missing.what);
            }
        }
        (!names.is_empty()).then(|| format!("not there, needed {purpose}: {}", names.join(", ")))
    };
    let parts = [named(true, "to compile"), named(false, "by some tests")];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn python_suits() -> bool {
    PYTHONS.iter().any(|python| quiet(Command::new(python).args(["-c", SUITS])))
}

fn is_installed(package: &str) -> bool {
    let mut command = Command::new("dpkg-query");
    command.args(["--show", "--showformat=${Status}", package]);
    run::output(&mut command).is_ok_and(|status| status == "install ok installed")
}

fn quiet(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    const DEBIAN_ROOT: Machine = Machine { has_apt: true, is_root: true, may_install: true };

    fn advice(machine: Machine, missing: &[Missing]) -> String {
        match remedy(machine, missing) {
            Remedy::Tell(advice) => advice,
            other => panic!("{machine:?}: {other:?}"),
        }
    }

    #[test]
    fn root_on_debian_installs_only_what_is_missing() {
        let mut missing = missing_python(false, |package| package == "python3-pip");
        missing.extend(read_rig("build pkg-config\ntest opensc\n"));
        let packages = ["python3-venv", "pkg-config", "opensc"].map(str::to_owned).to_vec();
        assert_eq!(remedy(DEBIAN_ROOT, &missing), Remedy::Install(packages));
        assert_eq!(remedy(DEBIAN_ROOT, &[]), Remedy::Nothing);
    }

    #[test]
    fn everyone_else_is_told_the_command_and_what_it_is_for() {
        let missing = read_rig("test opensc\nbuild pkg-config\n");
        for machine in [
            Machine { is_root: false, ..DEBIAN_ROOT },
            Machine { may_install: false, ..DEBIAN_ROOT },
        ] {
            let advice = advice(machine, &missing);
            assert!(advice.ends_with("--no-install-recommends opensc pkg-config"), "{advice}");
            assert!(advice.contains("to compile: pkg-config;"), "{advice}");
            assert!(advice.contains("by some tests: opensc;"), "{advice}");
        }
        let advice = advice(Machine { has_apt: false, ..DEBIAN_ROOT }, &missing);
        assert!(!advice.contains("apt-get") && advice.contains("opensc"), "{advice}");
    }

    #[test]
    fn a_python_that_is_installed_and_still_does_not_suit_is_too_old() {
        let missing = missing_python(false, |_| true);
        assert!(advice(DEBIAN_ROOT, &missing).ends_with(TOO_OLD));
        assert_eq!(missing_python(true, |_| false), []);
    }

    #[test]
    fn the_rigs_can_be_asked_and_their_packages_are_distinguished() {
        // What this machine lacks is not ours to say; that every line is understood is.
        missing(&workspace::root(), &[Group::SmartCards, Group::Directories]).unwrap();
        let missing = read_rig("build libpcsclite-dev\ntest pcscd\n");
        assert_eq!(
            missing.iter().map(|missing| missing.to_build).collect::<Vec<_>>(),
            [true, false]
        );
    }
}
