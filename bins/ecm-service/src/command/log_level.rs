//! `log-level`: change what a running service logs.

use super::{answer, answer_json, complain, state_dir_of};
use crate::cli::LogLevelArgs;
use crate::control::{Reply, Request};
use crate::exit::Exit;
use service_host::logging::Level;

pub(super) fn log_level(args: &LogLevelArgs) -> Exit {
    if let Err(error) = Level::parse(&args.level) {
        return complain(&error.to_string(), Exit::Usage);
    }
    let state_dir = match state_dir_of(&args.service) {
        Ok(folder) => folder,
        Err(exit) => return exit,
    };
    // Rounded up: "for 500ms" must not become "for ever" or nothing.
    let for_s = args.duration.map(|length| length.as_secs() + u64::from(length.subsec_nanos() > 0));
    let request = Request::LogLevel { level: args.level.clone(), for_s };
    match super::status::ask(&state_dir, &request) {
        Ok(reply) if args.json => answer_json(&reply),
        Ok(Reply::LogLevel { level, former, for_s }) => {
            let back = for_s.map_or_else(String::new, |s| format!(", for {s} s"));
            answer(&format!("log level is now {level} (was {former}){back}"))
        }
        Ok(_) => complain("the service answered something else", Exit::Internal),
        Err(exit) => exit,
    }
}
