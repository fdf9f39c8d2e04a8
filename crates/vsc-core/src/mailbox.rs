//! What an agent and the relay say to each other: find the other half, pass bytes on.
//!
//! One WebSocket binary message holds one of these. The relay reads no further than this layer;
//! everything an agent wants its peer to have is the opaque body of [`ToRelay::Forward`].
//!
//! | first byte | message | then |
//! |---|---|---|
//! | `01` | open | version u8 |
//! | `02` | join | version u8, mailbox u32 |
//! | `03` | resume | version u8, ticket 16 bytes |
//! | `04` | forward | body, at most 65 600 bytes |
//! | `05` | close | reason u8 |
//! | `81` | opened | mailbox u32, ticket 16 bytes |
//! | `82` | joined | ticket 16 bytes |
//! | `83` | resumed | peer present u8 |
//! | `84` | forwarded | body |
//! | `85` | peer here | |
//! | `86` | peer away | |
//! | `87` | closed | reason u8 |
//!
//! Numbers are big-endian. Bytes behind a message of fixed length are refused.

use std::fmt;

/// The version of this layer.
pub const VERSION: u8 = 1;

/// The longest body that is passed on: a sealed frame of the link.
pub const MAX_BODY: usize = 65_600;

/// A mailbox: the public half of a pairing code. Six digits at most, so that it can be spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxNumber(pub u32);

impl fmt::Display for MailboxNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What lets one half come back after its connection broke. Whoever has it can take that half's
/// place in the relay, and then knows nothing and can forge nothing: only a nuisance, but kept
/// out of logs all the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket(pub [u8; 16]);

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(..)")
    }
}

/// Why a mailbox is no more, or was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum CloseReason {
    /// A half said that it is done.
    Done = 0,
    /// There is no such mailbox, or it has been used up.
    NoSuchMailbox = 1,
    /// Both halves are there already.
    Taken = 2,
    /// The code was wrong. The mailbox is burnt: one guess, then a new code.
    PairingFailed = 3,
    /// Nobody joined, or nobody came back, in time.
    TimedOut = 4,
    /// The relay holds as many mailboxes as it may.
    Full = 5,
    /// A half broke the rules of this layer, or could not open what it was sent.
    Protocol = 6,
    /// The relay is stopping.
    GoingAway = 7,
    /// The relay speaks another version.
    Version = 8,
    /// A half sent faster than the other one reads, beyond what the relay may hold.
    TooFast = 9,
    /// Too much comes from this place: mailboxes at once, or attempts to join that failed.
    TooOften = 10,
}

impl CloseReason {
    const ALL: [Self; 11] = [
        Self::Done,
        Self::NoSuchMailbox,
        Self::Taken,
        Self::PairingFailed,
        Self::TimedOut,
        Self::Full,
        Self::Protocol,
        Self::GoingAway,
        Self::Version,
        Self::TooFast,
        Self::TooOften,
    ];

    fn code(self) -> u8 {
        Self::ALL.iter().zip(0..).find(|(reason, _)| **reason == self).map_or(0, |(_, code)| code)
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "the other side is done",
            Self::NoSuchMailbox => "the relay knows no such code, or it has been used",
            Self::Taken => "somebody has joined with this code already",
            Self::PairingFailed => "the code was wrong; it cannot be tried again, make a new one",
            Self::TimedOut => "nobody came in time",
            Self::Full => "the relay is full",
            Self::Protocol => "the rules were broken, or something was changed on the way",
            Self::GoingAway => "the relay is stopping",
            Self::Version => "the relay speaks another version",
            Self::TooFast => "more was sent than the other side takes",
            Self::TooOften => "the relay lets this network try again in a minute",
        })
    }
}

/// From an agent to the relay.
#[derive(Clone, PartialEq, Eq)]
pub enum ToRelay {
    /// Give me a new mailbox. Said by the representative's agent.
    Open,
    /// Let me into this one. Said by the customer's agent.
    Join(MailboxNumber),
    /// I was here before.
    Resume(Ticket),
    /// Pass this on.
    Forward(Vec<u8>),
    /// I am done.
    Close(CloseReason),
}

/// From the relay to an agent.
#[derive(Clone, PartialEq, Eq)]
pub enum FromRelay {
    /// Your mailbox.
    Opened(MailboxNumber, Ticket),
    /// You are in.
    Joined(Ticket),
    /// You are back.
    Resumed {
        /// Whether the other half is connected now.
        peer_here: bool,
    },
    /// From the other half.
    Forwarded(Vec<u8>),
    /// The other half is connected, for the first time or again.
    PeerHere,
    /// The other half's connection is gone; it may come back.
    PeerAway,
    /// It is over.
    Closed(CloseReason),
}

impl ToRelay {
    /// The message's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Open => vec![0x01, VERSION],
            Self::Join(number) => [&[0x02, VERSION], &number.0.to_be_bytes()[..]].concat(),
            Self::Resume(ticket) => [&[0x03, VERSION], &ticket.0[..]].concat(),
            Self::Forward(body) => [&[0x04], &body[..]].concat(),
            Self::Close(reason) => vec![0x05, reason.code()],
        }
    }

    /// Reads one message.
    ///
    /// # Errors
    ///
    /// [`MailboxError`], after which the connection is to be closed.
    pub fn decode(bytes: &[u8]) -> Result<Self, MailboxError> {
        match bytes {
            [0x01..=0x03, version, ..] if *version != VERSION => {
                Err(MailboxError::Version { offered: *version })
            }
            [0x01, _] => Ok(Self::Open),
            [0x02, _, a, b, c, d] => {
                Ok(Self::Join(MailboxNumber(u32::from_be_bytes([*a, *b, *c, *d]))))
            }
            [0x03, _, ticket @ ..] => Ok(Self::Resume(read_ticket(ticket)?)),
            [0x04, body @ ..] => Ok(Self::Forward(read_body(body)?)),
            [0x05, reason] => Ok(Self::Close(read_reason(*reason)?)),
            _ => Err(MailboxError::Malformed { kind: bytes.first().copied(), len: bytes.len() }),
        }
    }
}

impl FromRelay {
    /// The message's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Opened(number, ticket) => {
                [&[0x81], &number.0.to_be_bytes()[..], &ticket.0].concat()
            }
            Self::Joined(ticket) => [&[0x82], &ticket.0[..]].concat(),
            Self::Resumed { peer_here } => vec![0x83, u8::from(*peer_here)],
            Self::Forwarded(body) => [&[0x84], &body[..]].concat(),
            Self::PeerHere => vec![0x85],
            Self::PeerAway => vec![0x86],
            Self::Closed(reason) => vec![0x87, reason.code()],
        }
    }

    /// Reads one message.
    ///
    /// # Errors
    ///
    /// [`MailboxError`], after which the connection is to be closed.
    pub fn decode(bytes: &[u8]) -> Result<Self, MailboxError> {
        match bytes {
            [0x81, a, b, c, d, ticket @ ..] => Ok(Self::Opened(
                MailboxNumber(u32::from_be_bytes([*a, *b, *c, *d])),
                read_ticket(ticket)?,
            )),
            [0x82, ticket @ ..] => Ok(Self::Joined(read_ticket(ticket)?)),
            [0x83, peer_here @ (0 | 1)] => Ok(Self::Resumed { peer_here: *peer_here == 1 }),
            [0x84, body @ ..] => Ok(Self::Forwarded(read_body(body)?)),
            [0x85] => Ok(Self::PeerHere),
            [0x86] => Ok(Self::PeerAway),
            [0x87, reason] => Ok(Self::Closed(read_reason(*reason)?)),
            _ => Err(MailboxError::Malformed { kind: bytes.first().copied(), len: bytes.len() }),
        }
    }
}

fn read_ticket(bytes: &[u8]) -> Result<Ticket, MailboxError> {
    let ticket = bytes.try_into().map_err(|_| MailboxError::TicketLength { len: bytes.len() })?;
    Ok(Ticket(ticket))
}

fn read_body(bytes: &[u8]) -> Result<Vec<u8>, MailboxError> {
    if bytes.len() > MAX_BODY {
        return Err(MailboxError::BodyTooLong { len: bytes.len() });
    }
    Ok(bytes.to_vec())
}

fn read_reason(code: u8) -> Result<CloseReason, MailboxError> {
    CloseReason::from_code(code).ok_or(MailboxError::UnknownReason { code })
}

impl fmt::Debug for ToRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("Open"),
            Self::Join(number) => write!(f, "Join({number})"),
            Self::Resume(_) => f.write_str("Resume(..)"),
            Self::Forward(body) => write!(f, "Forward({} bytes)", body.len()),
            Self::Close(reason) => write!(f, "Close({reason:?})"),
        }
    }
}

impl fmt::Debug for FromRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened(number, _) => write!(f, "Opened({number})"),
            Self::Joined(_) => f.write_str("Joined(..)"),
            Self::Resumed { peer_here } => write!(f, "Resumed(peer here: {peer_here})"),
            Self::Forwarded(body) => write!(f, "Forwarded({} bytes)", body.len()),
            Self::PeerHere => f.write_str("PeerHere"),
            Self::PeerAway => f.write_str("PeerAway"),
            Self::Closed(reason) => write!(f, "Closed({reason:?})"),
        }
    }
}

/// Bytes that are no message of this layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MailboxError {
    /// Another version of this layer.
    #[error("mailbox version {offered} was offered, this is version {VERSION}")]
    Version {
        /// What the other side speaks.
        offered: u8,
    },
    /// The first byte is unknown, or the length does not fit it.
    #[error("a mailbox message of kind {kind:02X?} cannot have {len} bytes")]
    Malformed {
        /// The first byte, if there is one.
        kind: Option<u8>,
        /// Length of the whole message.
        len: usize,
    },
    /// A ticket has 16 bytes.
    #[error("a ticket has 16 bytes, this has {len}")]
    TicketLength {
        /// Its length.
        len: usize,
    },
    /// More than the relay passes on at once.
    #[error("at most {MAX_BODY} bytes are passed on at once, these are {len}")]
    BodyTooLong {
        /// Its length.
        len: usize,
    },
    /// A reason of a later version.
    #[error("reason {code} is not known")]
    UnknownReason {
        /// Its code.
        code: u8,
    },
}
