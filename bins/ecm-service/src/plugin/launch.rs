//! Starting a plugin's process, and making sure of its end.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::folder::Installed;

/// How a plugin is started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The program: a path, or a bare name that is looked for in the usual folders.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its working folder.
    pub folder: PathBuf,
    /// Its whole environment.
    pub environment: BTreeMap<String, String>,
}

impl Launch {
    /// How an installed plugin is started.
    #[must_use]
    pub fn of(installed: &Installed, environment: BTreeMap<String, String>) -> Self {
        Self {
            program: installed.program.clone(),
            arguments: installed.manifest.command.iter().skip(1).cloned().collect(),
            folder: installed.folder.clone(),
            environment,
        }
    }
}

/// A running plugin. Dropping it kills its whole process group.
pub struct Process {
    child: Child,
    group: Option<Group>,
}

/// The three streams of a process.
pub struct Streams {
    /// To write calls to.
    pub stdin: ChildStdin,
    /// To read answers from.
    pub stdout: ChildStdout,
    /// To read words from.
    pub stderr: ChildStderr,
}

impl Process {
    /// Starts it: no shell, no environment but the given one, a process group of its own.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn start(launch: &Launch) -> io::Result<(Self, Streams)> {
        let mut command = Command::new(&launch.program);
        command
            .args(&launch.arguments)
            .current_dir(&launch.folder)
            .env_clear()
            .envs(&launch.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let group = child.id().and_then(Group::of);
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        match (stdin, stdout, stderr) {
            (Some(stdin), Some(stdout), Some(stderr)) => {
                Ok((Self { child, group }, Streams { stdin, stdout, stderr }))
            }
            _ => Err(io::Error::other("a pipe is missing")),
        }
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for its end, and kills it, and whatever it has started, when it takes longer than
    /// `grace`. Answers how the process itself ended, in words.
    pub async fn end(mut self, grace: Duration) -> String {
        // Not `wait` before the group is killed: once the process is reaped, its number may be
        // given to another group.
        let ended_alone = timeout(grace, self.exited(Duration::from_millis(10))).await.is_ok();
        if let Some(group) = self.group.take() {
            group.kill();
        }
        match self.child.wait().await {
            Ok(status) if ended_alone => status.to_string(),
            Ok(_) => "it was killed".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    /// Completes when the process has ended, without reaping it. Looks so often.
    pub async fn exited(&self, look: Duration) {
        let Some(group) = &self.group else { return };
        while !group.leader_has_ended() {
            tokio::time::sleep(look).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(group) = self.group.take() {
            group.kill();
        }
    }
}

/// A process group, by the number of its leader, which is not reaped yet.
#[cfg(unix)]
#[derive(Debug)]
struct Group(rustix::process::Pid);

#[cfg(unix)]
impl Group {
    fn of(id: u32) -> Option<Self> {
        rustix::process::Pid::from_raw(i32::try_from(id).ok()?).map(Self)
    }

    fn kill(self) {
        // It may be over already, which is what is wanted.
        let _ = rustix::process::kill_process_group(self.0, rustix::process::Signal::KILL);
    }

    fn leader_has_ended(&self) -> bool {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(self.0), look), Ok(None))
    }
}

#[cfg(not(unix))]
#[derive(Debug)]
struct Group;

#[cfg(not(unix))]
impl Group {
    fn of(_: u32) -> Option<Self> {
        None
    }

    fn kill(self) {}

    fn leader_has_ended(&self) -> bool {
        true
    }
}
