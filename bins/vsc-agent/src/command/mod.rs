//! The commands, one file each; every one answers with an [`Exit`].

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::cli::{AskArgs, Cli, Command};
use crate::control::client::{AskError, Replies, ask};
use crate::control::{Reply, Request, place};
use crate::exit::Exit;
use crate::status::ServiceRole;

mod answer;
mod customer;
mod end;
mod identity;
mod manual;
mod pair;
mod pin_prompt;
mod pinentry;
mod policy;
mod push;
mod readers;
mod relay;
mod rep;
mod serving;
mod share;
mod status;

/// Does what the command line asks for.
#[must_use]
pub fn dispatch(cli: Cli) -> Exit {
    let done = match cli.command {
        Command::Rep(args) => rep::rep(&args),
        Command::Customer(args) => customer::customer(&args),
        Command::Relay(args) => relay::relay(&args),
        Command::Pair(args) => pair::pair(&args),
        Command::Push(args) => push::push(&args),
        Command::Readers(args) => readers::readers(&args),
        Command::Share(args) => share::share(&args),
        Command::Answer(args) => answer::answer(&args),
        Command::Unshare(args) => share::unshare(&args),
        Command::Status(args) => status::status(&args),
        Command::End(args) => end::end(&args),
        Command::Identity(args) => identity::identity(&args),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man => manual::man(),
    };
    match done {
        Ok(()) => Exit::Ok,
        Err(failure) => failure.complain(),
    }
}

/// Why a command failed: a sentence for stderr and the exit code.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    sentence: String,
}

type Done = Result<(), Failure>;

impl Failure {
    fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self { exit, sentence: sentence.into() }
    }

    fn complain(self) -> Exit {
        if !self.sentence.is_empty() {
            // When stderr is closed there is nobody left to tell.
            let _ = writeln!(std::io::stderr().lock(), "vsc-agent: {}", self.sentence);
        }
        self.exit
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        let exit = match &error {
            AskError::NotRunning { .. } | AskError::NoAnswer { .. } => Exit::Unavailable,
            AskError::NotAllowed { .. } => Exit::Permission,
            AskError::Refused(refusal) => refusal.kind.into(),
        };
        Self::new(exit, error.to_string())
    }
}

/// Writes a result to stdout.
fn answer(text: &str) -> Done {
    let mut stdout = std::io::stdout().lock();
    let ends = if text.ends_with('\n') { "" } else { "\n" };
    match write!(stdout, "{text}{ends}").and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        // `vsc-agent man | head` closes the pipe early; that is the reader's right.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Ok, ""))
        }
        Err(error) => Err(Failure::new(Exit::CannotWrite, format!("stdout: {error}"))),
    }
}

/// Writes an answer of the service to stdout: one JSON object a line.
fn answer_json(reply: &Reply) -> Done {
    let text = serde_json::to_string(reply)
        .map_err(|error| Failure::new(Exit::Internal, format!("not to be written: {error}")))?;
    answer(&text)
}

/// Asks the service of this role, or of whatever socket was named.
fn ask_service(args: &AskArgs, role: ServiceRole, request: &Request) -> Result<Replies, Failure> {
    let path = args.control.clone().unwrap_or_else(|| place::of(role));
    Ok(ask(&path, request)?)
}

/// Asks whichever service of this user runs.
fn ask_any(args: &AskArgs, request: &Request) -> Result<Replies, Failure> {
    if args.control.is_some() {
        return ask_service(args, ServiceRole::Rep, request);
    }
    match ask(&place::of(ServiceRole::Rep), request) {
        Err(AskError::NotRunning { .. }) => ask_service(args, ServiceRole::Customer, request),
        asked => Ok(asked?),
    }
}

fn unexpected() -> Failure {
    Failure::new(Exit::Internal, "the service answered something else")
}

/// An option's file.
fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    const LARGEST: u64 = 4 * 1024 * 1024;
    let wrong = |cause: std::io::Error| {
        Failure::new(Exit::Config, format!("{} cannot be read: {cause}", path.display()))
    };
    if std::fs::metadata(path).map_err(wrong)?.len() > LARGEST {
        return Err(wrong(std::io::ErrorKind::FileTooLarge.into()));
    }
    std::fs::read(path).map_err(wrong)
}

/// This machine's name, for people.
fn machine_name(said: Option<&str>) -> String {
    let from_system = || {
        let file = std::fs::read_to_string(PathBuf::from("/proc/sys/kernel/hostname"));
        let variable = || std::env::var("COMPUTERNAME").or_else(|_| std::env::var("HOSTNAME"));
        file.or_else(|_| variable()).unwrap_or_default()
    };
    let name = said.map_or_else(from_system, str::to_owned);
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let name = name.trim();
    if name.is_empty() { "unnamed".to_owned() } else { name.to_owned() }
}
