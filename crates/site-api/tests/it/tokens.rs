//! The token: shared, renewed in time, never one per call.

use std::sync::atomic::Ordering;

use site_api::command::GetApiInfo;
use site_api::{Error, TokenError};

use crate::paper::client;

const INFO: &str = "<api_information><api_version>1</api_version></api_information>";
const DENIED: &str = r#"{"error":"access_denied","message":"no"}"#;

#[tokio::test]
async fn everybody_shares_one_token_until_four_fifths_of_its_life() {
    let (site, paper, clock) = client(&[(200, INFO); 5]);
    let (a, b, c) =
        tokio::join!(site.send(&GetApiInfo), site.send(&GetApiInfo), site.send(&GetApiInfo));
    a.and(b).and(c).unwrap();
    assert_eq!(paper.tokens.load(Ordering::SeqCst), 1);
    clock.turn(2879);
    site.send(&GetApiInfo).await.unwrap();
    assert_eq!(paper.tokens.load(Ordering::SeqCst), 1);
    clock.turn(1);
    site.send(&GetApiInfo).await.unwrap();
    assert_eq!(paper.tokens.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_rejected_token_is_replaced_once_and_the_call_repeated() {
    let (site, paper, _) = client(&[(200, INFO), (401, DENIED), (200, INFO)]);
    site.send(&GetApiInfo).await.unwrap();
    site.send(&GetApiInfo).await.unwrap();
    let path = "GET /api/command?action=get_api_info Bearer";
    let expected =
        [format!("{path} token-1"), format!("{path} token-1"), format!("{path} token-2")];
    assert_eq!(*paper.calls.lock().unwrap(), expected);
}

#[tokio::test]
async fn an_account_in_trouble_does_not_cost_a_token_for_each_call() {
    let (site, paper, clock) = client(&[(401, DENIED); 6]);
    for _ in 0..4 {
        let error = site.send(&GetApiInfo).await.unwrap_err();
        assert!(matches!(error, Error::Unauthorized { token: true, .. }), "{error:?}");
    }
    assert_eq!(paper.tokens.load(Ordering::SeqCst), 1);
    clock.turn(60);
    site.send(&GetApiInfo).await.unwrap_err();
    assert_eq!(paper.tokens.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_unknown_field_is_not_mistaken_for_a_bad_token() {
    let (site, paper, clock) = client(&[(401, r#"{"message":"unknown field"}"#); 2]);
    clock.turn(120);
    for _ in 0..2 {
        let error = site.send(&GetApiInfo).await.unwrap_err();
        assert!(matches!(error, Error::Unauthorized { token: false, .. }), "{error:?}");
    }
    assert_eq!(paper.tokens.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn secrets_turn_up_in_no_debug_text_and_no_error() {
    let (site, _, _) = client(&[(401, DENIED)]);
    let error = site.send(&GetApiInfo).await.unwrap_err();
    let token = site.tokens().token().await.unwrap();
    let shown = format!("{site:?} {:?} {token:?} {error} {error:?}", site.tokens());
    let url = "https://x.example/".parse().unwrap();
    let request = site_api::token_request(&url, "id", &"hunter2".into());
    let shown = format!("{shown} {request:?} {:?}", request.headers);
    // Base64 of `id:hunter2`.
    for secret in ["hunter2", "token-1", "aWQ6aHVudGVyMg"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn answers_that_are_no_bearer_token_are_refused_and_never_quoted() {
    let headers = http::HeaderMap::new();
    for (status, body) in [
        (200, r#"{"access_token":3,"x":"t0k3n"}"#),
        (200, r#"{"access_token":"t0k3n","token_type":"mac"}"#),
        (200, r#"{"access_token":"t0k3n\r\nx: y"}"#),
        (200, "t0k3n"),
        (401, r#"{"error":"t0k3n is wrong"}"#),
    ] {
        let status = http::StatusCode::from_u16(status).unwrap();
        let error = site_api::read_granted(status, &headers, body.as_bytes()).expect_err(body);
        assert!(!format!("{error} {error:?}").contains("t0k3n"), "{body}");
        assert_eq!(matches!(error, TokenError::Unreadable), status == 200, "{body}");
    }
}
