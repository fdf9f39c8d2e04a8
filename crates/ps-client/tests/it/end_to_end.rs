//! The client against a simulated vault, over real HTTPS.

use std::time::Duration;

use ps_client::endpoint::credentials::GetCredential;
use ps_client::endpoint::isa_requests::CreateIsaRequest;
use ps_client::endpoint::managed_accounts::ListManagedAccounts;
use ps_client::endpoint::requests::{Approve, CheckIn, CheckedIn, Deny, ListRequests};
use ps_client::model::{
    AccountKind, ConflictOption, CredentialType, ManagedAccountQuery, NewIsaRequest, NewRequest,
    Queue, RequestId, RequestableAccount, StatusFilter,
};
use ps_client::transport::https::HttpsTransport;
use ps_client::{
    Auth, Client, Error, ErrorKind, ReasonCode, RunAs, Session, SignedIn, VaultAddress,
};
use ps_sim::{Config, DateForm, ErrorForm, FaultAction, FaultSettings, MessageForm, Server};
use secrecy::{ExposeSecret, SecretString};

const KEY: &str = "00000000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000";
const KEY_WITH_PASSWORD: &str = "11111111fa6e1111fa6e1111fa6e1111fa6e1111fa6e1111fa6e1111fa6e1111fa6e1111fa6e1111fa6e1111fa6e1111fa6e1111fa6e1111fa6e1111fa6e1111";
pub(crate) const JOE: &str = r"ACME\joe.user";

pub(crate) async fn vault() -> Server {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Server::start(Config::demo()).await.unwrap()
}

pub(crate) fn client(vault: &Server) -> Client<HttpsTransport> {
    let transport = HttpsTransport::builder()
        .native_roots(false)
        .ca_pem(vault.ca_pem().as_bytes())
        .unwrap()
        .build()
        .unwrap();
    Client::new(VaultAddress::parse(vault.url()).unwrap(), transport)
}

pub(crate) fn key(user: &str) -> Auth {
    Auth::Key { key: KEY.into(), run_as: RunAs::new(user).unwrap(), password: None }
}

pub(crate) async fn session(vault: &Server, user: &str) -> Session<HttpsTransport> {
    signed_in(vault, key(user)).await
}

pub(crate) async fn signed_in(vault: &Server, auth: Auth) -> Session<HttpsTransport> {
    match client(vault).sign_in(auth).await.unwrap() {
        SignedIn::Session(session) => session,
        SignedIn::Challenge(_) => panic!("nobody asked for a second factor"),
    }
}

pub(crate) async fn account(
    session: &Session<HttpsTransport>,
    system: &str,
    name: &str,
) -> RequestableAccount {
    let rows = session.managed_accounts(&ManagedAccountQuery::default().on_system(system)).await;
    let rows = rows.unwrap();
    let found = rows.iter().find(|row| row.account_name == name);
    found.unwrap_or_else(|| panic!("{name} is not in {rows:?}")).clone()
}

fn for_account(account: &RequestableAccount, reason: &str) -> NewRequest {
    NewRequest::view(account.system, account.account, 60).reason(reason)
}

async fn password(
    session: &Session<HttpsTransport>,
    request: RequestId,
) -> Result<SecretString, Error> {
    session.send(&GetCredential { request, kind: CredentialType::Password }).await
}

#[tokio::test]
async fn password_is_borrowed_and_given_back() {
    let vault = vault().await;
    let session = session(&vault, JOE).await;
    assert_eq!(session.user().user_name.as_deref(), Some(JOE));
    let account = account(&session, "App01", "helpdesk-01").await;
    let before = vault.current_password(r"App01\helpdesk-01").unwrap();
    let created = session.create_request(&for_account(&account, "session 1")).await.unwrap();
    assert!(!created.reused);
    let secret = password(&session, created.id).await.unwrap();
    assert_eq!(secret.expose_secret(), before.expose());
    let check_in = CheckIn { request: created.id, reason: Some("over".to_owned()) };
    assert_eq!(session.send(&check_in).await.unwrap(), CheckedIn::Now);
    assert_eq!(session.send(&check_in).await.unwrap(), CheckedIn::Before);
    let error = password(&session, created.id).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFound), "{error:?}");
    session.sign_out().await.unwrap();
    session.sign_out().await.unwrap();
    // One sign-in carried an Authorization; everything else went by cookie.
    let with_authorization = vault.calls().iter().filter(|c| c.authorization.is_some()).count();
    assert_eq!(with_authorization, 1);
    vault.stop().await;
}

#[tokio::test]
async fn session_survives_the_vault_forgetting_it() {
    let vault = vault().await;
    let session = session(&vault, JOE).await;
    let account = account(&session, "App01", "helpdesk-01").await;
    let request = session.create_request(&for_account(&account, "session 2")).await.unwrap().id;
    vault.recycle();
    password(&session, request).await.unwrap();
    vault.advance(Duration::from_secs(20 * 60));
    password(&session, request).await.unwrap();
    let sign_ins = vault.calls().iter().filter(|call| call.path.ends_with("SignAppin")).count();
    assert_eq!(sign_ins, 3);
    vault.stop().await;
}

#[tokio::test]
async fn lost_answer_to_a_creation_leaves_one_request() {
    for action in [FaultAction::DropAfter, FaultAction::StatusAfter { status: 502 }] {
        let vault = vault().await;
        let session = session(&vault, JOE).await;
        let account = account(&session, "App01", "helpdesk-01").await;
        vault.arm(FaultSettings::once("POST Requests", action)).unwrap();
        let created = session.create_request(&for_account(&account, "session 3")).await.unwrap();
        let live: Vec<_> = vault.requests().into_iter().filter(|r| r.state.is_live()).collect();
        assert_eq!(live.len(), 1);
        assert_eq!(live[0].id.to_string(), created.id.to_string());
        password(&session, created.id).await.unwrap();
        vault.stop().await;
    }
    let vault = vault().await;
    let session = session(&vault, JOE).await;
    let account = account(&session, "App01", "helpdesk-01").await;
    vault.arm(FaultSettings::once("POST Requests", FaultAction::DropBefore)).unwrap();
    let error = session.create_request(&for_account(&account, "session 4")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::MaybeMade(_)), "{error:?}");
    assert!(vault.requests().is_empty());
    vault.stop().await;
}

#[tokio::test]
async fn conflicts_are_refused_reused_or_renewed() {
    let vault = vault().await;
    let session = session(&vault, JOE).await;
    let account = account(&session, "App01", "helpdesk-01").await;
    let new = || for_account(&account, "session 5");
    let first = session.create_request(&new()).await.unwrap();
    let error = session.create_request(&new()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Conflict(_)), "{error:?}");
    let reused = session.create_request(&new().on_conflict(ConflictOption::Reuse)).await.unwrap();
    assert_eq!((reused.id, reused.reused), (first.id, true));
    let renewed = session.create_request(&new().on_conflict(ConflictOption::Renew)).await.unwrap();
    assert!(renewed.id != first.id && !renewed.reused);
    vault.stop().await;
}

#[tokio::test]
async fn approval_is_waited_for_given_and_denied() {
    let vault = vault().await;
    let joe = session(&vault, JOE).await;
    let approver = session(&vault, r"ACME\approver").await;
    let account = account(&joe, "App01", "break-glass").await;
    let request = joe.create_request(&for_account(&account, "session 6")).await.unwrap().id;
    let error = password(&joe, request).await.unwrap_err();
    assert_eq!(error.reason(), Some(ReasonCode::NotApproved));
    assert!(error.may_repeat());
    let queue = ListRequests { status: StatusFilter::Pending, queue: Queue::Approver };
    let waiting = approver.send(&queue).await.unwrap();
    assert!(waiting.iter().any(|row| row.request == request), "{waiting:?}");
    let reason = Some("known".to_owned());
    approver.send(&Approve { request, reason: reason.clone() }).await.unwrap();
    password(&joe, request).await.unwrap();
    approver.send(&Deny { request, reason }).await.unwrap();
    assert!(password(&joe, request).await.is_err());
    let error = joe.send(&queue).await.unwrap_err();
    assert_eq!(error.reason(), Some(ReasonCode::ApproversOnly), "{error:?}");
    vault.stop().await;
}

#[tokio::test]
async fn every_way_to_sign_in_works_and_wrong_ones_are_refused() {
    let vault = vault().await;
    let client = client(&vault);
    for user in [r"ACME\nora.nogroup", r"ACME\gone.user", r"ACME\nobody"] {
        let error = client.sign_in(key(user)).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::SignInRefused), "{user}: {error:?}");
    }
    let ann = |password: Option<&str>| Auth::Key {
        key: KEY_WITH_PASSWORD.into(),
        run_as: RunAs::new(r"ACME\ann.admin").unwrap(),
        password: password.map(SecretString::from),
    };
    client.sign_in(ann(Some("not-a-secret;ann]1"))).await.unwrap();
    assert!(client.sign_in(ann(Some("wrong"))).await.is_err());
    assert!(client.sign_in(ann(None)).await.is_err());

    let mia = || key(r"ACME\mia.factor");
    let SignedIn::Challenge(challenge) = client.sign_in(mia()).await.unwrap() else { panic!() };
    assert!(challenge.prompt().contains("(pretended) token"));
    let SignedIn::Session(mia) = challenge.answer(&"424242".into()).await.unwrap() else {
        panic!()
    };
    mia.send(&ListRequests::default()).await.unwrap();
    vault.stop().await;
}

#[tokio::test]
async fn isa_takes_the_secret_at_once() {
    let vault = vault().await;
    let ann = session(&vault, r"ACME\ann.admin").await;
    let account = account(&ann, "App01", "helpdesk-01").await;
    let isa = CreateIsaRequest {
        new: NewIsaRequest::new(account.system, account.account).minutes(5).reason("isa"),
        kind: CredentialType::Password,
    };
    let secret = ann.send(&isa).await.unwrap();
    let expected = vault.current_password(r"App01\helpdesk-01").unwrap();
    assert_eq!(secret.expose_secret(), expected.expose());
    vault.stop().await;
}

#[tokio::test]
async fn answers_are_understood_in_every_form_that_installations_choose() {
    let vault = vault().await;
    let session = session(&vault, JOE).await;
    let plain = account(&session, "App01", "helpdesk-01").await;
    for form in [ErrorForm::Quoted, ErrorForm::Padded, ErrorForm::Object, ErrorForm::Digits] {
        vault.set_quirks(|quirks| quirks.error_form = form);
        let new = NewRequest::view(plain.system, ps_client::model::AccountId::new(999_999), 60);
        let error = session.create_request(&new).await.unwrap_err();
        assert_eq!(error.reason(), Some(ReasonCode::NoPermission), "{form:?}");
    }
    for form in [MessageForm::Text, MessageForm::Object, MessageForm::Empty] {
        vault.set_quirks(|quirks| quirks.message_form = form);
        let check_in = CheckIn { request: RequestId::new(999_999), reason: None };
        assert_eq!(session.send(&check_in).await.unwrap(), CheckedIn::Before, "{form:?}");
    }
    vault.set_quirks(|quirks| {
        quirks.envelope = true;
        quirks.upper_case_ids = true;
        quirks.date_form = DateForm::NoZone;
    });
    assert_eq!(account(&session, "App01", "helpdesk-01").await.account, plain.account);
    vault.set_quirks(|quirks| quirks.envelope = false);

    let query = ManagedAccountQuery::of_kind(AccountKind::System);
    let all = session.managed_accounts(&query).await.unwrap();
    let small = || ListManagedAccounts { query: query.clone(), limit: 2, offset: 0 };
    assert!(all.len() > 4, "{}", all.len());
    assert_eq!(session.pages(small()).all().await.unwrap(), all);
    vault.set_quirks(|quirks| quirks.ignores_offset = true);
    assert_eq!(session.pages(small()).all().await.unwrap(), all[..2]);
    vault.stop().await;
}

#[tokio::test]
async fn faults_on_the_way_are_told_apart() {
    let vault = vault().await;
    let session = session(&vault, JOE).await;
    let list = || async { session.send(&ListRequests::default()).await };
    let arm = |action| vault.arm(FaultSettings::once("GET Requests", action)).unwrap();
    arm(FaultAction::Html);
    assert!(matches!(list().await.unwrap_err().kind(), ErrorKind::NotTheApi));
    arm(FaultAction::TooManyRequests { retry_after: 17 });
    let error = list().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Throttled), "{error:?}");
    let retry_after = &error.retry_after();
    assert_eq!(*retry_after, Some(Duration::from_secs(17)));
    arm(FaultAction::Status { status: 503, body: "<html>".to_owned() });
    assert!(matches!(list().await.unwrap_err().kind(), ErrorKind::Server));
    arm(FaultAction::TruncateBody);
    assert!(matches!(list().await.unwrap_err().kind(), ErrorKind::Transport(_)));
    arm(FaultAction::DropBefore);
    let error = list().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Transport(_)) && error.may_repeat(), "{error:?}");
    arm(FaultAction::ExpireSession);
    list().await.unwrap();
    vault.stop().await;
}
