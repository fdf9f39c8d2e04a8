//! Every call of every family: what it sends, and that it reads what is answered.
//!
//! The answers are as the vendor's documentation and clients show them; what is read of each
//! property is checked beside the models.

mod inventory;
mod people;
mod secrets;
mod vault;

use std::collections::BTreeSet;

use ps_client::endpoint::{ApiAnswer, Endpoint};
use ps_client::transport::HttpAnswer;
use ps_client::{ErrorKind, ReasonCode};
use serde_json::Value;

/// The names of the calls that were tried.
type Tried = BTreeSet<&'static str>;

/// Tries one call: its line is method, path and query as sent; its answer is read.
fn tried<E: Endpoint>(
    call: &E,
    line: &str,
    body: &Value,
    (status, answer): (u16, &str),
) -> (&'static str, E::Answer) {
    call.check().expect(line);
    assert_eq!(crate::sent::line(call), line);
    let sent = call.request();
    let sent = sent.body().map_or(Value::Null, |json| serde_json::from_slice(json).expect(line));
    assert_eq!(&sent, body, "{line}");
    let refused = read(call, 403, "4031").err().expect(line);
    let not_allowed =
        |kind: &ErrorKind| matches!(kind, ErrorKind::Refused(ReasonCode::NoPermission));
    assert!(not_allowed(refused.kind()), "{line}: {refused:?}");
    let page = read(call, 200, "<!DOCTYPE html><html></html>").err().expect(line);
    assert!(matches!(page.kind(), ErrorKind::NotTheApi), "{line}: {page:?}");
    (E::NAME, read(call, status, answer).expect(line))
}

pub(crate) fn read<E: Endpoint>(
    call: &E,
    status: u16,
    body: &str,
) -> Result<E::Answer, ps_client::Error> {
    let status = http::StatusCode::from_u16(status).unwrap();
    let body = body.as_bytes().to_vec().into();
    call.read(&ApiAnswer::new(HttpAnswer { status, headers: http::HeaderMap::new(), body }))
}

/// Tries a call, and keeps its name and nothing of its answer.
macro_rules! t {
    ($tried:ident: $call:expr, $line:literal, $status:literal $answer:expr) => {
        t!($tried: $call, $line, {null}, $status $answer)
    };
    ($tried:ident: $call:expr, $line:literal, {$($body:tt)*}, $status:literal $answer:expr) => {
        let (name, _answer) = $crate::families::tried(
            &$call, $line, &serde_json::json!($($body)*), ($status, $answer),
        );
        $tried.insert(name);
    };
}

use t;

/// Those that the client makes itself, or that have tests of their own.
const ELSEWHERE: [&str; 8] = [
    "POST Auth/SignAppin",
    "GET ManagedAccounts",
    "GET ManagedSystems",
    "POST Requests",
    "PUT Requests/{id}/Checkin",
    "POST Aliases/{alias}/Requests",
    "POST Secrets-Safe/Folders/{folder}/upload",
    "POST Secrets-Safe/Folders/{folder}/secrets/file",
];

#[test]
fn every_call_of_the_catalogue_sends_what_its_page_says_and_reads_its_answer() {
    let mut all = Tried::from(ELSEWHERE);
    inventory::try_all(&mut all);
    people::try_all(&mut all);
    secrets::try_all(&mut all);
    vault::try_all(&mut all);
    let known: Tried = ps_client::endpoint::calls().map(|call| call.name).collect();
    let missing: Vec<_> = known.difference(&all).collect();
    assert!(missing.is_empty(), "these calls are not tried: {missing:#?}");
}

#[test]
fn every_call_of_the_catalogue_says_what_it_needs_and_has_a_path_of_its_own() {
    let mut types = BTreeSet::new();
    for call in ps_client::endpoint::calls() {
        assert!(!call.permission.is_empty(), "{}", call.name);
        assert!(types.insert(call.rust), "{} is there twice", call.rust);
        let method = call.name.split(' ').next().unwrap();
        assert!(["GET", "POST", "PUT", "DELETE"].contains(&method), "{}", call.name);
        if matches!(method, "GET" | "DELETE") {
            assert_eq!(call.repeat, ps_client::Repeat::Safe, "{}", call.name);
        }
    }
    assert!(types.len() > 230, "{}", types.len());
}
