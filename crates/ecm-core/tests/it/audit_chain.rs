use ecm_core::audit::chain::{Head, verify};
use ecm_core::audit::{AuditEvent, AuditField, AuditRecord, Class, Trail};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::paper::{PaperClock, PaperFile};

fn record(lease: &str) -> AuditRecord {
    let at: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
    AuditRecord::new(at, AuditEvent::Lent)
        .with(AuditField::Lease, lease)
        .with(AuditField::ConsoleUser, r"ACME\joe")
}

fn log(lines: usize) -> String {
    let mut head = Head::default();
    let mut text = String::new();
    for number in 0..lines {
        let (line, next) = head.line(&record(&format!("l-{number}"))).unwrap();
        text.push_str(&line);
        head = next;
    }
    text
}

#[test]
fn line_has_its_documented_form_and_hash() {
    // Hash computed with `sha256sum` over the text before `,"hash"`.
    let (line, head) = Head::default().line(&record("l-0")).unwrap();
    let body = concat!(
        r#"{"seq":1,"prev":"0000000000000000000000000000000000000000000000000000000000000000","#,
        r#""rec":{"at":"2026-03-02T08:00:00Z","event":"lent","public":{"lease":"l-0"},"#,
        r#""sensitive":{"console-user":"ACME\\joe"}}"#
    );
    assert_eq!(line, format!("{body},\"hash\":\"{}\"}}\n", head.hash));
    assert_eq!(head.hash, "c4fad0460818184f0ea435e0e9217e2700608c928ff860bf4ba2672bc1bc9e38");
}

#[test]
fn sound_log_is_verified_to_its_head() {
    let text = log(5);
    let verified = verify(&Head::default(), &text).unwrap();
    assert_eq!((verified.lines, verified.head.seq, verified.torn_end), (5, 5, false));
    assert_eq!(Head::of_last_line(text.lines().last().unwrap()).unwrap(), verified.head);
}

#[test]
fn second_file_of_a_rotated_log_follows_the_first() {
    let text = log(4);
    let half = text.match_indices('\n').nth(1).unwrap().0 + 1;
    let (first, second) = text.split_at(half);
    let head = verify(&Head::default(), first).unwrap().head;
    assert_eq!(verify(&head, second).unwrap().lines, 2);
    assert_eq!(verify(&Head::default(), second).unwrap_err().line, 1);
}

#[test]
fn first_line_that_was_tampered_with_is_named() {
    let text = log(5);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let table: [(&str, String, usize, &str); 5] = [
        ("changed", text.replacen("l-2", "l-9", 1), 3, "its hash does not fit: it was changed"),
        (
            "left out",
            [&lines[..2], &lines[3..]].concat().concat(),
            3,
            "a line before it is missing",
        ),
        ("repeated", [&lines[..2], &lines[1..]].concat().concat(), 3, "it repeats a number"),
        ("not ours", text.replacen(lines[3], "{}\n", 1), 4, "it is not an audit line"),
        (
            "put in from another log",
            [lines[0], &Head { seq: 1, hash: "0".repeat(64) }.line(&record("x")).unwrap().0]
                .concat(),
            2,
            "it does not follow the line before it",
        ),
    ];
    for (what, text, line, why) in table {
        let broken = verify(&Head::default(), &text).unwrap_err();
        assert_eq!((broken.line, broken.why), (line, why), "{what}");
    }
}

#[test]
fn incomplete_last_line_is_told_apart_from_tampering() {
    let text = log(3);
    let verified = verify(&Head::default(), &text[..text.len() - 20]).unwrap();
    assert_eq!((verified.lines, verified.torn_end), (2, true));
}

#[test]
fn every_field_is_under_its_class() {
    let shown = serde_json::to_value(record("l-0")).unwrap();
    for field in [AuditField::Lease, AuditField::ConsoleUser] {
        let (here, there) = match field.class() {
            Class::Public => ("public", "sensitive"),
            Class::Sensitive => ("sensitive", "public"),
        };
        assert!(shown[here].get(field.name()).is_some());
        assert!(shown[there].get(field.name()).is_none());
    }
}

#[test]
fn trail_goes_on_where_an_earlier_run_stopped() {
    let (clock, file) = (PaperClock::new(), PaperFile::default());
    for run in 0..3 {
        let trail = Trail::new(Box::new(file.clone()));
        clock.run(trail.record(&clock, &record(&format!("l-{run}")))).unwrap();
    }
    assert_eq!(verify(&Head::default(), &file.text()).unwrap().lines, 3);
}

#[test]
fn torn_line_of_a_crash_is_noted_and_the_chain_goes_on() {
    let (clock, file) = (PaperClock::new(), PaperFile::default());
    file.set(format!("{}{}", log(2), &log(3)[log(2).len()..][..30]));
    let trail = Trail::new(Box::new(file.clone()));
    clock.run(trail.record(&clock, &record("after"))).unwrap();
    let text = file.text();
    assert_eq!(verify(&Head::default(), &text).unwrap().lines, 4);
    assert!(text.lines().nth(2).unwrap().contains(r#""torn-bytes":"30""#));
}

#[test]
fn chain_stays_sound_when_a_write_fails_or_is_dropped() {
    for polls in 1..6 {
        let (clock, file) = (PaperClock::new(), PaperFile::default());
        let trail = Trail::new(Box::new(file.clone()));
        clock.run_at_most(polls, trail.record(&clock, &record("dropped")));
        file.fail_from(Some(file.writes()));
        assert!(clock.run(trail.record(&clock, &record("failed"))).is_err());
        file.fail_from(None);
        clock.run(trail.record(&clock, &record("written"))).unwrap();
        assert!(verify(&Head::default(), &file.text()).unwrap().lines >= 1);
    }
}

#[test]
fn log_that_is_not_ours_is_refused() {
    let (clock, file) = (PaperClock::new(), PaperFile::default());
    file.set("something else\n");
    let trail = Trail::new(Box::new(file.clone()));
    assert!(clock.run(trail.record(&clock, &record("x"))).is_err());
    assert_eq!(file.text(), "something else\n");
}

proptest! {
    #[test]
    fn any_changed_byte_breaks_the_chain(at in 0usize..600, to in 0u8..128) {
        let text = log(2);
        let at = at % (text.len() - 1);
        let mut bytes = text.clone().into_bytes();
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        prop_assert!(verify(&Head::default(), &String::from_utf8(bytes).unwrap()).is_err());
    }
}
