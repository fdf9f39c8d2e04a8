//! Questions: who may ask what, how many at once, and for how long.

use ecm_protocol::codec::RequestId;
use ecm_protocol::ecm::{Answer, Ask as Asked, Delivery, Event};
use ecm_protocol::link::CloseCode;
use ecm_protocol::message::{Capabilities, Category, ReleaseResult, Rotation};
use ecm_protocol::site::Ask;

use super::{
    Pair, config, find, find_within, found, hello, lent, millis, release, retrieve, seconds,
};

#[test]
fn a_search_a_retrieval_and_a_release_go_there_and_back() {
    let mut pair = Pair::ready();

    let id = pair.ask("f-1", &find());
    assert!(matches!(pair.question().ask, Asked::Find(find) if find.user.username == "joe.user"));
    assert_eq!(pair.answer(&id, Ok(Answer::Find(found(&["a", "b"])))), Delivery::Queued);
    let (id, answer) = pair.answered();
    assert_eq!(id, "f-1");
    let Ok(Answer::Find(result)) = answer else { panic!("{answer:?}") };
    assert_eq!(result, found(&["a", "b"]));

    let id = pair.ask("r-1", &retrieve());
    assert!(matches!(pair.question().ask, Asked::Retrieve(_)));
    assert_eq!(pair.answer(&id, Ok(lent())), Delivery::Queued);
    assert!(matches!(pair.answered().1, Ok(Answer::Retrieve(r)) if r.lease.id == "l-1"));

    let id = pair.ask("x-1", &release());
    assert!(matches!(pair.question().ask, Asked::Release(_)));
    let back = ReleaseResult { released: true, rotation: Some(Rotation::Queued) };
    assert_eq!(pair.answer(&id, Ok(Answer::Release(back))), Delivery::Queued);
    assert!(matches!(pair.answered().1, Ok(Answer::Release(released)) if released == back));
    pair.nothing_more_happened();
}

#[test]
fn the_release_of_an_unknown_lease_is_answered_and_no_error() {
    let mut pair = Pair::ready();
    for id in ["x-1", "x-2"] {
        let id = pair.ask(id, &release());
        pair.question();
        let unknown = ReleaseResult { released: false, rotation: None };
        let _ = pair.answer(&id, Ok(Answer::Release(unknown)));
        assert!(matches!(pair.answered().1, Ok(Answer::Release(released)) if released == unknown));
    }
}

#[test]
fn answers_come_in_any_order() {
    let mut pair = Pair::ready();
    let first = pair.ask("1", &find());
    let second = pair.ask("2", &find());
    let _ = pair.answer(&second, Ok(Answer::Find(found(&["b"]))));
    let _ = pair.answer(&first, Ok(Answer::Find(found(&["a"]))));
    assert_eq!(pair.answered().0, "2");
    assert_eq!(pair.answered().0, "1");
}

#[test]
fn a_question_says_when_to_wrap_up_and_when_nobody_waits() {
    let mut pair = Pair::ready();
    pair.ask("f-1", &find_within(Some(12_000)));
    let question = pair.question();
    assert_eq!(question.received, pair.now);
    assert_eq!(question.answer_by, pair.now + millis(10_800));
    assert_eq!(question.deadline, pair.now + seconds(12));
}

#[test]
fn without_a_deadline_the_one_of_the_greeting_holds() {
    let mut pair = Pair::ready();
    pair.ask("f-1", &find());
    let question = pair.question();
    assert_eq!(question.deadline, pair.now + seconds(15));
    pair.ask("r-1", &retrieve());
    let question = pair.question();
    assert_eq!(question.deadline, pair.now + seconds(30));
}

#[test]
fn a_deadline_of_nothing_is_over_before_anybody_is_bothered() {
    let mut pair = Pair::ready();
    pair.ask("f-1", &find_within(Some(0)));
    assert!(pair.ecm_events.is_empty(), "{:?}", pair.ecm_events);
    let (_, answer) = pair.answered();
    assert_eq!(answer.unwrap_err().category, Category::Deadline);
}

#[test]
fn an_unanswered_question_is_answered_at_its_deadline_and_the_late_answer_dropped() {
    for (deadline_ms, wait) in [(1, millis(1)), (3_600_000, seconds(3600))] {
        let mut pair = Pair::ready();
        let id = pair.ask("f-1", &find_within(Some(deadline_ms)));
        pair.question();
        pair.pass(wait - millis(1));
        pair.nothing_more_happened();
        pair.pass(millis(1));
        assert!(matches!(pair.ecm_events.remove(0), Event::Expired(_)));
        assert_eq!(pair.answered().1.unwrap_err().category, Category::Deadline);
        assert_eq!(pair.answer(&id, Ok(Answer::Find(found(&[])))), Delivery::Late);
        pair.nothing_more_happened();
    }
}

#[test]
fn a_deadline_of_days_is_taken_for_an_hour() {
    let mut pair = Pair::ready();
    pair.ask("f-1", &find_within(Some(9_007_199_254_740_991)));
    assert_eq!(pair.question().deadline, pair.now + seconds(3600));
}

#[test]
fn more_than_agreed_at_once_is_busy_and_giving_back_still_is_not() {
    let mut hello = hello();
    hello.limits.in_flight = 2;
    let mut pair = Pair::greeted(hello, config());
    pair.ask("1", &find());
    pair.ask("2", &find());
    // Our own site does not ask more; another might.
    let third = RequestId::new("3").unwrap();
    let refused = pair.site.ask(pair.now, third, &find()).unwrap_err();
    assert_eq!(refused.category, Category::Busy);
    pair.site_says(&crate::fixture::text("credentials.find-web"));
    let busy: serde_json::Value = serde_json::from_str(pair.from_ecm.last().unwrap()).unwrap();
    assert_eq!(busy["error"]["code"], -32017);
    assert_eq!(busy["error"]["data"]["retry_after_ms"], 1000);

    pair.ecm_events.clear();
    pair.site_says(&crate::fixture::text("credentials.release-ask"));
    assert!(matches!(pair.question().ask, Asked::Release(_)));
    // But not without limit.
    for id in ["r-79", "r-80"] {
        let frame = crate::fixture::text("credentials.release-ask").replace("r-78", id);
        pair.site_says(&frame);
    }
    assert_eq!(pair.ecm.in_flight(), 4);
    let busy: serde_json::Value = serde_json::from_str(pair.from_ecm.last().unwrap()).unwrap();
    assert_eq!((&busy["id"], &busy["error"]["code"]), (&"r-80".into(), &(-32017).into()));
}

#[test]
fn an_id_used_for_two_open_questions_closes_with_4002() {
    let mut pair = Pair::ready();
    let frame = crate::fixture::text("credentials.find-web");
    pair.site_says(&frame);
    pair.site_says(&frame);
    assert_eq!(pair.ecm_close().code, CloseCode::DuplicateId);
    assert_eq!(pair.site_close().0, CloseCode::DuplicateId);
}

#[test]
fn a_question_larger_than_the_ecm_takes_is_not_asked() {
    let mut hello = hello();
    hello.limits.message_bytes = 1024;
    let mut pair = Pair::greeted(hello, config());
    let id = RequestId::new("f-1").unwrap();
    let Ask::Find(mut large) = find() else { panic!("no search") };
    large.user.dn = Some("x".repeat(1024));
    let refused = pair.site.ask(pair.now, id, &Ask::Find(large)).unwrap_err();
    assert_eq!(refused.category, Category::BadParameters);
    pair.settle();
    assert!(pair.from_site.is_empty());
}

#[test]
fn an_id_may_be_used_again_after_its_answer() {
    let mut pair = Pair::ready();
    for _ in 0..2 {
        let id = pair.ask("f-1", &find());
        pair.question();
        let _ = pair.answer(&id, Ok(Answer::Find(found(&[]))));
        assert!(pair.answered().1.is_ok());
    }
}

#[test]
fn methods_not_agreed_are_unknown_and_not_held_against_the_link() {
    let mut hello = hello();
    hello.capabilities = Capabilities::default();
    let mut pair = Pair::greeted(hello, config());
    for name in
        ["health.check-ask", "credentials.release-ask", "endpoints.find-ask", "session.start-ask"]
    {
        pair.site_says(&crate::fixture::text(name));
    }
    pair.site_says(r#"{"jsonrpc":"2.0","id":"m-1","method":"moon.phase"}"#);
    assert_eq!(pair.from_ecm.len(), 5);
    for frame in &pair.from_ecm {
        let answer: serde_json::Value = serde_json::from_str(frame).unwrap();
        assert_eq!(answer["error"]["code"], -32601, "{frame}");
    }
    // Our own site knows better than to ask.
    for ask in [release(), Ask::HealthCheck] {
        let refused = pair.site.ask(pair.now, RequestId::new("q").unwrap(), &ask).unwrap_err();
        assert_eq!(refused.category, Category::UnknownMethod);
    }
    pair.ecm_events.clear();
    pair.site_events.clear();
    pair.ask("f-1", &find());
    pair.question();
}

#[test]
fn bad_parameters_are_answered_with_their_place() {
    let mut pair = Pair::ready();
    let frame = crate::fixture::text("credentials.find-shell").replace("2222", "\"planted\"");
    pair.site_says(&frame);
    let answer: serde_json::Value = serde_json::from_str(&pair.from_ecm[0]).unwrap();
    assert_eq!(answer["error"]["code"], -32602);
    let detail = answer["error"]["data"]["detail"].as_str().unwrap();
    assert!(detail.contains("`target.port`"), "{detail}");
    assert!(!pair.from_ecm[0].contains("planted"));
    assert!(pair.ecm_events.is_empty());
}

#[test]
fn members_of_a_later_version_are_ignored_and_counted() {
    let mut pair = Pair::ready();
    let frame = crate::fixture::text("credentials.find-web")
        .replace("\"kind\": \"web\"", "\"kind\": \"web\", \"moon\": {\"phase\": 1}")
        .replace("\"meta\": {}", "\"meta\": {\"mood\": null}");
    pair.site_says(&frame);
    let event = pair.ecm_events.remove(0);
    let Event::Unknown { method, members } = event else { panic!("{event:?}") };
    assert_eq!((method.as_str(), members), ("credentials.find", 2));
    assert!(matches!(pair.question().ask, Asked::Find(_)));
}
