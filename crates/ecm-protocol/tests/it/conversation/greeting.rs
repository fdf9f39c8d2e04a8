//! From the upgrade to the welcome.

use ecm_protocol::link::CloseCode;
use ecm_protocol::message::{
    Capabilities, Category, CredentialKind, EndpointKind, Expectation, Problem, ProtocolRange,
};
use ecm_protocol::{ecm, site};

use super::{Pair, config, everything, hello, seconds};

#[test]
fn what_both_can_is_the_intersection() {
    let mut hello = hello();
    hello.capabilities.credential_kinds =
        vec![CredentialKind::SshPrivateKey, CredentialKind::UsernamePassword];
    hello.capabilities.session_start = false;
    let mut config = config();
    config.capabilities = Capabilities {
        credentials_used: false,
        endpoint_search: vec![EndpointKind::Ssh],
        ..everything()
    };
    let pair = Pair::greeted(hello, config);
    let expected = Capabilities {
        partial_results: true,
        release: true,
        credentials_used: false,
        endpoint_search: vec![EndpointKind::Ssh],
        session_start: false,
        session_events: true,
        health_check: true,
        credential_kinds: vec![CredentialKind::UsernamePassword],
    };
    assert_eq!(pair.ecm.welcome().unwrap().accepted, expected);
    assert_eq!(*pair.site.accepted(), expected);
}

#[test]
fn a_site_cannot_grant_what_was_not_offered() {
    let mut hello = hello();
    hello.capabilities = Capabilities::default();
    let mut pair = Pair::upgraded(hello, config());
    let welcome = crate::fixture::text("ecm.hello-welcome-least")
        .replace("\"release\": false", "\"release\": true")
        .replace("\"id\": \"1\"", "\"id\": \"e0\"");
    pair.site_says(&welcome);
    assert!(!pair.ecm.welcome().unwrap().accepted.release);
}

#[test]
fn no_hello_within_ten_seconds_closes_with_4001() {
    let mut pair = Pair::upgraded(hello(), config());
    pair.is_cut = true;
    pair.pass(seconds(10));
    assert_eq!(pair.site_close().0, CloseCode::HelloMissing);
    assert_eq!(pair.ecm_close().code, CloseCode::HelloMissing);
}

#[test]
fn anything_else_before_the_hello_closes_with_4001() {
    for frame in [
        r#"{"jsonrpc":"2.0","id":"1","method":"$/ping","params":{}}"#,
        r#"{"jsonrpc":"2.0","method":"ecm.health","params":{"state":"up"}}"#,
        r#"{"jsonrpc":"2.0","id":"1","result":{}}"#,
    ] {
        let mut pair = Pair::upgraded(hello(), config());
        pair.is_cut = true;
        pair.ecm_says(frame);
        assert_eq!(pair.site_close().0, CloseCode::HelloMissing, "{frame}");
    }
}

#[test]
fn a_question_before_the_welcome_ends_the_link_unanswered() {
    let mut pair = Pair::upgraded(hello(), config());
    pair.settle();
    pair.from_ecm.clear();
    pair.site_says(&crate::fixture::text("credentials.find-web"));
    assert_eq!(pair.ecm_close().code, CloseCode::HelloMissing);
    assert!(pair.from_ecm.is_empty(), "{:?}", pair.from_ecm);
}

#[test]
fn a_second_hello_is_an_error_and_the_link_goes_on() {
    let mut pair = Pair::ready();
    let hello = crate::fixture::text("ecm.hello-least").replace("\"id\": \"1\"", "\"id\": \"h2\"");
    pair.ecm_says(&hello);
    let answer: serde_json::Value = serde_json::from_str(&pair.from_site[0]).unwrap();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&"h2".into(), &(-32600).into()));
    assert!(pair.site.is_ready());
}

#[test]
fn versions_without_a_common_one_close_with_4003() {
    let mut hello = hello();
    hello.protocol = ProtocolRange { min: "2.0".to_owned(), max: "2.3".to_owned() };
    let mut pair = Pair::upgraded(hello, config());
    pair.settle();
    assert_eq!(pair.site_close().0, CloseCode::Version);
    let refused = pair.ecm_events.remove(0);
    let ecm::Event::Refused(problem) = refused else { panic!("{refused:?}") };
    assert_eq!(problem.category, Category::Invalid);
}

#[test]
fn a_newer_ecm_meets_an_older_site_at_the_older_version() {
    let mut hello = hello();
    hello.protocol = ProtocolRange { min: "1.0".to_owned(), max: "1.7".to_owned() };
    let pair = Pair::greeted(hello, config());
    assert_eq!(pair.ecm.welcome().unwrap().protocol, "1.0");
}

#[test]
fn another_group_than_expected_is_refused_with_4004() {
    let mut hello = hello();
    hello.expect = Some(Expectation { group: Some("Berlin".to_owned()) });
    let mut pair = Pair::upgraded(hello, config());
    pair.settle();
    let refused = pair.ecm_events.remove(0);
    let ecm::Event::Refused(problem) = refused else { panic!("{refused:?}") };
    assert_eq!(problem.category, Category::GroupMismatch);
    assert_eq!(pair.site_close().0, CloseCode::Group);
}

#[test]
fn an_ecm_does_not_serve_another_group_even_if_the_site_would_let_it() {
    let mut hello = hello();
    hello.expect = Some(Expectation { group: Some("Default".to_owned()) });
    let mut pair = Pair::upgraded(hello, config());
    let welcome =
        crate::fixture::text("ecm.hello-welcome-least").replace("\"id\": \"1\"", "\"id\": \"e0\"");
    pair.site_says(&welcome);
    assert_eq!(pair.ecm_close().code, CloseCode::Group);
}

#[test]
fn the_expected_group_is_compared_without_regard_to_case() {
    let mut hello = hello();
    hello.expect = Some(Expectation { group: Some("default".to_owned()) });
    Pair::greeted(hello, config());
}

#[test]
fn a_site_may_refuse_for_reasons_of_its_own() {
    let mut pair = Pair::upgraded(hello(), config());
    pair.settle();
    assert!(matches!(pair.site_events.remove(0), site::Event::Hello(_)));
    pair.site.refuse(&Problem::new(Category::AccessDenied));
    pair.settle();
    assert!(matches!(&pair.ecm_events[0],
        ecm::Event::Refused(problem) if problem.category == Category::AccessDenied));
    assert_eq!(pair.site_close().0, CloseCode::Policy);
}
