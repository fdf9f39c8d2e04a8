//! `readers`: the readers of this desk, and which of them are shared.

use std::io::Write;

use super::{Done, Failure, answer, answer_json, ask_service, unexpected};
use crate::cli::ReadersArgs;
use crate::control::client::{AskError, ask};
use crate::control::{Reply, Request, place};
use crate::exit::Exit;
use crate::rep::desk::status_of;
use crate::rep::reader_watch::{ReaderWatch, Readers, look_once};
use crate::status::{ReaderStatus, ServiceRole, Sharing, Status};
use crate::table::table;

pub(super) fn readers(args: &ReadersArgs) -> Done {
    match service_answers(args)? {
        true if args.watch => watch_service(args),
        true => {
            let request = Request::Readers { session: args.session };
            match ask_service(&args.ask, ServiceRole::Rep, &request)?.next_reply()? {
                Reply::Readers { readers, problem } => show(args, readers, problem),
                _ => Err(unexpected()),
            }
        }
        false => {
            let note = "no service runs here; what is shared is not known";
            let _ = writeln!(std::io::stderr().lock(), "vsc-agent: {note}");
            if args.watch { watch_desk(args) } else { show_desk(args, &look_once()) }
        }
    }
}

/// Whether a service answers. One that was named must.
fn service_answers(args: &ReadersArgs) -> Result<bool, Failure> {
    if args.ask.control.is_some() {
        return Ok(true);
    }
    match ask(&place::of(ServiceRole::Rep), &Request::Status {}) {
        Ok(_) => Ok(true),
        Err(AskError::NotRunning { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn watch_service(args: &ReadersArgs) -> Done {
    let mut replies = ask_service(&args.ask, ServiceRole::Rep, &Request::Watch {})?;
    let mut shown = None;
    loop {
        let Reply::Status(status) = replies.next_reply()? else { return Err(unexpected()) };
        let Status { mut readers, readers_problem, .. } = *status;
        if let Some(session) = args.session {
            readers.iter_mut().for_each(|reader| see_from(session, reader));
        }
        // Sessions change too; only readers are of interest here.
        let now = Some((readers, readers_problem));
        if shown != now {
            let (readers, problem) = now.clone().unwrap_or_default();
            show(args, readers, problem)?;
            shown = now;
        }
    }
}

fn see_from(session: u32, reader: &mut ReaderStatus) {
    if reader.session.is_some_and(|by| by != session) {
        reader.sharing = Sharing::Elsewhere;
    }
}

fn watch_desk(args: &ReadersArgs) -> Done {
    let failed = |error: std::io::Error| Failure::new(Exit::Internal, error.to_string());
    let mut watch = ReaderWatch::start().map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(failed)?;
    runtime.block_on(async {
        loop {
            let readers = watch.readers.borrow_and_update().clone();
            show_desk(args, &readers)?;
            if watch.readers.changed().await.is_err() {
                return Ok(());
            }
        }
    })
}

fn show_desk(args: &ReadersArgs, readers: &Readers) -> Done {
    let list = readers.list().iter().map(|reader| status_of(reader, None, None)).collect();
    match readers {
        Readers::Seen(_) => show(args, list, None),
        Readers::NoService(problem) if args.watch => show(args, list, Some(problem.clone())),
        Readers::NoService(problem) => Err(Failure::new(Exit::Unavailable, problem.as_str())),
    }
}

fn show(args: &ReadersArgs, readers: Vec<ReaderStatus>, problem: Option<String>) -> Done {
    if args.ask.json {
        return answer_json(&Reply::Readers { readers, problem });
    }
    let mut text = page(&readers, problem.as_deref());
    if args.watch {
        text.push('\n');
    }
    answer(&text)
}

fn page(readers: &[ReaderStatus], problem: Option<&str>) -> String {
    if let Some(problem) = problem {
        return format!("no readers: {problem}\n");
    }
    if readers.is_empty() {
        return "no readers\n".to_owned();
    }
    let rows: Vec<_> = readers
        .iter()
        .map(|reader| {
            let (mark, sharing) = match (reader.sharing, reader.session) {
                (Sharing::None, _) => ("", "not shared".to_owned()),
                (Sharing::Here, session) => ("*", in_session("shared", session)),
                (Sharing::Elsewhere, None) => ("", "in use by another program".to_owned()),
                (Sharing::Elsewhere, session) => ("", in_session("shared elsewhere", session)),
            };
            let atr = reader.atr.clone().unwrap_or_default();
            [mark.to_owned(), reader.name.clone(), reader.card.words().to_owned(), sharing, atr]
        })
        .collect();
    table(["", "READER", "CARD", "SHARING", "ATR"], &rows)
}

fn in_session(how: &str, session: Option<u32>) -> String {
    session.map_or_else(|| how.to_owned(), |session| format!("{how}, session {session}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::CardIs;

    #[test]
    fn the_shared_reader_is_marked_and_the_others_say_why_not() {
        let reader = |name: &str, card, sharing, session| ReaderStatus {
            name: name.to_owned(),
            card,
            atr: (card == CardIs::Present).then(|| "3b00".to_owned()),
            sharing,
            session,
        };
        let mut readers = [
            reader("A", CardIs::Present, Sharing::Here, Some(1)),
            reader("B", CardIs::Absent, Sharing::None, None),
            reader("C", CardIs::Present, Sharing::Elsewhere, None),
        ];
        assert_eq!(
            page(&readers, None),
            "   READER  CARD     SHARING                    ATR\n\
             *  A       card     shared, session 1          3b00\n   \
             B       no card  not shared\n   \
             C       card     in use by another program  3b00\n"
        );
        see_from(2, &mut readers[0]);
        assert!(page(&readers, None).contains("shared elsewhere, session 1"));
        assert_eq!(page(&[], Some("pcscd is down")), "no readers: pcscd is down\n");
    }
}
