//! `push`: the customer's side, for one visit, on a machine that is reached by SSH.
//!
//! The machine gets this program in a folder of its own, runs it for one session, and has nothing
//! of it afterwards: not when the session ends, nor when the connection breaks. What a machine that
//! went down keeps is removed by the next visit. A customer's agent that is installed there is
//! used, and stays.

use std::fs::File;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Done, Failure, answer, ask_service, unexpected};
use crate::cli::PushArgs;
use crate::control::client::Replies;
use crate::control::{Reply, Request};
use crate::exit::Exit;
use crate::status::ServiceRole;

const PREPARE: &str = include_str!("push_prepare.sh");
const VISIT: &str = include_str!("push_remote.sh");

/// What the other machine said.
enum There {
    /// A customer's agent runs there.
    Installed,
    /// A folder was made for this visit.
    Folder(String),
}

pub(super) fn push(args: &PushArgs) -> Done {
    let relay = relay(args)?;
    let there = prepare(args)?;
    if let There::Folder(folder) = &there {
        upload(args, folder)?;
    }
    let invitation = Request::Pair { code: None, peer: None };
    let mut replies = ask_service(&args.ask, ServiceRole::Rep, &invitation)?;
    let Reply::Code { code, .. } = replies.next_reply()? else { return Err(unexpected()) };
    let mut child = match &there {
        There::Installed => start(args, "exec vsc-agent pair -"),
        There::Folder(folder) => start(args, &visit(args, &relay, folder)),
    }?;
    // Held until the end: its closing is what ends the visit.
    let mut held = child.stdin.take();
    if let Some(stdin) = &mut held {
        let line = Zeroizing::new(format!("{}\n", code.0.as_str()));
        stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush()).map_err(broken)?;
    }
    if matches!(there, There::Installed) {
        drop(held.take());
    }
    answer(&paired(replies, &mut child)?)?;
    let status = child.wait().map_err(broken)?;
    drop(held);
    match (there, status.success()) {
        (There::Installed, true) => answer("the agent that is installed there stays"),
        (There::Folder(_), true) => answer("the session is over; nothing is left there"),
        (_, false) => Err(Failure::new(
            Exit::Unavailable,
            format!("the connection to {} ended ({status}); nothing is left there", args.host),
        )),
    }
}

/// The relay that the other side is told: the one of this desk's service, if none was named.
fn relay(args: &PushArgs) -> Result<String, Failure> {
    if let Some(relay) = &args.relay {
        return Ok(relay.clone());
    }
    let mut replies = ask_service(&args.ask, ServiceRole::Rep, &Request::Status {})?;
    let Reply::Status(status) = replies.next_reply()? else { return Err(unexpected()) };
    Some(status.relay).filter(|relay| relay.starts_with("ws")).ok_or_else(|| {
        let words = "this desk's service has no relay: name by --relay where it can be reached";
        Failure::new(Exit::Usage, words)
    })
}

/// Looks at the machine, and makes the folder.
fn prepare(args: &PushArgs) -> Result<There, Failure> {
    let mut command = ssh(args, "exec sh -s");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(no_ssh)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(PREPARE.as_bytes()).map_err(broken)?;
    }
    let output = child.wait_with_output().map_err(broken)?;
    if !output.status.success() {
        let words = format!("{} cannot be prepared ({})", args.host, output.status);
        return Err(Failure::new(Exit::Unavailable, words));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().collect();
    let [system, processor, last] = lines[..] else {
        let words = format!("{} answered something that is no Unix shell's", args.host);
        return Err(Failure::new(Exit::Unavailable, words));
    };
    if last == "installed" {
        return Ok(There::Installed);
    }
    let ours = (std::env::consts::OS, std::env::consts::ARCH);
    let processor = if processor == "arm64" { "aarch64" } else { processor };
    if args.binary.is_none() && (system.to_lowercase().as_str(), processor) != ours {
        let words = format!(
            "{} is {system} on {processor}, and this program is not for that: name one that is by \
             --binary",
            args.host
        );
        return Err(Failure::new(Exit::Usage, words));
    }
    // It goes into a command line of a shell.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !last.starts_with('/') || !last.chars().all(is_plain) {
        return Err(Failure::new(Exit::Unavailable, "the folder there has a name that is none"));
    }
    Ok(There::Folder(last.to_owned()))
}

/// Puts the program, and the certificates if any, into the folder.
fn upload(args: &PushArgs, folder: &str) -> Done {
    let this = std::env::current_exe().map_err(broken)?;
    let binary = args.binary.clone().unwrap_or(this);
    let to = format!("cat > {folder}/vsc-agent && chmod 700 {folder}/vsc-agent");
    send(args, &binary, &to)?;
    if let Some(ca_file) = &args.ca_file {
        send(args, ca_file, &format!("cat > {folder}/ca.pem"))?;
    }
    send_text(args, VISIT, &format!("cat > {folder}/visit.sh"))
}

fn send(args: &PushArgs, from: &Path, command: &str) -> Done {
    let file = File::open(from).map_err(|error| {
        Failure::new(Exit::Config, format!("{} cannot be read: {error}", from.display()))
    })?;
    let status = ssh(args, command).stdin(file).status().map_err(no_ssh)?;
    check(args, status)
}

fn send_text(args: &PushArgs, text: &str, command: &str) -> Done {
    let mut child = ssh(args, command).spawn().map_err(no_ssh)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes()).map_err(broken)?;
    }
    let status = child.wait().map_err(broken)?;
    check(args, status)
}

fn check(args: &PushArgs, status: std::process::ExitStatus) -> Done {
    if status.success() {
        return Ok(());
    }
    let words = format!("{} did not take the program ({status})", args.host);
    Err(Failure::new(Exit::Unavailable, words))
}

/// The command line of a visit.
fn visit(args: &PushArgs, relay: &str, folder: &str) -> String {
    let mut line = format!("exec sh {folder}/visit.sh {folder} --relay {}", quoted(relay));
    if args.ca_file.is_some() {
        line.push_str(&format!(" --ca-file {folder}/ca.pem"));
    }
    let driver: SocketAddr = args.driver;
    line.push_str(&format!(" --driver {driver} --slots {}", args.slots));
    line
}

/// One word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn start(args: &PushArgs, command: &str) -> Result<Child, Failure> {
    ssh(args, command).spawn().map_err(no_ssh)
}

/// The SSH client of this machine, with what its user has configured.
fn ssh(args: &PushArgs, command: &str) -> Command {
    let mut ssh = Command::new(args.ssh.as_deref().unwrap_or(Path::new("ssh")));
    if let Some(file) = &args.ssh_config {
        ssh.arg("-F").arg(file);
    }
    // A broken connection is noticed within half a minute, at both ends.
    ssh.args(["-T", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3", "--"]);
    ssh.arg(&args.host).arg(command).stdin(Stdio::piped());
    ssh
}

/// Waits until the two have paired, or the connection is gone.
fn paired(mut replies: Replies, child: &mut Child) -> Result<String, Failure> {
    let (said, hear) = mpsc::channel();
    // Left behind if the visit fails: the process ends then, the service hears that the asker has
    // gone, and calls the pairing off.
    std::thread::spawn(move || {
        let _ = said.send(replies.next_reply());
    });
    loop {
        match hear.recv_timeout(Duration::from_millis(100)) {
            Ok(Ok(Reply::Paired { session, peer })) => {
                let (machine, program) = (peer.machine, peer.program);
                return Ok(format!("paired with {machine} ({program}), session {session}"));
            }
            Ok(Err(error)) => return Err(error.into()),
            Ok(Ok(_)) | Err(mpsc::RecvTimeoutError::Disconnected) => return Err(unexpected()),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        if let Ok(Some(status)) = child.try_wait()
            && !status.success()
        {
            let words = format!("the visit ended before the two had paired ({status})");
            return Err(Failure::new(Exit::Unavailable, words));
        }
    }
}

fn no_ssh(error: io::Error) -> Failure {
    Failure::new(Exit::Unavailable, format!("ssh cannot be started: {error}"))
}

fn broken(error: io::Error) -> Failure {
    Failure::new(Exit::Unavailable, format!("the connection broke: {error}"))
}
