//! The project's own commands: `cargo xtask test`, `check`, `coverage`, `demo`, `bench`,
//! `fuzz`.
//!
//! Progress goes to stderr, results to stdout; the exit code is non-zero when anything failed.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a command prints is its product"
)]

mod bench;
mod check;
mod cli;
mod console;
mod coverage;
mod demo;
mod fuzz;
mod run;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Test(options) => test::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Coverage(options) => coverage::run(&options),
        Command::Demo(options) => demo::run(&options),
        Command::Bench { arguments } => bench::run(&arguments),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Janitor => {
            demo::janitor::serve();
            Ok(Verdict::Passed)
        }
    };
    match done {
        Ok(Verdict::Passed) => ExitCode::SUCCESS,
        Ok(Verdict::Failed) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// How a command ended when it could do its work at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything is as it should be: exit code 0.
    Passed,
    /// Something is not, and it was printed: exit code 1.
    Failed,
}
