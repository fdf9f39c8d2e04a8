//! Fetching packages with apt, without leaving a daemon behind.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::run;

/// Where Debian asks whether a package may start its daemon.
const POLICY: &str = "/usr/sbin/policy-rc.d";
/// "Forbidden", in that program's language; the comment tells our file from others.
const FORBID: &str =
    "#!/bin/sh\n# keyferry: no daemon is started while xtask installs packages\nexit 101\n";
/// The daemons among what is installed, and the units that would start them with the machine.
const DAEMONS: [(&str, &[&str]); 4] = [
    ("/usr/sbin/pcscd", &["pcscd.socket", "pcscd.service"]),
    ("/usr/sbin/slapd", &["slapd.service"]),
    ("/usr/sbin/samba", &["samba-ad-dc.service", "smbd.service", "nmbd.service"]),
    ("/usr/sbin/winbindd", &["winbind.service"]),
];

/// Installs packages; the lists are fetched again only when apt does not know them.
///
/// One apt at a time: another run of ours waits. While apt runs, a policy file forbids packages
/// to start daemons; where systemd runs, a daemon that was not there before is disabled, so that the
/// machine's next start does not start it either.
pub(super) fn install(packages: &[String]) -> anyhow::Result<()> {
    let path = std::env::temp_dir().join("keyferry-apt.lock");
    let turn =
        fs::File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    turn.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    let absent = DAEMONS.into_iter().filter(|(program, _)| !Path::new(program).exists());
    let absent: Vec<_> = absent.collect();
    let quiet = NoDaemons::begin().with_context(|| format!("cannot write {POLICY}"))?;
    let installed = install_or_update(packages);
    drop(quiet);
    for (program, units) in absent {
        if Path::new(program).exists() {
            disable(units);
        }
    }
    installed
}

/// The lists of a fresh image are empty or old; asking for them every time would be slow.
fn install_or_update(packages: &[String]) -> anyhow::Result<()> {
    let mut install = apt(&["install", "--yes", "--no-install-recommends"]);
    install.args(packages);
    if run::succeeds(&mut install)? {
        return Ok(());
    }
    let mut update = apt(&["update"]);
    ensure!(run::succeeds(&mut update)?, "`{}` failed", run::line(&update));
    ensure!(run::succeeds(&mut install)?, "`{}` failed", run::line(&install));
    Ok(())
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    // Another apt of this machine may be at work, and stdout is for our own results.
    command
        .stdout(std::io::stderr())
        .args(["--quiet", "-o", "DPkg::Lock::Timeout=600"])
        .args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    command
}

fn disable(units: &[&str]) {
    if Path::new("/run/systemd/system").exists() {
        // Nothing depends on it: at worst a daemon runs that nobody talks to.
        let _ = Command::new("systemctl").args(["disable", "--now"]).args(units).output();
    }
}

/// While this lives, packages do not start daemons.
struct NoDaemons {
    ours: bool,
}

impl NoDaemons {
    fn begin() -> std::io::Result<Self> {
        let there = fs::read_to_string(POLICY).ok();
        // One of ours can be left over from a run that was killed; anybody else's stays.
        if there.is_some_and(|text| text != FORBID) {
            return Ok(Self { ours: false });
        }
        fs::write(POLICY, FORBID)?;
        make_executable(POLICY)?;
        Ok(Self { ours: true })
    }
}

#[cfg(unix)]
fn make_executable(path: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &str) -> std::io::Result<()> {
    Ok(())
}

impl Drop for NoDaemons {
    fn drop(&mut self) {
        if self.ours {
            let _ = fs::remove_file(POLICY);
        }
    }
}
