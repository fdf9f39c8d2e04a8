//! Requests that more than one lease stands on.

use ecm_core::ports::Clock as _;
use ecm_core::source::{AccountKind, SourceError, SourceFailure};
use ecm_protocol::message::{Application, Purpose, Retrieve, Target, TargetKind};
use futures_util::future::join;

use crate::fake_vault::local;
use crate::house::{House, SITE, find, release, retrieve, session, user};
use crate::paper::step;

#[test]
fn request_goes_back_though_the_lease_that_opened_it_ends_before_the_one_that_joined_it() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    house.vault.fail("open", SourceError::new(SourceFailure::Unreachable, "no route").uncertain());
    house.retrieve(&broker, &ask).unwrap_err();
    house.vault.heal();
    // Nobody knows yet whose request this is.
    let joined = Retrieve { session: session("lsid-2"), idempotency_key: "k2".into(), ..ask };
    let lent = house.retrieve(&broker, &joined).unwrap();
    assert!(lent.lease.shared);
    // Now it is known, and the restart in between must not forget it.
    house.clock.run(broker.give_back_overdue(house.clock.now()));
    assert_eq!((broker.leases(), house.vault.open_requests()), (1, 1));
    let ledger = house.ledger.clone();
    assert!(house.clock.run(broker.release(SITE, &release(&lent.lease.id))).unwrap().released);
    assert_eq!(house.vault.with(|s| s.check_ins.clone()), [(1, 1)].into());
    assert!(ledger.text().contains(r#""op":"inherited""#));
}

#[test]
fn vault_users_that_are_one_to_the_vault_share_a_request_until_the_last_is_done() {
    let house = House::new();
    house.vault.with(|state| state.one_user = true);
    let broker = house.open();
    let lent = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    let mut search = find("app01");
    search.user = user(r"ACME\ann");
    let found = house.find(&broker, &search).unwrap();
    let row = found.items.iter().find(|row| row.display.contains("helpdesk")).unwrap();
    let mut ask = retrieve(&row.id, "k2");
    (ask.user, ask.session) = (user(r"ACME\ann"), session("lsid-2"));
    let anns = house.retrieve(&broker, &ask).unwrap();
    assert!(anns.lease.shared);
    assert!(house.clock.run(broker.release(SITE, &release(&lent.lease.id))).unwrap().released);
    assert_eq!(house.vault.open_requests(), 1, "Ann's session still works");
    assert!(house.clock.run(broker.release(SITE, &release(&anns.lease.id))).unwrap().released);
    assert_eq!(house.vault.with(|s| s.check_ins.clone()), [(1, 1)].into());
}

#[test]
fn account_found_in_two_ways_is_not_given_back_under_the_one_who_just_joins() {
    let house = House::new();
    let mut by_application = local(12, 3124, "App01", "helpdesk-01");
    by_application.account.kind = AccountKind::Application;
    by_application.account.application = Some("7".into());
    by_application.application_name = Some("SAP GUI".into());
    house.vault.add(&["SAP GUI"], by_application);
    for steps in 0..16 {
        let broker = house.open();
        let lent = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
        let mut search = find("app01");
        search.target = Target {
            application: Some(Application {
                target_system: Some("SAP GUI".into()),
                ..Application::default()
            }),
            ..Target { hostname: Some("app01".into()), ..Target::of_kind(TargetKind::RdpRemoteApp) }
        };
        search.purpose = Purpose::Application;
        let id = house.find(&broker, &search).unwrap().items.remove(0).id;
        let mut ask = retrieve(&id, "k2");
        ask.session = session("lsid-2");
        let named = release(&lent.lease.id);
        let later = async {
            for _ in 0..steps {
                step().await;
            }
            broker.release(SITE, &named).await
        };
        let (answered, released) = house.clock.run(join(broker.retrieve(SITE, &ask), later));
        assert!(released.unwrap().released, "{steps}");
        let held = answered.result.unwrap_or_else(|problem| panic!("{steps} steps: {problem:?}"));
        assert_eq!(house.vault.open_requests(), 1, "{steps} steps: it is lent to the second");
        house.clock.run(broker.release(SITE, &release(&held.lease.id))).unwrap();
        assert_eq!(house.vault.open_requests(), 0, "{steps} steps");
    }
}

#[test]
fn request_of_one_user_is_not_given_back_under_another_who_is_the_same_to_the_vault() {
    for steps in 0..16 {
        let house = House::new();
        house.vault.with(|state| state.one_user = true);
        let broker = house.open();
        let lent = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
        let mut search = find("app01");
        search.user = user(r"ACME\ann");
        let found = house.find(&broker, &search).unwrap();
        let row = found.items.iter().find(|row| row.display.contains("helpdesk")).unwrap();
        let mut ask = retrieve(&row.id, "k2");
        (ask.user, ask.session) = (user(r"ACME\ann"), session("lsid-2"));
        let named = release(&lent.lease.id);
        let later = async {
            for _ in 0..steps {
                step().await;
            }
            broker.release(SITE, &named).await
        };
        let (answered, released) = house.clock.run(join(broker.retrieve(SITE, &ask), later));
        assert!(released.unwrap().released, "{steps}");
        answered.result.unwrap_or_else(|problem| panic!("{steps} steps: {problem:?}"));
        assert_eq!(house.vault.open_requests(), 1, "{steps} steps: it is lent to Ann");
    }
}
