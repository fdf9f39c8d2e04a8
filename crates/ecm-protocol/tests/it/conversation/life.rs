//! Heartbeat, silence, slept machines, tokens, and lost links.

use ecm_protocol::ecm::{Answer, Delivery, Event};
use ecm_protocol::link::{Close, CloseCode};
use ecm_protocol::message::{Category, Health, HealthState, Problem, RankChanged, Used};
use ecm_protocol::site::{Ask, Event as SiteEvent};
use secrecy::{ExposeSecret, SecretString};

use super::{Pair, find, found, lent, millis, retrieve, seconds};

#[test]
fn an_idle_link_is_pinged_every_twenty_seconds_and_lives() {
    let mut pair = Pair::ready();
    pair.pass(seconds(19));
    assert_eq!(pair.pings, 0);
    pair.pass(seconds(1));
    assert!(pair.pings >= 1);
    pair.pass(seconds(3600));
    assert!(pair.site.is_ready());
    pair.nothing_more_happened();
}

#[test]
fn a_ping_without_pong_ends_the_link_after_ten_seconds_with_4008() {
    let mut pair = Pair::ready();
    pair.is_cut = true;
    pair.pass(seconds(29));
    pair.nothing_more_happened();
    pair.pass(seconds(1));
    assert_eq!(pair.ecm_close().code, CloseCode::Silence);
    assert_eq!(pair.site_close().0, CloseCode::Silence);
}

#[test]
fn a_machine_that_slept_closes_its_link() {
    let mut pair = Pair::ready();
    // The timer was due at 20 s; it fires more than 30 s later.
    pair.now += seconds(20) + seconds(30) + millis(1);
    pair.ecm.handle_timeout(pair.now);
    pair.settle();
    let close = pair.ecm_close();
    assert_eq!((close.code, close.reason.as_str()), (CloseCode::Silence, "this machine slept"));
}

#[test]
fn a_storm_of_pings_is_answered_one_by_one_and_does_no_harm() {
    let mut pair = Pair::ready();
    for n in 0..1000 {
        pair.site_says(&format!(
            r#"{{"jsonrpc":"2.0","id":"p{n}","method":"$/ping","params":{{}}}}"#
        ));
        let event = pair.ecm_events.remove(0);
        let Event::Ping(id) = event else { panic!("{event:?}") };
        pair.ecm.pong(&id, "2026-03-02T08:00:01Z".parse().unwrap());
        pair.settle();
    }
    assert_eq!(pair.from_ecm.len(), 1000);
    assert_eq!(
        pair.from_ecm[999],
        r#"{"jsonrpc":"2.0","id":"p999","result":{"at":"2026-03-02T08:00:01.000Z"}}"#
    );
    pair.ask("f-1", &find());
    pair.site_events.clear();
    pair.question();
}

#[test]
fn a_new_token_is_shown_and_taken() {
    let mut pair = Pair::ready();
    pair.ecm.reauth(pair.now, SecretString::from("token-2"));
    pair.settle();
    let event = pair.site_events.remove(0);
    let SiteEvent::Reauth { id, token } = event else { panic!("{event:?}") };
    assert_eq!(token.expose_secret(), "token-2");
    pair.site.accept_reauth(&id);
    pair.settle();
    assert!(matches!(pair.ecm_events.remove(0), Event::Reauthenticated(Ok(()))));
    pair.nothing_more_happened();
}

#[test]
fn a_new_token_that_is_refused_leaves_the_link_to_its_old_one() {
    let mut pair = Pair::ready();
    pair.ecm.reauth(pair.now, SecretString::from("token-2"));
    pair.settle();
    let SiteEvent::Reauth { id, .. } = pair.site_events.remove(0) else { panic!("no token") };
    pair.site.refuse_reauth(&id, &Problem::new(Category::AccessDenied));
    pair.settle();
    let event = pair.ecm_events.remove(0);
    let Event::Reauthenticated(Err(problem)) = event else { panic!("{event:?}") };
    assert_eq!(problem.category, Category::AccessDenied);
    pair.ask("f-1", &find());
    pair.question();
}

#[test]
fn a_new_token_that_nobody_looks_at_fails_after_ten_seconds_once() {
    let mut pair = Pair::ready();
    pair.ecm.reauth(pair.now, SecretString::from("token-2"));
    pair.pass(seconds(10));
    let event = pair.ecm_events.remove(0);
    let Event::Reauthenticated(Err(problem)) = event else { panic!("{event:?}") };
    assert_eq!(problem.category, Category::Deadline);
    let SiteEvent::Reauth { id, .. } = pair.site_events.remove(0) else { panic!("no token") };
    pair.site.accept_reauth(&id);
    pair.settle();
    assert!(matches!(pair.ecm_events.remove(0), Event::Unknown { .. }));
}

#[test]
fn a_token_revoked_within_a_search_ends_the_link_with_1008() {
    let mut pair = Pair::ready();
    let id = pair.ask("f-1", &find());
    pair.question();
    pair.site.close_now(CloseCode::Policy, "token revoked");
    pair.settle();
    assert_eq!(pair.ecm_close().code, CloseCode::Policy);
    assert_eq!(pair.site_close(), (CloseCode::Policy, vec!["f-1".to_owned()]));
    assert_eq!(pair.answer(&id, Ok(Answer::Find(found(&[])))), Delivery::Late);
}

#[test]
fn a_lost_link_names_the_questions_it_takes_with_it() {
    let mut pair = Pair::ready();
    pair.ask("f-1", &find());
    pair.ask("r-1", &retrieve());
    pair.site.handle_disconnected(None);
    pair.settle();
    let lost = vec!["f-1".to_owned(), "r-1".to_owned()];
    assert_eq!(pair.site_close(), (CloseCode::Other(1006), lost));
}

#[test]
fn what_was_not_sent_before_the_link_was_lost_is_not_sent_after() {
    let mut pair = Pair::ready();
    let id = pair.ask("r-1", &retrieve());
    pair.question();
    let _ = pair.ecm.answer(&id, Ok(lent()));
    pair.ecm.handle_disconnected(None);
    assert!(pair.ecm.poll_transmit().is_none());
}

#[test]
fn a_binary_message_closes_with_1003() {
    let mut pair = Pair::ready();
    pair.ecm.handle_binary();
    pair.settle();
    assert_eq!(pair.ecm_close().code, CloseCode::Unsupported);
    let mut pair = Pair::ready();
    pair.site.handle_binary();
    pair.settle();
    assert_eq!(pair.site_close().0, CloseCode::Unsupported);
}

#[test]
fn nothing_follows_the_end() {
    let mut pair = Pair::ready();
    let replaced = Close { code: CloseCode::Replaced, reason: "a newer link".to_owned() };
    pair.ecm.handle_disconnected(Some(replaced.clone()));
    pair.settle();
    assert_eq!(pair.ecm_close(), replaced);
    pair.site_says(&crate::fixture::text("credentials.find-web"));
    pair.ecm.handle_timeout(pair.now + seconds(60));
    pair.ecm.close_now(CloseCode::Normal, "again");
    pair.ecm.health(&Health { state: HealthState::Up, detail: None });
    pair.settle();
    pair.nothing_more_happened();
    assert!(pair.from_ecm.is_empty());
}

#[test]
fn health_rank_and_use_reach_the_other_side() {
    let mut pair = Pair::ready();
    pair.ecm.health(&Health { state: HealthState::Degraded, detail: None });
    pair.site.rank(RankChanged { position: 2, peers: 2 });
    pair.site.used(&Used { lease_id: "l-1".to_owned(), succeeded: Some(true) });
    pair.settle();
    assert!(matches!(&pair.site_events[0],
        SiteEvent::Health(health) if health.state == HealthState::Degraded));
    assert!(matches!(&pair.ecm_events[0], Event::Rank(rank) if rank.position == 2));
    assert!(matches!(&pair.ecm_events[1], Event::Used(used) if used.succeeded == Some(true)));
}

#[test]
fn health_is_told_when_asked() {
    let mut pair = Pair::ready();
    let id = pair.ask("c-1", &Ask::HealthCheck);
    pair.question();
    let up = Health { state: HealthState::Up, detail: None };
    let _ = pair.answer(&id, Ok(Answer::Health(up.clone())));
    assert!(matches!(pair.answered().1, Ok(Answer::Health(health)) if health == up));
}

#[test]
fn close_codes_keep_their_numbers() {
    for number in [
        1000, 1001, 1002, 1003, 1006, 1008, 1009, 1011, 1012, 1013, 4001, 4002, 4003, 4004, 4005,
        4008, 4999,
    ] {
        assert_eq!(CloseCode::from_number(number).number(), number);
    }
    assert_eq!(CloseCode::Silence.number(), 4008);
    assert_eq!(CloseCode::from_number(4005), CloseCode::Replaced);
}
