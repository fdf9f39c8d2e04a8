//! `pair`: a code given out, or entered.

use std::io::{BufRead as _, Read as _, Write};

use zeroize::Zeroizing;

use super::{Done, Failure, answer, answer_json, ask_any, ask_service, unexpected};
use crate::cli::PairArgs;
use crate::control::{Reply, Request, Spoken};
use crate::exit::Exit;
use crate::status::ServiceRole;

/// More than any code has, in bytes.
const LONGEST_CODE: u64 = 256;

pub(super) fn pair(args: &PairArgs) -> Done {
    let code = match args.code.as_slice() {
        [only] if only == "-" => {
            let mut line = Zeroizing::new(String::new());
            std::io::stdin().lock().take(LONGEST_CODE).read_line(&mut line).map_err(|error| {
                Failure::new(Exit::Usage, format!("no code on standard input: {error}"))
            })?;
            Zeroizing::new(line.trim().to_owned())
        }
        parts => Zeroizing::new(parts.join("-")),
    };
    let code = (!code.is_empty()).then_some(Spoken(code));
    let entered = code.is_some();
    let request = Request::Pair { code, peer: args.peer.clone() };
    let role = if entered { ServiceRole::Customer } else { ServiceRole::Rep };
    let mut replies = match args.ask.control {
        Some(_) => ask_any(&args.ask, &request)?,
        None => ask_service(&args.ask, role, &request)?,
    };
    loop {
        let reply = replies.next_reply()?;
        if args.ask.json {
            answer_json(&reply)?;
        }
        match &reply {
            Reply::Code { code, .. } if !args.ask.json => {
                answer(&code.0)?;
                note("Say this to the person at the other desk. Waiting for them...")?;
            }
            Reply::Code { .. } => {}
            Reply::Paired { session, peer } => {
                if !args.ask.json {
                    let (machine, program) = (&peer.machine, &peer.program);
                    answer(&format!("paired with {machine} ({program}), session {session}"))?;
                }
                return Ok(());
            }
            _ => return Err(unexpected()),
        }
    }
}

fn note(text: &str) -> Done {
    writeln!(std::io::stderr().lock(), "{text}")
        .map_err(|error| Failure::new(Exit::CannotWrite, format!("stderr: {error}")))
}
