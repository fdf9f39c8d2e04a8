//! What refusals become.

use ps_client::endpoint::credentials::GetCredential;
use ps_client::endpoint::isa_requests::CreateIsaRequest;
use ps_client::endpoint::managed_accounts::{ListAccountsOfSystem, ListManagedAccounts};
use ps_client::endpoint::requests::{CheckIn, CheckedIn, CreateRequest, ListRequests};
use ps_client::endpoint::{ApiAnswer, Endpoint};
use ps_client::model::{
    AccountId, CredentialType, ManagedAccountQuery, NewIsaRequest, NewRequest, RequestId, SystemId,
};
use ps_client::transport::{Cause, HttpAnswer};
use ps_client::{Error, ErrorKind, ReasonCode, Repeat, TransportError};

use crate::scripted::{Vault, failed, reply};

fn secret() -> GetCredential {
    GetCredential { request: RequestId::new(77), kind: CredentialType::Password }
}

fn refused(status: u16, body: &str) -> Error {
    reply(status, body).read_by(&ListRequests::default()).unwrap_err()
}

#[test]
fn every_status_says_who_must_act() {
    type Check = fn(&ErrorKind) -> bool;
    let table: &[(u16, &str, Check)] = &[
        (400, "x", |kind| matches!(kind, ErrorKind::Invalid)),
        (401, "", |kind| matches!(kind, ErrorKind::SignInRefused)),
        (403, "4031", |kind| matches!(kind, ErrorKind::Refused(ReasonCode::NoPermission))),
        (403, "no", |kind| matches!(kind, ErrorKind::Forbidden)),
        (404, "Request not found", |kind| matches!(kind, ErrorKind::NotFound)),
        (404, "<!DOCTYPE html>", |kind| matches!(kind, ErrorKind::NotTheApi)),
        (405, "", |kind| matches!(kind, ErrorKind::Invalid)),
        (408, "", |kind| matches!(kind, ErrorKind::Invalid)),
        (409, "4091", |kind| matches!(kind, ErrorKind::Conflict(Some(ReasonCode::RequestExists)))),
        (409, "exists", |kind| matches!(kind, ErrorKind::Conflict(None))),
        (410, "", |kind| matches!(kind, ErrorKind::VersionDisabled)),
        (415, "", |kind| matches!(kind, ErrorKind::Invalid)),
        (429, "", |kind| matches!(kind, ErrorKind::Throttled)),
        (500, "", |kind| matches!(kind, ErrorKind::Server)),
        (503, "<html>", |kind| matches!(kind, ErrorKind::Server)),
        (200, "  \r\n<HTML><head>", |kind| matches!(kind, ErrorKind::NotTheApi)),
        (302, "", |kind| matches!(kind, ErrorKind::NotTheApi)),
    ];
    for (status, body, check) in table {
        let error = refused(*status, body);
        assert!(check(error.kind()), "{status} {body}: {error:?}");
        assert_eq!((error.status(), error.endpoint()), (Some(*status), "GET Requests"));
        assert!(!error.meaning().is_empty() && !error.advice().is_empty());
        assert!(error.to_string().starts_with("GET Requests: "), "{error}");
    }
    let redirect = reply(302, "").with("location", "https://login.example/?token=planted");
    let error = redirect.read_by(&ListRequests::default()).unwrap_err();
    assert_eq!(error.excerpt(), Some("redirected to https://login.example"));
    let throttled = reply(429, "").with("retry-after", "17");
    let error = throttled.read_by(&ListRequests::default()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Throttled));
    let retry_after = &error.retry_after();
    assert_eq!(retry_after.unwrap().as_secs(), 17);
}

#[test]
fn reason_code_is_found_in_every_shape_it_is_sent_in() {
    for body in ["4034", "\"4034\"", " 4034\r\n", r#"{"code":4034}"#, r#"{"Message":"4034: x"}"#] {
        assert_eq!(refused(403, body).reason(), Some(ReasonCode::NotApproved), "{body}");
    }
    let long = format!("{} 4034", "x ".repeat(300));
    for body in ["", "14034", "40345", "request 1234 of 2026", "4134", &long] {
        assert_eq!(refused(403, body).reason(), None, "{body}");
    }
}

#[test]
fn every_code_is_kept_by_number_and_explained() {
    let table = [
        (4031, ReasonCode::NoPermission),
        (4032, ReasonCode::RequestorsOnly),
        (4033, ReasonCode::ApproversOnly),
        (4034, ReasonCode::NotApproved),
        (4035, ReasonCode::NoApprovers),
        (4036, ReasonCode::Unexplained),
        (4091, ReasonCode::RequestExists),
        (4092, ReasonCode::Other(4092)),
    ];
    for (number, code) in table {
        let status = if number > 4_090 { 409 } else { 403 };
        let error = refused(status, &number.to_string());
        assert_eq!(error.reason(), Some(code));
        assert_eq!((code.number(), ReasonCode::from_number(number)), (number, code));
        assert!(error.to_string().contains(&number.to_string()), "{error}");
    }
}

/// Users re-granted roles for hours while the system id was 0.
#[test]
fn advice_on_4031_names_all_its_causes() {
    let advice = refused(403, "4031").advice();
    for cause in ["id of the *host*", "0", "enabled for API access", "Requestor role", "processed"]
    {
        assert!(advice.contains(cause), "{cause} in {advice}");
    }
    assert!(refused(403, "4035").meaning().contains("disagree"));
}

#[tokio::test]
async fn only_what_cannot_harm_may_be_repeated() {
    let vault = Vault::open();
    let session = vault.session().await;
    let new = NewRequest::view(SystemId::new(1), AccountId::new(2), 60);
    let isa = CreateIsaRequest {
        new: NewIsaRequest::new(SystemId::new(1), AccountId::new(2)),
        kind: CredentialType::Password,
    };
    assert_eq!(CreateRequest(&new).repeat(), Repeat::AfterLookup);
    assert_eq!(isa.repeat(), Repeat::Unsafe);
    assert_eq!(secret().repeat(), Repeat::Safe);
    let timeout = || failed(TransportError::TimedOut(Cause::from("timeout")));
    let broken = || failed(TransportError::Broken(Cause::from("reset")));
    let away = || failed(TransportError::Unreachable(Cause::from("refused")));
    // (reply, read of a secret, creation)
    let table = [
        (timeout as fn() -> _, true, false),
        (broken, true, false),
        (away, true, true),
        (|| reply(500, ""), true, false),
        (|| reply(503, ""), true, false),
        (|| reply(408, ""), true, false),
        (|| reply(429, ""), true, true),
        (|| reply(403, "4034"), true, true),
        (|| reply(403, "4031"), false, false),
        (|| reply(400, ""), false, false),
        (|| reply(404, ""), false, false),
        (|| reply(200, "<html>"), false, false),
        (|| reply(200, "{}"), false, false),
    ];
    for (answer, read, create) in table {
        vault.on("GET Credentials/77", answer());
        vault.on("POST Requests", answer());
        vault.on("POST ISARequests", answer());
        let error = session.send(&secret()).await.unwrap_err();
        assert_eq!(error.may_repeat(), read, "{error:?}");
        let error = session.send(&CreateRequest(&new)).await.unwrap_err();
        assert_eq!(error.may_repeat(), create, "{error:?}");
        let error = session.send(&isa).await.unwrap_err();
        assert_eq!(error.may_repeat(), create, "{error:?}");
    }
}

#[test]
fn missing_account_is_an_empty_list_only_where_one_was_asked_for_by_name() {
    let named = ManagedAccountQuery {
        account_name: Some("root".to_owned()),
        ..ManagedAccountQuery::default().on_system("SRV01")
    };
    let list = |query| ListManagedAccounts { query, limit: 1_000, offset: 0 };
    assert_eq!(reply(404, "\"none\"").read_by(&list(named.clone())).unwrap(), []);
    let error = reply(404, "\"none\"").read_by(&list(ManagedAccountQuery::default())).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFound));
    // A wrong address must not look like an account that is not there.
    let error = reply(404, "<html>").read_by(&list(named)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotTheApi));
}

#[test]
fn check_in_of_a_request_that_is_over_is_done() {
    let check_in = CheckIn { request: RequestId::new(5), reason: None };
    assert_eq!(reply(204, "").read_by(&check_in).unwrap(), CheckedIn::Now);
    assert_eq!(reply(200, "").read_by(&check_in).unwrap(), CheckedIn::Now);
    assert_eq!(reply(404, "\"gone\"").read_by(&check_in).unwrap(), CheckedIn::Before);
    assert!(reply(404, "<html>").read_by(&check_in).is_err());
    assert!(reply(403, "4031").read_by(&check_in).is_err());
}

#[test]
fn reason_at_the_end_of_a_long_log_is_kept() {
    let log = format!("begin\n{}the password was too short", "plugin line\n".repeat(2_000));
    let error = refused(400, &log);
    let excerpt = error.excerpt().unwrap();
    assert!(excerpt.starts_with("begin") && excerpt.ends_with("the password was too short"));
    assert!(excerpt.len() < 4_200 && excerpt.len() > 4_000, "{}", excerpt.len());
}

#[test]
fn what_the_vault_said_is_taken_out_of_its_wrapping() {
    let table = [
        ("\"Reason is required\"", Some("Reason is required")),
        (r#"{"Message":"No such thing","x":1}"#, Some("No such thing")),
        ("plain text\r\n", Some("plain text")),
        ("a\u{1b}[31mred\u{0}b", Some("a [31mred b")),
        ("<html><head><title>502 Bad Gateway</title>", Some("HTML page \"502 Bad Gateway\"")),
        ("<html><body>x", Some("HTML page")),
        ("  ", None),
        ("", None),
    ];
    for (body, expected) in table {
        assert_eq!(refused(400, body).excerpt(), expected, "{body:?}");
    }
}

#[test]
fn answer_of_another_shape_is_named_by_place_and_not_by_value() {
    let table = [
        ("[1]", "row 0"),
        (
            r#"[{"ManagedAccountID":1,"ManagedSystemID":2,"AccountName":"a"},{"ManagedAccountID":3}]"#,
            "row 1: property ManagedSystemID is missing",
        ),
        (
            r#"[{"ManagedAccountID":"planted","ManagedSystemID":2,"AccountName":"a"}]"#,
            "row 0: property ManagedAccountID is of another kind",
        ),
        ("planted", "not the JSON"),
        (r#"[{"ManagedAccountID":1"#, "not the JSON"),
        ("12", "not the JSON"),
    ];
    for (body, says) in table {
        let list = ListAccountsOfSystem { system: SystemId::new(2) };
        let error = reply(200, body).read_by(&list).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert!(!format!("{error:?}").contains("planted"));
    }
}

#[test]
fn body_that_is_not_text_is_an_error_and_no_panic() {
    for body in [vec![0xFF, 0xFE, 0x00], vec![b'"', 0xC3, b'"'], vec![b'['; 100_000]] {
        let answer = |status: u16| {
            ApiAnswer::new(HttpAnswer {
                status: http::StatusCode::from_u16(status).unwrap(),
                headers: http::HeaderMap::new(),
                body: body.clone().into(),
            })
        };
        assert!(secret().read(&answer(200)).is_err());
        assert!(ListRequests::default().read(&answer(200)).is_err());
        assert!(ListRequests::default().read(&answer(400)).is_err());
    }
}
