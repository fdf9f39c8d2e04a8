//! Which answer belongs to which question.

use source_plugin::{CallId, Calls, Heard, Line, STRAYS_AT_MOST, read_line};

fn result(id: CallId) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#)
}

fn part(id: CallId) -> String {
    let batch = r#"{"key":{"kind":"host","value":"app01"},"kind":"local"}"#;
    format!(r#"{{"jsonrpc":"2.0","method":"partial","params":{{"id":{id},"batch":{batch}}}}}"#)
}

fn hear(calls: &mut Calls, line: &str) -> Heard {
    let line: Line<'_> = read_line(line.as_bytes()).unwrap();
    calls.hear(&line)
}

#[test]
fn a_call_is_answered_once() {
    let mut calls = Calls::new();
    let (one, two) = (calls.begin(0), calls.begin(0));
    assert_eq!(hear(&mut calls, &result(two)), Heard::Answer(two));
    assert_eq!(hear(&mut calls, &result(two)), Heard::Stray);
    assert!(calls.is_open(one));
    assert_eq!(hear(&mut calls, &result(one)), Heard::Answer(one));
    assert_eq!(calls.open(), 0);
}

#[test]
fn an_id_is_never_used_again() {
    let mut calls = Calls::new();
    let one = calls.begin(0);
    assert_eq!(hear(&mut calls, &result(one)), Heard::Answer(one));
    assert_ne!(calls.begin(0), one);
}

#[test]
fn the_late_answer_to_a_cancelled_call_is_nobodys_and_no_offence() {
    let mut calls = Calls::new();
    let one = calls.begin(1);
    assert!(calls.cancel(one));
    assert!(!calls.cancel(one), "cancelled once");
    assert_eq!(hear(&mut calls, &part(one)), Heard::Late);
    assert_eq!(hear(&mut calls, &part(one)), Heard::Stray, "one part was borne");
    assert_eq!(hear(&mut calls, &result(one)), Heard::Late);
    assert_eq!(hear(&mut calls, &result(one)), Heard::Stray);
}

#[test]
fn parts_are_heard_as_often_as_there_are_questions() {
    let mut calls = Calls::new();
    let one = calls.begin(2);
    assert_eq!(hear(&mut calls, &part(one)), Heard::Part(one));
    assert_eq!(hear(&mut calls, &part(one)), Heard::Part(one));
    assert_eq!(hear(&mut calls, &part(one)), Heard::Stray);
    assert_eq!(hear(&mut calls, &result(one)), Heard::Answer(one));
    assert_eq!(hear(&mut calls, &part(one)), Heard::Stray, "after the end");
}

#[test]
fn a_plugin_that_goes_on_telling_what_nobody_asked_is_found_out() {
    let unknown = r#"{"jsonrpc":"2.0","method":"news","params":{}}"#;
    let lie = r#"{"jsonrpc":"2.0","id":77,"result":{}}"#;
    for (line, borne) in [(unknown, Heard::Unknown), (lie, Heard::Stray)] {
        let mut calls = Calls::new();
        for _ in 0..STRAYS_AT_MOST {
            assert_eq!(hear(&mut calls, line), borne);
        }
        assert_eq!(hear(&mut calls, line), Heard::TooManyStrays);
    }
}

#[test]
fn what_is_remembered_of_cancelled_calls_is_bounded() {
    let mut calls = Calls::new();
    let first = calls.begin(0);
    calls.cancel(first);
    for _ in 0..1000 {
        let id = calls.begin(0);
        calls.cancel(id);
    }
    assert_eq!(hear(&mut calls, &result(first)), Heard::Stray, "long forgotten");
}
