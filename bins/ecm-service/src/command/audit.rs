//! `audit`: the audit log, checked and shown.

use std::fs;

use ecm_core::audit::chain::{Head, verify};
use serde::Serialize;

use super::{answer, answer_json, complain, state_dir_of};
use crate::books::AUDIT_FILE;
use crate::cli::{AuditCommand, AuditShowArgs, AuditVerifyArgs, ServiceArgs};
use crate::exit::Exit;

pub(super) fn audit(what: &AuditCommand) -> Exit {
    match what {
        AuditCommand::Verify(args) => check(args),
        AuditCommand::Show(args) => show(args),
    }
}

/// The log's text, or how to end without it.
fn text_of(service: &ServiceArgs) -> Result<String, Exit> {
    let path = state_dir_of(service)?.join(AUDIT_FILE);
    fs::read_to_string(&path).map_err(|error| {
        complain(&format!("{} cannot be read: {error}", path.display()), Exit::CannotWrite)
    })
}

#[derive(Serialize)]
struct Checked {
    sound: bool,
    lines: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// An incomplete line at the end, as a crash or a writer at work leaves it.
    torn_end: bool,
}

fn check(args: &AuditVerifyArgs) -> Exit {
    let text = match text_of(&args.service) {
        Ok(text) => text,
        Err(exit) => return exit,
    };
    let mut checked = match verify(&Head::default(), &text) {
        Ok(sound) => Checked {
            sound: true,
            lines: sound.lines,
            head: Some(format!("{}:{}", sound.head.seq, sound.head.hash)),
            problem: None,
            torn_end: sound.torn_end,
        },
        Err(broken) => Checked {
            sound: false,
            lines: broken.line.saturating_sub(1),
            head: None,
            problem: Some(broken.to_string()),
            torn_end: false,
        },
    };
    if let Some(wanted) = &args.head
        && checked.sound
        && !has_line(&text, wanted)
    {
        checked.sound = false;
        checked.problem = Some(format!(
            "no line has the number and hash {wanted}: the log was rewritten, cut off, or is \
             another one"
        ));
    }
    let said = if args.json {
        answer_json(&checked)
    } else {
        let mut words = match (&checked.problem, &checked.head) {
            (Some(problem), _) => format!("NOT SOUND: {problem}\n"),
            (None, head) => format!(
                "{} lines, sound; keep this elsewhere: {}\n",
                checked.lines,
                head.as_deref().unwrap_or_default()
            ),
        };
        if checked.torn_end {
            words.push_str(
                "the last line is incomplete, as a crash or a writer at work leaves it\n",
            );
        }
        answer(&words)
    };
    match said {
        Exit::Ok if !checked.sound => Exit::Failed,
        said => said,
    }
}

fn has_line(text: &str, wanted: &str) -> bool {
    text.lines().any(|line| {
        Head::of_last_line(line)
            .is_ok_and(|head| format!("{}:{}", head.seq, head.hash).eq_ignore_ascii_case(wanted))
    })
}

fn show(args: &AuditShowArgs) -> Exit {
    let text = match text_of(&args.service) {
        Ok(text) => text,
        Err(exit) => return exit,
    };
    let records: Vec<serde_json::Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|mut line| line.get_mut("rec").map(serde_json::Value::take))
        .collect();
    let skip = args.last.map_or(0, |last| records.len().saturating_sub(last));
    let mut shown = String::new();
    for record in records.iter().skip(skip) {
        if args.json {
            shown.push_str(&format!("{record}\n"));
        } else {
            shown.push_str(&in_words(record));
        }
    }
    answer(&shown)
}

/// `2026-03-02T08:00:00Z  lent  account=helpdesk-01 lease=l-1 …`
fn in_words(record: &serde_json::Value) -> String {
    let plain = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.escape_debug().to_string().replace(r"\\", r"\"),
        other => other.to_string(),
    };
    let of = |name: &str| record.get(name).map(plain).unwrap_or_default();
    let mut words = format!("{}  {:<9}", of("at"), of("event"));
    let members = record.as_object().into_iter().flatten();
    for (name, value) in members.filter(|(name, _)| !matches!(name.as_str(), "at" | "event")) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    words.push_str(&format!(" {name}={}", plain(value)));
                }
            }
            value => words.push_str(&format!(" {name}={}", plain(value))),
        }
    }
    words.push('\n');
    words
}
