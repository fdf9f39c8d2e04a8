//! A vault that fails is left alone: with a clock of paper.

use std::sync::Arc;
use std::time::Duration;

use ps_client::endpoint::credentials::GetCredential;
use ps_client::endpoint::workgroups::ListWorkgroups;
use ps_client::model::{CredentialType, RequestId};
use ps_client::transport::Distrust;
use ps_client::transport::fault::{Fault, Faulty};
use ps_client::{
    BreakerPolicy, Client, ClientBuilder, Error, ErrorKind, RetryPolicy, Session, Transport,
    TransportError,
};

use crate::bank::Bank;
use crate::behaviour::{Told, WORKGROUPS, builder, session};
use crate::paper::Paper;
use crate::scripted::{Vault, failed, reply};

/// Three failures open it for ten seconds, and five seconds are too long for a caller.
fn quick_to_break<T: Transport>(
    builder: ClientBuilder<T>,
    paper: &Arc<Paper>,
    told: &Arc<Told>,
) -> ClientBuilder<T> {
    let mut policy = BreakerPolicy::default();
    (policy.failures, policy.pause) = (3, Duration::from_secs(10));
    policy.patience = Duration::from_secs(5);
    let builder = builder.runtime(paper.clone()).retry(RetryPolicy::never());
    builder.breaker(Some(policy)).metrics(told.clone())
}

async fn pass(seconds: u64) {
    #[expect(clippy::disallowed_methods, reason = "the clock is paper")]
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn states(told: &Told) -> Vec<String> {
    told.take().into_iter().filter(|word| !word.contains(' ')).collect()
}

fn last_failure(error: &Error) -> &Error {
    match error.kind() {
        ErrorKind::Suspended { last, .. } => last,
        _ => panic!("{error:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_fails_is_left_alone_and_tried_again_by_one_call() {
    let (vault, told, paper) = (Vault::default(), Arc::new(Told::default()), Paper::new());
    let client = quick_to_break(builder(&vault), &paper, &told).build();
    let session = session(&vault, client).await;
    for _ in 0..3 {
        vault.on("GET Workgroups", reply(500, ""));
        assert!(session.send(&ListWorkgroups {}).await.is_err());
    }
    let error = session.send(&ListWorkgroups {}).await.unwrap_err();
    let ErrorKind::Suspended { left, last } = error.kind() else { panic!("{error:?}") };
    assert_eq!(*left, Duration::from_secs(10));
    assert!(error.to_string().contains("left alone for another 10000 ms"), "{error}");
    assert!(!error.may_have_been_executed());
    assert_eq!((last.endpoint(), last.status()), ("GET Workgroups", Some(500)));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "GET Workgroups: the vault failed with status 500");

    pass(10).await;
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    session.send(&ListWorkgroups {}).await.unwrap();
    vault.on("GET Workgroups", reply(404, ""));
    let error = session.send(&ListWorkgroups {}).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFound), "a refusal is no failure of the vault");
    assert_eq!(states(&told), ["Open", "HalfOpen", "Closed"]);
}

/// One session with a vault that swallows so many calls.
async fn swallowing(calls: usize, told: &Arc<Told>) -> (Faulty<Bank>, Session<Faulty<Bank>>) {
    let transport = Faulty::new(Bank::default());
    let client = Client::builder(Bank::address(), transport.clone());
    let client = quick_to_break(client, &Paper::new(), told).build();
    let session = Bank::session(client).await;
    for _ in 0..calls {
        transport.on("GET Credentials/1", Fault::silence());
    }
    (transport, session)
}

fn look() -> GetCredential {
    GetCredential { request: RequestId::new(1), kind: CredentialType::Password }
}

async fn give_up_after(session: &Session<Faulty<Bank>>, seconds: u64) {
    let outcome = tokio::time::timeout(Duration::from_secs(seconds), session.send(&look())).await;
    assert!(outcome.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_swallows_calls_fails_even_if_their_callers_give_up_first() {
    let told = Arc::new(Told::default());
    let (transport, session) = swallowing(3, &told).await;
    for _ in 0..3 {
        give_up_after(&session, 6).await;
    }
    let error = session.send(&look()).await.unwrap_err();
    let last = last_failure(&error);
    let ErrorKind::Transport(TransportError::TimedOut(cause)) = last.kind() else { panic!() };
    assert_eq!(cause.to_string(), "its caller gave it up after 6000 ms");
    assert_eq!(transport.count("GET Credentials/1"), 3);
}

#[tokio::test(start_paused = true)]
async fn callers_that_change_their_mind_say_nothing_about_the_vault() {
    let told = Arc::new(Told::default());
    let (transport, session) = swallowing(9, &told).await;
    for _ in 0..9 {
        give_up_after(&session, 4).await;
    }
    assert!(matches!(session.send(&look()).await.unwrap_err().kind(), ErrorKind::NotFound));
    assert_eq!(transport.count("GET Credentials/1"), 10);
    assert!(states(&told).is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_call_that_was_to_see_may_be_dropped_and_the_next_one_sees() {
    let told = Arc::new(Told::default());
    let (_transport, session) = swallowing(4, &told).await;
    for _ in 0..3 {
        give_up_after(&session, 6).await;
    }
    pass(10).await;
    give_up_after(&session, 1).await;
    assert!(matches!(session.send(&look()).await.unwrap_err().kind(), ErrorKind::NotFound));
    assert_eq!(states(&told), ["Open", "HalfOpen", "HalfOpen", "Closed"]);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_is_not_trusted_does_not_let_the_others_through() {
    let (vault, told, paper) = (Vault::default(), Arc::new(Told::default()), Paper::new());
    let client = quick_to_break(builder(&vault), &paper, &told).build();
    let session = session(&vault, client).await;
    let untrusted = || {
        let why = Distrust::UnknownIssuer;
        failed(TransportError::Untrusted { why, cause: "on purpose".into() })
    };
    let list = ListWorkgroups {};
    for _ in 0..4 {
        vault.on("GET Workgroups", untrusted());
        let error = session.send(&list).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Transport(_)), "no reason to hold calls back");
    }
    for _ in 0..3 {
        vault.on("GET Workgroups", reply(503, ""));
        session.send(&list).await.unwrap_err();
    }
    pass(10).await;
    vault.on("GET Workgroups", untrusted());
    session.send(&list).await.unwrap_err();
    let error = session.send(&list).await.unwrap_err();
    let last = last_failure(&error);
    assert!(matches!(last.kind(), ErrorKind::Transport(TransportError::Untrusted { .. })));
    pass(10).await;
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    session.send(&list).await.unwrap();
    assert_eq!(states(&told), ["Open", "HalfOpen", "Open", "HalfOpen", "Closed"]);
}

#[tokio::test(start_paused = true)]
async fn the_last_failure_is_told_without_what_the_vault_wrote() {
    let (vault, told, paper) = (Vault::default(), Arc::new(Told::default()), Paper::new());
    let session = session(&vault, quick_to_break(builder(&vault), &paper, &told).build()).await;
    for _ in 0..3 {
        vault.on("GET Workgroups", reply(500, "ASP.NET_SessionId=s1 was not found in planted"));
        session.send(&ListWorkgroups {}).await.unwrap_err();
    }
    let error = session.send(&ListWorkgroups {}).await.unwrap_err();
    assert_eq!(last_failure(&error).excerpt(), None);
    assert!(!format!("{error:?}").contains("planted"), "{error:?}");
}
