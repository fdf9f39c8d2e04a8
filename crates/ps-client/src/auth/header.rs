//! The only writer of an `Authorization` header.
//!
//! `PS-Auth key=…; runas=…; pwd=[…]; challenge=…;` has no escaping. What would be read as something
//! else than itself is refused, so that the vault sees exactly the parts that are meant.
//!
//! Source: the vendor's page on authentication for the grammar; `challenge` is seen in clients;
//! what ends a bracket is inferred, and the strictest reading is served.

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::RunAs;

/// A secret that cannot stand in the sign-in header. It is never quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Nothing to send.
    #[error("the {what} is empty")]
    Empty {
        /// Which of the values.
        what: &'static str,
    },
    /// Longer than servers take in one header.
    #[error("the {what} is longer than {MAX_BYTES} bytes")]
    TooLong {
        /// Which of the values.
        what: &'static str,
    },
    /// A control character; one would begin another header.
    #[error("the {what} holds a control character; a line end behind it is the usual cause")]
    Control {
        /// Which of the values.
        what: &'static str,
    },
    /// A space at an end would be lost, one inside a token would end it.
    #[error("the {what} holds a space where it would be lost or end it")]
    Space {
        /// Which of the values.
        what: &'static str,
    },
    /// A `;` ends a value; only the password's brackets protect it.
    #[error("the {what} holds `;`, which would end it{}", advice(what))]
    Separator {
        /// Which of the values.
        what: &'static str,
    },
    /// A bracket that can be taken for one of the password's: `]` with `;` behind it in the
    /// password itself or anywhere in what follows it, and `[` at the beginning of another value,
    /// which would then swallow what follows.
    #[error("the {what} holds a bracket that can be taken for the password's")]
    Bracket {
        /// Which of the values.
        what: &'static str,
    },
}

/// Web servers take some 16 KiB for all headers together.
const MAX_BYTES: usize = 4_096;

const KEY: &str = "API key";
const PASSWORD: &str = "password";
const ANSWER: &str = "answer to the challenge";
const TOKEN: &str = "access token";

/// `PS-Auth key=…; runas=…; pwd=[…]; challenge=…;`, marked sensitive.
pub(crate) fn key_header(
    key: &SecretString,
    run_as: &RunAs,
    password: Option<&SecretString>,
    challenge: Option<&SecretString>,
) -> Result<HeaderValue, HeaderError> {
    let key = unbracketed(key, KEY)?;
    let password = password.map(bracketed).transpose()?;
    let challenge = challenge.map(|answer| unbracketed(answer, ANSWER)).transpose()?;
    if password.is_some() && challenge.is_some_and(|answer| answer.contains(']')) {
        return Err(HeaderError::Bracket { what: ANSWER });
    }
    let mut pieces = vec!["PS-Auth key=", key, "; runas=", run_as.as_str(), ";"];
    pieces.extend(password.iter().flat_map(|password| [" pwd=[", password, "];"]));
    pieces.extend(challenge.iter().flat_map(|answer| [" challenge=", answer, ";"]));
    sensitive(&pieces, KEY)
}

/// `Bearer …` (RFC 6750, 2.1), marked sensitive.
pub(crate) fn bearer_header(token: &SecretString) -> Result<HeaderValue, HeaderError> {
    let token = unbracketed(token, TOKEN)?;
    if token.contains(' ') {
        return Err(HeaderError::Space { what: TOKEN });
    }
    sensitive(&["Bearer ", token], TOKEN)
}

/// A value that ends at the next `;`.
fn unbracketed<'a>(secret: &'a SecretString, what: &'static str) -> Result<&'a str, HeaderError> {
    let text = checked(secret, what)?;
    if text.contains(';') {
        return Err(HeaderError::Separator { what });
    }
    if text.starts_with('[') {
        return Err(HeaderError::Bracket { what });
    }
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return Err(HeaderError::Space { what });
    }
    Ok(text)
}

/// A value that ends at `]` and `;`.
fn bracketed(password: &SecretString) -> Result<&str, HeaderError> {
    let text = checked(password, PASSWORD)?;
    let ends_early = text.split(']').skip(1).any(|rest| rest.trim_start().starts_with(';'));
    if ends_early { Err(HeaderError::Bracket { what: PASSWORD }) } else { Ok(text) }
}

fn checked<'a>(secret: &'a SecretString, what: &'static str) -> Result<&'a str, HeaderError> {
    let text = secret.expose_secret();
    if text.is_empty() {
        return Err(HeaderError::Empty { what });
    }
    if text.len() > MAX_BYTES {
        return Err(HeaderError::TooLong { what });
    }
    if text.chars().any(char::is_control) {
        return Err(HeaderError::Control { what });
    }
    Ok(text)
}

/// Sized first: a text that grows leaves copies behind that nobody wipes.
fn sensitive(pieces: &[&str], what: &'static str) -> Result<HeaderValue, HeaderError> {
    let length = pieces.iter().map(|piece| piece.len()).sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    for piece in pieces {
        text.push_str(piece);
    }
    let value = HeaderValue::from_bytes(text.as_bytes());
    let mut value = value.map_err(|_| HeaderError::Control { what })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Some are told to paste the text `<key>;runas=<user>;` as "the key".
fn advice(what: &str) -> &'static str {
    if what == KEY { ": give the key alone, the run-as user has a setting of its own" } else { "" }
}
