//! What both roles of a link share: what goes out, how life is checked, how it ends.

mod life;
mod text;

pub(crate) use self::life::{Life, Pulse};
pub(crate) use self::text::TextLimits;

use crate::codec::{Frame, FrameError};

/// What the caller is to put on the wire, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transmit {
    /// One text message.
    Frame(Frame),
    /// A ping of the transport itself; its pong is handed to `handle_pong`.
    Ping,
    /// The last thing: close the connection with this code.
    Close(Close),
}

/// How a link ended, or is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The code.
    pub code: CloseCode,
    /// A few words for the peer's log.
    pub reason: String,
}

impl Close {
    pub(crate) fn new(code: CloseCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// Close codes of RFC 6455, 7.4.1, and ours from 4000 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// 1000: done.
    Normal,
    /// 1001: stopping.
    GoingAway,
    /// 1002: the peer broke the protocol.
    Protocol,
    /// 1003: a binary message.
    Unsupported,
    /// 1008: not allowed any more, for instance because the token was revoked.
    Policy,
    /// 1009: a message too big.
    TooBig,
    /// 1011: our fault.
    Internal,
    /// 1012: restarting.
    Restart,
    /// 1013: try again later.
    TryLater,
    /// 4001: no hello came, or something else came first.
    HelloMissing,
    /// 4002: an id was used for two open requests.
    DuplicateId,
    /// 4003: no version in common.
    Version,
    /// 4004: another group than expected.
    Group,
    /// 4005: a newer link of the same instance replaces this one.
    Replaced,
    /// 4008: silence.
    Silence,
    /// Any other code.
    Other(u16),
}

impl CloseCode {
    const TABLE: [(Self, u16); 15] = [
        (Self::Normal, 1000),
        (Self::GoingAway, 1001),
        (Self::Protocol, 1002),
        (Self::Unsupported, 1003),
        (Self::Policy, 1008),
        (Self::TooBig, 1009),
        (Self::Internal, 1011),
        (Self::Restart, 1012),
        (Self::TryLater, 1013),
        (Self::HelloMissing, 4001),
        (Self::DuplicateId, 4002),
        (Self::Version, 4003),
        (Self::Group, 4004),
        (Self::Replaced, 4005),
        (Self::Silence, 4008),
    ];

    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::Other(number) => number,
            known => Self::TABLE.iter().find(|(code, _)| *code == known).map_or(1011, |(_, n)| *n),
        }
    }

    /// The code of a number.
    #[must_use]
    pub fn from_number(number: u16) -> Self {
        Self::TABLE
            .iter()
            .find(|(_, n)| *n == number)
            .map_or(Self::Other(number), |(code, _)| *code)
    }
}

/// What a frame that cannot be taken means for the link.
pub(crate) fn close_for(error: &FrameError) -> Close {
    let code = match error {
        FrameError::TooLarge { .. } => CloseCode::TooBig,
        _ => CloseCode::Protocol,
    };
    Close::new(code, error.to_string())
}
