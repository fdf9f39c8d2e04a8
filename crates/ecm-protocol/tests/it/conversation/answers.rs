//! Parts, answers, cancelling, and what comes too late.

use ecm_protocol::codec::RequestId;
use ecm_protocol::ecm::{Answer, Delivery, Event};
use ecm_protocol::message::{Category, CredentialSummary, ReleaseResult};
use ecm_protocol::site::Event as SiteEvent;

use super::{
    Pair, config, find, find_within, found, hello, ids_of, lent, retrieve, row, rows, seconds,
};

/// The rows of the parts that came, in order.
fn parts(pair: &mut Pair) -> Vec<Vec<String>> {
    let mut parts = Vec::new();
    while matches!(pair.site_events.first(), Some(SiteEvent::Partial { .. })) {
        if let SiteEvent::Partial { items, .. } = pair.site_events.remove(0) {
            parts.push(items.into_iter().map(|item| item.id).collect());
        }
    }
    parts
}

fn final_rows(pair: &mut Pair) -> (Vec<CredentialSummary>, bool) {
    let (_, answer) = pair.answered();
    let Ok(Answer::Find(result)) = answer else { panic!("{answer:?}") };
    (result.items, result.truncated)
}

#[test]
fn parts_come_before_the_end_and_are_not_repeated_in_it() {
    let mut pair = Pair::ready();
    let id = pair.ask("f-1", &find());
    pair.question();
    assert!(pair.ecm.partial(&id, rows(&["a", "b"])).is_empty());
    assert!(pair.ecm.partial(&id, rows(&["b", "c"])).is_empty());
    assert!(pair.ecm.partial(&id, rows(&["a", "c"])).is_empty());
    let _ = pair.answer(&id, Ok(Answer::Find(found(&["a", "d"]))));
    assert_eq!(parts(&mut pair), [vec!["a", "b"], vec!["c"]]);
    let (items, truncated) = final_rows(&mut pair);
    assert_eq!((ids_of(&items), truncated), (vec!["d"], false));
    // The third part held nothing new and was not sent.
    assert_eq!(pair.from_ecm.len(), 3);
}

#[test]
fn without_parts_agreed_the_rows_are_handed_back_for_the_end() {
    let mut config = config();
    config.capabilities.partial_results = false;
    let mut pair = Pair::greeted(hello(), config);
    let id = pair.ask("f-1", &find());
    pair.question();
    let held = pair.ecm.partial(&id, rows(&["a"]));
    assert_eq!(ids_of(&held), ["a"]);
    let _ = pair.answer(&id, Ok(Answer::Find(found(&["a"]))));
    assert_eq!(ids_of(&final_rows(&mut pair).0), ["a"]);
}

#[test]
fn a_site_drops_repeated_rows_repeated_parts_and_parts_after_the_end() {
    let mut pair = Pair::ready();
    let id = pair.ask("f-1", &find());
    pair.question();
    let part = |seq: u32, id: &str| {
        crate::fixture::text("credentials.partial-first")
            .replace("0192f3b0-1111-7000-8000-00000000abcd", "f-1")
            .replace("\"seq\": 1", &format!("\"seq\": {seq}"))
            .replace("e1.eyJ2IjoibWFpbiJ9.qL3J0w", id)
    };
    pair.ecm_says(&part(1, "a"));
    pair.ecm_says(&part(1, "b"));
    pair.ecm_says(&part(2, "a"));
    pair.ecm_says(&part(3, "c"));
    assert_eq!(parts(&mut pair), [vec!["a"], vec!["c"]]);
    let _ = pair.answer(&id, Ok(Answer::Find(found(&["c", "d"]))));
    assert_eq!(ids_of(&final_rows(&mut pair).0), ["d"]);
    pair.ecm_says(&part(4, "e"));
    pair.nothing_more_happened();
}

#[test]
fn no_more_rows_than_wanted_are_offered_and_the_answer_says_so() {
    let mut config = config();
    config.limits.max_results = 3;
    let mut pair = Pair::greeted(hello(), config);
    let id = pair.ask("f-1", &find());
    pair.question();
    pair.ecm.partial(&id, rows(&["a", "b"]));
    let _ = pair.answer(&id, Ok(Answer::Find(found(&["c", "d"]))));
    assert_eq!(parts(&mut pair), [vec!["a", "b"]]);
    let (items, truncated) = final_rows(&mut pair);
    assert_eq!((ids_of(&items), truncated), (vec!["c"], true));
}

/// Rows that fill a message of 4 KiB many times over.
fn many_rows() -> Vec<CredentialSummary> {
    (0..100)
        .map(|n| CredentialSummary { display: "x".repeat(200), ..row(&format!("{n:03}")) })
        .collect()
}

fn small_messages() -> ecm_protocol::site::Config {
    let mut config = config();
    config.limits.message_bytes = 4096;
    config
}

#[test]
fn an_answer_too_large_for_one_message_comes_in_parts() {
    let mut pair = Pair::greeted(hello(), small_messages());
    let id = pair.ask("f-1", &find());
    pair.question();
    let mut result = found(&[]);
    result.items = many_rows();
    assert_eq!(pair.answer(&id, Ok(Answer::Find(result))), Delivery::Queued);
    assert!(pair.from_ecm.iter().all(|frame| frame.len() <= 4096));
    let mut ids: Vec<_> = parts(&mut pair).concat();
    let (items, truncated) = final_rows(&mut pair);
    ids.extend(items.into_iter().map(|item| item.id));
    assert_eq!(ids, (0..100).map(|n| format!("{n:03}")).collect::<Vec<_>>());
    assert!(!truncated);
}

#[test]
fn an_answer_too_large_is_cut_where_parts_are_not_agreed_and_says_so() {
    let mut config = small_messages();
    config.capabilities.partial_results = false;
    let mut pair = Pair::greeted(hello(), config);
    let id = pair.ask("f-1", &find());
    pair.question();
    let mut result = found(&[]);
    result.items = many_rows();
    assert_eq!(pair.answer(&id, Ok(Answer::Find(result))), Delivery::Queued);
    let (items, truncated) = final_rows(&mut pair);
    assert!(truncated && !items.is_empty());
    assert_eq!(items[0].id, "000");
}

#[test]
fn an_answer_of_the_wrong_kind_is_our_fault_and_must_be_given_back() {
    let mut pair = Pair::ready();
    let id = pair.ask("f-1", &find());
    pair.question();
    assert_eq!(pair.answer(&id, Ok(lent())), Delivery::Late);
    assert_eq!(pair.answered().1.unwrap_err().category, Category::Internal);
    assert!(!pair.from_ecm.concat().contains("password_b64"));
}

#[test]
fn a_cancelled_question_is_answered_at_once_and_its_late_answer_given_back() {
    let mut pair = Pair::ready();
    let id = pair.ask("r-1", &retrieve());
    pair.question();
    pair.site.cancel(&id);
    pair.settle();
    let event = pair.ecm_events.remove(0);
    assert!(matches!(&event, Event::Cancelled(cancelled) if *cancelled == id), "{event:?}");
    assert_eq!(pair.answered().1.unwrap_err().category, Category::Cancelled);
    assert_eq!(pair.answer(&id, Ok(lent())), Delivery::Late);
    assert!(!pair.from_ecm.concat().contains("password_b64"));
    pair.nothing_more_happened();
}

#[test]
fn cancelling_what_was_never_asked_or_is_answered_does_nothing() {
    let mut pair = Pair::ready();
    pair.site_says(r#"{"jsonrpc":"2.0","method":"$/cancel","params":{"id":"f-1"}}"#);
    pair.nothing_more_happened();
    // A question that comes after has nothing to do with it.
    let id = pair.ask("f-1", &find());
    pair.question();
    let _ = pair.answer(&id, Ok(Answer::Find(found(&["a"]))));
    assert!(pair.answered().1.is_ok());
    pair.site_says(r#"{"jsonrpc":"2.0","method":"$/cancel","params":{"id":"f-1"}}"#);
    pair.nothing_more_happened();
    assert_eq!(pair.from_ecm.len(), 1);
}

#[test]
fn when_cancel_and_answer_cross_the_asker_gets_the_answer_once() {
    let mut pair = Pair::ready();
    let id = pair.ask("r-1", &retrieve());
    pair.question();
    // Both are on the wire before either arrives.
    let delivery = pair.ecm.answer(&id, Ok(lent()));
    assert_eq!(delivery, Delivery::Queued);
    pair.site.cancel(&id);
    pair.settle();
    // The credential came, so whoever cancelled knows what to give back.
    assert!(matches!(pair.answered().1, Ok(Answer::Retrieve(result)) if result.lease.id == "l-1"));
    pair.nothing_more_happened();
}

#[test]
fn a_retrieval_answered_after_the_site_gave_up_is_named_so_that_it_is_given_back() {
    let mut pair = Pair::ready();
    let id = pair.ask("r-1", &retrieve());
    pair.question();
    // An ECM that does not keep its deadline: time passes for the site alone.
    pair.now += seconds(31);
    pair.site.handle_pong(pair.now);
    pair.site.handle_timeout(pair.now);
    while let Some(event) = pair.site.poll_event() {
        pair.site_events.push(event);
    }
    assert_eq!(pair.answered().1.unwrap_err().category, Category::Deadline);
    assert_eq!(pair.answer(&id, Ok(lent())), Delivery::Queued);
    let event = pair.site_events.remove(0);
    let SiteEvent::Stray { id, lease } = event else { panic!("{event:?}") };
    assert_eq!((id.as_str(), lease.id.as_str()), ("r-1", "l-1"));
}

#[test]
fn an_answer_to_nothing_is_noted_and_the_link_goes_on() {
    let mut pair = Pair::ready();
    pair.ecm_says(r#"{"jsonrpc":"2.0","id":"never","result":{}}"#);
    pair.site_says(r#"{"jsonrpc":"2.0","id":"never","error":{"code":-32020,"message":"x"}}"#);
    assert!(matches!(pair.site_events.remove(0), SiteEvent::Unknown { .. }));
    assert!(matches!(pair.ecm_events.remove(0), Event::Unknown { .. }));
    pair.ask("f-1", &find());
    pair.question();
}

#[test]
fn an_answer_that_cannot_be_read_fails_its_question_only() {
    let mut pair = Pair::ready();
    pair.ask("f-1", &find());
    pair.question();
    pair.ecm_says(r#"{"jsonrpc":"2.0","id":"f-1","result":{"items":"planted"}}"#);
    let (_, answer) = pair.answered();
    let problem = answer.unwrap_err();
    assert_eq!(problem.category, Category::BadParameters);
    assert!(!format!("{problem} {problem:?}").contains("planted"));
    assert!(pair.site.is_ready());
}

#[test]
fn the_late_answer_of_a_search_is_dropped_by_the_site() {
    let mut pair = Pair::ready();
    pair.ask("f-1", &find_within(Some(1000)));
    pair.question();
    pair.pass(seconds(3));
    assert_eq!(pair.answered().1.unwrap_err().category, Category::Deadline);
    let late = crate::fixture::text("credentials.find-answer-empty");
    pair.ecm_says(&late);
    assert!(matches!(pair.site_events.remove(0), SiteEvent::Unknown { .. }));
}

#[test]
fn an_answer_on_a_link_that_is_gone_must_be_given_back() {
    let mut pair = Pair::ready();
    let id = pair.ask("r-1", &retrieve());
    pair.question();
    pair.ecm.handle_disconnected(None);
    assert_eq!(pair.answer(&id, Ok(lent())), Delivery::Late);
    let never = RequestId::new("never").unwrap();
    let answer = Ok(Answer::Release(ReleaseResult { released: false, rotation: None }));
    assert_eq!(pair.answer(&never, answer), Delivery::Late);
}
