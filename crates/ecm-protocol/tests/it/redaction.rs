//! Secrets are planted everywhere they may be, and looked for everywhere they must not be.

use std::error::Error;

use ecm_protocol::codec::{Envelope, decode, encode_request, encode_result, read_as};
use ecm_protocol::framed::Opening;
use ecm_protocol::message::{Reauth, RetrieveResult};
use secrecy::SecretString;

use crate::fixture;

/// The secret, and how it looks in base64 and as a list of bytes.
const PLANTED: &str = "pl4nted-s3cret";
const FORMS: [&str; 3] = [PLANTED, "cGw0bnRlZC1zM2NyZXQ=", "112, 108, 52, 110"];

fn is_clean(what: &str, shown: &str) {
    for form in FORMS {
        assert!(!shown.contains(form), "{what} shows the secret: {shown}");
    }
}

fn errors_are_clean(what: &str, error: &dyn Error) {
    let mut next = Some(error);
    while let Some(error) = next {
        is_clean(what, &format!("{error} {error:?} {error:#?}"));
        next = error.source();
    }
}

/// Every file with a credential, its secrets replaced by the planted one.
fn planted() -> Vec<String> {
    let files: Vec<_> = fixture::names()
        .into_iter()
        .filter(|name| fixture::text(name).contains("_b64"))
        .map(|name| {
            let mut frame = fixture::json(&name);
            plant(&mut frame);
            frame.to_string()
        })
        .collect();
    assert!(files.len() >= 7, "six kinds of credentials and a token");
    files
}

fn plant(value: &mut serde_json::Value) {
    let Some(object) = value.as_object_mut() else { return };
    for (name, value) in object {
        if name.ends_with("_b64") {
            *value = FORMS[1].into();
        } else {
            plant(value);
        }
    }
}

#[test]
fn no_message_shows_its_secret() {
    for text in planted() {
        match decode(text.as_bytes(), 262_144).unwrap() {
            Envelope::Result { id, result } => {
                let read = read_as::<RetrieveResult>(Some(result)).unwrap().value;
                is_clean("result", &format!("{read:?} {read:#?}"));
                let frame = encode_result(&id, &read);
                is_clean("frame", &format!("{frame:?} {frame:#?}"));
                assert!(String::from_utf8_lossy(frame.bytes()).contains(FORMS[1]));
            }
            Envelope::Request { id, params, .. } => {
                let read = read_as::<Reauth>(params).unwrap().value;
                is_clean("token", &format!("{read:?} {read:#?}"));
                is_clean("frame", &format!("{:?}", encode_request(&id, "ecm.reauth", &read)));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_envelope_does_not_show_what_it_holds() {
    for text in planted() {
        let envelope = decode(text.as_bytes(), 262_144).unwrap();
        is_clean("envelope", &format!("{envelope:?} {envelope:#?}"));
    }
}

#[test]
fn no_error_quotes_a_message_that_carries_a_secret() {
    for text in planted() {
        let broken = [
            text.replace(FORMS[1], PLANTED),
            text.replace(&format!("\"{}\"", FORMS[1]), &format!("[\"{PLANTED}\"]")),
            text.replace("\"username_password\"", &format!("\"{PLANTED}\"")),
            text.replace("\"kind\"", &format!("\"{PLANTED}\"")),
            text.replace("\"2026-03-02T10:05:00.000Z\"", &format!("\"{PLANTED}\"")),
            text.replace("false", &format!("\"{PLANTED}\"")),
            text.replace("\"jsonrpc\":\"2.0\"", &format!("\"jsonrpc\":\"{PLANTED}\"")),
            text.replace("_b64\":", "_b64\" "),
            format!("{text}{PLANTED}"),
        ];
        for text in broken {
            let error = match decode(text.as_bytes(), 262_144) {
                Err(error) => error,
                Ok(Envelope::Result { result, .. }) => {
                    match read_as::<RetrieveResult>(Some(result)) {
                        Err(error) => error,
                        Ok(_) => continue,
                    }
                }
                Ok(Envelope::Request { params, .. }) => match read_as::<Reauth>(params) {
                    Err(error) => error,
                    Ok(_) => continue,
                },
                Ok(other) => panic!("{other:?}"),
            };
            errors_are_clean("error", &error);
            errors_are_clean("problem", &error.to_problem());
        }
    }
}

#[test]
fn the_opening_frame_does_not_show_its_token() {
    let opening = Opening::bearer(&SecretString::from(PLANTED));
    is_clean("opening", &format!("{opening:?} {opening:#?}"));
}
