//! The commands, one file each; every one answers with an [`Exit`].

use std::io::Write;
use std::path::PathBuf;

use crate::cli::{Cli, Command, ServiceArgs};
use crate::config::{Config, Process};
use crate::exit::Exit;

mod audit;
mod check_config;
mod config_reference;
mod configure;
mod directories;
mod doctor;
mod explain_name;
mod explain_names;
mod ledger;
mod log_level;
mod manual;
mod plugins;
mod provision;
mod reload;
mod run;
mod status;
mod test;
mod vault_file;

/// Does what the command line asks for.
#[must_use]
pub fn dispatch(cli: Cli) -> Exit {
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::CheckConfig(args) => check_config::check_config(&args),
        Command::ConfigReference(args) => config_reference::config_reference(&args),
        Command::ExplainName(args) => explain_name::explain_name(&args),
        Command::LogLevel(args) => log_level::log_level(&args),
        Command::Reload(args) => reload::reload(&args),
        Command::Status(args) => status::status(&args),
        Command::Ledger { what } => ledger::ledger(&what),
        Command::Audit { what } => audit::audit(&what),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Provision(args) => provision::provision(&args),
        Command::Directories(args) => directories::directories(&args),
        Command::Configure(args) => configure::configure(&args),
        Command::Test(args) => test::test(&args),
        Command::Plugins(command) => plugins::plugins(&command),
        Command::VaultFile(command) => vault_file::vault_file(&command),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man => manual::man(),
    }
}

/// Writes a result to stdout.
fn answer(text: &str) -> Exit {
    let mut stdout = std::io::stdout().lock();
    let ends = if text.ends_with('\n') { "" } else { "\n" };
    match write!(stdout, "{text}{ends}").and_then(|()| stdout.flush()) {
        Ok(()) => Exit::Ok,
        // `ecm-service man | head` closes the pipe early; that is the reader's right.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Ok,
        Err(_) => Exit::CannotWrite,
    }
}

/// Writes a result to stdout as JSON.
fn answer_json<T: serde::Serialize>(value: &T) -> Exit {
    match serde_json::to_string_pretty(value) {
        Ok(text) => answer(&text),
        Err(error) => {
            complain(&format!("the result cannot be written as JSON: {error}"), Exit::Internal)
        }
    }
}

/// Writes a sentence to stderr and passes the exit code on.
fn complain(sentence: &str, exit: Exit) -> Exit {
    // When stderr is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr().lock(), "{sentence}");
    exit
}

/// The state folder of the service that is meant.
fn state_dir_of(args: &ServiceArgs) -> Result<PathBuf, Exit> {
    match (&args.state_dir, &args.config) {
        (Some(folder), _) => Ok(folder.clone()),
        (None, Some(file)) => Config::state_dir_of(file, &Process)
            .map_err(|problems| complain(&problems.to_string(), Exit::Config)),
        (None, None) => Err(complain("name the service by --config or --state-dir", Exit::Usage)),
    }
}
