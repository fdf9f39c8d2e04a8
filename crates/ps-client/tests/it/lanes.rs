//! Several server sessions for one user.

use std::sync::Arc;

use ps_client::TransportError;
use ps_client::endpoint::workgroups::ListWorkgroups;
use tokio::task::JoinSet;

use crate::behaviour::{Told, WORKGROUPS, builder, session};
use crate::scripted::{Vault, failed, reply, signed_in};

#[tokio::test(start_paused = true)]
async fn further_sessions_are_begun_when_the_others_are_busy_and_all_are_ended() {
    let (vault, told) = (Vault::default(), Arc::new(Told::default()));
    let client = builder(&vault).coalesce(false).sessions(3).metrics(told.clone()).build();
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
    let session = session(&vault, builder(&vault).coalesce(false).sessions(2).build()).await;
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
async fn a_further_session_that_is_refused_is_done_without_and_none_other_asks_again() {
    let vault = Vault::default();
    let session = session(&vault, builder(&vault).coalesce(false).sessions(4).build()).await;
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
    let session = session(&vault, builder(&vault).coalesce(false).sessions(2).build()).await;
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
