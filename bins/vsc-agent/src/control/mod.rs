//! The control socket: how the commands, and a console, talk to a running service.
//!
//! One line of JSON asks, one or more lines answer; `docs/operate/vsc-control-socket.md`
//! describes them all.

pub mod client;
pub mod place;
pub mod server;

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::status::{Peer, ReaderStatus, Status};

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "command",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Request {
    /// Everything at this moment.
    Status {},
    /// The same, now and after every change, until the asker hangs up.
    Watch {},
    /// The readers of this desk, as seen from a session.
    Readers {
        /// The session; may be left out when there is only one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<u32>,
    },
    /// Come together with another agent: at the representative's desk this gives a code, at the
    /// customer's it takes one.
    Pair {
        /// The code that was spoken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<Spoken>,
        /// Instead of the words of a code: the other agent's identity, by the name it has in the
        /// file of peers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        peer: Option<String>,
    },
    /// Share a reader.
    Share {
        /// Its name, or a part of it that no other reader has.
        reader: String,
        /// The session; may be left out when there is only one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<u32>,
        /// What may be done with its card: a profile of the policy; the usual one when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        profile: Option<String>,
        /// The card's PIN. It stays at this desk, and the answer has one for the other.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        own_pin: Option<Spoken>,
    },
    /// Answer a question about a command for a shared card.
    Answer {
        /// The question's number.
        question: u64,
        /// Whether the command may pass.
        yes: bool,
    },
    /// Stop sharing.
    Unshare {
        /// A reader; all of them when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reader: Option<String>,
    },
    /// End a session, and all that is shared in it.
    End {
        /// The session; may be left out when there is only one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<u32>,
    },
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Reply {
    /// To [`Request::Status`] and [`Request::Watch`].
    Status(Box<Status>),
    /// To [`Request::Readers`].
    Readers {
        /// All readers.
        readers: Vec<ReaderStatus>,
        /// Why there may be none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<String>,
    },
    /// To [`Request::Pair`], at the representative's desk: what to tell the other person. What
    /// became of it follows on the same connection.
    Code {
        /// The session that waits.
        session: u32,
        /// The code, or only a mailbox's number where identities prove the rest.
        code: Spoken,
    },
    /// To [`Request::Pair`]: the other agent is there, and the right one.
    Paired {
        /// The session.
        session: u32,
        /// The other agent.
        peer: Peer,
    },
    /// To [`Request::Share`].
    Shared {
        /// The session.
        session: u32,
        /// The reader.
        reader: String,
        /// Where it is shown.
        shown_as: String,
        /// What may be done with its card.
        profile: String,
        /// The PIN that the other desk uses in the place of the card's, for this share only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        one_time_pin: Option<Spoken>,
    },
    /// To [`Request::Answer`].
    Answered {
        /// The question's number.
        question: u64,
    },
    /// To [`Request::Unshare`].
    Unshared {
        /// The readers that were shared until now.
        readers: Vec<String>,
    },
    /// To [`Request::End`].
    Ended {
        /// The session that is over.
        session: u32,
    },
    /// It was not done.
    Refused(Refusal),
}

/// A code or PIN on its way to or from the person who speaks or types it. Wiped when dropped, never in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spoken(pub Zeroizing<String>);

impl fmt::Debug for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spoken(..)")
    }
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[error("{reason}")]
pub struct Refusal {
    /// For programs.
    pub kind: RefusalKind,
    /// For people: what was wrong and what to do.
    pub reason: String,
}

impl Refusal {
    pub(crate) fn new(kind: RefusalKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }
}

/// Why something was not done, sorted by who can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RefusalKind {
    /// The line is no request.
    NotUnderstood,
    /// The other service does that.
    WrongService,
    /// There is no such session, or none at all.
    NoSession,
    /// There are several; name one.
    WhichSession,
    /// No reader has that name.
    NoReader,
    /// Several readers have that in their names.
    WhichReader,
    /// The reader is shared already.
    AlreadyShared,
    /// The reader is not shared.
    NotShared,
    /// The policy has no profile of that name.
    NoProfile,
    /// No such question waits for an answer.
    NoQuestion,
    /// What was typed cannot be a PIN.
    NoPin,
    /// The code or the key was wrong, or nobody came.
    NotPaired,
    /// The relay cannot be reached.
    NoRelay,
    /// The other desk cannot show the reader.
    NotShown,
    /// Too many of something.
    TooMany,
    /// The service itself is in trouble.
    Failed,
}

impl RefusalKind {
    /// Every kind there is.
    pub const ALL: [Self; 16] = [
        Self::NotUnderstood,
        Self::WrongService,
        Self::NoSession,
        Self::WhichSession,
        Self::NoReader,
        Self::WhichReader,
        Self::AlreadyShared,
        Self::NotShared,
        Self::NoProfile,
        Self::NoQuestion,
        Self::NoPin,
        Self::NotPaired,
        Self::NoRelay,
        Self::NotShown,
        Self::TooMany,
        Self::Failed,
    ];
}
