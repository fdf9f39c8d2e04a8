//! What refusals mean, and who must act.

use site_api::Error;
use site_api::command::{GetApiInfo, SetSessionAttributes};
use site_api::configuration::{JumpClient, List};
use site_api::{Input, Lsid, SiteAddress};

use crate::paper::read;

#[test]
fn each_status_is_told_apart_with_the_sites_words() {
    let list = List::<JumpClient>::all();
    for (status, body, expected) in [
        (401, r#"{"error":"access_denied","message":"gone"}"#, "401): gone"),
        (401, r#"{"message":"unknown"}"#, "401): unknown"),
        (403, r#"{"message":"not you"}"#, "403): not you"),
        (404, "<html>", "no such thing (404)"),
        (
            422,
            r#"{"message":"no","errors":{"hostname":["too long","odd"]}}"#,
            "422): no; hostname: too long odd",
        ),
        (422, r#"{"hostname":["too long"]}"#, "(no reason given); hostname: too long"),
        (429, "", "429"),
        (500, "{", "status 500: (no reason given)"),
    ] {
        let error = read(&list, status, &[], body.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.advice().is_empty());
    }
}

#[test]
fn the_wait_a_site_asks_for_is_kept_within_an_hour() {
    let list = List::<JumpClient>::all();
    for (header, seconds) in [("7", 7), ("999999", 3600)] {
        match read(&list, 429, &[("retry-after", header)], b"").unwrap_err() {
            Error::Throttled { after } => assert_eq!(after.map(|a| a.as_secs()), Some(seconds)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn texts_of_a_site_are_cut_and_cannot_forge_log_lines() {
    let body = format!("<error>a\nERROR forged {}</error>", "x".repeat(1000));
    let error = read(&GetApiInfo, 200, &[], body.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("a ERROR forged") && error.len() < 400, "{error}");
}

#[test]
fn what_cannot_work_is_not_sent() {
    let lsid = || Lsid::parse("00112233445566778899aabbccddeeff").unwrap();
    let long = "x".repeat(1025);
    let error = SetSessionAttributes::new(lsid(), [("ticket", long.as_str())]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "session attribute ticket is 1025 bytes long; 1024 are the limit"
    );
    let error = SetSessionAttributes::new(lsid(), [("a&b", "1")]).unwrap_err();
    assert!(matches!(error, Input::AttributeName { .. }), "{error:?}");
    let error = List::<JumpClient>::all().with("host", "x").unwrap_err();
    assert!(error.to_string().contains("it can by: name, hostname"), "{error}");
    for address in ["http://a.example", "https://a.example/x", "a.example", "https://a.example/?b"]
    {
        assert!(SiteAddress::parse(address).is_err(), "{address}");
    }
    let error = SiteAddress::parse("https://joe:hunter2@a.example").unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
