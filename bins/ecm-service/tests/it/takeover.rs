//! Several ECMs at one site, and the death of the one that is asked.

use std::collections::BTreeSet;

use ps_sim::RequestState;
use site_sim::EndSession;

use crate::house::{House, PATIENCE, Plan};

const JOE: &str = r"ACME\joe.user";

/// ECMs that take over from each other must read each other's credential ids.
const SHARED_KEY: &str = "one-key-for-all-ecms-of-this-site-0123456789";

async fn with_two_ecms(plan: Plan) -> House {
    let plan =
        Plan { top_lines: "[credential-ids]\nkey = { file = \"ids.key\" }".to_owned(), ..plan };
    let mut house = House::furnish(plan).await;
    house.replace_file("ids.key", SHARED_KEY);
    house.start_service();
    house.wait_for_link().await;
    house.start_second_service().await;
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn leader_killed_between_retrieve_and_release_is_replaced_and_gives_back_at_its_next_start() {
    let mut house = with_two_ecms(Plan::default()).await;
    let leader = house.site.ecms().into_iter().find(|ecm| ecm.rank == Some(1)).unwrap();
    let (search, found) = house.search(JOE, "APP01").await;
    let got = house.retrieve(&search, &found, r"App01\helpdesk-01").await;

    house.kill_service().await;
    assert!(house.site.wait_until_gone(&leader.id, PATIENCE).await);

    // The next question is answered by the other, with an id that the dead one had given out.
    let (search, again) = house.search(JOE, "APP01").await;
    let ids = |found: &site_sim::Found| -> BTreeSet<String> {
        found.items.iter().map(|row| row.id.clone()).collect()
    };
    assert_eq!(ids(&again), ids(&found));
    house.retrieve(&search, &again, r"ACME\adm-joe (linked)").await;

    // It cannot give back what it did not lend; nobody minds.
    let ended = house.site.end_session(EndSession::new(&got.lsid)).await.unwrap();
    assert_eq!(ended.releases.len(), 1, "{ended:?}");
    let borrowed = |house: &House, account: &str| {
        let mut requests = house.vault.requests().into_iter();
        requests.find(|request| request.account.contains(account)).unwrap().state
    };
    assert_eq!(borrowed(&house, "helpdesk-01"), RequestState::Approved);

    house.start_service();
    house
        .until("the dead leader's request is checked in", |house| {
            borrowed(house, "helpdesk-01") == RequestState::CheckedIn
        })
        .await;
    let check_ins = house.vault.calls().into_iter().filter(|call| {
        call.method == "PUT" && call.path.to_ascii_lowercase().ends_with("/checkin")
    });
    assert_eq!(check_ins.count(), 1, "exactly once");
    assert_eq!(borrowed(&house, "adm-joe"), RequestState::Approved, "the other's loan goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn question_under_way_when_the_leader_dies_is_answered_by_the_next() {
    let mut house = with_two_ecms(Plan::default()).await;
    let slow = ps_sim::FaultSettings::once(
        "GET ManagedAccounts",
        ps_sim::FaultAction::Latency { ms: 600_000 },
    );
    house.vault.arm(slow.clone()).unwrap();
    house.vault.arm(slow).unwrap();
    let ask = site_sim::Search {
        deadline_ms: Some(50_000),
        ..site_sim::Search::new(JOE, crate::house::jump_client("APP01"))
    };
    let asked = {
        // Both faults have struck the leader: none is left for the one that takes over.
        let kill_when_asked = async {
            house.until("the leader waits", |house| house.vault.faults().is_empty()).await;
        };
        let searching = house.site.search(ask);
        tokio::pin!(searching);
        tokio::select! {
            early = &mut searching => unreachable!("answered before the leader died: {early:?}"),
            () = kill_when_asked => {}
        }
        // The service is ended by its process id while the question is open.
        house.signal_service("-KILL");
        searching.await
    };
    let found = asked.unwrap_or_else(|error| unreachable!("{error}\n{}", house.log()));
    assert!(found.complete, "{found:?}");
    assert!(found.items.iter().any(|row| row.display == r"App01\helpdesk-01"), "{found:?}");
    house.kill_service().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leader_that_hangs_loses_its_place_and_the_next_answers_its_question() {
    let mut plan = Plan::default();
    plan.site.links.ping_interval_ms = 1_000;
    plan.site.links.silence_timeout_ms = 11_000;
    let house = with_two_ecms(plan).await;
    let leader = house.site.ecms().into_iter().find(|ecm| ecm.leads).unwrap();
    house.search(JOE, "APP01").await;

    // Stopped, not dead: its socket stays open, and the operating system takes what comes.
    house.signal_service("-STOP");
    house.until("every thread stands still", House::service_is_stopped).await;
    let ask = site_sim::Search {
        deadline_ms: Some(50_000),
        ..site_sim::Search::new(JOE, crate::house::jump_client("APP01"))
    };
    let found = house.site.search(ask).await;
    let found = found.unwrap_or_else(|error| unreachable!("{error}\n{}", house.log()));
    assert_eq!(found.lost_ecms, [leader.id.as_str()]);
    assert_ne!(found.ecm, leader.id);
    assert!(found.complete, "{found:?}");
    assert!(found.items.iter().any(|row| row.display == r"App01\helpdesk-01"), "{found:?}");

    // Woken up, it comes back on a new link, behind the one that took over.
    house.signal_service("-CONT");
    house.site.wait_for_ecms("default", 2, PATIENCE).await.unwrap();
    let now = house.site.ecms();
    let place = |instance: &Option<String>| now.iter().find(|ecm| ecm.instance == *instance);
    let woken = place(&leader.instance).unwrap();
    assert_ne!(woken.id, leader.id);
    assert!(!woken.leads);
    assert!(now.iter().any(|ecm| ecm.id == found.ecm && ecm.leads), "{now:?}");
}
