//! `run`: serve until told to stop.

use super::complain;
use crate::cli::{LogFormatArg, RunArgs};
use crate::config::{Config, Process};
use crate::exit::Exit;
use crate::service::{self, StartError};
use crate::traces::Traces;
use service_host::logging::{self, Level, LogFormat};
use service_host::state_dir::StateDirError;

pub(super) fn run(args: &RunArgs) -> Exit {
    let mut config = match Config::load(&args.config, &Process) {
        Ok(config) => config,
        Err(problems) => return complain(&problems.to_string(), Exit::Config),
    };
    if let Some(text) = &args.log_level {
        match Level::parse(text) {
            Ok(level) => config.log.level = level,
            Err(error) => return complain(&error.to_string(), Exit::Usage),
        }
    }
    match args.log_format {
        Some(LogFormatArg::Human) => config.log.format = LogFormat::Human,
        Some(LogFormatArg::Json) => config.log.format = LogFormat::Json,
        None => {}
    }
    // Before there is a runtime: the way to the collector has a thread of its own.
    let (traces, spans) = match config.traces.as_ref().map(Traces::begin).transpose() {
        Ok(begun) => begun.unzip(),
        Err(error) => return complain(&format!("traces cannot be sent: {error}"), Exit::Config),
    };
    let log = match logging::start_with(&config.log, spans) {
        Ok(log) => log,
        Err(error) => return complain(&format!("logging cannot start: {error}"), Exit::Internal),
    };
    for warning in &config.warnings {
        tracing::warn!(line = warning.line, "configuration: {}", warning.message);
    }
    let ended = service::run(config, log);
    if let Some(traces) = traces {
        traces.close();
    }
    match ended {
        Ok(()) => Exit::Ok,
        Err(error) => {
            let exit = exit_of(&error);
            tracing::error!(error = &error as &dyn std::error::Error, "cannot start");
            exit
        }
    }
}

/// Who must act decides.
fn exit_of(error: &StartError) -> Exit {
    let of_io = |cause: &std::io::Error| match cause.kind() {
        std::io::ErrorKind::PermissionDenied => Exit::Permission,
        _ => Exit::CannotWrite,
    };
    match error {
        StartError::StateDir(StateDirError::InUse { .. }) => Exit::Unavailable,
        StartError::StateDir(StateDirError::NotUsable { cause, .. })
        | StartError::File { cause, .. }
        | StartError::BrokerApi(cause) => of_io(cause),

        StartError::Metrics(error) => of_io(&error.cause),
        StartError::Identity(error) => of_io(&error.cause),
        StartError::StateDir(_) | StartError::Ledger(_) => Exit::CannotWrite,
        StartError::CredentialIdKey(_)
        | StartError::Vault(_)
        | StartError::Site(_)
        | StartError::Directory(_) => Exit::Config,
        StartError::Runtime(_) => Exit::Internal,
    }
}
