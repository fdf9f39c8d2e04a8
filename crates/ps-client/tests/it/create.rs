//! A release request is made once, whatever happens to the answer.

use ps_client::endpoint::requests::Created;
use ps_client::model::{AccountId, ConflictOption, NewRequest, SystemId};
use ps_client::transport::{Cause, Distrust};
use ps_client::{Error, ErrorKind, TransportError};

use crate::scripted::{Reply, Vault, failed, reply, signed_in};

fn wanted() -> NewRequest {
    NewRequest::view(SystemId::new(12), AccountId::new(34), 60).reason("session 4711")
}

fn row(number: i64, system: i64, account: i64, reason: &str) -> String {
    format!(
        r#"{{"RequestID":{number},"SystemID":{system},"AccountID":{account},"Reason":"{reason}",
            "Status":"Active","AccessType":"View"}}"#
    )
}

async fn made(first: Reply, list: Option<Reply>) -> Result<Created, Error> {
    let vault = Vault::open();
    let session = vault.session().await;
    vault.on("POST Requests", first);
    let looks = list.is_some();
    if let Some(list) = list {
        vault.on("GET Requests", list);
    }
    let outcome = session.create_request(&wanted()).await;
    vault.assert_played_out();
    let made = vault.routes().iter().filter(|route| *route == "POST Requests").count();
    assert_eq!(made, 1, "asked twice");
    assert_eq!(vault.routes().contains(&"GET Requests".to_owned()), looks);
    outcome
}

#[tokio::test]
async fn new_request_and_reused_one_are_told_apart_by_the_status() {
    let new = made(reply(201, "77"), None).await.unwrap();
    assert_eq!((new.id.number(), new.reused), (77, false));
    let old = made(reply(200, " 78\r\n"), None).await.unwrap();
    assert_eq!((old.id.number(), old.reused), (78, true));
}

fn lost_answers() -> Vec<Reply> {
    vec![
        failed(TransportError::TimedOut(Cause::from("timeout"))),
        failed(TransportError::Broken(Cause::from("reset"))),
        failed(TransportError::TooLong { max: 9 }),
        reply(500, ""),
        reply(502, "<html>bad gateway</html>"),
        reply(408, ""),
        reply(201, "seventy-seven"),
        reply(200, "<html>sign in</html>"),
    ]
}

#[tokio::test]
async fn lost_answer_is_looked_up_instead_of_asked_for_again() {
    for lost in lost_answers() {
        let list = format!(
            "[{},{},{},{}]",
            row(70, 12, 34, "another session"),
            row(71, 12, 35, "session 4711"),
            row(72, 13, 34, "session 4711"),
            row(79, 12, 34, " session 4711 "),
        );
        let found = made(lost, Some(reply(200, &list))).await.unwrap();
        assert_eq!((found.id.number(), found.reused), (79, false));
    }
}

#[tokio::test]
async fn what_the_list_does_not_settle_is_said_to_be_open() {
    let two = format!("[{},{}]", row(79, 12, 34, "session 4711"), row(80, 12, 34, "session 4711"));
    let unsettled = || {
        [
            reply(200, "[]"),
            reply(200, &two),
            reply(500, ""),
            failed(TransportError::Unreachable(Cause::from("refused"))),
        ]
    };
    for list in unsettled() {
        let lost = failed(TransportError::TimedOut(Cause::from("timeout")));
        let error = made(lost, Some(list)).await.unwrap_err();
        let ErrorKind::MaybeMade(cause) = error.kind() else { panic!("{error:?}") };
        assert!(matches!(cause.kind(), ErrorKind::Transport(TransportError::TimedOut(_))));
        assert!(error.may_have_been_executed() && !error.may_repeat());
    }
}

#[tokio::test]
async fn refusals_and_calls_that_never_left_made_nothing_and_are_not_looked_up() {
    let untrusted = TransportError::Untrusted {
        why: Distrust::UnknownIssuer,
        cause: Cause::from("unknown issuer"),
    };
    let table = [
        (reply(400, "\"Reason is required\""), false),
        (reply(403, "4031"), false),
        (reply(409, "4091"), false),
        (reply(404, ""), false),
        (reply(429, ""), true),
        (failed(TransportError::Unreachable(Cause::from("refused"))), true),
        (failed(untrusted), false),
    ];
    for (refusal, may_repeat) in table {
        let error = made(refusal, None).await.unwrap_err();
        assert!(!error.may_have_been_executed(), "{error:?}");
        assert_eq!(error.may_repeat(), may_repeat, "{error:?}");
    }
}

/// A 401 is decided before anything is made, so the call itself is sent again.
#[tokio::test]
async fn request_in_an_expired_session_is_made_after_a_new_sign_in() {
    let vault = Vault::open();
    let session = vault.session().await;
    vault.on("POST Requests", reply(401, "")).on("POST Requests", reply(201, "77"));
    vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=s2"));
    assert_eq!(session.create_request(&wanted()).await.unwrap().id.number(), 77);
    vault.assert_played_out();
}

/// The new sign-in got lost, not the request: that was refused before.
#[tokio::test]
async fn lost_sign_in_is_not_taken_for_a_lost_request() {
    let vault = Vault::open();
    let session = vault.session().await;
    vault.on("POST Requests", reply(401, ""));
    vault.on("POST Auth/SignAppin", failed(TransportError::TimedOut(Cause::from("timeout"))));
    let error = session.create_request(&wanted()).await.unwrap_err();
    assert_eq!(error.endpoint(), "POST Auth/SignAppin");
    assert!(matches!(error.kind(), ErrorKind::Transport(_)));
    vault.assert_played_out();
}

/// System 0 is answered with 4031, and people then look for a missing role.
#[tokio::test]
async fn request_without_a_system_is_refused_unsent() {
    let vault = Vault::open();
    let session = vault.session().await;
    for (system, account) in [(0, 34), (12, 0), (-1, 34)] {
        let new = NewRequest::view(SystemId::new(system), AccountId::new(account), 60)
            .on_conflict(ConflictOption::Reuse);
        let error = session.create_request(&new).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Misuse { .. }), "{error:?}");
    }
    assert_eq!(vault.routes(), ["POST Auth/SignAppin"]);
}
