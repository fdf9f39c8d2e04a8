//! One server session: cookies, second factors, signing in again.

use ps_client::endpoint::managed_systems::GetManagedSystem;
use ps_client::endpoint::requests::{CheckIn, CheckedIn, ListRequests};
use ps_client::model::{RequestId, SystemId};
use ps_client::transport::Cause;
use ps_client::{Auth, ErrorKind, RunAs, SignedIn, TransportError};

use crate::scripted::{SIGNED_IN, Vault, expect_session, failed, key_auth, reply, signed_in};

fn check_in(number: i64) -> CheckIn {
    CheckIn { request: RequestId::new(number), reason: None }
}

#[tokio::test]
async fn after_the_sign_in_only_cookies_are_sent_and_all_of_them() {
    let vault = Vault::default();
    let several = signed_in("ASP.NET_SessionId=s1; path=/; HttpOnly; Secure")
        .with("set-cookie", "node=n-7; path=/")
        .with("set-cookie", "old=x; Max-Age=0")
        .with("set-cookie", "older=x; expires=Thu, 01 Jan 1970 00:00:00 GMT")
        .with("set-cookie", "not a cookie");
    vault.on("POST Auth/SignAppin", several);
    let session = vault.session().await;
    vault.on("GET Requests", reply(200, "[]").with("set-cookie", "node=n-8; path=/"));
    vault.on("GET Requests", reply(200, "[]"));
    session.send(&ListRequests::default()).await.unwrap();
    let call = vault.last();
    assert_eq!(call.header("cookie").unwrap(), "ASP.NET_SessionId=s1; node=n-7");
    assert!(call.headers["cookie"].is_sensitive());
    assert_eq!(call.header("authorization"), None);
    // A balancer has moved the session.
    session.send(&ListRequests::default()).await.unwrap();
    assert_eq!(vault.last().header("cookie").unwrap(), "ASP.NET_SessionId=s1; node=n-8");
}

#[tokio::test]
async fn cookies_of_a_refusal_are_not_taken_over() {
    let vault = Vault::open();
    let session = vault.session().await;
    let stranger = reply(404, "").with("set-cookie", "ASP.NET_SessionId=stranger");
    vault.on("PUT Requests/5/Checkin", stranger);
    vault.on("GET Requests", reply(200, "[]"));
    assert_eq!(session.send(&check_in(5)).await.unwrap(), CheckedIn::Before);
    session.send(&ListRequests::default()).await.unwrap();
    assert_eq!(vault.last().header("cookie").unwrap(), "ASP.NET_SessionId=s1");
}

#[tokio::test]
async fn expired_session_is_signed_in_once_for_all_who_wait_and_each_call_repeated_once() {
    let vault = Vault::open();
    let session = vault.session().await;
    for number in 1..=5 {
        let route = format!("PUT Requests/{number}/Checkin");
        vault.on(&route, reply(401, "")).on(&route, reply(204, ""));
    }
    vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=s2"));
    let calls: Vec<_> = (1..=5)
        .map(|number| {
            let session = session.clone();
            async move { session.send(&check_in(number)).await }
        })
        .collect();
    for outcome in together(calls).await {
        assert_eq!(outcome.unwrap(), CheckedIn::Now);
    }
    vault.assert_played_out();
    let sign_ins = vault.routes().iter().filter(|route| route.contains("SignAppin")).count();
    assert_eq!(sign_ins, 2);
    assert_eq!(vault.last().header("cookie").unwrap(), "ASP.NET_SessionId=s2");
}

/// Runs all at once on this thread.
async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, outcome) in &mut futures {
            if outcome.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *outcome = Some(ready);
            }
        }
        let done = futures.iter().all(|(_, outcome)| outcome.is_some());
        if done { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    futures.into_iter().map(|(_, outcome)| outcome.unwrap()).collect()
}

/// A refused password must not be sent once per waiting call: that locks accounts.
#[tokio::test]
async fn refused_sign_in_is_shared_by_all_who_waited_for_it() {
    let vault = Vault::open();
    let session = vault.session().await;
    for number in 1..=4 {
        vault.on(&format!("PUT Requests/{number}/Checkin"), reply(401, ""));
    }
    vault.on("POST Auth/SignAppin", reply(401, ""));
    let calls: Vec<_> = (1..=4)
        .map(|number| {
            let session = session.clone();
            async move { session.send(&check_in(number)).await }
        })
        .collect();
    for outcome in together(calls).await {
        let error = outcome.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::SignInRefused), "{error:?}");
        assert_eq!(error.endpoint(), "POST Auth/SignAppin");
    }
    vault.assert_played_out();
    // A later call may try again: the key may have been put right.
    vault.on("PUT Requests/9/Checkin", reply(401, "")).on("PUT Requests/9/Checkin", reply(204, ""));
    vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=s3"));
    assert_eq!(session.send(&check_in(9)).await.unwrap(), CheckedIn::Now);
}

#[tokio::test]
async fn second_401_is_the_callers_and_ends_there() {
    let vault = Vault::open();
    let session = vault.session().await;
    vault.on("PUT Requests/5/Checkin", reply(401, "")).on("PUT Requests/5/Checkin", reply(401, ""));
    vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=s2"));
    let error = session.send(&check_in(5)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::SignInRefused));
    assert_eq!((error.status(), error.may_repeat()), (Some(401), false));
    vault.assert_played_out();
}

#[tokio::test]
async fn vault_that_is_down_during_the_new_sign_in_is_said_to_be_down() {
    let vault = Vault::open();
    let session = vault.session().await;
    vault.on("PUT Requests/5/Checkin", reply(401, ""));
    let down = TransportError::Unreachable(Cause::from("refused"));
    vault.on("POST Auth/SignAppin", failed(down));
    let error = session.send(&check_in(5)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Transport(_)) && error.may_repeat(), "{error:?}");
}

#[tokio::test]
async fn name_that_means_somebody_else_now_is_not_used() {
    let vault = Vault::open();
    let session = vault.session().await;
    vault.on("PUT Requests/5/Checkin", reply(401, ""));
    vault.on("POST Auth/SignAppin", reply(200, &SIGNED_IN.replace(":7,", ":8,")));
    vault.on("POST Auth/Signout", reply(200, ""));
    let error = session.send(&check_in(5)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::SignInRefused));
    vault.assert_played_out();
}

#[tokio::test]
async fn second_factor_is_answered_in_the_server_session_that_asked() {
    let vault = Vault::default();
    let asks = |prompt, cookie| {
        reply(401, "").with("WWW-Authenticate-2FA", prompt).with("set-cookie", cookie)
    };
    vault.on("POST Auth/SignAppin", asks("Enter your code", "ASP.NET_SessionId=half; path=/"));
    vault.on("POST Auth/SignAppin", asks("Enter the next code", "node=n-1"));
    vault.on("POST Auth/SignAppin", reply(200, SIGNED_IN));
    let run_as = RunAs::new(r"ACME\joe").unwrap();
    let auth = Auth::Key { key: "k".into(), run_as, password: Some("p]w".into()) };
    let SignedIn::Challenge(first) = vault.client().sign_in(auth).await.unwrap() else { panic!() };
    assert_eq!(first.prompt(), "Enter your code");
    let second = first.answer(&"111111".into()).await.unwrap();
    let SignedIn::Challenge(second) = second else { panic!() };
    assert_eq!(second.prompt(), "Enter the next code");
    let session = expect_session(second.answer(&"222222".into()).await);

    let calls = vault.calls();
    assert_eq!(calls[1].header("cookie").unwrap(), "ASP.NET_SessionId=half");
    assert_eq!(calls[2].header("cookie").unwrap(), "ASP.NET_SessionId=half; node=n-1");
    assert_eq!(
        calls[2].header("authorization").unwrap(),
        r"PS-Auth key=k; runas=ACME\joe; pwd=[p]w]; challenge=222222;",
    );
    // The session goes on with those cookies, and cannot sign in again by itself.
    vault.on("PUT Requests/5/Checkin", reply(401, ""));
    vault.on("POST Auth/SignAppin", asks("Enter your code", "a=b"));
    let error = session.send(&check_in(5)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TwoFactorWanted), "{error:?}");
    assert!(error.advice().contains("multi-factor"));
}

#[tokio::test]
async fn wrong_answer_to_a_second_factor_is_a_refused_sign_in() {
    let vault = Vault::default();
    vault.on("POST Auth/SignAppin", reply(401, "").with("WWW-Authenticate-2FA", "code?"));
    vault.on("POST Auth/SignAppin", reply(401, ""));
    let SignedIn::Challenge(challenge) = vault.client().sign_in(key_auth()).await.unwrap() else {
        panic!()
    };
    let error = challenge.answer(&"000000".into()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::SignInRefused));
}

#[tokio::test]
async fn second_factor_of_a_token_is_an_error_because_nothing_can_carry_the_answer() {
    let vault = Vault::default();
    vault.on("POST Auth/connect/token", reply(200, r#"{"access_token":"t"}"#));
    vault.on("POST Auth/SignAppin", reply(401, "").with("WWW-Authenticate-2FA", "code?"));
    let auth = Auth::OAuth { client_id: "id".into(), client_secret: "s".into(), token_url: None };
    let error = vault.client().sign_in(auth).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TwoFactorWanted));
}

#[tokio::test]
async fn sign_out_of_a_session_that_is_over_is_a_success() {
    for status in [200, 401] {
        let vault = Vault::open();
        let session = vault.session().await;
        vault.on("POST Auth/Signout", reply(status, ""));
        session.sign_out().await.unwrap();
        assert_eq!(vault.last().header("cookie").unwrap(), "ASP.NET_SessionId=s1");
        assert_eq!(vault.last().header("authorization"), None);
    }
    let vault = Vault::open();
    let session = vault.session().await;
    vault.on("POST Auth/Signout", reply(500, ""));
    assert!(matches!(session.sign_out().await.unwrap_err().kind(), ErrorKind::Server));
}

/// Several clients sign out after any surprise, and then cannot check in.
#[tokio::test]
async fn unexpected_status_leaves_the_session_alone() {
    let vault = Vault::open();
    let session = vault.session().await;
    for status in [400, 403, 404, 409, 418, 500, 503] {
        vault.on("GET ManagedSystems/1", reply(status, ""));
        session.send(&GetManagedSystem { system: SystemId::new(1) }).await.unwrap_err();
    }
    vault.on("PUT Requests/5/Checkin", reply(204, ""));
    assert_eq!(session.send(&check_in(5)).await.unwrap(), CheckedIn::Now);
    assert!(!vault.routes().iter().any(|route| route.contains("Signout")));
}

#[tokio::test]
async fn user_is_who_the_vault_says() {
    let session = Vault::open().session().await;
    let user = session.user();
    assert_eq!((user.user.number(), user.user_name.as_deref()), (7, Some(r"ACME\joe")));
    assert_eq!(
        (user.name.as_deref(), user.sid.as_deref(), user.email.as_deref()),
        (Some("Joe"), None, None)
    );
}
