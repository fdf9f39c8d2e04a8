//! `share` and `unshare`.

use zeroize::Zeroizing;

use super::{Done, Failure, answer, answer_json, ask_service, pin_prompt, pinentry, unexpected};
use crate::cli::{ShareArgs, UnshareArgs};
use crate::control::{Reply, Request, Spoken};
use crate::status::ServiceRole;

pub(super) fn share(args: &ShareArgs) -> Done {
    let own_pin = args.own_pin.then(|| own_pin(args)).transpose()?;
    let request = Request::Share {
        reader: args.reader.clone(),
        session: args.session,
        profile: args.profile.clone(),
        own_pin,
    };
    let reply = ask_service(&args.ask, ServiceRole::Rep, &request)?.next_reply()?;
    match &reply {
        _ if args.ask.json => answer_json(&reply),
        Reply::Shared { session, reader, shown_as, one_time_pin, .. } => {
            answer(&format!("{reader} is shared in session {session}, shown as {shown_as}"))?;
            let Some(pin) = one_time_pin else { return Ok(()) };
            answer(&Zeroizing::new(format!("PIN for the other desk, this once: {}", *pin.0)))
        }
        _ => Err(unexpected()),
    }
}

/// Asks the person at this desk.
fn own_pin(args: &ShareArgs) -> Result<Spoken, Failure> {
    let pin = match &args.pinentry {
        Some(program) => pinentry::ask(program, &args.reader)?,
        None => pin_prompt::ask(&format!("PIN of the card in {}: ", args.reader))?,
    };
    Ok(Spoken(pin))
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
