//! Every category of failure, there and back.

use ecm_protocol::codec::{Envelope, RequestId, decode, encode_problem};
use ecm_protocol::message::{Category, Problem};

use super::{LIMIT, is_file};
use crate::fixture;

fn read(name: &str) -> Problem {
    let text = fixture::text(name);
    let Envelope::Failure { id, problem } = decode(text.as_bytes(), LIMIT).unwrap() else {
        panic!("{name} is no failure");
    };
    assert_eq!(id.unwrap().as_str(), "r-77");
    problem
}

fn check(name: &str, expected: &Problem) {
    assert_eq!(&read(name), expected, "{name}");
    is_file(name, encode_problem(&RequestId::new("r-77").unwrap(), expected).bytes());
}

#[test]
fn every_category_has_a_file_and_survives_the_wire() {
    let mut seen = 0;
    for category in Category::ALL {
        let name = format!("error-{}", category.name());
        if category == Category::ApprovalPending {
            continue;
        }
        check(&name, &Problem::new(category));
        seen += 1;
    }
    let files = fixture::names().into_iter().filter(|name| name.starts_with("error-")).count();
    assert_eq!(files, seen + 1, "one file for each category");
}

#[test]
fn a_failure_carries_everything_a_console_needs() {
    let mut problem = Problem::new(Category::ApprovalPending)
        .with_detail("one of two approvers has agreed")
        .with_advice("ask again with the same key");
    problem.retry_after_ms = Some(15_000);
    problem.request_ref = Some("K7Q-4MX".to_owned());
    problem.lease_id = Some("l-9f2c".to_owned());
    check("error-approval_pending", &problem);
}

#[test]
fn a_bare_json_rpc_error_is_understood_by_its_code() {
    let frame = br#"{"jsonrpc":"2.0","id":"1","error":{"code":-32004,"message":"gone"}}"#;
    let Envelope::Failure { problem, .. } = decode(frame, LIMIT).unwrap() else {
        panic!("no failure");
    };
    assert_eq!(problem, Problem::new(Category::CredentialGone).with_detail("gone"));
}

#[test]
fn a_category_of_a_later_version_is_our_fault_and_keeps_its_words() {
    let frame = br#"{"jsonrpc":"2.0","id":"1","error":{"code":-32077,"message":"moon phase",
        "data":{"category":"moon_phase"}}}"#;
    let Envelope::Failure { problem, .. } = decode(frame, LIMIT).unwrap() else {
        panic!("no failure");
    };
    assert_eq!(problem, Problem::new(Category::Internal).with_detail("moon phase"));
}

#[test]
fn a_failure_without_an_id_says_that_the_peer_could_not_read_us() {
    let frame = br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not JSON"}}"#;
    let Envelope::Failure { id, problem } = decode(frame, LIMIT).unwrap() else {
        panic!("no failure");
    };
    assert_eq!((id, problem.category), (None, Category::Parse));
}
