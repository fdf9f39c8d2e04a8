//! `end`: ends a session.

use super::{Done, answer, answer_json, ask_any, unexpected};
use crate::cli::EndArgs;
use crate::control::{Reply, Request};

pub(super) fn end(args: &EndArgs) -> Done {
    let request = Request::End { session: args.session };
    let reply = ask_any(&args.ask, &request)?.next_reply()?;
    match &reply {
        _ if args.ask.json => answer_json(&reply),
        Reply::Ended { session } => answer(&format!("session {session} has ended")),
        _ => Err(unexpected()),
    }
}
