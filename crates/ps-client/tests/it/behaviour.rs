//! Repeats, and the line in front of the gate: with a clock of paper.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ps_client::endpoint::assets::DeleteAsset;
use ps_client::endpoint::credentials::GetCredential;
use ps_client::endpoint::isa_requests::CreateIsaRequest;
use ps_client::endpoint::workgroups::{CreateWorkgroup, ListWorkgroups};
use ps_client::metrics::{BreakerState, CallEnd, Metrics};
use ps_client::model::{
    AccountId, AssetId, CredentialType, NewIsaRequest, NewWorkgroup, RequestId, SystemId,
};
use ps_client::transport::fault::{Fault, Faulty};
use ps_client::{Client, ClientBuilder, ErrorKind, Session, TransportError};
use tokio::task::JoinSet;

use crate::bank::Bank;
use crate::paper::Paper;
use crate::scripted::{Vault, expect_signed_in, failed, key_auth, reply, signed_in};

pub(crate) const WORKGROUPS: &str = r#"[{"ID":1,"Name":"Default","OrganizationID":null}]"#;

pub(crate) fn builder(vault: &Vault) -> ClientBuilder<Vault> {
    Client::builder(Bank::address(), vault.clone())
}

pub(crate) async fn session(vault: &Vault, client: Client<Vault>) -> Session<Vault> {
    vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=s1; path=/"));
    expect_signed_in(client.sign_in(key_auth()).await)
}

pub(crate) fn broken() -> TransportError {
    TransportError::Broken("on purpose".into())
}

/// What was told, as words.
#[derive(Default)]
pub(crate) struct Told(Mutex<Vec<String>>);

impl Metrics for Told {
    fn call(&self, event: &CallEnd) {
        let status = event.status.unwrap_or(0);
        self.0.lock().unwrap().push(format!("{} {status}", event.endpoint));
    }

    fn retry(&self, _: &'static str, attempt: u32, delay: Duration) {
        self.0.lock().unwrap().push(format!("attempt {attempt} after {} ms", delay.as_millis()));
    }

    fn breaker(&self, state: BreakerState) {
        self.0.lock().unwrap().push(format!("{state:?}"));
    }

    fn sign_in(&self, lane: usize, succeeded: bool) {
        self.0.lock().unwrap().push(format!("sign-in {lane} {succeeded}"));
    }

    fn coalesced(&self, endpoint: &'static str) {
        self.0.lock().unwrap().push(format!("{endpoint} coalesced"));
    }

    fn cached(&self, endpoint: &'static str, age: Duration) {
        self.0.lock().unwrap().push(format!("{endpoint} cached {} s", age.as_secs()));
    }
}

impl Told {
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn reads_are_repeated_with_growing_delays_and_what_makes_something_is_not() {
    let (vault, told, paper) = (Vault::default(), Arc::new(Told::default()), Paper::new());
    let client = builder(&vault).runtime(paper.clone()).metrics(told.clone()).build();
    let session = session(&vault, client).await;
    told.take();
    vault.on("GET Workgroups", failed(broken()));
    vault.on("GET Workgroups", reply(502, "<html>").with("content-type", "text/html"));
    vault.on("GET Workgroups", reply(429, "").with("retry-after", "7"));
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    assert_eq!(session.send(&ListWorkgroups {}).await.unwrap().len(), 1);
    let expected = [
        "GET Workgroups 0",
        "attempt 2 after 200 ms",
        "GET Workgroups 502",
        "attempt 3 after 400 ms",
        "GET Workgroups 429",
        "attempt 4 after 7000 ms",
        "GET Workgroups 200",
    ];
    assert_eq!(told.take(), expected);
    assert_eq!(paper.elapsed(), Duration::from_millis(7_600));

    vault.on("POST Workgroups", reply(503, ""));
    let new = NewWorkgroup::new("North");
    let error = session.send(&CreateWorkgroup { new }).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Server), "{error:?}");
    vault.on("POST ISARequests", failed(broken()));
    let new = NewIsaRequest::new(SystemId::new(1), AccountId::new(2));
    let isa = CreateIsaRequest { new, kind: CredentialType::Password };
    assert!(session.send(&isa).await.is_err());
    assert_eq!(told.take(), ["POST Workgroups 503", "POST ISARequests 0"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_is_repeated_even_where_it_makes_something() {
    let vault = Vault::default();
    let session = session(&vault, builder(&vault).runtime(Paper::new()).build()).await;
    vault.on("POST Workgroups", failed(TransportError::Unreachable("on purpose".into())));
    vault.on("POST Workgroups", reply(201, r#"{"ID":2,"Name":"North"}"#));
    let new = NewWorkgroup::new("North");
    assert_eq!(session.send(&CreateWorkgroup { new }).await.unwrap().workgroup.number(), 2);
    vault.assert_played_out();
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_deletion_has_deleted_is_no_error_the_second_time() {
    let vault = Vault::default();
    let session = session(&vault, builder(&vault).runtime(Paper::new()).build()).await;
    let asset = AssetId::new(5);
    vault.on("DELETE Assets/5", failed(broken()));
    vault.on("DELETE Assets/5", reply(404, "\"Asset not found\""));
    session.send(&DeleteAsset { asset }).await.unwrap();
    vault.on("DELETE Assets/5", reply(404, "\"Asset not found\""));
    let error = session.send(&DeleteAsset { asset }).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFound));
}

#[tokio::test(start_paused = true)]
async fn a_client_without_runtime_makes_every_call_once() {
    let vault = Vault::default();
    let session = session(&vault, builder(&vault).build()).await;
    vault.on("GET Workgroups", reply(503, ""));
    assert!(session.send(&ListWorkgroups {}).await.is_err());
    assert_eq!(vault.routes(), ["POST Auth/SignAppin", "GET Workgroups"]);
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_limit_wait_and_beyond_the_line_are_refused() {
    let transport = Faulty::new(Bank::default());
    let client = Client::builder(Bank::address(), transport.clone()).calls_at_once(1).build();
    let session = Bank::session(client).await;
    transport.on("GET Credentials/1", Fault::silence());
    let call = GetCredential { request: RequestId::new(1), kind: CredentialType::Password };
    let mut calls = JoinSet::new();
    for _ in 0..18 {
        let (session, call) = (session.clone(), call.clone());
        calls.spawn(async move { session.send(&call).await });
    }
    let error = calls.join_next().await.unwrap().unwrap().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Crowded { waiting: 16 }), "{error:?}");
    calls.abort_all();
    while calls.join_next().await.is_some() {}
    let error = session.send(&call).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFound), "those that were dropped left: {error:?}");
}

#[test]
fn a_runtime_of_a_handle_sleeps_from_anywhere() {
    use ps_client::Runtime as _;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let of_handle = ps_client::TokioRuntime::new(runtime.handle().clone());
    let sleep = of_handle.sleep(Duration::from_millis(1));
    runtime.block_on(sleep);
}
