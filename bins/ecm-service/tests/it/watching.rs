//! What the running service shows of itself: metrics, and the console users it saw.

use ecm_service::exit::Exit;
use serde_json::Value;
use site_sim::Search;

use crate::house::{House, Plan, jump_client};

/// Searches as somebody whom the rules do not know.
async fn refused(house: &House) {
    let search = Search::new("joe.user", jump_client("app01"));
    assert!(house.site.search(search).await.is_err());
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_was_asked_and_name_nobody() {
    let port = free_port();
    let plan = Plan::default();
    let top_lines = format!("[metrics]\nlisten = \"127.0.0.1:{port}\"");
    // A table ends the keys at the top, so it stands after them.
    let house = House::open(Plan { top_lines, ..plan }).await;
    let (search, found) = house.search(r"ACME\joe.user", "app01").await;
    house.retrieve(&search, &found, r"App01\helpdesk-01").await;
    refused(&house).await;
    let address = format!("http://127.0.0.1:{port}/metrics");
    let text = reqwest::get(&address).await.unwrap().text().await.unwrap();
    for line in [
        "ecm_questions_total{site=\"support\",question=\"find\",outcome=\"complete\"} 1",
        "ecm_questions_total{site=\"support\",question=\"find\",outcome=\"user_unmapped\"} 1",
        "ecm_questions_total{site=\"support\",question=\"retrieve\",outcome=\"lent\"} 1",
        "ecm_open_leases 1",
        "ecm_site_linked{site=\"support\"} 1",
        "ecm_site_place{site=\"support\"} 1",
        "ecm_vault_sign_ins_total{vault=\"main\",outcome=\"done\"} 1",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(
        text.contains(
            "ecm_vault_calls_total{vault=\"main\",call=\"POST Requests\",status=\"201\"} 1"
        ),
        "{text}"
    );
    for name in ["joe", "helpdesk", "App01", "app01", "ACME"] {
        assert!(!text.contains(name), "{name}: {text}");
    }
    for secret in house.secrets() {
        assert!(!text.contains(&secret));
    }
    assert_eq!(text.lines().last(), Some("# EOF"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sees_how_names_really_came() {
    let house = House::open(Plan::default()).await;
    house.search(r"ACME\joe.user", "app01").await;
    refused(&house).await;
    let run = |arguments: &[&str]| tokio::task::block_in_place(|| house.command(arguments));
    let output = run(&["status", "--users", "--json"]);
    let users: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(users[0]["username"], "joe.user");
    assert_eq!(users[0]["decided_by"], "local_account");
    assert_eq!(users[1]["vault_user"], r"ACME\joe.user");
    let output = run(&["status", "--users"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("support: joe.user  ->  nobody  (local_account)"), "{text}");
    // The page of everybody stays without names of people.
    let status = house.status();
    assert!(!status.to_string().contains("joe"), "{status}");
    assert_eq!(status["latencies"]["counts"].as_array().unwrap().len(), 11);
    let output = run(&["doctor", "--json"]);
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let named = findings.as_array().unwrap().iter().find(|one| one["id"] == "D26").unwrap();
    assert!(named["found"].as_str().unwrap().contains("1 of 2 users got nothing: joe.user"));
    assert_eq!(output.status.code(), Some(i32::from(Exit::Doubtful.number())));
}
