use std::time::Duration;

use ecm_core::ports::Clock as _;
use ecm_core::source::{SourceError, SourceFailure};
use ecm_protocol::message::{Category, Release, Rotation};

use crate::fake_vault::local;
use crate::house::{House, SITE, refused, release, session};

fn unreachable() -> SourceError {
    SourceError::new(SourceFailure::Unreachable, "no route")
}

#[test]
fn released_lease_is_checked_in_once_however_often_it_is_released() {
    let house = House::new();
    let broker = house.open();
    let lent = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    let first = house.clock.run(broker.release(SITE, &release(&lent.lease.id))).unwrap();
    assert!(first.released);
    assert_eq!(first.rotation, Some(Rotation::Unknown));
    let second = house.clock.run(broker.release(SITE, &release(&lent.lease.id))).unwrap();
    assert!(!second.released);
    assert_eq!(house.vault.with(|s| s.check_ins.clone()), [(1, 1)].into());
    assert_eq!(house.audit_events(), ["lent", "returned"]);
}

#[test]
fn lease_whose_answer_was_lost_is_released_by_its_key() {
    let house = House::new();
    let broker = house.open();
    house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    let by_key = Release { lease_id: None, idempotency_key: Some("k1".into()), ..release("") };
    assert!(house.clock.run(broker.release(SITE, &by_key)).unwrap().released);
    assert_eq!(house.vault.open_requests(), 0);
}

#[test]
fn release_that_names_nothing_or_another_credential_changes_nothing() {
    let house = House::new();
    let broker = house.open();
    let lent = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    let nothing = Release { lease_id: None, ..release("") };
    let problem = house.clock.run(broker.release(SITE, &nothing)).unwrap_err();
    assert_eq!(problem.category, Category::BadParameters);
    let other = Release { credential_id: Some("e1.other".into()), ..release(&lent.lease.id) };
    assert!(!house.clock.run(broker.release(SITE, &other)).unwrap().released);
    assert!(!house.clock.run(broker.release(SITE, &release("l-unknown"))).unwrap().released);
    assert_eq!(house.vault.open_requests(), 1);
}

#[test]
fn request_shared_by_two_sessions_is_given_back_after_the_last() {
    let house = House::new();
    let broker = house.open();
    let first = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    let mut ask = house.retrieve_ask(&broker, "k2");
    ask.session = session("lsid-2");
    let second = house.retrieve(&broker, &ask).unwrap();
    assert!(!first.lease.shared && second.lease.shared);
    assert_ne!(first.lease.id, second.lease.id);
    assert!(house.clock.run(broker.release(SITE, &release(&first.lease.id))).unwrap().released);
    assert_eq!(house.vault.open_requests(), 1, "the second session still works");
    assert!(house.clock.run(broker.release(SITE, &release(&second.lease.id))).unwrap().released);
    assert_eq!(house.vault.with(|s| s.check_ins.clone()), [(1, 1)].into());
}

#[test]
fn end_of_a_session_gives_back_what_it_held_and_nothing_else() {
    let house = House::new();
    let broker = house.open();
    house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    let mut other = house.retrieve_ask(&broker, "k2");
    other.credential_id = house.id_of(&broker, "adm-joe");
    other.session = session("lsid-2");
    house.retrieve(&broker, &other).unwrap();
    let report = house.clock.run(broker.session_ended(SITE, "lsid-1"));
    assert_eq!(report.closed.len(), 1);
    assert_eq!((house.vault.open_requests(), broker.leases()), (1, 1));
}

#[test]
fn request_somebody_opened_elsewhere_is_joined_and_left_to_them() {
    let house = House::new();
    let account = local(12, 3124, "App01", "helpdesk-01").account;
    house.vault.open_elsewhere(r"ACME\joe", &account, Duration::from_secs(7200));
    let broker = house.open();
    let lent = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    assert!(lent.lease.shared);
    assert!(house.clock.run(broker.release(SITE, &release(&lent.lease.id))).unwrap().released);
    assert_eq!((house.vault.open_requests(), house.vault.calls("give_back")), (1, 0));
}

#[test]
fn expired_lease_is_given_back_when_it_is_due_and_not_before() {
    let house = House::new();
    let broker = house.open();
    let lent = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    assert_eq!(broker.next_due(), Some(lent.lease.expires_at));
    house.clock.advance(Duration::from_secs(359 * 60));
    house.clock.run(broker.give_back_overdue(house.clock.now()));
    assert_eq!(broker.leases(), 1);
    house.clock.advance(Duration::from_secs(60));
    house.clock.run(broker.give_back_overdue(house.clock.now()));
    assert_eq!((broker.leases(), broker.next_due()), (0, None));
}

#[test]
fn vault_that_is_down_is_told_later_and_the_tries_spread_out() {
    let house = House::new();
    let broker = house.open();
    let lent = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    house.vault.fail("give_back", unreachable());
    assert!(!house.clock.run(broker.release(SITE, &release(&lent.lease.id))).unwrap().released);
    let mut waits = Vec::new();
    for _ in 0..4 {
        let due = broker.next_due().unwrap();
        let wait: Duration = due.duration_since(house.clock.now()).try_into().unwrap();
        waits.push(wait.as_secs());
        house.clock.advance(wait);
        house.clock.run(broker.give_back_overdue(house.clock.now()));
    }
    assert_eq!(waits, [10, 20, 40, 80]);
    house.vault.heal();
    house.settle(&broker);
    assert_eq!(house.vault.with(|s| s.check_ins.clone()), [(1, 1)].into());
}

#[test]
fn check_in_whose_answer_was_lost_is_not_done_twice() {
    let house = House::new();
    let broker = house.open();
    let lent = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    house.vault.fail("give_back", unreachable().uncertain());
    assert!(!house.clock.run(broker.release(SITE, &release(&lent.lease.id))).unwrap().released);
    house.vault.heal();
    house.settle(&broker);
    assert_eq!(house.vault.with(|s| s.check_ins.clone()), [(1, 1)].into());
    assert_eq!(house.audit_lines().last().unwrap()["rec"]["public"]["outcome"], "already-in");
}

#[test]
fn vault_that_stays_down_is_given_up_when_the_request_has_ended_by_itself() {
    let house = House::new();
    let broker = house.open();
    house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    house.vault.fail("give_back", unreachable());
    house.clock.run(broker.session_ended(SITE, "lsid-1"));
    house.clock.advance(Duration::from_secs(7 * 3600));
    house.clock.run(broker.give_back_overdue(house.clock.now()));
    assert_eq!(broker.leases(), 0);
    assert_eq!(house.audit_lines().last().unwrap()["rec"]["public"]["outcome"], "expired");
}

#[test]
fn request_whose_opening_was_not_answered_is_found_by_its_marker() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    house.vault.fail("open", unreachable().uncertain());
    assert_eq!(refused(house.retrieve(&broker, &ask)), Category::VaultUnreachable);
    assert_eq!((house.vault.open_requests(), broker.leases()), (1, 1));
    house.vault.heal();
    house.clock.run(broker.give_back_overdue(house.clock.now()));
    assert_eq!(house.vault.with(|s| s.check_ins.clone()), [(1, 1)].into());
}

#[test]
fn repeat_after_an_unanswered_opening_finds_its_request_instead_of_opening_another() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    house.vault.fail("open", unreachable().uncertain());
    house.retrieve(&broker, &ask).unwrap_err();
    house.vault.heal();
    house.retrieve(&broker, &ask).unwrap();
    assert_eq!(house.vault.with(|s| s.requests.len()), 1);
    assert_eq!(broker.leases(), 1);
}

#[test]
fn request_that_turns_up_late_is_found() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    house.vault.fail("open", SourceError::new(SourceFailure::Unreachable, "slow").uncertain());
    house.retrieve(&broker, &ask).unwrap_err();
    house.vault.heal();
    // The vault has not got to it yet: hide it from the list.
    let hidden = house.vault.with(|s| std::mem::take(&mut s.requests));
    house.clock.run(broker.give_back_overdue(house.clock.now()));
    assert_eq!(broker.leases(), 1, "kept, because it may turn up");
    house.vault.with(|s| s.requests = hidden);
    house.settle(&broker);
    assert_eq!(house.vault.with(|s| s.check_ins.clone()), [(1, 1)].into());
}

#[test]
fn stop_gives_everything_back_and_lends_nothing_more() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    house.retrieve(&broker, &ask).unwrap();
    let mut other = house.retrieve_ask(&broker, "k2");
    other.credential_id = house.id_of(&broker, "adm-joe");
    house.retrieve(&broker, &other).unwrap();
    let report = house.clock.run(broker.give_back_all());
    assert_eq!((report.closed.len(), report.still_open.len()), (2, 0));
    assert_eq!(house.vault.open_requests(), 0);
    assert_eq!(refused(house.retrieve(&broker, &ask)), Category::Draining);
}

#[test]
fn undeliverable_answer_is_given_back_and_its_key_starts_afresh() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    let lost = house.retrieve(&broker, &ask).unwrap();
    house.clock.run(broker.undeliverable(&lost.lease.id));
    assert_eq!(house.vault.open_requests(), 0);
    let again = house.retrieve(&broker, &ask).unwrap();
    assert_ne!(lost.lease.id, again.lease.id);
}

#[test]
fn crash_between_retrieval_and_release_is_made_good_at_the_next_start() {
    let house = House::new();
    let broker = house.open();
    house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    drop(broker);
    let broker = house.open();
    assert_eq!(broker.leases(), 1);
    let report = house.clock.run(broker.recover());
    assert_eq!(report.closed.len(), 1);
    assert_eq!(house.vault.with(|s| s.check_ins.clone()), [(1, 1)].into());
    drop(broker);
    assert_eq!(house.open().leases(), 0);
}

#[test]
fn crash_with_two_holders_is_one_check_in() {
    let house = House::new();
    let broker = house.open();
    for key in ["k1", "k2", "k3"] {
        house.retrieve(&broker, &house.retrieve_ask(&broker, key)).unwrap();
    }
    drop(broker);
    let broker = house.open();
    let report = house.clock.run(broker.recover());
    assert_eq!((report.closed.len(), broker.leases()), (3, 0));
    assert_eq!((house.vault.calls("give_back"), house.vault.open_requests()), (1, 0));
}

#[test]
fn recovery_keeps_what_it_cannot_give_back_and_tries_again() {
    let house = House::new();
    let broker = house.open();
    house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    drop(broker);
    house.vault.fail("give_back", unreachable());
    let broker = house.open();
    let report = house.clock.run(broker.recover());
    assert_eq!((report.closed.len(), report.still_open.len()), (0, 1));
    drop(broker);
    house.vault.heal();
    let broker = house.open();
    house.clock.run(broker.recover());
    assert_eq!(house.vault.with(|s| s.check_ins.clone()), [(1, 1)].into());
}

#[test]
fn one_site_can_neither_end_nor_go_on_with_what_another_borrowed() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    let lent = house.retrieve(&broker, &ask).unwrap();
    // Session ids and keys are each site's own, so another's can be the same by chance or intent.
    let report = house.clock.run(broker.session_ended("elsewhere", "lsid-1"));
    assert_eq!(report.closed.len(), 0);
    let by_key = Release { lease_id: None, idempotency_key: Some("k1".into()), ..release("") };
    for name in [release(&lent.lease.id), by_key] {
        assert!(!house.clock.run(broker.release("elsewhere", &name)).unwrap().released);
    }
    assert_eq!((house.vault.open_requests(), broker.leases()), (1, 1));

    let theirs = house.clock.run(broker.retrieve("elsewhere", &ask)).result.unwrap();
    assert_ne!(theirs.lease.id, lent.lease.id);
    assert!(house.clock.run(broker.release(SITE, &release(&lent.lease.id))).unwrap().released);
    assert_eq!(house.vault.open_requests(), 1, "the other site's session still works");
    let site = |line: &serde_json::Value| line["rec"]["public"]["site"].as_str().map(str::to_owned);
    let sites: Vec<_> = house.audit_lines().iter().filter_map(site).collect();
    assert_eq!(sites, [SITE, "elsewhere", SITE]);
}

#[test]
fn what_sessions_hold_can_be_kept_over_an_orderly_stop_and_ends_as_ever_in_the_next_run() {
    let house = House::new();
    let broker = house.open();
    let lent = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    let report = house.clock.run(broker.keep_held());
    assert!(report.closed.is_empty() && report.still_open.is_empty());
    assert_eq!((broker.leases(), broker.kept()), (1, 1));
    assert!(house.retrieve(&broker, &house.retrieve_ask(&broker, "k2")).is_err(), "it stops");
    drop(broker);

    let next = house.open();
    let recovered = house.clock.run(next.recover());
    assert!(recovered.closed.is_empty(), "{recovered:?}");
    assert_eq!((house.vault.open_requests(), next.leases()), (1, 1));
    // The site asks for the same again, and then lets go.
    let again = house.retrieve(&next, &house.retrieve_ask(&next, "k1")).unwrap();
    assert_eq!(again.lease.id, lent.lease.id);
    assert!(house.clock.run(next.release(SITE, &release(&lent.lease.id))).unwrap().released);
    assert_eq!((house.vault.open_requests(), next.leases()), (0, 0));
}

#[test]
fn a_kept_lease_is_given_back_when_its_time_is_over_and_a_crash_keeps_nothing() {
    let house = House::new();
    let broker = house.open();
    house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    house.clock.run(broker.keep_held());
    drop(broker);
    let next = house.open();
    let due = next.next_due().unwrap();
    house.clock.run(next.give_back_overdue(due));
    assert_eq!(house.vault.open_requests(), 0);

    house.retrieve(&next, &house.retrieve_ask(&next, "k2")).unwrap();
    drop(next);
    let after_a_crash = house.open();
    house.clock.run(after_a_crash.recover());
    assert_eq!(house.vault.open_requests(), 0);
}

#[test]
fn what_was_kept_is_given_back_when_the_next_run_crashes() {
    let house = House::new();
    let broker = house.open();
    house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    house.clock.run(broker.keep_held());
    drop(broker);
    let next = house.open();
    assert_eq!((next.leases(), house.vault.open_requests()), (1, 1));
    drop(next);
    let after_a_crash = house.open();
    house.clock.run(after_a_crash.recover());
    assert_eq!((after_a_crash.leases(), house.vault.open_requests()), (0, 0));
}

#[test]
fn what_was_kept_goes_back_at_a_stop_that_keeps_nothing() {
    let house = House::new();
    let broker = house.open();
    house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    house.clock.run(broker.keep_held());
    drop(broker);
    let next = house.open();
    house.clock.run(next.give_back_all());
    assert_eq!((next.leases(), house.vault.open_requests()), (0, 0));
}
