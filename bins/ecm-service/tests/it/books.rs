//! `ecm-service ledger` and `ecm-service audit`: the books, shown and checked.

use ecm_service::exit::Exit;
use serde_json::Value;

use crate::house::{House, Plan};

fn run(house: &House, arguments: &[&str]) -> (Option<i32>, String) {
    let output = tokio::task::block_in_place(|| house.command(arguments));
    let told = String::from_utf8(output.stdout).unwrap();
    for secret in house.secrets() {
        assert!(!told.contains(&secret));
    }
    (output.status.code(), told + &String::from_utf8(output.stderr).unwrap())
}

fn code(exit: Exit) -> Option<i32> {
    Some(i32::from(exit.number()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_borrowed_is_listed_and_given_back_once_the_service_is_gone() {
    let mut house = House::open(Plan::default()).await;
    let (search, found) = house.search(r"ACME\joe.user", "app01").await;
    house.retrieve(&search, &found, r"App01\helpdesk-01").await;

    let (ended, told) = run(&house, &["ledger", "list", "--json"]);
    assert_eq!(ended, code(Exit::Ok), "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (&told[0]["vault_user"], &told[0]["state"]),
        (&r"ACME\joe.user".into(), &"lent".into())
    );
    let (ended, told) = run(&house, &["ledger", "reconcile"]);
    assert_eq!(ended, code(Exit::Unavailable), "{told}");
    assert!(told.contains("gives back by itself"), "{told}");

    house.kill_service().await;
    let (ended, told) = run(&house, &["ledger", "list"]);
    assert_eq!(ended, code(Exit::Ok));
    assert!(told.contains("1 leases") && told.contains(r"ACME\joe.user in main"), "{told}");
    let (ended, told) = run(&house, &["ledger", "reconcile"]);
    assert_eq!((ended, told.as_str()), (code(Exit::Ok), "1 given back, 0 still open\n"));
    assert_eq!(house.check_ins(), 1);
    assert_eq!(run(&house, &["ledger", "list"]).1, "0 leases\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_shown_and_every_change_of_it_is_found() {
    let house = House::open(Plan::default()).await;
    let (search, found) = house.search(r"ACME\joe.user", "app01").await;
    house.retrieve(&search, &found, r"App01\helpdesk-01").await;
    let (ended, told) = run(&house, &["audit", "show", "--last", "1"]);
    assert_eq!(ended, code(Exit::Ok));
    assert!(told.contains("  lent ") && told.contains(r"vault-user=ACME\joe.user"), "{told}");

    let (ended, told) = run(&house, &["audit", "verify"]);
    assert_eq!(ended, code(Exit::Ok));
    let head = told.split("elsewhere: ").nth(1).unwrap().trim().to_owned();
    let (ended, _) = run(&house, &["audit", "verify", "--head", &head]);
    assert_eq!(ended, code(Exit::Ok));
    let other = format!("1:{}", "0".repeat(64));
    let (ended, told) = run(&house, &["audit", "verify", "--head", &other, "--json"]);
    assert_eq!(ended, code(Exit::Failed));
    assert!(told.contains("rewritten"), "{told}");

    let path = house.state().join("audit.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("joe.user", "pat.user", 1)).unwrap();
    let (ended, told) = run(&house, &["audit", "verify"]);
    assert_eq!(ended, code(Exit::Failed));
    assert!(told.contains("NOT SOUND: audit line 1: its hash does not fit"), "{told}");
}
