//! `answer`: yes or no to what the other desk wants to do with a shared card.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};

use super::{Done, Failure, answer as print, answer_json, ask_service, unexpected};
use crate::cli::{AnswerArgs, YesOrNo};
use crate::control::client::AskError;
use crate::control::{RefusalKind, Reply, Request};
use crate::exit::Exit;
use crate::status::{ServiceRole, Status};

pub(super) fn answer(args: &AnswerArgs) -> Done {
    match args.say {
        Some(say) => answer_one(args, say),
        None => answer_as_they_come(args),
    }
}

/// One question that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Waiting {
    number: u64,
    words: String,
}

fn answer_one(args: &AnswerArgs, say: YesOrNo) -> Done {
    let number = match args.question {
        Some(number) => number,
        None => match &waiting(&*status(args)?)[..] {
            [one] => one.number,
            [] => return Err(Failure::new(Exit::NoInput, "no question waits for an answer")),
            several => {
                let list: Vec<_> = several
                    .iter()
                    .map(|one| format!("\n  {}: {}", one.number, one.words))
                    .collect();
                let sentence = format!("several questions wait; name one{}", list.concat());
                return Err(Failure::new(Exit::Usage, sentence));
            }
        },
    };
    let request = Request::Answer { question: number, yes: say == YesOrNo::Yes };
    let reply = ask_service(&args.ask, ServiceRole::Rep, &request)?.next_reply()?;
    match &reply {
        _ if args.ask.json => answer_json(&reply),
        Reply::Answered { question } => print(&format!("question {question} is answered")),
        _ => Err(unexpected()),
    }
}

/// Asks at this terminal, one question after the other, until it is closed.
fn answer_as_they_come(args: &AnswerArgs) -> Done {
    let mut replies = ask_service(&args.ask, ServiceRole::Rep, &Request::Watch {})?;
    let mut put = BTreeSet::new();
    note("Waiting for questions; Ctrl-C ends this.")?;
    loop {
        let Reply::Status(status) = replies.next_reply()? else { return Err(unexpected()) };
        for Waiting { number, words } in waiting(&status) {
            if !put.insert(number) {
                continue;
            }
            let Some(yes) = put_to_person(&words)? else { return Ok(()) };
            let request = Request::Answer { question: number, yes };
            let answered =
                ask_service(&args.ask, ServiceRole::Rep, &request).map(|mut r| r.next_reply());
            match answered? {
                Ok(reply) if args.ask.json => answer_json(&reply)?,
                Ok(_) => {}
                Err(AskError::Refused(refusal)) if refusal.kind == RefusalKind::NoQuestion => {
                    note("Too late: it does not wait for an answer any more.")?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Everything but a clear yes is a no; `None` when nobody is there any more.
fn put_to_person(words: &str) -> Result<Option<bool>, Failure> {
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{words}? [y/N] ").and_then(|()| stderr.flush()).map_err(cannot_write)?;
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    let read = read.map_err(|error| Failure::new(Exit::NoInput, format!("stdin: {error}")))?;
    Ok((read > 0).then(|| matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")))
}

fn status(args: &AnswerArgs) -> Result<Box<Status>, Failure> {
    let reply = ask_service(&args.ask, ServiceRole::Rep, &Request::Status {})?.next_reply()?;
    match reply {
        Reply::Status(status) => Ok(status),
        _ => Err(unexpected()),
    }
}

fn waiting(status: &Status) -> Vec<Waiting> {
    let mut waiting = Vec::new();
    for session in &status.sessions {
        let machine = session.peer.as_ref().map_or("the other desk", |peer| &peer.machine);
        for share in &session.shares {
            if let Some(asked) = share.guard.as_ref().and_then(|guard| guard.question.as_ref()) {
                let words = format!("{}: {} for {machine}", share.reader, asked.wants);
                waiting.push(Waiting { number: asked.number, words });
            }
        }
    }
    waiting
}

fn note(text: &str) -> Done {
    writeln!(std::io::stderr().lock(), "{text}").map_err(cannot_write)
}

fn cannot_write(error: std::io::Error) -> Failure {
    Failure::new(Exit::CannotWrite, format!("stderr: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_says_which_reader_what_and_for_whom() {
        let status: Status = serde_json::from_value(serde_json::json!({
            "role": "rep", "version": "1", "pid": 7, "relay": "wss://relay", "sessions": [{
                "number": 1, "state": "connected",
                "peer": {"machine": "app01", "program": "vsc-agent 1"},
                "shares": [
                    {"reader": "ACME 00", "card": "present", "guard": {
                        "profile": "careful", "own-pin": false, "refused": 0, "question": {
                            "number": 17, "wants": "sign with key 9C (digital signature)",
                            "within-s": 45}}},
                    {"reader": "Other", "card": "absent"}]}]
        }))
        .unwrap();
        let words = "ACME 00: sign with key 9C (digital signature) for app01".to_owned();
        assert_eq!(waiting(&status), [Waiting { number: 17, words }]);
    }
}
