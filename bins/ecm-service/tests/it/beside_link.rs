//! What the service asks of a site beside the link, through the shipped program: ended sessions,
//! names of machines, tickets.

use std::fs;

use serde_json::json;
use site_sim::{ApiFault, ApiSession, EndSession, Faults, Permissions, Retrieve};

use crate::house::{CLIENT_ID, House, Plan};

const JOE: &str = r"ACME\joe.user";
const ROW: &str = r"App01\helpdesk-01";

async fn house(site_lines: &str) -> House {
    House::open(Plan { site_lines: site_lines.to_owned(), ..Plan::default() }).await
}

fn may_read_reports(house: &House, may: bool) {
    let change = Permissions { perm_reporting_support: Some(may), ..Permissions::default() };
    assert!(house.site.set_permissions(CLIENT_ID, change));
}

#[tokio::test(flavor = "multi_thread")]
async fn session_that_ended_while_nobody_listened_gives_its_credential_back() {
    let house = house("reconcile-every = \"1s\"").await;
    let (search, found) = house.search(JOE, "APP01").await;
    let lost = house.retrieve(&search, &found, ROW).await;
    let goes_on = house.retrieve(&search, &found, r"App01\erp-user").await;
    let untold = EndSession { tell: false, ..EndSession::new(&lost.lsid) };
    house.site.end_session(untold).await.unwrap();
    house.until("the lost one is back", |house| house.open_leases() == Some(1)).await;
    assert_eq!(house.check_ins(), 1);
    assert!(house.log().contains("session ended while nobody listened"), "{}", house.log());
    // The session that goes on keeps what it has until the site ends it.
    let ended = house.site.end_session(EndSession::new(&goes_on.lsid)).await.unwrap();
    assert!(ended.is_clean(), "{ended:?}");
    // Link, commands and reports have shared one token.
    assert_eq!(house.site.stats().tokens_last_hour[CLIENT_ID], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn account_without_the_right_to_reports_is_told_once_and_served_once_it_has_it() {
    let house = house("reconcile-every = \"1s\"").await;
    may_read_reports(&house, false);
    let (search, found) = house.search(JOE, "APP01").await;
    let lost = house.retrieve(&search, &found, ROW).await;
    let untold = EndSession { tell: false, ..EndSession::new(&lost.lsid) };
    house.site.end_session(untold).await.unwrap();
    let why = "lacks the right to session reports";
    house.until("the log says why", |house| house.log().contains(why)).await;
    assert_eq!(house.check_ins(), 0);
    may_read_reports(&house, true);
    house.until("it is back", |house| house.open_leases() == Some(0)).await;
    assert_eq!(house.log().matches(why).count(), 1);
}

fn renamed_machine(house: &House, copies: u32) {
    let item = |id: u32| {
        let item = json!({"id": id, "name": "x", "hostname": "OLDNAME", "fqdn": "app01.acme.test", "private_ip": "10.11.12.13"});
        item.as_object().unwrap().clone()
    };
    assert!(house.site.set_list("jump-client", (1..=copies).map(item).collect()));
}

#[tokio::test(flavor = "multi_thread")]
async fn machine_is_found_by_what_the_site_knows_of_it_unless_two_have_its_name() {
    for (lines, copies, is_found) in
        [("enrich = true", 1, true), ("enrich = true", 2, false), ("", 1, false)]
    {
        let house = house(lines).await;
        renamed_machine(&house, copies);
        let (search, found) = house.search(JOE, "oldname").await;
        assert_eq!(found.items.iter().any(|row| row.display == ROW), is_found, "{lines} {copies}");
        if is_found {
            house.retrieve(&search, &found, ROW).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn site_that_does_not_answer_in_time_costs_a_question_nothing_but_that_time() {
    let house = house("enrich = true\nticket-number-attribute = \"ticket_number\"").await;
    let late = ApiFault { delay_ms: 600_000, ..ApiFault::default() };
    let late = |action: &str| (action.to_owned(), late.clone());
    let api = [late("jump-client"), late("get_session_attributes")].into();
    house.site.set_faults(Faults { api, ..Faults::default() }).unwrap();
    let (search, found) = house.search(JOE, "APP01").await;
    house.retrieve(&search, &found, ROW).await;
    for what in ["Jump Client facts", "session attributes"] {
        let line = format!("not enriched: no {what} within 500 ms");
        assert!(house.log().contains(&line), "{line}: {}", house.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ticket_of_the_session_goes_with_the_request() {
    let lines =
        "ticket-number-attribute = \"external_key\"\nticket-system-attribute = \"ticket_system\"";
    let house = house(lines).await;
    let attributes = [("external_key", "INC0012345"), ("ticket_system", "3")];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let lsid = "00112233445566778899aabbccddeeff".to_owned();
    house.site.set_session(ApiSession { lsid: lsid.clone(), attributes });
    let (search, found) = house.search(JOE, "APP01").await;
    let row = found.items.iter().find(|row| row.display == ROW).unwrap();
    let pick = Retrieve { lsid: Some(lsid), ..Retrieve::pick(&search, &row.id) };
    house.site.retrieve(pick).await.unwrap();
    let audit = fs::read_to_string(house.state().join("audit.jsonl")).unwrap();
    let ticket = |line: &str| -> Option<String> {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        Some(line.pointer("/rec/sensitive/ticket")?.as_str()?.to_owned())
    };
    let tickets: Vec<_> = audit.lines().filter_map(ticket).collect();
    assert_eq!(tickets, ["INC0012345"], "{audit}");
    let calls = house.vault.calls().into_iter();
    let mut asked = calls.filter(|call| call.method == "POST" && call.path.ends_with("/Requests"));
    let body = asked.find_map(|call| call.body).unwrap();
    assert_eq!((&body["TicketNumber"], &body["TicketSystemID"]), (&json!("INC0012345"), &json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_keeps_its_credential_over_a_restart_where_that_is_wanted() {
    let plan = Plan { site_lines: "reconcile-every = \"1s\"".to_owned(), ..Plan::default() };
    let mut house = House::furnish(plan).await;
    let config = format!("leases-at-stop = \"keep\"\n{}", house.config());
    house.replace_file("config.toml", &config);
    house.start_service();
    house.wait_for_link().await;
    let (search, found) = house.search(JOE, "APP01").await;
    let lent = house.retrieve(&search, &found, ROW).await;
    assert_eq!(house.stop_service().await.code(), Some(0));
    assert_eq!(house.check_ins(), 0);

    house.start_service();
    house.wait_for_link().await;
    assert_eq!((house.check_ins(), house.open_leases()), (0, Some(1)), "{}", house.log());
    let untold = EndSession { tell: false, ..EndSession::new(&lent.lsid) };
    house.site.end_session(untold).await.unwrap();
    house.until("it is back", |house| house.open_leases() == Some(0)).await;
    assert_eq!(house.check_ins(), 1);
}
