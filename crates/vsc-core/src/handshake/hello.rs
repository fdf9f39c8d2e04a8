//! What an agent says of itself, inside the protected part of the handshake.

use std::fmt;

use crate::shown_text;

/// Which desk an agent stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Where the card is.
    Representative,
    /// Where the card appears.
    Customer,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Representative => "the representative's",
            Self::Customer => "the customer's",
        })
    }
}

/// An introduction: role, machine name, program.
///
/// Layout: role u8 (1 representative, 2 customer), then two texts, each one length byte and
/// that many bytes of UTF-8: machine, program. Bytes behind them belong to later versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Its role.
    pub role: Role,
    /// The machine's name, at most 64 bytes; shown to the person at the other desk. What would
    /// hide or move other characters is sent as `?`, and refused when it comes.
    pub machine: String,
    /// Program and version, at most 64 bytes.
    pub program: String,
}

/// The longest text in a hello, in bytes.
const MAX_TEXT: usize = 64;

impl Hello {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![match self.role {
            Role::Representative => 1,
            Role::Customer => 2,
        }];
        for text in [&self.machine, &self.program] {
            let text = shown_text::sendable(text, MAX_TEXT);
            bytes.push(u8::try_from(text.len()).unwrap_or(0));
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, HelloError> {
        let (role, mut rest) = match bytes {
            [1, rest @ ..] => (Role::Representative, rest),
            [2, rest @ ..] => (Role::Customer, rest),
            _ => return Err(HelloError::Role),
        };
        let mut text = || {
            let (len, after) = rest.split_first().ok_or(HelloError::Truncated)?;
            let len = usize::from(*len);
            let (text, after) = after.split_at_checked(len).ok_or(HelloError::Truncated)?;
            rest = after;
            shown_text::received(text, MAX_TEXT).ok_or(HelloError::Text)
        };
        Ok(Self { role, machine: text()?, program: text()? })
    }
}

/// Why an introduction cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HelloError {
    /// Neither representative nor customer.
    #[error("the role is neither 1 nor 2")]
    Role,
    /// It ends too early.
    #[error("it ends too early")]
    Truncated,
    /// A text is too long, not UTF-8, or holds characters that hide or move others.
    #[error(
        "a text is longer than {MAX_TEXT} bytes, not UTF-8, or holds characters that hide others"
    )]
    Text,
}
