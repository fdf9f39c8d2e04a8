//! `share` and `unshare`.

use super::{Done, answer, answer_json, ask_service, unexpected};
use crate::cli::{ShareArgs, UnshareArgs};
use crate::control::{Reply, Request};
use crate::status::ServiceRole;

pub(super) fn share(args: &ShareArgs) -> Done {
    let request = Request::Share { reader: args.reader.clone(), session: args.session };
    let reply = ask_service(&args.ask, ServiceRole::Rep, &request)?.next_reply()?;
    match &reply {
        _ if args.ask.json => answer_json(&reply),
        Reply::Shared { session, reader, shown_as } => {
            answer(&format!("{reader} is shared in session {session}, shown as {shown_as}"))
        }
        _ => Err(unexpected()),
    }
}

pub(super) fn unshare(args: &UnshareArgs) -> Done {
    let request = Request::Unshare { reader: args.reader.clone() };
    let reply = ask_service(&args.ask, ServiceRole::Rep, &request)?.next_reply()?;
    match &reply {
        _ if args.ask.json => answer_json(&reply),
        Reply::Unshared { readers } if readers.is_empty() => answer("nothing was shared"),
        Reply::Unshared { readers } => {
            let lines: Vec<_> = readers.iter().map(|name| format!("{name} is unshared")).collect();
            answer(&lines.join("\n"))
        }
        _ => Err(unexpected()),
    }
}
