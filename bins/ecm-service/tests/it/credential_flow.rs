//! A password into a session and back, through the shipped program over real sockets.

use ecm_protocol::message::Category;
use ecm_service::exit::Exit;
use ps_sim::RequestState;
use site_sim::{EndSession, Search};

use crate::house::{House, Plan, jump_client};

const JOE: &str = r"ACME\joe.user";

fn states(house: &House) -> Vec<RequestState> {
    house.vault.requests().into_iter().map(|request| request.state).collect()
}

fn has_no_live_request(house: &House) -> bool {
    !house.vault.requests().is_empty() && states(house).iter().all(|state| !state.is_live())
}

#[tokio::test(flavor = "multi_thread")]
async fn password_reaches_a_session_and_goes_back_when_it_ends() {
    let mut house = House::open(Plan::default()).await;
    let (search, found) = house.search(JOE, "APP01").await;
    assert!(found.complete && found.empty_reason.is_none(), "{found:?}");
    assert_eq!(found.mapped_user.as_deref(), Some(JOE));

    let got = house.retrieve(&search, &found, r"App01\helpdesk-01").await;
    assert_eq!(got.username(), Some("helpdesk-01"));
    let proof = house.vault.proof(r"App01\helpdesk-01", None, "n0nce");
    assert!(proof.is_some() && got.proof == proof, "the secret is the vault's");
    assert_eq!(states(&house), [RequestState::Approved]);
    let ended = house.site.end_session(EndSession::new(&got.lsid)).await.unwrap();
    assert!(ended.is_clean(), "{ended:?}");
    assert_eq!(states(&house), [RequestState::CheckedIn]);

    let status = house.stop_service().await;
    assert_eq!(status.code(), Some(i32::from(Exit::Ok.number())));
    let log = house.log();
    for words in
        ["credentials.find", "credentials.retrieve", "credentials.release", "\"event\":201"]
    {
        assert!(log.contains(words), "{words} in\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_gives_everything_back_and_signs_out() {
    let mut house = House::open(Plan::default()).await;
    let (search, found) = house.search(JOE, "APP01").await;
    house.retrieve(&search, &found, r"App01\helpdesk-01").await;
    let status = house.stop_service().await;
    assert_eq!(status.code(), Some(0), "{}", house.log());
    assert_eq!(states(&house), [RequestState::CheckedIn]);
    let last = house.vault.calls().pop().unwrap();
    assert!(last.path.ends_with("/Auth/Signout"), "{}", last.path);
    assert!(house.site.ecms().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_service_gives_back_at_its_next_start() {
    let mut house = House::open(Plan::default()).await;
    let (search, found) = house.search(JOE, "APP01").await;
    house.retrieve(&search, &found, r"App01\helpdesk-01").await;
    house.kill_service().await;
    assert_eq!(states(&house), [RequestState::Approved]);
    house.start_service();
    house.until("the request is checked in", has_no_live_request).await;
    assert_eq!(states(&house), [RequestState::CheckedIn]);
    assert!(house.log().contains("\"event\":401"));
}

#[tokio::test(flavor = "multi_thread")]
async fn console_user_whom_no_rule_covers_gets_nothing_and_the_log_says_why() {
    let house = House::open(Plan::default()).await;
    let search = Search::new(r"ELSEWHERE\joe.user", jump_client("APP01"));
    let refusal = house.site.search(search).await.unwrap_err();
    assert_eq!(refusal.category(), Some(Category::UserUnmapped), "{refusal}");
    assert!(house.vault.calls().is_empty(), "the vault is not even asked");
    house.until("the log tells", |house| house.log().contains("user_unmapped")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn running_service_tells_its_status_and_changes_its_log_level() {
    let plan = Plan { log_level: "info".to_owned(), ..Plan::default() };
    let mut house = House::open(plan).await;
    // The site knows a moment earlier than the service that they are linked.
    let is_ready = |house: &House| house.status()["sites"][0]["state"] == "ready";
    house.until("the link is shown", is_ready).await;
    let status = house.status();
    assert_eq!(status["sites"][0]["group"], "Default");
    assert_eq!(status["open_leases"], 0);

    // A search is told at info, and explained at debug; both before it is answered.
    let lines = |house: &House| {
        let count = |words: &str| house.log().lines().filter(|line| line.contains(words)).count();
        (count("credentials.find"), count("why:"))
    };
    house.search(JOE, "APP01").await;
    assert_eq!(lines(&house), (1, 0));
    let changes = [
        (&["debug", "--for", "15m"][..], "debug (was info), for 900 s", (2, 1)),
        (&["error"], "error (was debug)", (2, 1)),
        (&["info"], "info (was error)", (3, 1)),
    ];
    for (arguments, told, expected) in changes {
        let output = house.command(&[&["log-level"], arguments].concat());
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text, format!("log level is now {told}\n"));
        house.search(JOE, "APP01").await;
        assert_eq!(lines(&house), expected, "{told}");
    }

    let second = house.command(&["run"]);
    assert_eq!(second.status.code(), Some(i32::from(Exit::Unavailable.number())));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another process uses"));
    assert!(house.state().join("control.sock").exists());
    assert_eq!(house.stop_service().await.code(), Some(0));
}
