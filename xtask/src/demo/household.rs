//! The demo's processes: started with their output in files, ended in reverse order.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde::de::DeserializeOwned;

use super::janitor::{self, Janitor};
use crate::run;

/// How often a condition is looked at while waiting for it.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// How long a process may take to end after it was asked to.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// The processes of one demo.
#[derive(Debug)]
pub(super) struct Household {
    members: Vec<Member>,
    janitor: Janitor,
    folder: PathBuf,
}

#[derive(Debug)]
struct Member {
    name: &'static str,
    child: Child,
}

impl Household {
    /// A household whose log files, and everything else it leaves, are in `folder`. The folder is
    /// removed at the end, by the janitor if need be.
    pub(super) fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let mut janitor = Janitor::hire()?;
        janitor.remove(folder).context("the janitor has left")?;
        Ok(Self { members: Vec::new(), janitor, folder: folder.to_path_buf() })
    }

    /// Starts a process; its stdout and stderr go to `NAME.out` and `NAME.log` in the folder.
    pub(super) fn start(
        &mut self,
        name: &'static str,
        command: &mut Command,
    ) -> anyhow::Result<u32> {
        let output = |ending: &str| {
            let path = self.folder.join(format!("{name}.{ending}"));
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))
        };
        command.stdin(Stdio::null()).stdout(output("out")?).stderr(output("log")?);
        let child = janitor::in_own_group(command)
            .spawn()
            .with_context(|| format!("cannot start {}", run::line(command)))?;
        let pid = child.id();
        self.members.push(Member { name, child });
        self.janitor.watch(pid).context("the janitor has left")?;
        Ok(pid)
    }

    /// Waits until `look` finds what it looks for; fails when a process ends meanwhile, or when
    /// `patience` is over.
    pub(super) fn wait_for<T>(
        &mut self,
        what: &str,
        patience: Duration,
        mut look: impl FnMut() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let start = Instant::now();
        loop {
            if let Some(found) = look()? {
                return Ok(found);
            }
            for member in &mut self.members {
                if let Some(status) = member.child.try_wait()? {
                    bail!("while waiting for {what}, {} ended with {status}", member.name);
                }
            }
            if start.elapsed() > patience {
                bail!("{what}: not within {} s", patience.as_secs());
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits for the JSON a simulator writes to its ready file.
    pub(super) fn wait_for_ready_file<T: DeserializeOwned>(
        &mut self,
        file: &Path,
    ) -> anyhow::Result<T> {
        let what = format!("{} to be written", file.display());
        self.wait_for(&what, Duration::from_secs(20), || match fs::read_to_string(file) {
            // It may be caught half-written; the next look sees all of it.
            Ok(text) => Ok(serde_json::from_str(&text).ok()),
            Err(_) => Ok(None),
        })
    }

    /// Asks one process to end and waits for it.
    pub(super) fn stop(&mut self, name: &str) -> anyhow::Result<ExitStatus> {
        let Some(place) = self.members.iter().position(|member| member.name == name) else {
            bail!("{name} is not running");
        };
        let mut member = self.members.remove(place);
        let pid = member.child.id();
        let status = end(&mut member.child)?;
        self.janitor.forget(pid).context("the janitor has left")?;
        Ok(status)
    }

    /// Leaves everything running: names and process ids, in the order of their start.
    pub(super) fn keep(mut self) -> anyhow::Result<Vec<(&'static str, u32)>> {
        self.janitor.keep().context("the janitor has left")?;
        let mut members = std::mem::take(&mut self.members);
        members.retain_mut(|member| matches!(member.child.try_wait(), Ok(None)));
        Ok(members.iter().map(|member| (member.name, member.child.id())).collect())
    }
}

impl Drop for Household {
    fn drop(&mut self) {
        while let Some(mut member) = self.members.pop() {
            // What does not end here is on the janitor's list.
            if end(&mut member.child).is_ok() {
                let _ = self.janitor.forget(member.child.id());
            }
        }
    }
}

fn end(child: &mut Child) -> anyhow::Result<ExitStatus> {
    let start = Instant::now();
    if child.try_wait()?.is_none() {
        janitor::ask_to_end(child.id());
    }
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if start.elapsed() > STOP_WITHIN {
            child.kill()?;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
