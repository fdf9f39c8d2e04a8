//! Every message against a file written by hand: read, it is the value we expect; written, the
//! value is that file again.

mod errors;
mod greeting;
mod leases;
mod life;
mod questions;

use std::fmt::Debug;

use ecm_protocol::codec::{
    Envelope, RequestId, decode, encode_notification, encode_request, encode_result, read_as,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::fixture;

const LIMIT: usize = 262_144;

/// A request file.
fn asks<P>(name: &str, method: &str, id: &str, expected: &P)
where
    P: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let text = fixture::text(name);
    let Envelope::Request { id: read_id, method: read_method, params } =
        decode(text.as_bytes(), LIMIT).unwrap()
    else {
        panic!("{name} is no request");
    };
    assert_eq!((read_id.as_str(), read_method.as_str()), (id, method), "{name}");
    let typed = read_as::<P>(params).unwrap();
    assert_eq!(&typed.value, expected, "{name}");
    assert_eq!(typed.unknown_members, 0, "{name}");
    is_file(name, encode_request(&read_id, method, expected).bytes());
}

/// A notification file.
fn notes<P>(name: &str, method: &str, expected: &P)
where
    P: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let text = fixture::text(name);
    let Envelope::Notification { method: read_method, params } =
        decode(text.as_bytes(), LIMIT).unwrap()
    else {
        panic!("{name} is no notification");
    };
    assert_eq!(read_method, method, "{name}");
    let typed = read_as::<P>(params).unwrap();
    assert_eq!(&typed.value, expected, "{name}");
    assert_eq!(typed.unknown_members, 0, "{name}");
    is_file(name, encode_notification(method, expected).bytes());
}

/// A file with a result that can be compared.
fn answers<R>(name: &str, id: &str, expected: &R)
where
    R: Serialize + DeserializeOwned + PartialEq + Debug,
{
    assert_eq!(&result::<R>(name, id), expected, "{name}");
    is_file(name, encode_result(&RequestId::new(id).unwrap(), expected).bytes());
}

/// The result in a file, whose every member must be known.
fn result<R: DeserializeOwned + Debug>(name: &str, id: &str) -> R {
    let text = fixture::text(name);
    let Envelope::Result { id: read_id, result } = decode(text.as_bytes(), LIMIT).unwrap() else {
        panic!("{name} is no result");
    };
    assert_eq!(read_id.as_str(), id, "{name}");
    let typed = read_as::<R>(Some(result)).unwrap();
    assert_eq!(typed.unknown_members, 0, "{name}");
    typed.value
}

/// What was written is the file, whatever the order of members and the white space.
fn is_file(name: &str, bytes: &[u8]) {
    let written: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(written, fixture::json(name), "{name}");
}

/// The time a file says as `2026-03-02T…`.
fn time(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

#[test]
fn every_golden_file_has_a_test() {
    let tests = concat!(
        include_str!("golden/errors.rs"),
        include_str!("golden/greeting.rs"),
        include_str!("golden/leases.rs"),
        include_str!("golden/life.rs"),
        include_str!("golden/questions.rs"),
    );
    for name in fixture::names() {
        // The files of errors are found by the names of the categories.
        let found = name.starts_with("error-") || tests.contains(&format!("\"{name}\""));
        assert!(found, "{name}.json is in no test");
    }
}
