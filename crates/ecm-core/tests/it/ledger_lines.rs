use ecm_core::ledger::line::{self, LineError};
use ecm_core::ledger::{Closing, Intention, Journal, LedgerError, Loan, Record};
use ecm_core::source::{AccountKind, AccountRef, SecretKind};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::house::SITE;
use crate::paper::{PaperClock, PaperFile};

fn at() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

fn intention(lease: &str) -> Box<Intention> {
    Box::new(Intention {
        lease: lease.into(),
        at: at(),
        site: SITE.into(),
        vault: "main".into(),
        vault_user: r"ACME\joe".into(),
        account: AccountRef {
            system: "12".into(),
            account: "3124".into(),
            application: None,
            kind: AccountKind::Local,
        },
        secret: SecretKind::Password,
        holder: Some("lsid-1".into()),
        idempotency_key: "key-1".into(),
        credential_id: "e1.x.y".into(),
        marker: format!("[kf:{lease}]"),
        minutes: 360,
        clamped_from: None,
    })
}

fn opened(lease: &str, request: &str) -> Record {
    let loan =
        Loan { request: request.into(), joined: false, ours: true, expires_at: at(), due: at() };
    Record::Opened { lease: lease.into(), loan }
}

fn joined(lease: &str, request: &str) -> Record {
    let loan =
        Loan { request: request.into(), joined: true, ours: false, expires_at: at(), due: at() };
    Record::Opened { lease: lease.into(), loan }
}

fn closed(lease: &str) -> Record {
    Record::Closed { lease: lease.into(), how: Closing::CheckedIn, at: at() }
}

fn text(records: &[Record]) -> Vec<u8> {
    records.iter().flat_map(|record| line::write(record).unwrap()).collect()
}

fn sample() -> Vec<Record> {
    vec![Record::Intended(intention("l-1")), opened("l-1", "77"), closed("l-1")]
}

#[test]
fn line_has_its_documented_form_and_sum() {
    let line = String::from_utf8(line::write(&closed("l-1")).unwrap()).unwrap();
    // Sum computed with `sha256sum` over the record's text.
    assert_eq!(
        line,
        concat!(
            r#"{"v":1,"sum":"61065c36bbaca6ed","rec":"#,
            r#"{"op":"closed","lease":"l-1","how":"checked-in","at":"2026-03-02T08:00:00Z"}}"#,
            "\n"
        )
    );
}

#[test]
fn what_was_written_is_read() {
    let read = line::read(&text(&sample())).unwrap();
    assert_eq!((read.records, read.torn_line), (sample(), None));
}

#[test]
fn ledger_cut_at_any_byte_loses_at_most_its_last_line_and_says_so() {
    let whole = text(&sample());
    for cut in 0..whole.len() {
        let read = line::read(&whole[..cut]).unwrap();
        let ends = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(read.records, sample()[..ends], "cut at {cut}");
        let clean = cut == 0 || whole[cut - 1] == b'\n';
        assert_eq!(read.torn_line, (!clean).then_some(ends + 1), "cut at {cut}");
    }
}

#[test]
fn damage_in_the_middle_is_an_error_that_names_the_line() {
    let whole = String::from_utf8(text(&sample())).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let table = [
        (whole.replacen("lsid-1", "lsid-2", 1), 1, "its check sum does not fit"),
        (whole.replacen("\"77\"", "\"78\"", 1), 2, "its check sum does not fit"),
        (whole.replacen("{\"v\":1", "{\"v\":2", 1), 1, "not a version 1 ledger line"),
        (format!("{}\n{}", lines[0], lines[1]), 2, "not a version 1 ledger line"),
        (
            format!("{}{}{}", lines[0], "x".repeat(20_000) + "\n", lines[1]),
            2,
            "longer than any ledger line",
        ),
    ];
    for (text, line, why) in table {
        assert_eq!(line::read(text.as_bytes()), Err(LineError::Damaged { line, why }));
    }
}

#[test]
fn last_line_of_a_newer_version_is_refused_and_not_taken_for_torn() {
    let lines = String::from_utf8(text(&sample()[..2])).unwrap();
    let unknown = r#"{"op":"moved","lease":"l-1","to":"78"}"#;
    // First 16 digits of `sha256sum` over the record's text.
    let newer = format!("{{\"v\":1,\"sum\":\"2602728782e6e8b0\",\"rec\":{unknown}}}\n");
    let table = [
        (newer, "a record this version does not know"),
        ("{\"v\":2,\"records\":[]}\n".to_owned(), "not a version 1 ledger line"),
    ];
    for (last, why) in table {
        let read = line::read(format!("{lines}{last}").as_bytes());
        assert_eq!(read, Err(LineError::Damaged { line: 3, why }));
    }
    // What a crash leaves of a line can end in a newline, when its first block was not written.
    let hole = format!("{lines}{}\"}}}}\n", "\0".repeat(80));
    assert_eq!(line::read(hole.as_bytes()).unwrap().torn_line, Some(3));
}

#[test]
fn torn_ledger_is_repaired_by_the_next_record() {
    let (clock, file) = (PaperClock::new(), PaperFile::default());
    let whole = text(&sample()[..2]);
    file.set(&whole[..whole.len() - 5]);
    let (journal, opening) = clock.run(Journal::open(Box::new(file.clone()))).unwrap();
    assert_eq!((opening.leases, opening.torn_line), (1, Some(2)));
    clock.run(journal.record(opened("l-1", "77"))).unwrap();
    assert_eq!(line::read(file.text().as_bytes()).unwrap().records, sample()[..2]);
}

#[test]
fn ledger_whose_lines_contradict_each_other_is_refused() {
    let (clock, file) = (PaperClock::new(), PaperFile::default());
    file.set(text(&[opened("l-1", "77")]));
    let refused = clock.run(Journal::open(Box::new(file))).err().unwrap();
    assert_eq!(refused.to_string(), "ledger record 1 does not fit: lease l-1 is not on the ledger");
}

#[test]
fn intention_that_cannot_be_written_is_taken_back() {
    let (clock, file) = (PaperClock::new(), PaperFile::default());
    let (journal, _) = clock.run(Journal::open(Box::new(file.clone()))).unwrap();
    file.fail_from(Some(0));
    let refused = clock.run(journal.record(Record::Intended(intention("l-1"))));
    assert!(matches!(refused, Err(LedgerError::Store { .. })));
    assert!(journal.book().is_empty());
}

#[test]
fn file_catches_up_with_the_book_after_a_failed_write() {
    let (clock, file) = (PaperClock::new(), PaperFile::default());
    let (journal, _) = clock.run(Journal::open(Box::new(file.clone()))).unwrap();
    clock.run(journal.record(Record::Intended(intention("l-1")))).unwrap();
    file.fail_from(Some(file.writes()));
    assert!(clock.run(journal.record(opened("l-1", "77"))).is_err());
    file.fail_from(None);
    clock.run(journal.record(Record::Intended(intention("l-2")))).unwrap();
    let read = line::read(file.text().as_bytes()).unwrap();
    assert!(read.records.contains(&opened("l-1", "77")));
    assert!(read.records.contains(&Record::Intended(intention("l-2"))));
}

#[test]
fn ledger_does_not_grow_with_leases_that_are_over() {
    let (clock, file) = (PaperClock::new(), PaperFile::default());
    let (journal, _) = clock.run(Journal::open(Box::new(file.clone()))).unwrap();
    clock.run(journal.record(Record::Intended(intention("stays")))).unwrap();
    for number in 0..2000 {
        let id = format!("l-{number}");
        clock.run(journal.record(Record::Intended(intention(&id)))).unwrap();
        clock.run(journal.record(closed(&id))).unwrap();
    }
    assert!(file.text().lines().count() < 600, "{}", file.text().lines().count());
    let (again, opening) = clock.run(Journal::open(Box::new(file))).unwrap();
    assert_eq!(opening.leases, 1);
    assert!(again.book().lease("stays").is_some());
}

proptest! {
    /// Random histories: a book read back from its file equals the one that wrote it.
    #[test]
    fn replay_gives_the_same_leases(ops in proptest::collection::vec((0u8..5, 0u8..6), 0..60)) {
        let (clock, file) = (PaperClock::new(), PaperFile::default());
        let (journal, _) = clock.run(Journal::open(Box::new(file.clone()))).unwrap();
        for (op, lease) in ops {
            let id = format!("l-{lease}");
            let record = match op {
                0 => Record::Intended(intention(&id)),
                1 => joined(&id, "77"),
                2 => Record::Due { lease: id, due: "2026-03-02T09:00:00Z".parse().unwrap() },
                3 => Record::Inherited { lease: id },
                _ => closed(&id),
            };
            let _ = clock.run(journal.record(record));
        }
        let (again, _) = clock.run(Journal::open(Box::new(file))).unwrap();
        prop_assert_eq!(again.book().snapshot(), journal.book().snapshot());
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = line::read(&bytes);
    }
}
