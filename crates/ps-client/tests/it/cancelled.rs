//! Calls that are dropped, at whichever of their waits: nothing of theirs stays behind.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ps_client::endpoint::credentials::GetCredential;
use ps_client::endpoint::secrets_safe::secrets::DownloadFileSecret;
use ps_client::endpoint::workgroups::ListWorkgroups;
use ps_client::model::{CredentialType, RequestId, SecretId};
use ps_client::transport::fault::{Fault, Faulty};
use ps_client::{BreakerPolicy, Client, Error, ErrorKind, RetryPolicy, Session};

use crate::bank::Bank;
use crate::behaviour::Told;
use crate::keeper::{FILE, Keeper, poll_once};
use crate::paper::Paper;

const SECRET: &str = "6f2c9a5e-0d7b-4b1e-9a3c-5d8e7f6a1b2c";

type Call = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

fn shared_read(session: Session<Keeper>) -> Call {
    Box::pin(async move { session.send(&ListWorkgroups {}).await.map(|_| ()) })
}

fn secret(session: Session<Keeper>) -> Call {
    let (request, kind) = (RequestId::new(7), CredentialType::Password);
    Box::pin(async move { session.send(&GetCredential { request, kind }).await.map(|_| ()) })
}

fn file(session: Session<Keeper>) -> Call {
    let secret = SecretId::new(SECRET);
    Box::pin(async move {
        let mut file = session.download(&DownloadFileSecret { secret }).await?;
        while let Some(piece) = file.next().await? {
            assert_eq!(piece.as_slice(), FILE);
        }
        Ok(())
    })
}

/// A session that is over, with one place for calls, and a vault that fails once: a call of it
/// waits for a refusal, a sign-in, a failure, a pause, and an answer.
async fn troubled(told: &Arc<Told>) -> (Keeper, Session<Keeper>) {
    let vault = Keeper::default();
    let mut breaker = BreakerPolicy::default();
    breaker.failures = 2;
    let mut retry = RetryPolicy::default();
    retry.base = Duration::from_millis(10);
    let builder = vault.builder().runtime(Paper::new()).breaker(Some(breaker)).retry(retry);
    let builder = builder.calls_at_once(1).sessions(2).metrics(told.clone());
    let session = Bank::session(builder.build()).await;
    vault.expire_all();
    vault.doors().failures = vec![503];
    told.take();
    (vault, session)
}

/// Polls it so often, time going on in between; whether it came to its end.
async fn steps(call: &mut Call, steps: usize) -> bool {
    for _ in 0..steps {
        if let Some(outcome) = poll_once(call.as_mut()) {
            outcome.unwrap();
            return true;
        }
        tokio::time::advance(Duration::from_millis(5)).await;
    }
    false
}

async fn is_as_good_as_before(vault: &Keeper, session: &Session<Keeper>, told: &Told) {
    vault.doors().failures.clear();
    let calls = [shared_read, secret, file, shared_read, secret, file];
    for outcome in futures_util::future::join_all(calls.map(|call| call(session.clone()))).await {
        outcome.unwrap();
    }
    let told = told.take();
    assert!(!told.iter().any(|word| word == "Open"), "{told:?}");
    session.sign_out().await.unwrap();
    let live = vault.doors().live.len();
    assert!(live <= 1, "at most a sign-in whose answer nobody has seen, not {live}");
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_at_any_of_its_waits_leaves_the_session_as_good_as_before() {
    for call in [shared_read, secret, file] {
        let mut waits = 0;
        loop {
            let told = Arc::new(Told::default());
            let (vault, session) = troubled(&told).await;
            let mut dropped = call(session.clone());
            let is_over = steps(&mut dropped, waits).await;
            drop(dropped);
            is_as_good_as_before(&vault, &session, &told).await;
            if is_over {
                break;
            }
            waits += 1;
        }
        // Two for each of four calls, and one for the pause.
        assert!(waits >= 9, "{waits}");
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_together_do_not_mind_when_one_of_them_is_dropped_at_any_time() {
    let mut waits = 0;
    loop {
        let told = Arc::new(Told::default());
        let (vault, session) = troubled(&told).await;
        let (mut dropped, mut other) = (shared_read(session.clone()), shared_read(session.clone()));
        assert!(poll_once(other.as_mut()).is_none());
        let is_over = steps(&mut dropped, waits).await;
        drop(dropped);
        other.await.unwrap();
        let answered = vault.count("GET Workgroups 200");
        assert_eq!(answered, 1, "at {waits}");
        is_as_good_as_before(&vault, &session, &told).await;
        if is_over {
            break;
        }
        waits += 1;
    }
    assert!(waits >= 9, "{waits}");
}

#[tokio::test(start_paused = true)]
async fn a_file_is_on_its_way_until_it_has_come_or_is_dropped() {
    let vault = Keeper::default();
    let session = Bank::session(vault.builder().calls_at_once(1).build()).await;
    let call = || DownloadFileSecret { secret: SecretId::new(SECRET) };
    let list = ListWorkgroups {};

    let file = session.download(&call()).await.unwrap();
    let mut next = Box::pin(session.send(&list));
    for _ in 0..20 {
        assert!(poll_once(next.as_mut()).is_none(), "there is one place, and the file has it");
    }
    assert_eq!(vault.count("Workgroups"), 0);
    drop(file);
    assert_eq!(next.await.unwrap().len(), 1);

    let mut file = session.download(&call()).await.unwrap();
    assert_eq!(file.next().await.unwrap().unwrap().as_slice(), FILE);
    assert!(file.next().await.unwrap().is_none());
    assert_eq!(session.send(&list).await.unwrap().len(), 1, "the file has come");
    assert!(file.next().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn other_calls_go_through_another_server_session_while_a_file_comes() {
    let vault = Keeper::default();
    let session = Bank::session(vault.builder().sessions(2).build()).await;
    let call = DownloadFileSecret { secret: SecretId::new(SECRET) };
    let file = session.download(&call).await.unwrap();
    session.send(&ListWorkgroups {}).await.unwrap();
    drop(file);
    session.send(&ListWorkgroups {}).await.unwrap();
    let lists: Vec<_> =
        vault.take_calls().into_iter().filter(|call| call.contains("Workgroups")).collect();
    assert_eq!(lists, ["s2 GET Workgroups 200", "s1 GET Workgroups 200"]);
}

#[tokio::test(start_paused = true)]
async fn a_file_is_asked_for_again_until_a_part_of_it_is_there() {
    let transport = Faulty::new(Keeper::default());
    let client = Client::builder(Bank::address(), transport.clone()).runtime(Paper::new());
    let session = Bank::session(client.calls_at_once(1).build()).await;
    let route = format!("GET Secrets-Safe/Secrets/{SECRET}/file/download");
    let call = DownloadFileSecret { secret: SecretId::new(SECRET) };
    transport.on(&route, Fault::broken()).on(&route, Fault::status(503)).on(&route, Fault::torn(0));
    let mut file = session.download(&call).await.unwrap();
    assert_eq!(file.next().await.unwrap().unwrap().as_slice(), FILE);
    assert!(transport.unmet().is_empty());
    drop(file);

    transport.on(&route, Fault::torn(2));
    let mut file = session.download(&call).await.unwrap();
    assert_eq!(file.next().await.unwrap().unwrap().as_slice(), &FILE[..2]);
    let error = file.next().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Transport(_)), "{error:?}");
    assert!(file.next().await.unwrap().is_none());
    session.send(&ListWorkgroups {}).await.unwrap();

    for _ in 0..4 {
        transport.on(&route, Fault::status(503));
    }
    let error = session.download(&call).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Server), "{error:?}");
    assert!(transport.unmet().is_empty());
    session.send(&ListWorkgroups {}).await.unwrap();
}
