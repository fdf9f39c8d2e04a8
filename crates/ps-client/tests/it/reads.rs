//! Shared and remembered reads: with a clock of paper.

use std::sync::Arc;
use std::time::Duration;

use ps_client::endpoint::Endpoint;
use ps_client::endpoint::assets::GetAsset;
use ps_client::endpoint::credentials::GetCredential;
use ps_client::endpoint::workgroups::{CreateWorkgroup, ListWorkgroups};
use ps_client::model::{AssetId, CredentialType, NewWorkgroup, RequestId};
use ps_client::{Client, Error, ErrorKind, Limits};

use crate::bank::Bank;
use crate::behaviour::{Told, WORKGROUPS, builder, session};
use crate::keeper::poll_once;
use crate::paper::Paper;
use crate::scripted::{Vault, reply};

#[tokio::test(start_paused = true)]
async fn the_same_read_asked_at_once_is_one_call_and_a_secret_never_is() {
    let (vault, told) = (Vault::default(), Arc::new(Told::default()));
    let session = session(&vault, builder(&vault).metrics(told.clone()).build()).await;
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
    let session = session(&vault, builder(&vault).build()).await;
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    let list = ListWorkgroups {};
    let mut first = Box::pin(session.send(&list));
    let mut second = Box::pin(session.send(&list));
    assert!(poll_once(first.as_mut()).is_none() && poll_once(second.as_mut()).is_none());
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
    let session = session(&vault, builder(&vault).build()).await;
    vault.on("GET Workgroups", reply(200, "[]"));
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    vault.on("POST Workgroups", reply(201, r#"{"ID":1,"Name":"Default"}"#));
    let list = ListWorkgroups {};
    let mut before = Box::pin(session.send(&list));
    assert!(poll_once(before.as_mut()).is_none());
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
async fn a_read_that_its_task_does_not_drive_is_driven_by_whoever_asks_the_same() {
    let vault = Vault::default();
    let session = session(&vault, builder(&vault).build()).await;
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    let list = ListWorkgroups {};
    let mut parked = Box::pin(session.send(&list));
    assert!(poll_once(parked.as_mut()).is_none());
    assert_eq!(session.send(&list).await.unwrap().len(), 1);
    assert_eq!(parked.await.unwrap().len(), 1);
    vault.assert_played_out();
}

#[tokio::test(start_paused = true)]
async fn who_asks_after_the_answer_came_asks_anew_though_others_have_not_taken_theirs() {
    let vault = Vault::default();
    let session = session(&vault, builder(&vault).build()).await;
    vault.on("GET Workgroups", reply(200, "[]")).on("GET Workgroups", reply(200, WORKGROUPS));
    let list = ListWorkgroups {};
    let mut slow = Box::pin(session.send(&list));
    assert!(poll_once(slow.as_mut()).is_none());
    assert_eq!(session.send(&list).await.unwrap().len(), 0);
    assert_eq!(session.send(&list).await.unwrap().len(), 1);
    assert_eq!(slow.await.unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_all_have_given_up_is_asked_anew() {
    let vault = Vault::default();
    let session = session(&vault, builder(&vault).build()).await;
    vault.on("GET Workgroups", reply(200, "[]")).on("GET Workgroups", reply(200, WORKGROUPS));
    let list = ListWorkgroups {};
    let (mut one, mut other) = (Box::pin(session.send(&list)), Box::pin(session.send(&list)));
    assert!(poll_once(one.as_mut()).is_none() && poll_once(other.as_mut()).is_none());
    drop((one, other));
    assert_eq!(session.send(&list).await.unwrap().len(), 1);
    vault.assert_played_out();
}

#[tokio::test(start_paused = true)]
async fn what_another_session_of_the_client_has_written_separates_reads_too() {
    let vault = Vault::default();
    let client = builder(&vault).runtime(Paper::new()).build();
    let reader = session(&vault, client.clone()).await;
    let writer = session(&vault, client).await;
    for body in ["[]", WORKGROUPS] {
        vault.on("GET Workgroups", reply(200, body));
    }
    vault.on("POST Workgroups", reply(201, r#"{"ID":1,"Name":"Default"}"#));
    let list = ListWorkgroups {};
    let cached = reader.cached(Duration::from_secs(60));
    assert_eq!(cached.send(&list).await.unwrap().answer.len(), 0);
    writer.send(&CreateWorkgroup { new: NewWorkgroup::new("Default") }).await.unwrap();
    assert_eq!(cached.send(&list).await.unwrap().answer.len(), 1);
    vault.assert_played_out();
}

#[tokio::test(start_paused = true)]
async fn no_more_bytes_are_remembered_than_the_limits_say() {
    let vault = Vault::default();
    let mut limits = Limits::default();
    limits.remembered_bytes = 2_000;
    let client = Client::builder(Bank::address(), vault.clone()).limits(limits);
    let session = session(&vault, client.runtime(Paper::new()).build()).await;
    let cached = session.cached(Duration::from_secs(60));
    let long = format!(r#"{{"AssetID":1,"AssetName":"{}"}}"#, "x".repeat(2_000));
    for (asset, body) in [(1, long.as_str()), (1, long.as_str()), (2, r#"{"AssetID":2}"#)] {
        vault.on(&format!("GET Assets/{asset}"), reply(200, body));
        let asset = GetAsset { asset: AssetId::new(asset) };
        assert_eq!(cached.send(&asset).await.unwrap().age, Duration::ZERO);
    }
    cached.send(&GetAsset { asset: AssetId::new(2) }).await.unwrap();
    vault.assert_played_out();
}
