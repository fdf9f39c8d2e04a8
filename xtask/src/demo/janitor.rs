//! Nothing stays behind, however the demo ends.
//!
//! A destructor does not run when the demo is killed, so a second process waits at the end of a
//! pipe: when the pipe closes, by whatever death, it ends the processes that are still on its list
//! and removes the demo's folder. It stands in a process group of its own, so that Ctrl-C does not
//! reach it.

use std::io::{self, BufRead, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// How long a process may take to end by itself before it is made to.
const GRACE: Duration = Duration::from_secs(15);

/// The demo's end of the pipe.
#[derive(Debug)]
pub(super) struct Janitor {
    child: Child,
    orders: Option<ChildStdin>,
}

/// What the janitor will do when the pipe closes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Duties {
    /// Process ids, in the order of their start.
    processes: Vec<u32>,
    folder: Option<PathBuf>,
}

impl Janitor {
    /// Starts the janitor: this same program with its hidden command.
    pub(super) fn hire() -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut command = Command::new(program);
        command.arg("janitor").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = in_own_group(&mut command).spawn().context("cannot start the janitor")?;
        let orders = child.stdin.take();
        Ok(Self { child, orders })
    }

    /// From now on `pid` is ended with the demo.
    pub(super) fn watch(&mut self, pid: u32) -> io::Result<()> {
        self.order(&format!("watch {pid}"))
    }

    /// `pid` has ended and was waited for.
    pub(super) fn forget(&mut self, pid: u32) -> io::Result<()> {
        self.order(&format!("forget {pid}"))
    }

    /// From now on `folder` is removed with the demo.
    pub(super) fn remove(&mut self, folder: &Path) -> io::Result<()> {
        self.order(&format!("remove {}", folder.display()))
    }

    /// Everything stays as it is: for `--keep`.
    pub(super) fn keep(&mut self) -> io::Result<()> {
        self.order("keep")
    }

    fn order(&mut self, line: &str) -> io::Result<()> {
        match &mut self.orders {
            Some(pipe) => writeln!(pipe, "{line}"),
            None => Ok(()),
        }
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        self.orders = None;
        // It ends at once unless something was left to it; waiting keeps it from being a zombie.
        let _ = self.child.wait();
    }
}

/// The janitor's whole life: the hidden command `xtask janitor`.
pub(crate) fn serve() {
    let duties = read_orders(io::stdin().lock());
    for pid in duties.processes.iter().rev() {
        end(*pid);
    }
    if let Some(folder) = &duties.folder {
        // The folder may be gone already; there is nobody left to tell.
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// Reads until the pipe closes. An order that was cut by a death in the middle is not followed.
fn read_orders(mut pipe: impl BufRead) -> Duties {
    let mut duties = Duties::default();
    let mut line = String::new();
    while let Ok(length) = pipe.read_line(&mut line) {
        if length == 0 || !line.ends_with('\n') {
            break;
        }
        let (word, rest) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
        match (word, rest.parse::<u32>()) {
            ("watch", Ok(pid)) => duties.processes.push(pid),
            ("forget", Ok(pid)) => duties.processes.retain(|known| *known != pid),
            ("remove", _) => duties.folder = Some(PathBuf::from(rest)),
            ("keep", _) => duties = Duties::default(),
            _ => {}
        }
        line.clear();
    }
    duties
}

/// Asks a process to end, waits, and kills it if it does not.
fn end(pid: u32) {
    ask_to_end(pid);
    let start = Instant::now();
    while is_running(pid) {
        if start.elapsed() > GRACE {
            signal(pid, "-KILL");
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// SIGTERM.
pub(super) fn ask_to_end(pid: u32) {
    signal(pid, "-TERM");
}

/// A process that ended stays visible until somebody waits for it, and in many containers nobody
/// waits for orphans. Such a one counts as gone, where the system lets us see it.
fn is_running(pid: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok();
    // `pid (name) state …`; the name may hold anything, brackets too.
    let ended = state
        .as_deref()
        .and_then(|line| line.rsplit_once(')'))
        .is_some_and(|(_, rest)| matches!(rest.trim_start().chars().next(), Some('Z' | 'X')));
    !ended && signal(pid, "-0")
}

/// The shell's own `kill`: the program of that name is not on every machine.
fn signal(pid: u32, which: &str) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", "kill \"$1\" \"$2\"", "sh", which, &pid.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Out of reach of the terminal's Ctrl-C, which goes to a whole process group.
pub(super) fn in_own_group(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duties(orders: &str) -> (Vec<u32>, Option<PathBuf>) {
        let Duties { processes, folder } = read_orders(orders.as_bytes());
        (processes, folder)
    }

    #[test]
    fn processes_that_were_watched_and_not_forgotten_are_left_to_the_janitor() {
        assert_eq!(duties("watch 7\nwatch 8\nforget 7\nnonsense\nwatch x\n"), (vec![8], None));
        let folder = Some(PathBuf::from("/tmp/a b"));
        assert_eq!(duties("remove /tmp/a b\nwatch 7\n"), (vec![7], folder));
    }

    #[test]
    fn keep_wipes_the_list() {
        assert_eq!(duties("watch 7\nremove /tmp/a\nkeep\n"), (vec![], None));
    }

    #[test]
    fn an_order_cut_in_the_middle_is_not_followed() {
        assert_eq!(duties("watch 12\nwatch 12"), (vec![12], None));
        assert_eq!(
            duties("remove /tmp/demo\nremove /tm"),
            (vec![], Some(PathBuf::from("/tmp/demo")))
        );
    }

    #[test]
    fn a_process_that_ended_counts_as_gone_even_if_nobody_waits_for_it() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        child.kill().unwrap();
        let start = Instant::now();
        while is_running(child.id()) {
            assert!(start.elapsed() < GRACE, "it was killed long ago");
            std::thread::sleep(Duration::from_millis(5));
        }
        child.wait().unwrap();
    }

    #[test]
    fn a_process_is_asked_before_it_is_ended() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        assert!(is_running(child.id()));
        ask_to_end(child.id());
        assert!(!child.wait().unwrap().success());
        assert!(!is_running(child.id()));
    }
}
