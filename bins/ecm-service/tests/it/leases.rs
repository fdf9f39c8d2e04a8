//! A lease from its intention to its end, whatever dies or changes in between, through the shipped
//! program over real sockets.

use std::fs;

use ecm_protocol::message::Category;
use jiff::{SignedDuration, Timestamp};
use ps_sim::{FaultAction, FaultSettings, RequestState};
use site_sim::{EndSession, Retrieve};

use crate::house::{CLIENT_ID, House, PATIENCE, Plan};

const JOE: &str = r"ACME\joe.user";

/// The records of the audit log that tell of this event.
fn audited(house: &House, event: &str) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(house.state().join("audit.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines
        .map(|mut line| line.pointer_mut("/rec").unwrap().take())
        .filter(|record| record["event"] == event)
        .collect()
}

/// Picks a credential on a machine by what it is displayed as.
async fn pick(house: &House, user: &str, host: &str, display: &str) -> Retrieve {
    let (search, found) = house.search(user, host).await;
    let row = found.items.iter().find(|row| row.display == display).unwrap();
    Retrieve { nonce: Some("n0nce".to_owned()), ..Retrieve::pick(&search, &row.id) }
}

#[tokio::test(flavor = "multi_thread")]
async fn service_killed_while_the_vault_works_gives_back_once_at_its_next_start() {
    // The vault has done what it was asked, and its answer never arrives.
    for route in ["POST Requests", "GET Credentials/{id}"] {
        let mut house = House::open(Plan::default()).await;
        let ask = pick(&house, JOE, "APP01", r"App01\helpdesk-01").await;
        let late = FaultAction::Latency { ms: 600_000 };
        house.vault.arm(FaultSettings::once(route, late)).unwrap();
        let called = |house: &House| house.vault.routes_called().iter().any(|one| one == route);
        {
            let asked = house.site.retrieve(ask);
            tokio::pin!(asked);
            tokio::select! {
                early = &mut asked => unreachable!("{route}: answered too early: {early:?}"),
                () = house.until("the vault is asked", called) => {}
            }
            house.signal_service("-KILL");
            assert!(asked.await.is_err(), "{route}: nobody is left to answer");
        }
        house.kill_service().await;
        assert_eq!(house.vault.requests()[0].state, RequestState::Approved, "{route}");

        house.start_service();
        house.wait_for_link().await;
        house.until("nothing is owed", |house| house.open_leases() == Some(0)).await;
        assert_eq!(house.vault.requests().len(), 1, "{route}");
        assert_eq!(house.vault.requests()[0].state, RequestState::CheckedIn, "{route}");
        // One more start finds nothing to do.
        assert_eq!(house.stop_service().await.code(), Some(0));
        house.start_service();
        house.wait_for_link().await;
        assert_eq!(house.open_leases(), Some(0));
        assert_eq!(house.check_ins(), 1, "{route}: exactly once");
        assert_eq!(audited(&house, "lent").len(), 0, "{route}: nobody got it");
        assert_eq!(audited(&house, "returned").len(), 1, "{route}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn release_duration_is_cut_to_what_the_vault_allows_for_the_account() {
    let house = House::open(Plan::default()).await;
    let ask = pick(&house, JOE, "DB01", r"DB01\sa-reports").await;
    let hour = SignedDuration::from_hours(1);
    let earliest = Timestamp::now() + hour;
    let got = house.site.retrieve(ask).await.unwrap();
    let latest = Timestamp::now() + hour;
    assert_eq!(house.vault.requests()[0].duration_minutes, 60);
    // The wire has whole milliseconds.
    let slack = SignedDuration::from_millis(1);
    assert!((earliest - slack..=latest).contains(&got.lease.expires_at), "{:?}", got.lease);
    let lent = &audited(&house, "lent")[0]["public"];
    assert_eq!((&lent["minutes"], &lent["clamped-from"]), (&"60".into(), &"360".into()));
    house.until("the log explains", |house| house.log().contains("360 min cut to 60 min")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lease_that_nobody_ends_goes_back_when_it_expires() {
    // A vault whose clock stands still never ends a request by itself: whoever does is the service.
    // By that clock, a request that is joined has a few seconds left of its six hours.
    let mut plan = Plan::default();
    let left = SignedDuration::from_secs(10);
    // The vault tells whole seconds.
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    let made = now + left - SignedDuration::from_hours(6);
    plan.vault.clock.start = Some(made);
    let house = House::open(plan).await;
    let ask = pick(&house, JOE, "APP01", r"App01\helpdesk-01").await;
    let opened = house.site.retrieve(ask.clone()).await.unwrap();
    let joined = house.site.retrieve(ask).await.unwrap();
    assert_ne!(opened.lsid, joined.lsid);
    assert!(joined.lease.shared);
    assert_eq!(joined.lease.expires_at, made + SignedDuration::from_hours(6));
    house.site.end_session(EndSession::new(&opened.lsid)).await.unwrap();

    house.until("nothing is owed", |house| house.open_leases() == Some(0)).await;
    assert!(Timestamp::now() >= joined.lease.expires_at, "not before its time");
    assert_eq!(house.vault.requests()[0].state, RequestState::CheckedIn);
    assert_eq!(house.check_ins(), 1);
    let returned = audited(&house, "returned");
    let of = |lease: &str| returned.iter().find(|one| one["public"]["lease"] == lease).unwrap();
    let why = of(&joined.lease.id)["public"]["why"].as_str().unwrap().to_owned();
    assert!(why.contains("release duration over"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn repeat_with_the_same_key_gets_the_same_lease_and_another_key_its_own() {
    let mut house = House::open(Plan::default()).await;
    let ask = pick(&house, JOE, "APP01", r"App01\helpdesk-01").await;
    let first = house.site.retrieve(ask.clone()).await.unwrap();
    let again = Retrieve {
        lsid: Some(first.lsid.clone()),
        idempotency_key: Some(first.idempotency_key.clone()),
        ..ask.clone()
    };
    let second = house.site.retrieve(again.clone()).await.unwrap();
    assert_eq!(second.lease.id, first.lease.id);
    assert!(second.proof.is_some() && second.proof == first.proof);
    let posted = house.vault.routes_called().iter().filter(|one| *one == "POST Requests").count();
    assert_eq!(posted, 1, "the vault is not asked for another");

    // The key of another question is refused, and so is another session's.
    let other = Retrieve { lsid: None, ..again.clone() };
    let error = house.site.retrieve(other).await.unwrap_err();
    assert_eq!(error.category(), Some(Category::BadParameters), "{error}");

    let own = house.site.retrieve(ask).await.unwrap();
    assert_ne!(own.lease.id, first.lease.id);
    assert!(own.lease.shared);
    assert_eq!(house.stop_service().await.code(), Some(0));
    assert_eq!(house.check_ins(), 1, "one request, one check-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_credential_ids_are_refused_before_a_request_is_made() {
    let mut house = House::furnish(Plan {
        top_lines: "[credential-ids]\nkey = { file = \"ids.key\" }".to_owned(),
        ..Plan::default()
    })
    .await;
    house.replace_file("ids.key", "the-key-of-yesterday-0123456789abcdef");
    house.start_service();
    house.wait_for_link().await;
    let ask = pick(&house, JOE, "APP01", r"App01\helpdesk-01").await;

    // The vault shows the account to the API no more, and then it does again.
    assert!(house.vault.set_api_enabled(r"App01\helpdesk-01", false));
    let error = house.site.retrieve(ask.clone()).await.unwrap_err();
    assert_eq!(error.category(), Some(Category::CredentialGone), "{error}");
    assert!(house.vault.requests().is_empty());
    assert!(house.vault.set_api_enabled(r"App01\helpdesk-01", true));
    house.site.retrieve(ask.clone()).await.unwrap();
    assert_eq!(house.vault.requests().len(), 1);

    // The key under which ids are made is another one.
    assert_eq!(house.stop_service().await.code(), Some(0));
    house.replace_file("ids.key", "the-key-of-today-0123456789abcdefghij");
    house.start_service();
    house.wait_for_link().await;
    house.vault.clear_calls();
    let error = house.site.retrieve(ask).await.unwrap_err();
    assert_eq!(error.category(), Some(Category::CredentialGone), "{error}");
    assert!(house.vault.calls().is_empty(), "the vault is not even asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_that_are_one_to_the_vault_keep_their_shared_request_until_both_are_done() {
    let plan = Plan {
        vault_auth: String::new(),
        vault_lines: r#"[vault.oauth]
client-id = "deadbeef-0000-4000-8000-00000000fa6e"
client-secret = { file = "oauth-secret" }
every-user-acts-as-the-application-user = true"#
            .to_owned(),
        ..Plan::default()
    };
    let mut house = House::furnish(plan).await;
    house.replace_file("oauth-secret", "fake-client-secret-of-the-demo-company-00001");
    house.start_service();
    house.wait_for_link().await;
    let joes = pick(&house, JOE, "APP01", r"App01\helpdesk-01").await;
    let anns = pick(&house, r"ACME\ann.admin", "APP01", r"App01\helpdesk-01").await;
    let joes = house.site.retrieve(joes).await.unwrap();
    let anns = house.site.retrieve(anns).await.unwrap();
    assert!(anns.lease.shared && anns.lease.id != joes.lease.id);
    assert_eq!(house.vault.requests().len(), 1);
    house.site.end_session(EndSession::new(&joes.lsid)).await.unwrap();
    assert_eq!(house.vault.requests()[0].state, RequestState::Approved, "Ann still works");
    house.site.end_session(EndSession::new(&anns.lsid)).await.unwrap();
    assert_eq!(house.vault.requests()[0].state, RequestState::CheckedIn);
}

#[tokio::test(flavor = "multi_thread")]
async fn end_of_a_session_at_one_site_leaves_another_sites_session_of_the_same_name_alone() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let other = site_sim::Server::start(Plan::default().site).await.unwrap();
    let (url, token_url) = (other.ecm_url(), other.token_url());
    let site_lines = format!(
        r#"[[site]]
name = "other"
url = "{url}"
token-url = "{token_url}"
client-id = "{CLIENT_ID}"
client-secret = {{ file = "client-secret" }}
ca-file = "other-ca.pem"
system-roots = false"#
    );
    let mut house = House::furnish(Plan { site_lines, ..Plan::default() }).await;
    house.replace_file("other-ca.pem", other.ca_pem());
    house.start_service();
    house.wait_for_link().await;
    other.wait_for_ecms("default", 1, PATIENCE).await.unwrap();
    let ask = Retrieve {
        lsid: Some("5e5510n".to_owned()),
        idempotency_key: Some("k3y".to_owned()),
        ..pick(&house, JOE, "APP01", r"App01\helpdesk-01").await
    };
    let here = house.site.retrieve(ask.clone()).await.unwrap();
    let there = other.retrieve(ask).await.unwrap();
    assert_ne!(here.lease.id, there.lease.id);
    let ended = other.end_session(EndSession::new(&there.lsid)).await.unwrap();
    assert!(ended.is_clean(), "{ended:?}");
    assert_eq!(house.open_leases(), Some(1));
    assert_eq!(house.vault.requests()[0].state, RequestState::Approved, "lent to this site");
    house.site.end_session(EndSession::new(&here.lsid)).await.unwrap();
    assert_eq!(house.vault.requests()[0].state, RequestState::CheckedIn);
    let sites = |event| -> Vec<_> {
        let records = audited(&house, event).into_iter();
        records.map(|one| one["public"]["site"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(sites("lent"), ["support", "other"]);
    assert_eq!(sites("returned"), ["other", "support"]);
}
