//! Which answer belongs to which question.

use std::collections::BTreeSet;

use proptest::prelude::*;
use source_plugin::{CallId, Calls, Heard, Line, STRAYS_AT_MOST, read_line};

fn result(id: CallId) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#)
}

fn part(id: CallId) -> String {
    part_text(&id.to_string())
}

fn part_text(id: &str) -> String {
    let batch = r#"{"key":{"kind":"host","value":"app01"},"kind":"local"}"#;
    format!(r#"{{"jsonrpc":"2.0","method":"partial","params":{{"id":{id},"batch":{batch}}}}}"#)
}

fn hear(calls: &mut Calls, line: &str) -> Heard {
    let line: Line<'_> = read_line(line.as_bytes()).unwrap();
    calls.hear(&line)
}

#[derive(Debug, Clone)]
enum Step {
    Begin(usize),
    Cancel(usize),
    Answer(u64),
    Part(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0_usize..3).prop_map(Step::Begin),
        (0_usize..10).prop_map(Step::Cancel),
        (0_u64..12).prop_map(Step::Answer),
        (0_u64..12).prop_map(Step::Part),
    ]
}

proptest! {
    /// Whatever a plugin says in whatever order: each call is answered at most once, has no more
    /// parts than it may have, and none after its answer or its cancelling.
    #[test]
    fn no_order_of_lines_answers_a_call_twice(steps in prop::collection::vec(step(), 0..80)) {
        let mut calls = Calls::new();
        let mut begun: Vec<(CallId, usize)> = Vec::new();
        let mut over: BTreeSet<CallId> = BTreeSet::new();
        for step in steps {
            let heard = match step {
                Step::Begin(parts) => {
                    begun.push((calls.begin(parts), parts));
                    continue;
                }
                Step::Cancel(at) => {
                    if let Some((id, _)) = begun.get(at) {
                        prop_assert_eq!(calls.cancel(*id), over.insert(*id));
                    }
                    continue;
                }
                Step::Answer(id) => {
                    let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#);
                    hear(&mut calls, &line)
                }
                Step::Part(id) => {
                    let line = part_text(&id.to_string());
                    hear(&mut calls, &line)
                }
            };
            match heard {
                Heard::Answer(id) => prop_assert!(over.insert(id), "answered when it was over"),
                Heard::Part(id) => {
                    prop_assert!(!over.contains(&id));
                    let left = begun.iter_mut().find(|(one, _)| *one == id).unwrap();
                    prop_assert!(left.1 > 0, "more parts than there are questions");
                    left.1 -= 1;
                }
                Heard::TooManyStrays => break,
                Heard::Late | Heard::Unknown | Heard::Stray => {}
            }
        }
    }
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
