//! `vsc-agent`: shares a smart-card reader with another machine.

use std::process::ExitCode;

use clap::FromArgMatches;
use vsc_agent::cli::{self, Cli};
use vsc_agent::command;
use vsc_agent::exit::Exit;

fn main() -> ExitCode {
    // Named explicitly: with several providers compiled in, rustls would refuse to guess. An error
    // means that one is installed already, which nothing before this line does.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let parsed =
        cli::command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => command::dispatch(cli).into(),
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            // Help goes to stdout, complaints to stderr; if neither is open, nobody listens.
            let _ = error.print();
            exit.into()
        }
    }
}
