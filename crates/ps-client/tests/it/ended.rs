//! Server sessions that end: by the vault, for one lane or all, and by signing out.

use std::sync::Arc;

use ps_client::endpoint::assets::GetAsset;
use ps_client::endpoint::credentials::GetCredential;
use ps_client::endpoint::workgroups::ListWorkgroups;
use ps_client::model::{AssetId, CredentialType, RequestId};
use ps_client::{Error, ErrorKind, Session, SignedIn};

use crate::bank::Bank;
use crate::behaviour::{Told, WORKGROUPS, builder, session};
use crate::keeper::{Keeper, poll_once};
use crate::scripted::{Vault, key_auth, reply, signed_in};

const SECRET: GetCredential =
    GetCredential { request: RequestId::new(7), kind: CredentialType::Password };

/// One that is two server sessions, both begun.
async fn two_lanes(vault: &Keeper) -> Session<Keeper> {
    let session = Bank::session(vault.builder().sessions(2).build()).await;
    let (one, other) = tokio::join!(session.send(&SECRET), session.send(&SECRET));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(vault.doors().live.len(), 2);
    vault.take_calls();
    session
}

#[tokio::test]
async fn a_session_that_is_over_is_begun_again_and_the_other_one_is_left_alone() {
    let vault = Keeper::default();
    let session = two_lanes(&vault).await;
    vault.expire("s2");
    let (one, other) = tokio::join!(session.send(&SECRET), session.send(&SECRET));
    assert!(one.is_ok() && other.is_ok());
    let mut calls = vault.take_calls();
    calls.sort();
    let expected = [
        "- POST Auth/SignAppin 200",
        "s1 GET Credentials/7 200",
        "s2 GET Credentials/7 401",
        "s3 GET Credentials/7 200",
    ];
    assert_eq!(calls, expected);
}

#[tokio::test]
async fn a_further_session_of_somebody_else_is_ended_at_once_and_done_without() {
    let vault = Keeper::default();
    let session = two_lanes(&vault).await;
    vault.expire("s2");
    vault.doors().is_somebody_else = true;
    let (one, other) = tokio::join!(session.send(&SECRET), session.send(&SECRET));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    assert_eq!(vault.count("s3 POST Auth/Signout 200"), 1);
    assert_eq!(vault.count("s3"), 1, "nothing else is done as somebody else");
    let (one, other) = tokio::join!(session.send(&SECRET), session.send(&SECRET));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(vault.count("SignAppin"), 1, "nobody tries again");
    assert!(vault.doors().live.iter().eq(["s1"]));

    vault.expire("s1");
    let error = session.send(&SECRET).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::SignInRefused), "{error:?}");
    assert!(vault.doors().live.is_empty());
}

#[tokio::test]
async fn all_lanes_are_begun_again_after_the_vault_was_recycled() {
    let vault = Keeper::default();
    let session = two_lanes(&vault).await;
    vault.expire_all();
    let (one, other) = tokio::join!(session.send(&SECRET), session.send(&SECRET));
    assert!(one.is_ok() && other.is_ok());
    assert!(vault.doors().live.iter().eq(["s3", "s4"]));
}

/// What eight calls at once come to.
async fn eight_of(session: &Session<Keeper>) -> Vec<Result<(), Error>> {
    let call = || async { session.send(&SECRET).await.map(|_| ()) };
    futures_util::future::join_all((0..8).map(|_| call())).await
}

/// Vaults lock users after a few.
#[tokio::test]
async fn a_refused_password_is_not_sent_once_for_each_lane() {
    let vault = Keeper::default();
    let session = Bank::session(vault.builder().sessions(8).build()).await;
    vault.doors().is_shut = true;
    assert!(eight_of(&session).await.iter().all(Result::is_ok), "the first session lives");
    assert_eq!(vault.count("SignAppin 401"), 1);

    vault.doors().is_shut = false;
    let session = Bank::session(vault.builder().sessions(8).build()).await;
    assert!(eight_of(&session).await.iter().all(Result::is_ok));
    assert_eq!(vault.doors().live.len(), 9);
    vault.take_calls();
    vault.expire_all();
    vault.doors().is_shut = true;
    for error in eight_of(&session).await.into_iter().map(Result::unwrap_err) {
        assert!(matches!(error.kind(), ErrorKind::SignInRefused), "{error:?}");
    }
    assert_eq!(vault.count("SignAppin 401"), 1);
    // The key may have been put right.
    vault.doors().is_shut = false;
    assert!(eight_of(&session).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_session_that_is_just_being_begun_is_ended_too() {
    let vault = Keeper::default();
    let session = Bank::session(vault.builder().sessions(2).build()).await;
    let mut first = Box::pin(session.send(&SECRET));
    let mut second = Box::pin(session.send(&SECRET));
    assert!(poll_once(first.as_mut()).is_none() && poll_once(second.as_mut()).is_none());
    assert!(poll_once(second.as_mut()).is_none(), "the vault has let it in, and it has not heard");
    first.await.unwrap();
    assert_eq!(vault.doors().live.len(), 2);
    // Nobody polls the second one meanwhile.
    session.sign_out().await.unwrap();
    assert!(vault.doors().live.is_empty(), "{:?}", vault.doors().live);
    second.await.unwrap();
    session.sign_out().await.unwrap();
    assert!(vault.doors().live.is_empty(), "{:?}", vault.doors().live);
}

#[tokio::test]
async fn a_call_on_its_way_while_somebody_signs_out_gets_its_answer() {
    for lanes in 1..3 {
        for before in 0..3 {
            let vault = Keeper::default();
            let session = Bank::session(vault.builder().sessions(lanes).build()).await;
            let (one, other) = tokio::join!(session.send(&SECRET), session.send(&SECRET));
            assert!(one.is_ok() && other.is_ok());
            let mut first = Box::pin(session.send(&SECRET));
            let mut second = Box::pin(session.send(&SECRET));
            for _ in 0..before {
                assert!(poll_once(first.as_mut()).is_none());
                assert!(poll_once(second.as_mut()).is_none());
            }
            session.sign_out().await.unwrap();
            first.await.unwrap();
            second.await.unwrap();
        }
    }
}

#[tokio::test]
async fn signing_out_while_all_is_being_begun_again_fails_nobody() {
    let vault = Keeper::default();
    let session = two_lanes(&vault).await;
    vault.expire_all();
    let (one, other, out) =
        tokio::join!(session.send(&SECRET), session.send(&SECRET), session.sign_out());
    assert!(one.is_ok() && other.is_ok() && out.is_ok(), "{one:?} {other:?} {out:?}");
}

#[tokio::test]
async fn what_was_ended_is_not_ended_twice_and_what_was_not_can_be_again() {
    let vault = Keeper::default();
    let session = two_lanes(&vault).await;
    session.sign_out().await.unwrap();
    session.sign_out().await.unwrap();
    assert_eq!(vault.take_calls(), ["s1 POST Auth/Signout 200", "s2 POST Auth/Signout 200"]);
    session.send(&SECRET).await.unwrap();
    assert_eq!(vault.take_calls(), ["- POST Auth/SignAppin 200", "s3 GET Credentials/7 200"]);

    let vault = Vault::open();
    let session = vault.session().await;
    vault.on("POST Auth/Signout", reply(503, "")).on("POST Auth/Signout", reply(200, ""));
    session.sign_out().await.unwrap_err();
    session.sign_out().await.unwrap();
    vault.assert_played_out();
}

#[tokio::test]
async fn a_sign_in_that_its_task_does_not_drive_is_driven_by_whoever_waits_for_it() {
    let vault = Keeper::default();
    let session = Bank::session(vault.builder().build()).await;
    vault.expire_all();
    let mut parked = Box::pin(session.send(&SECRET));
    for _ in 0..3 {
        assert!(poll_once(parked.as_mut()).is_none());
    }
    assert_eq!(vault.count("Credentials/7 401"), 1, "it is at the sign-in");
    session.send(&SECRET).await.unwrap();
    parked.await.unwrap();
    assert_eq!(vault.count("SignAppin"), 2);
}

#[tokio::test]
async fn each_sign_in_is_told_once_however_many_wait_for_it() {
    let (vault, told) = (Vault::default(), Arc::new(Told::default()));
    let client = builder(&vault).metrics(told.clone()).build();
    let sign_ins = || {
        let told = told.take();
        told.into_iter().filter(|word| word.starts_with("sign-in")).collect::<Vec<_>>()
    };
    vault.on("POST Auth/SignAppin", reply(401, ""));
    client.sign_in(key_auth()).await.unwrap_err();
    assert_eq!(sign_ins(), ["sign-in 0 false"]);
    vault.on("POST Auth/SignAppin", reply(401, "").with("www-authenticate-2fa", "Code?"));
    vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=s1"));
    let SignedIn::Challenge(challenge) = client.sign_in(key_auth()).await.unwrap() else {
        panic!()
    };
    assert!(sign_ins().is_empty(), "nobody knows yet");
    challenge.answer(&"123456".into()).await.unwrap();
    assert_eq!(sign_ins(), ["sign-in 0 true"]);

    let session = session(&vault, client).await;
    sign_ins();
    vault.on("GET Workgroups", reply(401, "")).on("GET Assets/5", reply(401, ""));
    vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=s2"));
    vault.on("GET Workgroups", reply(200, WORKGROUPS));
    vault.on("GET Assets/5", reply(200, r#"{"AssetID":5}"#));
    let (list, asset) = (ListWorkgroups {}, GetAsset { asset: AssetId::new(5) });
    // Both meet the end of the session.
    let (list, asset) = tokio::join!(session.send(&list), session.send(&asset));
    assert!(list.is_ok() && asset.is_ok());
    assert_eq!(sign_ins(), ["sign-in 0 true"]);
}
