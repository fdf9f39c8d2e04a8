//! What a representative is told when something is not as it should be, through the shipped
//! program over real sockets.

use std::time::Duration;

use ecm_protocol::message::{Category, EmptyReason, SourceStatus};
use ps_sim::{FaultAction, FaultSettings, RequestState};
use site_sim::{AskError, Retrieve, Search};

use crate::house::{House, Plan, jump_client};

const JOE: &str = r"ACME\joe.user";

async fn refusal(house: &House, search: Search) -> Category {
    let error = house.site.search(search).await.unwrap_err();
    error.category().unwrap_or_else(|| unreachable!("{error}\n{}", house.log()))
}

async fn pick(house: &House, display: &str) -> Result<site_sim::Retrieved, AskError> {
    let (search, found) = house.search(JOE, "APP01").await;
    let row = found.items.iter().find(|row| row.display == display).unwrap();
    house.site.retrieve(Retrieve::pick(&search, &row.id)).await
}

fn fault(house: &House, route: &str, action: FaultAction) {
    house.vault.arm(FaultSettings::once(route, action)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_approval_is_approved_by_the_global_approver() {
    let house = House::open(Plan::default()).await;
    let got = pick(&house, r"App01\break-glass").await.unwrap();
    assert_eq!(got.username(), Some("break-glass"));
    let request = house.vault.requests().pop().unwrap();
    assert_eq!(request.state, RequestState::Approved);
    assert_eq!(request.approved_by, [r"ACME\approver"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_approver_it_is_refused_and_the_request_given_back() {
    let plan = Plan { vault_lines: "approval = \"refuse\"".to_owned(), ..Plan::default() };
    let house = House::open(plan).await;
    let error = pick(&house, r"App01\break-glass").await.unwrap_err();
    assert_eq!(error.category(), Some(Category::ApprovalNeeded), "{error}");
    house
        .until("nothing stays open", |house| {
            house.vault.requests().iter().all(|request| !request.state.is_live())
        })
        .await;
    assert_eq!(house.vault.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_cannot_be_reached_is_told_and_asked_again_when_it_is_back() {
    let house = House::open(Plan::default()).await;
    house.vault.arm(FaultSettings::always("*", FaultAction::DropBefore)).unwrap();
    let search = Search::new(JOE, jump_client("APP01"));
    assert_eq!(refusal(&house, search).await, Category::VaultUnreachable);
    house.vault.clear_faults();
    let (_, found) = house.search(JOE, "APP01").await;
    assert!(found.items.iter().any(|row| row.display == r"App01\helpdesk-01"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_the_vault_does_not_know_is_the_services_trouble_not_the_users() {
    let house = House::open(Plan { api_key: "9".repeat(128), ..Plan::default() }).await;
    let told = refusal(&house, Search::new(JOE, jump_client("APP01"))).await;
    assert_eq!(told, Category::VaultAuth);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_certificate_nobody_trusts_is_told_apart() {
    let mut house = House::furnish(Plan::default()).await;
    house.replace_file("vault-ca.pem", house.site.ca_pem());
    house.start_service();
    house.wait_for_link().await;
    let told = refusal(&house, Search::new(JOE, jump_client("APP01"))).await;
    assert_eq!(told, Category::VaultUntrusted);
    assert!(house.vault.calls().is_empty(), "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_certificate_nobody_trusts_means_no_link_and_no_token_request() {
    let mut house = House::furnish(Plan::default()).await;
    house.replace_file("site-ca.pem", house.vault.ca_pem());
    house.start_service();
    house.until("the log says why", |house| house.log().contains("certificate")).await;
    assert!(house.site.ecms().is_empty());
    assert!(house.site.stats().tokens_last_hour.values().all(|tokens| *tokens == 0));
    assert_eq!(house.stop_service().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn name_and_distinguished_name_that_disagree_are_nobody() {
    let house = House::open(Plan::default()).await;
    let mut search = Search::new(JOE, jump_client("APP01"));
    search.user.dn = Some("uid=ann.admin,ou=HelpDesk,dc=acme,dc=test".to_owned());
    assert_eq!(refusal(&house, search).await, Category::UserAmbiguous);
    assert!(house.vault.calls().is_empty(), "the vault is not even asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_the_vault_does_not_know_is_a_valid_empty_answer() {
    let house = House::open(Plan::default()).await;
    let (_, found) = house.search(JOE, "nowhere-7").await;
    assert!(found.items.is_empty() && found.complete, "{found:?}");
    assert_eq!(found.empty_reason, Some(EmptyReason::NoSystem));
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_deadline_what_was_found_is_answered_and_called_incomplete() {
    let house = House::open(Plan::default()).await;
    // Signed in and warm, so that the deadline is about the slow question alone.
    house.search(JOE, "APP01").await;
    fault(&house, "GET ManagedAccounts", FaultAction::Latency { ms: 600_000 });
    let search = Search { deadline_ms: Some(4_000), ..Search::new(JOE, jump_client("APP01")) };
    let found = house.site.search(search).await.unwrap();
    assert!(!found.complete, "{found:?}");
    assert!(!found.items.is_empty(), "{found:?}");
    assert_eq!(found.sources[0].status, SourceStatus::Partial);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_session_that_expired_in_between_is_renewed_unnoticed() {
    let house = House::open(Plan::default()).await;
    house.search(JOE, "APP01").await;
    assert!(house.vault.recycle() > 0);
    pick(&house, r"App01\helpdesk-01").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_a_new_request_leaves_one_request_that_goes_back() {
    let mut house = House::open(Plan::default()).await;
    fault(&house, "POST Requests", FaultAction::DropAfter);
    let got = pick(&house, r"App01\helpdesk-01").await;
    assert!(got.is_ok(), "the request is found again by its marker: {got:?}\n{}", house.log());
    assert_eq!(house.vault.requests().len(), 1);
    assert_eq!(house.stop_service().await.code(), Some(0));
    assert_eq!(house.vault.requests()[0].state, RequestState::CheckedIn);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_was_never_offered_is_refused_without_asking_the_vault_for_a_request() {
    let house = House::open(Plan::default()).await;
    let (search, found) = house.search(JOE, "APP01").await;
    let offered = &found.items[0].id;
    let (head, mac) = offered.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", mac.chars().rev().collect::<String>());
    let mut others = Retrieve::pick(&search, offered);
    others.user.username = r"ACME\approver".to_owned();
    for (pick, expected) in [
        (Retrieve::pick(&search, &forged), Category::CredentialGone),
        (others, Category::AccessDenied),
    ] {
        let error = house.site.retrieve(pick).await.unwrap_err();
        assert_eq!(error.category(), Some(expected), "{error}");
    }
    assert!(house.vault.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unexpected_group_is_not_served() {
    let plan = Plan { site_lines: "expect-group = \"payroll\"".to_owned(), ..Plan::default() };
    let mut house = House::furnish(plan).await;
    house.start_service();
    let refused = |house: &House| {
        house.log().lines().any(|line| line.contains("\"event\":206") && line.contains("payroll"))
    };
    house.until("the operator is told", refused).await;
    // From the first greeting on, and for as long as the service runs.
    let mut looked = 0;
    let looking = async {
        loop {
            let ecms = house.site.ecms();
            assert!(ecms.iter().all(|ecm| ecm.state != site_sim::EcmState::Ready), "{ecms:?}");
            looked += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(3), looking).await;
    assert!(looked > 0);
    let error = house.site.search(Search::new(JOE, jump_client("APP01"))).await.unwrap_err();
    assert!(matches!(error, AskError::NoEcm { .. }), "{error}");
    assert_eq!(house.stop_service().await.code(), Some(0));
    // Whatever was opened was closed for the group, and nothing was ever asked.
    let stats = house.site.stats();
    let for_the_group = stats.links_closed.get(&4004).copied().unwrap_or_default();
    assert!(for_the_group > 0 && for_the_group == stats.links_opened, "{stats:?}");
    assert!(house.vault.calls().is_empty());
}
