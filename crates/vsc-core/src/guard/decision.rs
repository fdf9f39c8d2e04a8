//! What was decided about a command, and what the person at the card is asked.

use std::fmt;

use super::deed::Deed;
use crate::apdu::Status;

/// Why a command did not reach the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The share's profile refuses it, or nobody understands it.
    Profile,
    /// Its instruction carries PINs, and the rest of it is not understood: no consent makes sure
    /// what it would spend.
    UnknownPin,
    /// It is judged by its data, and comes in parts.
    Chained,
    /// Too many in a minute.
    TooMany,
    /// The PIN's last tries stay with the owner.
    LastTries {
        /// How many are left.
        left: u8,
    },
    /// The person at the card said no, now or a moment ago.
    Denied,
    /// The person at the card did not answer in time.
    Unanswered,
    /// Whoever sent it has given it up.
    GivenUp,
    /// It carries another PIN than the one that was handed out.
    WrongOneTimePin {
        /// How many wrong ones are still borne.
        left: u8,
    },
    /// Too many wrong ones came; the one that was handed out is good for nothing now.
    OneTimePinVoid,
    /// The card has refused the owner's own PIN; it is not tried again.
    OwnPinWrong,
    /// It carries a PIN in a form in which it cannot be exchanged for the owner's.
    OwnPinForm,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile => f.write_str("the profile refuses it"),
            Self::UnknownPin => f.write_str("it may carry a PIN, and is not understood"),
            Self::Chained => f.write_str("it may not come in parts"),
            Self::TooMany => f.write_str("too many in a minute"),
            Self::LastTries { left } => {
                write!(f, "the PIN has {left} tries left, and the last stay with its owner")
            }
            Self::Denied => f.write_str("denied at the desk with the card"),
            Self::Unanswered => f.write_str("nobody answered at the desk with the card"),
            Self::GivenUp => f.write_str("the other desk gave it up"),
            Self::WrongOneTimePin { left } => {
                write!(f, "this is not the one-time PIN; {left} wrong ones are still borne")
            }
            Self::OneTimePinVoid => f.write_str("too many wrong ones, the one-time PIN is void"),
            Self::OwnPinWrong => f.write_str("the card refused the PIN that was typed at its desk"),
            Self::OwnPinForm => {
                f.write_str("the PIN stays at its desk, and cannot be exchanged in this command")
            }
        }
    }
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It went to the card.
    Passed {
        /// The person at the card said yes to it.
        with_consent: bool,
        /// Its one-time PIN was exchanged for the owner's.
        own_pin: bool,
    },
    /// It was answered in the card's stead.
    Refused {
        /// With this status word.
        status: Status,
        /// For this reason.
        reason: Reason,
    },
}

/// One line of the log of decisions: no byte of a command's or an answer's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the command would do.
    pub deed: Deed,
    /// What became of it.
    pub decision: Decision,
}

impl Entry {
    /// Whether a person may want to know: everything but what was only selected and read.
    #[must_use]
    pub fn is_notable(&self) -> bool {
        use super::deed::Operation::{PinStatus, Prepare, Read, Select};
        let passed = matches!(self.decision, Decision::Passed { .. });
        !(passed && matches!(self.deed.operation, Select | Read | PinStatus | Prepare))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.deed, self.deed.application.name())?;
        match self.decision {
            Decision::Passed { with_consent, own_pin } => {
                f.write_str(": passed")?;
                f.write_str(if with_consent { " with consent" } else { "" })?;
                f.write_str(if own_pin { ", one-time PIN exchanged" } else { "" })
            }
            Decision::Refused { status, reason } => {
                write!(f, ": refused with {:04X}, {reason}", status.word())
            }
        }
    }
}

/// A question's number, never used again within a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuestionId(pub u64);

/// What the person at the card is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// To be repeated in the answer.
    pub id: QuestionId,
    /// What would be done.
    pub deed: Deed,
    /// For a command that spends a PIN's try: how many are left, if that is known.
    pub tries_left: Option<u8>,
}

/// `sign with key 9C (digital signature)`, without a question mark: who asks adds for whom.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.deed)?;
        match (self.deed.pin, self.tries_left) {
            (None, _) => Ok(()),
            (Some(_), Some(left)) => write!(f, " ({left} tries left)"),
            (Some(_), None) => f.write_str(" (how many tries are left is not known)"),
        }
    }
}
