//! Stopping politely, from both ends.

use ecm_protocol::codec::RequestId;
use ecm_protocol::ecm::{Answer, Ask as Asked, Delivery, Event};
use ecm_protocol::link::CloseCode;
use ecm_protocol::message::{Category, Health, HealthState, ReleaseResult};
use ecm_protocol::site::Event as SiteEvent;

use super::{Pair, find, found, lent, release, retrieve, seconds};

#[test]
fn a_retrieval_finishes_while_the_ecm_drains_and_then_it_closes_with_1001() {
    let mut pair = Pair::ready();
    let id = pair.ask("r-1", &retrieve());
    pair.question();
    pair.ecm.drain(pair.now, seconds(20), "stop");
    pair.settle();
    let event = pair.site_events.remove(0);
    let SiteEvent::PeerDrains(drain) = event else { panic!("{event:?}") };
    assert_eq!((drain.grace_ms, drain.reason.as_str()), (20_000, "stop"));

    assert_eq!(pair.answer(&id, Ok(lent())), Delivery::Queued);
    assert!(matches!(pair.answered().1, Ok(Answer::Retrieve(_))));
    assert_eq!(pair.ecm_close().code, CloseCode::GoingAway);
    assert_eq!(pair.site_close(), (CloseCode::GoingAway, vec![]));
}

#[test]
fn a_draining_ecm_takes_releases_and_refuses_searches() {
    let mut pair = Pair::ready();
    pair.ask("r-1", &retrieve());
    pair.question();
    pair.ecm.drain(pair.now, seconds(20), "stop");
    pair.settle();
    pair.site_events.clear();
    // Our own site does not ask any more; a question may have been on the way already.
    let late = RequestId::new("f-1").unwrap();
    let refused = pair.site.ask(pair.now, late, &find()).unwrap_err();
    assert_eq!(refused.category, Category::Draining);
    pair.site_says(&crate::fixture::text("credentials.find-web"));
    let answer: serde_json::Value = serde_json::from_str(pair.from_ecm.last().unwrap()).unwrap();
    assert_eq!(answer["error"]["code"], -32016);
    pair.site_events.clear();

    let id = pair.ask("x-1", &release());
    assert!(matches!(pair.question().ask, Asked::Release(_)));
    let back = ReleaseResult { released: true, rotation: None };
    let _ = pair.answer(&id, Ok(Answer::Release(back)));
    assert!(matches!(pair.answered().1, Ok(Answer::Release(released)) if released == back));
}

#[test]
fn what_still_runs_when_the_grace_is_over_is_answered_and_its_late_answer_given_back() {
    let mut pair = Pair::ready();
    let id = pair.ask("r-1", &retrieve());
    pair.question();
    pair.ecm.drain(pair.now, seconds(5), "stop");
    pair.pass(seconds(5));
    assert!(matches!(pair.site_events.remove(0), SiteEvent::PeerDrains(_)));
    assert_eq!(pair.answered().1.unwrap_err().category, Category::Draining);
    assert_eq!(pair.site_close(), (CloseCode::GoingAway, vec![]));
    assert_eq!(pair.ecm_close().code, CloseCode::GoingAway);
    assert!(matches!(pair.ecm_events.remove(0), Event::Cancelled(cancelled) if cancelled == id));
    assert_eq!(pair.answer(&id, Ok(lent())), Delivery::Late);
}

#[test]
fn an_idle_ecm_that_drains_closes_at_once() {
    let mut pair = Pair::ready();
    pair.ecm.drain(pair.now, seconds(20), "stop");
    pair.settle();
    assert_eq!(pair.ecm_close().code, CloseCode::GoingAway);
    assert_eq!(pair.site_close().0, CloseCode::GoingAway);
    assert_eq!(pair.ecm.poll_timeout(), None);
    assert_eq!(pair.site.poll_timeout(), None);
}

#[test]
fn a_draining_site_asks_no_more_and_closes_when_the_last_answer_is_there() {
    let mut pair = Pair::ready();
    let id = pair.ask("f-1", &find());
    pair.question();
    pair.site.drain(pair.now, seconds(20), "update");
    pair.settle();
    assert!(
        matches!(pair.ecm_events.remove(0), Event::PeerDrains(drain) if drain.reason == "update")
    );
    let second = RequestId::new("f-2").unwrap();
    let refused = pair.site.ask(pair.now, second, &find()).unwrap_err();
    assert_eq!(refused.category, Category::Draining);
    let _ = pair.answer(&id, Ok(Answer::Find(found(&["a"]))));
    assert!(pair.answered().1.is_ok());
    assert_eq!(pair.site_close().0, CloseCode::GoingAway);
    assert_eq!(pair.ecm_close().code, CloseCode::GoingAway);
}

#[test]
fn a_draining_site_waits_no_longer_than_its_grace() {
    let mut pair = Pair::ready();
    pair.ask("f-1", &find());
    pair.question();
    pair.site.drain(pair.now, seconds(3), "update");
    pair.pass(seconds(3));
    assert_eq!(pair.site_close(), (CloseCode::GoingAway, vec!["f-1".to_owned()]));
}

#[test]
fn health_is_told_while_draining() {
    let mut pair = Pair::ready();
    pair.ask("f-1", &find());
    pair.ecm.drain(pair.now, seconds(20), "no vault answers");
    pair.ecm.health(&Health { state: HealthState::Down, detail: None });
    pair.settle();
    assert!(matches!(pair.site_events[0], SiteEvent::PeerDrains(_)));
    assert!(matches!(&pair.site_events[1], SiteEvent::Health(h) if h.state == HealthState::Down));
}
