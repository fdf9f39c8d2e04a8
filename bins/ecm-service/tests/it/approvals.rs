//! Waiting for a person's approval, and the words of a request, from the site to the vault.

use ecm_protocol::message::Category;
use ps_client::endpoint::requests::Approve;
use ps_client::transport::https::HttpsTransport;
use ps_client::{Auth, Client, RunAs, SignedIn, VaultAddress};
use serde_json::Value;
use site_sim::{AskError, EndSession, Retrieve};

use crate::house::{House, Plan};

const JOE: &str = r"ACME\joe.user";

/// The bodies of the release requests that the vault was asked for.
fn asked_for(house: &House) -> Vec<Value> {
    let calls = house.vault.calls().into_iter();
    let requests = calls.filter(|call| call.method == "POST" && call.path.ends_with("/Requests"));
    requests.filter_map(|call| call.body).collect()
}

/// Approves every request there is, as a person with that role would.
async fn approve_all(house: &House) {
    let transport = HttpsTransport::builder()
        .native_roots(false)
        .ca_pem(house.vault.ca_pem().as_bytes())
        .unwrap()
        .build()
        .unwrap();
    let client = Client::new(VaultAddress::parse(house.vault.url()).unwrap(), transport);
    let key = std::fs::read_to_string(house.path("api-key")).unwrap().into();
    let run_as = RunAs::new(r"ACME\approver").unwrap();
    let auth = Auth::Key { key, run_as, password: None };
    let SignedIn::Session(session) = client.sign_in(auth).await.unwrap() else {
        unreachable!("the approver has no second factor")
    };
    for request in house.vault.requests() {
        let request = ps_client::model::RequestId::new(request.id.0);
        session.send(&Approve { request, reason: None }).await.unwrap();
    }
    session.sign_out().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_told_to_wait_and_gets_the_credential_by_asking_again() {
    let vault_lines = "approval = \"wait\"".to_owned();
    let house = House::open(Plan { vault_lines, ..Plan::default() }).await;
    let (search, found) = house.search(JOE, "APP01").await;
    let row = found.items.iter().find(|row| row.display == r"App01\break-glass").unwrap();
    let pick = Retrieve {
        idempotency_key: Some("the-same-key".to_owned()),
        lsid: Some("00112233445566778899aabbccddeeff".to_owned()),
        reason: Some("the printer is on fire".to_owned()),
        deadline_ms: Some(4_000),
        ..Retrieve::pick(&search, &row.id)
    };
    let AskError::Refused { problem, .. } = house.site.retrieve(pick.clone()).await.unwrap_err()
    else {
        unreachable!("nobody has approved yet")
    };
    assert_eq!(problem.category, Category::ApprovalPending, "{problem:?}");
    assert!(problem.retry_after_ms.is_some() && problem.lease_id.is_some(), "{problem:?}");

    // The reason is the configured template with the representative's own words in it.
    let requests = asked_for(&house);
    let reason = requests[0]["Reason"].as_str().unwrap();
    for words in ["Remote support session on", r"ACME\joe.user", "the printer is on fire"] {
        assert!(reason.contains(words), "{words}: {reason}");
    }

    approve_all(&house).await;
    let lent = house.site.retrieve(pick).await.unwrap();
    assert_eq!(Some(&lent.lease.id), problem.lease_id.as_ref());
    assert_eq!(asked_for(&house).len(), 1, "one request for both questions");
    assert!(house.site.end_session(EndSession::new(&lent.lsid)).await.unwrap().is_clean());
    assert_eq!(house.check_ins(), 1);
}
