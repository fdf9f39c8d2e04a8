//! `run`: serve until told to stop.

use super::complain;
use crate::cli::{LogFormatArg, RunArgs};
use crate::config::{Config, Process};
use crate::exit::Exit;
use crate::logging::{self, Level, LogFormat};

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
    let log = match logging::start(&config.log) {
        Ok(log) => log,
        Err(error) => return complain(&format!("logging cannot start: {error}"), Exit::Internal),
    };
    for warning in &config.warnings {
        tracing::warn!(line = warning.line, "configuration: {}", warning.message);
    }
    let _ = log;
    Exit::Ok
}
