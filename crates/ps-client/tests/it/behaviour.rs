//! Repeats, pauses, several sessions, shared and remembered reads: with a clock of paper.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ps_client::endpoint::Endpoint;
use ps_client::endpoint::assets::{DeleteAsset, GetAsset};
use ps_client::endpoint::credentials::GetCredential;
use ps_client::endpoint::isa_requests::CreateIsaRequest;
use ps_client::endpoint::workgroups::{CreateWorkgroup, ListWorkgroups};
use ps_client::metrics::{BreakerState, CallEnd, Metrics};
use ps_client::model::{
    AccountId, AssetId, CredentialType, NewIsaRequest, NewWorkgroup, RequestId, SystemId,
};
use ps_client::transport::fault::{Fault, Faulty};
use ps_client::{BreakerPolicy, Client, ClientBuilder, Error, ErrorKind, Session, TransportError};
use tokio::task::JoinSet;

use crate::bank::Bank;
use crate::paper::Paper;
use crate::scripted::{Vault, expect_signed_in, failed, key_auth, reply, signed_in};

const WORKGROUPS: &str = r#"[{"ID":1,"Name":"Default","OrganizationID":null}]"#;

fn builder(vault: &Vault) -> ClientBuilder<Vault> {
    Client::builder(Bank::address(), vault.clone())
}

/// One that shares reads.
fn sharing(vault: &Vault) -> ClientBuilder<Vault> {
    builder(vault).coalesce(true)
}

async fn session(vault: &Vault, client: Client<Vault>) -> Session<Vault> {
    vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=s1; path=/"));
    expect_signed_in(client.sign_in(key_auth()).await)
}

fn broken() -> TransportError {
    TransportError::Broken("on purpose".into())
}

/// What was told, as words.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

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
    fn take(&self) -> Vec<String> {
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
async fn a_vault_that_fails_is_left_alone_and_tried_again_by_one_call() {
    let (vault, told, paper) = (Vault::default(), Arc::new(Told::default()), Paper::new());
    let mut policy = BreakerPolicy::default();
    (policy.failures, policy.pause) = (3, Duration::from_secs(10));
    let client = builder(&vault)
        .runtime(paper.clone())
        .retry(ps_client::RetryPolicy::never())
        .breaker(Some(policy))
        .metrics(told.clone())
        .build();
    let session = session(&vault, client).await;
    for _ in 0..3 {
        vault.on("GET Workgroups", reply(500, ""));
        assert!(session.send(&ListWorkgroups {}).await.is_err());
    }
    let error = session.send(&ListWorkgroups {}).await.unwrap_err();
    let ErrorKind::Suspended { left } = error.kind() else { panic!("{error:?}") };
    assert_eq!(*left, Duration::from_secs(10));
    assert!(error.to_string().contains("left alone for another 10000 ms"), "{error}");
    assert!(!error.may_have_been_executed());

    #[expect(clippy::disallowed_methods, reason = "the clock is paper")]
    tokio::time::sleep(Duration::from_secs(10)).await;
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    session.send(&ListWorkgroups {}).await.unwrap();
    vault.on("GET Workgroups", reply(404, ""));
    let error = session.send(&ListWorkgroups {}).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFound), "a refusal is no failure of the vault");
    let states: Vec<_> = told.take().into_iter().filter(|word| !word.contains(' ')).collect();
    assert_eq!(states, ["Open", "HalfOpen", "Closed"]);
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

#[tokio::test(start_paused = true)]
async fn further_sessions_are_begun_when_the_others_are_busy_and_all_are_ended() {
    let (vault, told) = (Vault::default(), Arc::new(Told::default()));
    let client = builder(&vault).sessions(3).metrics(told.clone()).build();
    let session = session(&vault, client).await;
    for number in 2..4 {
        vault.on("POST Auth/SignAppin", signed_in(&format!("ASP.NET_SessionId=s{number}")));
    }
    for _ in 0..5 {
        vault.on("GET Workgroups", reply(200, WORKGROUPS));
    }
    let mut calls = JoinSet::new();
    for _ in 0..5 {
        let session = session.clone();
        calls.spawn(async move { session.send(&ListWorkgroups {}).await.unwrap() });
    }
    calls.join_all().await;
    let cookies: std::collections::BTreeSet<_> =
        vault.calls().iter().filter_map(|call| call.header("cookie")).collect();
    let expected = ["ASP.NET_SessionId=s1", "ASP.NET_SessionId=s2", "ASP.NET_SessionId=s3"];
    assert!(cookies.iter().eq(&expected), "{cookies:?}");
    // One after the other goes through the first.
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    session.send(&ListWorkgroups {}).await.unwrap();
    assert_eq!(vault.last().header("cookie").as_deref(), Some(expected[0]));

    for _ in 0..3 {
        vault.on("POST Auth/Signout", reply(200, ""));
    }
    session.sign_out().await.unwrap();
    vault.assert_played_out();
}

#[tokio::test(start_paused = true)]
async fn one_session_is_used_when_the_vault_wants_no_further_one() {
    let vault = Vault::default();
    let session = session(&vault, builder(&vault).sessions(2).build()).await;
    vault.on("POST Auth/SignAppin", reply(401, "").with("www-authenticate-2fa", "Code?"));
    for _ in 0..4 {
        vault.on("GET Workgroups", reply(200, WORKGROUPS));
    }
    for _ in 0..2 {
        let both = (session.send(&ListWorkgroups {}), session.send(&ListWorkgroups {}));
        let (one, other) = tokio::join!(both.0, both.1);
        assert!(one.is_ok() && other.is_ok());
    }
    vault.assert_played_out();
}

#[tokio::test(start_paused = true)]
async fn the_same_read_asked_at_once_is_one_call_and_a_secret_never_is() {
    let (vault, told) = (Vault::default(), Arc::new(Told::default()));
    let session = session(&vault, sharing(&vault).metrics(told.clone()).build()).await;
    told.take();
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    vault.on("GET Assets/5", reply(200, r#"{"AssetID":5}"#));
    let asset = GetAsset { asset: AssetId::new(5) };
    let list = ListWorkgroups {};
    let (one, two, three, other) = tokio::join!(
        session.send(&list),
        session.send(&list),
        session.send(&list),
        session.send(&asset),
    );
    for list in [one, two, three] {
        assert_eq!(list.unwrap().len(), 1);
    }
    assert_eq!(other.unwrap().asset.number(), 5);
    let coalesced = told.take().iter().filter(|word| word.ends_with("coalesced")).count();
    assert_eq!(coalesced, 2);
    vault.assert_played_out();

    for _ in 0..2 {
        vault.on("GET Credentials/7", reply(200, "\"x\""));
    }
    let secret = GetCredential { request: RequestId::new(7), kind: CredentialType::Password };
    let (one, other) = tokio::join!(session.send(&secret), session.send(&secret));
    assert!(one.is_ok() && other.is_ok());
    vault.assert_played_out();
}

#[tokio::test(start_paused = true)]
async fn a_shared_read_goes_on_when_whoever_makes_it_is_gone_and_shares_its_failure() {
    let vault = Vault::default();
    let session = session(&vault, sharing(&vault).build()).await;
    for _ in 0..2 {
        vault.on("GET Workgroups", reply(200, WORKGROUPS));
    }
    let list = ListWorkgroups {};
    let mut first = Box::pin(session.send(&list));
    let mut second = Box::pin(session.send(&list));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(first.as_mut().poll(&mut context).is_pending());
    assert!(second.as_mut().poll(&mut context).is_pending());
    drop(first);
    assert_eq!(second.await.unwrap().len(), 1);
    vault.assert_played_out();

    vault.on("GET Workgroups", reply(500, ""));
    let (one, other) = tokio::join!(session.send(&list), session.send(&list));
    let kinds: Vec<Error> = vec![one.unwrap_err(), other.unwrap_err()];
    assert!(kinds.iter().all(|error| matches!(error.kind(), ErrorKind::Server)));
}

#[tokio::test(start_paused = true)]
async fn a_read_after_a_write_does_not_share_the_answer_of_one_before_it() {
    let vault = Vault::default();
    let session = session(&vault, sharing(&vault).build()).await;
    vault.on("GET Workgroups", reply(200, "[]"));
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    vault.on("POST Workgroups", reply(201, r#"{"ID":1,"Name":"Default"}"#));
    let list = ListWorkgroups {};
    let mut before = Box::pin(session.send(&list));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(before.as_mut().poll(&mut context).is_pending());
    session.send(&CreateWorkgroup { new: NewWorkgroup::new("Default") }).await.unwrap();
    assert_eq!(session.send(&list).await.unwrap().len(), 1);
    assert_eq!(before.await.unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_remembered_says_its_age_and_is_forgotten_by_time_and_by_writing() {
    let vault = Vault::default();
    let session = session(&vault, builder(&vault).runtime(Paper::new()).build()).await;
    let list = ListWorkgroups {};
    let cached = session.cached(Duration::from_secs(60));
    let pass = |seconds| {
        #[expect(clippy::disallowed_methods, reason = "the clock is paper")]
        tokio::time::sleep(Duration::from_secs(seconds))
    };
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    assert_eq!(cached.send(&list).await.unwrap().age, Duration::ZERO);
    pass(60).await;
    let remembered = cached.send(&list).await.unwrap();
    assert_eq!((remembered.answer.len(), remembered.age.as_secs()), (1, 60));
    pass(1).await;
    vault.on("GET Workgroups", reply(200, "[]"));
    assert_eq!(cached.send(&list).await.unwrap().answer.len(), 0);
    vault.on("POST Workgroups", reply(400, ""));
    drop(session.send(&CreateWorkgroup { new: NewWorkgroup::new("x") }).await);
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    assert_eq!(cached.send(&list).await.unwrap().age, Duration::ZERO);

    for _ in 0..2 {
        vault.on("GET Credentials/7", reply(200, "\"x\""));
        let secret = GetCredential { request: RequestId::new(7), kind: CredentialType::Password };
        assert_eq!(cached.send(&secret).await.unwrap().age, Duration::ZERO);
    }
    vault.assert_played_out();
}

#[test]
fn only_calls_whose_answer_holds_no_secret_are_shared() {
    use ps_client::endpoint::{
        aliases, keystrokes, managed_accounts, registrations, requests, secrets_safe, sessions,
        users,
    };
    let harmless = [
        ListWorkgroups::RELEASES_SECRET,
        requests::ListRequests::RELEASES_SECRET,
        managed_accounts::ListManagedAccounts::RELEASES_SECRET,
        managed_accounts::GetManagedAccount::RELEASES_SECRET,
        aliases::ListAliases::RELEASES_SECRET,
        secrets_safe::folders::ListFolders::RELEASES_SECRET,
    ];
    assert_eq!(harmless, [false; 6]);
    let secret = [
        GetCredential::RELEASES_SECRET,
        registrations::GetRegistrationKey::RELEASES_SECRET,
        secrets_safe::secrets::ListSecrets::RELEASES_SECRET,
        secrets_safe::secrets::DownloadFileSecret::RELEASES_SECRET,
        keystrokes::ListKeystrokes::RELEASES_SECRET,
        sessions::ListSessions::RELEASES_SECRET,
        users::ListUsers::RELEASES_SECRET,
    ];
    assert_eq!(secret, [true; 7]);
}

#[tokio::test(start_paused = true)]
async fn a_further_session_that_is_refused_is_done_without_and_none_other_asks_again() {
    let vault = Vault::default();
    let session = session(&vault, builder(&vault).sessions(4).build()).await;
    vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=s2"));
    for _ in 0..2 {
        vault.on("GET Workgroups", reply(200, WORKGROUPS));
    }
    let list = ListWorkgroups {};
    let (one, other) = tokio::join!(session.send(&list), session.send(&list));
    assert!(one.is_ok() && other.is_ok());

    // The second one is over, and its sign-in is refused; the first one lives.
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    vault.on("GET Workgroups", reply(401, ""));
    vault.on("POST Auth/SignAppin", reply(401, ""));
    for _ in 0..4 {
        vault.on("GET Workgroups", reply(200, WORKGROUPS));
    }
    let (one, other) = tokio::join!(session.send(&list), session.send(&list));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    let all = (session.send(&list), session.send(&list), session.send(&list));
    let (one, two, three) = tokio::join!(all.0, all.1, all.2);
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    vault.assert_played_out();
}

#[tokio::test(start_paused = true)]
async fn a_further_session_may_be_begun_when_a_vault_that_was_away_is_back() {
    let vault = Vault::default();
    let session = session(&vault, builder(&vault).sessions(2).build()).await;
    let list = ListWorkgroups {};
    vault.on("POST Auth/SignAppin", failed(TransportError::Unreachable("on purpose".into())));
    vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=s2"));
    for _ in 0..4 {
        vault.on("GET Workgroups", reply(200, WORKGROUPS));
    }
    for _ in 0..2 {
        let (one, other) = tokio::join!(session.send(&list), session.send(&list));
        assert!(one.is_ok() && other.is_ok());
    }
    vault.assert_played_out();
}

#[test]
fn a_runtime_of_a_handle_sleeps_from_anywhere() {
    use ps_client::Runtime as _;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let of_handle = ps_client::TokioRuntime::new(runtime.handle().clone());
    let sleep = of_handle.sleep(Duration::from_millis(1));
    runtime.block_on(sleep);
}
