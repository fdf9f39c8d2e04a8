//! The broker dies, or its caller loses interest, at every place where it can.

use crate::house::{House, SITE, release, session};

/// Every place a retrieval can be dropped at: a restarted broker leaves nothing borrowed.
#[test]
fn retrieval_killed_at_any_step_is_made_good_at_the_next_start() {
    at_every_step(
        |house, broker, polls| {
            let ask = house.retrieve_ask(broker, "k1");
            house.clock.run_at_most(polls, broker.retrieve(SITE, &ask)).is_some()
        },
        Afterwards::Restart,
    );
}

#[test]
fn retrieval_dropped_at_any_step_is_found_overdue_by_the_same_process() {
    at_every_step(
        |house, broker, polls| {
            let ask = house.retrieve_ask(broker, "k1");
            let done = house.clock.run_at_most(polls, broker.retrieve(SITE, &ask));
            if let Some(answered) = &done {
                let lease = &answered.result.as_ref().unwrap().lease.id;
                house.clock.run(broker.undeliverable(lease));
            }
            done.is_some()
        },
        Afterwards::GoOn,
    );
}

#[test]
fn retrieval_that_needs_approval_killed_at_any_step_is_made_good() {
    let with_approver = || {
        let mut house = House::new();
        house.settings.lending.approver = Some("ecm-approver".into());
        house.vault.with(|s| s.approvals_needed = 1);
        house
    };
    let work = |house: &House, broker: &ecm_core::Broker, polls: usize| {
        let ask = house.retrieve_ask(broker, "k1");
        house.clock.run_at_most(polls, broker.retrieve(SITE, &ask)).is_some()
    };
    at_every_step_of(with_approver, work, Afterwards::Restart);
    let waiting = || {
        let mut house = House::new();
        house.settings.lending.approval = ecm_core::settings::Approval::Wait;
        house.vault.with(|s| s.approvals_needed = 1);
        house
    };
    at_every_step_of(waiting, work, Afterwards::Restart);
    at_every_step_of(waiting, work, Afterwards::GoOn);
}

#[test]
fn release_killed_at_any_step_is_finished_at_the_next_start() {
    at_every_step(
        |house, broker, polls| {
            let lent = house.retrieve(broker, &house.retrieve_ask(broker, "k1")).unwrap();
            let release = release(&lent.lease.id);
            house.clock.run_at_most(polls, broker.release(SITE, &release)).is_some()
        },
        Afterwards::Restart,
    );
}

#[test]
fn release_dropped_at_any_step_is_finished_by_the_same_process() {
    at_every_step(
        |house, broker, polls| {
            let lent = house.retrieve(broker, &house.retrieve_ask(broker, "k1")).unwrap();
            let release = release(&lent.lease.id);
            house.clock.run_at_most(polls, broker.release(SITE, &release)).is_some()
        },
        Afterwards::GoOn,
    );
}

#[test]
fn second_holder_killed_at_any_step_never_takes_the_first_ones_credential() {
    for polls in 0..200 {
        let house = House::new();
        let broker = house.open();
        let first = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
        let mut ask = house.retrieve_ask(&broker, "k2");
        ask.session = session("lsid-2");
        let done = house.clock.run_at_most(polls, broker.retrieve(SITE, &ask)).is_some();
        use ecm_core::ports::Clock as _;
        house.clock.run(broker.give_back_overdue(house.clock.now()));
        assert_eq!(house.vault.open_requests(), 1, "after {polls} polls");
        house.clock.run(broker.release(SITE, &release(&first.lease.id))).unwrap();
        house.clock.run(broker.session_ended(SITE, "lsid-2"));
        house.settle(&broker);
        checked_in_once(&house, polls);
        if done {
            return;
        }
    }
    panic!("the retrieval never ended");
}

#[test]
fn repeat_dropped_at_any_step_leaves_what_was_handed_over() {
    for polls in 0..200 {
        let house = House::new();
        let broker = house.open();
        let ask = house.retrieve_ask(&broker, "k1");
        house.retrieve(&broker, &ask).unwrap();
        let done = house.clock.run_at_most(polls, broker.retrieve(SITE, &ask)).is_some();
        use ecm_core::ports::Clock as _;
        house.clock.run(broker.give_back_overdue(house.clock.now()));
        assert_eq!((house.vault.open_requests(), broker.leases()), (1, 1), "after {polls} polls");
        if done {
            return;
        }
    }
    panic!("the retrieval never ended");
}

#[test]
fn recovery_killed_at_any_step_is_finished_by_the_next() {
    for polls in 0..200 {
        let house = House::new();
        let broker = house.open();
        for key in ["k1", "k2"] {
            house.retrieve(&broker, &house.retrieve_ask(&broker, key)).unwrap();
        }
        drop(broker);
        let broker = house.open();
        let done = house.clock.run_at_most(polls, broker.recover()).is_some();
        drop(broker);
        let broker = house.open();
        house.clock.run(broker.recover());
        house.settle(&broker);
        checked_in_once(&house, polls);
        if done {
            return;
        }
    }
    panic!("the recovery never ended");
}

#[derive(Clone, Copy)]
enum Afterwards {
    /// The process died: a new broker over the same ledger.
    Restart,
    /// The process lives: its ticker finds what is due.
    GoOn,
}

fn at_every_step(work: impl Fn(&House, &ecm_core::Broker, usize) -> bool, after: Afterwards) {
    at_every_step_of(House::new, work, after);
}

/// Runs `work` for 0, 1, 2… polls until it ends by itself, and sees that nothing stays borrowed.
fn at_every_step_of(
    house: impl Fn() -> House,
    work: impl Fn(&House, &ecm_core::Broker, usize) -> bool,
    after: Afterwards,
) {
    for polls in 0..200 {
        let house = house();
        let broker = house.open();
        let done = work(&house, &broker, polls);
        let broker = match after {
            Afterwards::GoOn => broker,
            Afterwards::Restart => {
                drop(broker);
                let broker = house.open();
                house.clock.run(broker.recover());
                broker
            }
        };
        house.settle(&broker);
        checked_in_once(&house, polls);
        assert_eq!(broker.leases(), 0, "after {polls} polls");
        drop(broker);
        // The file may be one line behind the vault; the next start sees that it is over.
        let next = house.open();
        house.clock.run(next.recover());
        house.settle(&next);
        checked_in_once(&house, polls);
        let (lent, returned) = (house.audit_count("lent"), house.audit_count("returned"));
        assert!(returned >= lent, "after {polls} polls: {lent} lent, {returned} returned");
        if done {
            assert!(polls > 3, "a future that ends at once proves nothing");
            return;
        }
    }
    panic!("the future never ended");
}

fn checked_in_once(house: &House, polls: usize) {
    assert_eq!(house.vault.open_requests(), 0, "after {polls} polls");
    for (request, times) in house.vault.with(|s| s.check_ins.clone()) {
        assert_eq!(times, 1, "request {request} after {polls} polls");
    }
}
