//! Borrowing and downloading against a simulated vault, over real HTTPS and a real clock.

use std::sync::Arc;
use std::time::Duration;

use ps_client::checkout::{ApprovalWait, CheckoutError, PolicyProblem};
use ps_client::endpoint::requests::Approve;
use ps_client::endpoint::secrets_safe::secrets::{DownloadFileSecret, ListSecrets};
use ps_client::model::{ConflictOption, NewRequest, SecretKind};
use ps_client::transport::https::HttpsTransport;
use ps_client::{Auth, Client, ErrorKind, Session, SignedIn, TokioRuntime, VaultAddress};
use ps_sim::{Config, FaultAction, FaultSettings, Server};
use secrecy::ExposeSecret;
use tokio::task::JoinSet;

use crate::end_to_end::{JOE, account, key, vault};

async fn session(vault: &Server, user: &str) -> Session<HttpsTransport> {
    session_of(vault, key(user)).await
}

async fn session_of(vault: &Server, auth: Auth) -> Session<HttpsTransport> {
    let transport = HttpsTransport::builder()
        .native_roots(false)
        .ca_pem(vault.ca_pem().as_bytes())
        .unwrap()
        .build()
        .unwrap();
    let client = Client::builder(VaultAddress::parse(vault.url()).unwrap(), transport)
        .runtime(Arc::new(TokioRuntime::current().unwrap()))
        .sessions(3)
        .build();
    match client.sign_in(auth).await.unwrap() {
        SignedIn::Session(session) => session,
        SignedIn::Challenge(_) => panic!("nobody asked for a second factor"),
    }
}

async fn wanted(session: &Session<HttpsTransport>, system: &str, name: &str) -> NewRequest {
    let account = account(session, system, name).await;
    NewRequest::view(account.system, account.account, 30).reason("lending test")
}

/// Waits for what happens in the background; a test that waits in vain is stopped by its runner.
#[expect(clippy::disallowed_methods, reason = "a real vault has a real clock")]
async fn until_nothing_is_open(vault: &Server) {
    while vault.requests().iter().any(|request| request.state.is_live()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_borrowed_and_comes_back_however_the_guard_ends() {
    let vault = vault().await;
    let session = session(&vault, JOE).await;
    let new = wanted(&session, "App01", "helpdesk-01").await;
    let checkout = session.checkout(new.clone()).preflight(true).begin().await.unwrap();
    assert_eq!(checkout.secret().expose_secret(), "fake-Helpdesk-01!");
    checkout.check_in(Some("done")).await.unwrap();
    assert!(vault.requests().iter().all(|request| !request.state.is_live()));

    drop(session.checkout(new.clone()).begin().await.unwrap());
    until_nothing_is_open(&vault).await;
    let is_current = async |secret: &secrecy::SecretString| {
        let current = vault.current_password(r"App01\helpdesk-01").unwrap();
        current.expose() == secret.expose_secret()
    };
    assert!(session.with_credential(new.clone(), is_current).await.unwrap());
    let panics = session.clone();
    #[expect(clippy::disallowed_methods, reason = "a test has a runtime")]
    let task =
        tokio::spawn(
            async move { panics.with_credential(new, async |_| panic!("on purpose")).await },
        );
    assert!(task.await.unwrap_err().is_panic());
    until_nothing_is_open(&vault).await;
    vault.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_that_people_give_ends_the_waiting() {
    let vault = vault().await;
    let joe = session(&vault, JOE).await;
    let approver = session(&vault, r"ACME\approver").await;
    let new = wanted(&joe, "App01", "break-glass").await;
    let refused = joe.checkout(new.clone()).preflight(true).begin().await.unwrap_err();
    let CheckoutError::Policy(problem) = refused else { panic!("{refused:?}") };
    assert_eq!(problem, PolicyProblem::WantsApproval(1));

    let mut wait = ApprovalWait::at_most(Duration::from_secs(60));
    (wait.first, wait.longest) = (Duration::from_millis(5), Duration::from_millis(20));
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let borrowing = joe
        .checkout(new)
        .preflight(true)
        .wait_for_approval(wait)
        .on_progress(move |progress| tell.send(progress.request).unwrap_or_default())
        .begin();
    let approving = async {
        let request = told.recv().await.unwrap();
        approver.send(&Approve { request, reason: None }).await.unwrap();
    };
    let (checkout, ()) = tokio::join!(borrowing, approving);
    let checkout = checkout.unwrap();
    assert_eq!(checkout.secret().expose_secret(), "fake-Break-Glass!");
    checkout.check_in(None).await.unwrap();
    vault.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_share_one_request_through_several_sessions_and_the_last_gives_it_back() {
    let vault = vault().await;
    let session = session(&vault, JOE).await;
    let new = wanted(&session, "App01", "helpdesk-01").await;
    let new = new.on_conflict(ConflictOption::Reuse);
    let mut all = JoinSet::new();
    for _ in 0..24 {
        let (session, new) = (session.clone(), new.clone());
        all.spawn(async move {
            let checkout = session.checkout(new).begin().await.unwrap();
            // A password that is rotated under its users would show here as another one.
            let read = checkout.secret().expose_secret().to_owned();
            tokio::task::yield_now().await;
            checkout.check_in(None).await.unwrap();
            read
        });
    }
    let read = all.join_all().await;
    assert_eq!(read.len(), 24);
    until_nothing_is_open(&vault).await;
    let ends = vault.calls().iter().filter(|call| call.path.ends_with("/Checkin")).count();
    assert_eq!(ends, vault.requests().len(), "one check-in for each request, not for each user");
    vault.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_and_a_failing_check_in_leave_nothing_open() {
    let vault = vault().await;
    let session = session(&vault, JOE).await;
    let new = wanted(&session, "App01", "helpdesk-01").await;
    for (route, action) in [
        ("POST Requests", FaultAction::DropAfter),
        ("GET Credentials/{id}", FaultAction::Status { status: 503, body: String::new() }),
        ("PUT Requests/{id}/Checkin", FaultAction::DropAfter),
    ] {
        vault.arm(FaultSettings::once(route, action)).unwrap();
    }
    let checkout = session.checkout(new).begin().await.unwrap();
    checkout.check_in(None).await.unwrap();
    assert_eq!(vault.requests().len(), 1);
    assert!(vault.requests().iter().all(|request| !request.state.is_live()));
    vault.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_piece_by_piece_and_what_is_no_file_is_an_error() {
    let mut config = Config::demo();
    let file = config.secrets.iter_mut().find(|secret| secret.file_name.is_some()).unwrap();
    file.value = ps_sim::Secret::new("0123456789".repeat(40_000));
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let vault = Server::start(config).await.unwrap();
    let robot = Config::demo().users.into_iter().find(|user| user.client_id.is_some()).unwrap();
    let auth = Auth::OAuth {
        client_id: robot.client_id.unwrap(),
        client_secret: robot.client_secret.unwrap().expose().into(),
        token_url: None,
    };
    let session = session_of(&vault, auth).await;
    let all = session.send(&ListSecrets { limit: 100, ..ListSecrets::default() }).await.unwrap();
    let file = all.iter().find(|row| row.kind == Some(SecretKind::File)).unwrap();
    let call = DownloadFileSecret { secret: file.secret.clone() };

    let mut download = session.download(&call).await.unwrap();
    assert_eq!(download.length(), Some(400_000));
    let (mut length, mut pieces) = (0, 0);
    while let Some(piece) = download.next().await.unwrap() {
        assert!(piece.iter().all(u8::is_ascii_digit));
        (length, pieces) = (length + piece.len(), pieces + 1);
    }
    assert_eq!(length, 400_000);
    assert!(pieces > 1, "it came at once");

    vault.recycle();
    assert_eq!(session.download(&call).await.unwrap().length(), Some(400_000));
    let route = "GET Secrets-Safe/Secrets/{guid}/File/Download";
    vault.arm(FaultSettings::once(route, FaultAction::Html)).unwrap();
    let error = session.download(&call).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotTheApi), "{error:?}");
    vault.arm(FaultSettings::always(route, FaultAction::TruncateBody)).unwrap();
    // Where the cut comes with the head, as HTTP/2 may have it, the call itself fails.
    let error = match session.download(&call).await {
        Err(error) => error,
        Ok(mut cut) => loop {
            match cut.next().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("half a file passed for a whole one"),
                Err(error) => break error,
            }
        },
    };
    assert!(matches!(error.kind(), ErrorKind::Transport(_)), "{error:?}");
    vault.stop().await;
}
