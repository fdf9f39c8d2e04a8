//! `reload`: let a running service read its configuration anew.

use super::{answer, answer_json, complain, state_dir_of};
use crate::cli::ReloadArgs;
use crate::control::{Reply, Request};
use crate::exit::Exit;

pub(super) fn reload(args: &ReloadArgs) -> Exit {
    let state_dir = match state_dir_of(&args.service) {
        Ok(folder) => folder,
        Err(exit) => return exit,
    };
    let reply = match super::status::ask(&state_dir, &Request::Reload) {
        Ok(reply) => reply,
        Err(exit) => return exit,
    };
    if args.json {
        answer_json(&reply);
    }
    match reply {
        Reply::Reloaded { restart } if restart.is_empty() => {
            if !args.json {
                answer("mapping, directories and log level are in force as the file has them");
            }
            Exit::Ok
        }
        Reply::Reloaded { restart } => {
            let names = restart.join(", ");
            complain(
                &format!("in force, but changes of these take a restart: {names}"),
                Exit::Doubtful,
            )
        }
        Reply::Refused { reason } => {
            complain(&format!("everything stays as it was:\n{reason}"), Exit::Config)
        }
        _ => complain("the service answered something else", Exit::Internal),
    }
}
