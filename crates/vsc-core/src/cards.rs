//! What the two agents tell each other about readers and cards.
//!
//! A *share* is one reader of the representative that appears on the customer's machine. An
//! *epoch* is one power-up of its card: a reset, a removal or another program's reset begins a
//! new one, and whatever belongs to an old one is dropped. At most one command of a share is
//! under way.
//!
//! | first byte | from | message | then |
//! |---|---|---|---|
//! | `10` | rep | share | share u32, name text |
//! | `11` | customer | up | share u32, name text |
//! | `12` | customer | failed | share u32, reason text |
//! | `13` | both | unshare | share u32, reason u8 |
//! | `14` | rep | inserted | share u32, epoch u32, ATR (the rest) |
//! | `15` | rep | removed | share u32 |
//! | `16` | customer | power | share u32, epoch u32, action u8 (0 off, 1 on, 2 reset) |
//! | `17` | customer | transmit | share u32, epoch u32, number u32, used u32, command (the rest) |
//! | `18` | rep | answer | share u32, epoch u32, number u32, outcome u8, response (the rest) |
//! | `19` | rep | notice | share u32, text |
//!
//! A text is two length bytes and UTF-8. Numbers are big-endian. `used` counts answers that were
//! served ahead of time; it is 0 where nothing is.

use std::fmt;

use zeroize::Zeroizing;

use crate::apdu::{ApduError, Command, Response};
use crate::atr::{Atr, AtrError};
use crate::session::EndReason;
use crate::shown_text;

/// A share, numbered by the representative's agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShareId(pub u32);

/// One power-up of a card, numbered within its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(pub u32);

/// A command's number within its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandNumber(pub u32);

/// What a reader driver asks for besides commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerAction {
    /// Take power away.
    Off,
    /// Give power.
    On,
    /// Reset.
    Reset,
}

/// Why a command has no response of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardFailure {
    /// There is no card any more.
    NoCard,
    /// The card does not react.
    Mute,
    /// Somebody else reset it; a new epoch follows.
    Reset,
    /// It took too long; what it did is not known, and a new epoch follows.
    TimedOut,
    /// The reader is gone.
    NoReader,
    /// Anything else.
    Failed,
}

impl CardFailure {
    const TABLE: [Self; 6] =
        [Self::NoCard, Self::Mute, Self::Reset, Self::TimedOut, Self::NoReader, Self::Failed];
}

impl fmt::Display for CardFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCard => "there is no card",
            Self::Mute => "the card does not react",
            Self::Reset => "another program reset the card",
            Self::TimedOut => "the card took too long",
            Self::NoReader => "the reader is gone",
            Self::Failed => "the reader failed",
        })
    }
}

/// One message of this layer.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    /// This reader is yours to show.
    Share {
        /// Its number.
        share: ShareId,
        /// The reader's name.
        name: String,
    },
    /// It is shown, under this name.
    Up {
        /// Its number.
        share: ShareId,
        /// Where it is shown.
        name: String,
    },
    /// It cannot be shown.
    ShareFailed {
        /// Its number.
        share: ShareId,
        /// Why not.
        reason: String,
    },
    /// It is no longer shared.
    Unshare {
        /// Its number.
        share: ShareId,
        /// Why.
        reason: EndReason,
    },
    /// A card is in it, or begins a new epoch.
    Inserted {
        /// The share.
        share: ShareId,
        /// The epoch that begins.
        epoch: Epoch,
        /// The card's answer to reset.
        atr: Atr,
    },
    /// No card is in it.
    Removed {
        /// The share.
        share: ShareId,
    },
    /// The reader driver wants the card's power changed. Answered by [`Message::Inserted`] with
    /// the next epoch, or [`Message::Removed`].
    Power {
        /// The share.
        share: ShareId,
        /// The epoch that ends.
        epoch: Epoch,
        /// What to do.
        action: PowerAction,
    },
    /// A command for the card.
    Transmit {
        /// The share.
        share: ShareId,
        /// The epoch it belongs to.
        epoch: Epoch,
        /// Its number.
        number: CommandNumber,
        /// Answers served ahead of time since the last command.
        used: u32,
        /// The command.
        command: Command,
    },
    /// What became of a command.
    Answer {
        /// The share.
        share: ShareId,
        /// The epoch it belongs to.
        epoch: Epoch,
        /// The command's number.
        number: CommandNumber,
        /// The card's response, or why there is none.
        outcome: Result<Response, CardFailure>,
    },
    /// Something a person should know.
    Notice {
        /// The share.
        share: ShareId,
        /// What.
        text: String,
    },
}

/// The longest text, in bytes.
const MAX_TEXT: usize = 256;

impl Message {
    /// The share it is about.
    #[must_use]
    pub fn share(&self) -> ShareId {
        match self {
            Self::Share { share, .. }
            | Self::Up { share, .. }
            | Self::ShareFailed { share, .. }
            | Self::Unshare { share, .. }
            | Self::Inserted { share, .. }
            | Self::Removed { share }
            | Self::Power { share, .. }
            | Self::Transmit { share, .. }
            | Self::Answer { share, .. }
            | Self::Notice { share, .. } => *share,
        }
    }

    /// The message's bytes, wiped when dropped.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Share { share, name } => text_message(0x10, *share, name),
            Self::Up { share, name } => text_message(0x11, *share, name),
            Self::ShareFailed { share, reason } => text_message(0x12, *share, reason),
            Self::Unshare { share, reason } => message(0x13, *share, &[], &[reason.code()]),
            Self::Inserted { share, epoch, atr } => message(0x14, *share, &[epoch.0], atr.bytes()),
            Self::Removed { share } => message(0x15, *share, &[], &[]),
            Self::Power { share, epoch, action } => {
                let action = match action {
                    PowerAction::Off => 0,
                    PowerAction::On => 1,
                    PowerAction::Reset => 2,
                };
                message(0x16, *share, &[epoch.0], &[action])
            }
            Self::Transmit { share, epoch, number, used, command } => {
                message(0x17, *share, &[epoch.0, number.0, *used], command.bytes())
            }
            Self::Answer { share, epoch, number, outcome } => {
                let numbers = [epoch.0, number.0];
                match outcome {
                    Ok(response) => {
                        let mut bytes = message(0x18, *share, &numbers, &[0]);
                        bytes.reserve_exact(response.bytes().len());
                        bytes.extend_from_slice(response.bytes());
                        bytes
                    }
                    Err(failure) => {
                        let code = CardFailure::TABLE.iter().zip(1..).find(|(f, _)| *f == failure);
                        message(0x18, *share, &numbers, &[code.map_or(6, |(_, code)| code)])
                    }
                }
            }
            Self::Notice { share, text } => text_message(0x19, *share, text),
        }
    }

    /// Reads one message.
    ///
    /// # Errors
    ///
    /// [`CardsError`]; whoever sends such a message speaks another language, and the session
    /// ends.
    pub fn decode(bytes: &[u8]) -> Result<Self, CardsError> {
        let (kind, rest) = bytes.split_first().ok_or(CardsError::Truncated)?;
        let (share, rest) = number(rest)?;
        let share = ShareId(share);
        Ok(match kind {
            0x10 => Self::Share { share, name: text(rest)? },
            0x11 => Self::Up { share, name: text(rest)? },
            0x12 => Self::ShareFailed { share, reason: text(rest)? },
            0x13 => match rest {
                [reason] => Self::Unshare { share, reason: EndReason::from_code(*reason) },
                [] => return Err(CardsError::Truncated),
                _ => return Err(CardsError::Trailing),
            },
            0x14 => {
                let (epoch, atr) = number(rest)?;
                Self::Inserted { share, epoch: Epoch(epoch), atr: Atr::new(atr)? }
            }
            0x15 => match rest {
                [] => Self::Removed { share },
                _ => return Err(CardsError::Trailing),
            },
            0x16 => {
                let (epoch, rest) = number(rest)?;
                let action = match rest {
                    [0] => PowerAction::Off,
                    [1] => PowerAction::On,
                    [2] => PowerAction::Reset,
                    [] => return Err(CardsError::Truncated),
                    [action] => return Err(CardsError::PowerAction { action: *action }),
                    _ => return Err(CardsError::Trailing),
                };
                Self::Power { share, epoch: Epoch(epoch), action }
            }
            0x17 => {
                let (epoch, rest) = number(rest)?;
                let (order, rest) = number(rest)?;
                let (used, command) = number(rest)?;
                Self::Transmit {
                    share,
                    epoch: Epoch(epoch),
                    number: CommandNumber(order),
                    used,
                    command: Command::new(command.to_vec())?,
                }
            }
            0x18 => {
                let (epoch, rest) = number(rest)?;
                let (order, rest) = number(rest)?;
                let outcome = match rest {
                    [0, response @ ..] => Ok(Response::new(response.to_vec())?),
                    [failure] => {
                        let known = CardFailure::TABLE.get(usize::from(*failure).wrapping_sub(1));
                        Err(known.copied().unwrap_or(CardFailure::Failed))
                    }
                    [] => return Err(CardsError::Truncated),
                    _ => return Err(CardsError::Trailing),
                };
                Self::Answer { share, epoch: Epoch(epoch), number: CommandNumber(order), outcome }
            }
            0x19 => Self::Notice { share, text: text(rest)? },
            kind => return Err(CardsError::Unknown { kind: *kind }),
        })
    }
}

fn message(kind: u8, share: ShareId, numbers: &[u32], rest: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(5 + 4 * numbers.len() + rest.len()));
    bytes.push(kind);
    bytes.extend_from_slice(&share.0.to_be_bytes());
    for number in numbers {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    bytes.extend_from_slice(rest);
    bytes
}

fn text_message(kind: u8, share: ShareId, text: &str) -> Zeroizing<Vec<u8>> {
    let text = shown_text::sendable(text, MAX_TEXT);
    let len = u16::try_from(text.len()).unwrap_or(0).to_be_bytes();
    message(kind, share, &[], &[&len[..], text.as_bytes()].concat())
}

fn number(bytes: &[u8]) -> Result<(u32, &[u8]), CardsError> {
    let (number, rest) = bytes.split_first_chunk::<4>().ok_or(CardsError::Truncated)?;
    Ok((u32::from_be_bytes(*number), rest))
}

/// What is behind the text belongs to later versions.
fn text(bytes: &[u8]) -> Result<String, CardsError> {
    let (len, rest) = bytes.split_first_chunk::<2>().ok_or(CardsError::Truncated)?;
    let text = rest.get(..usize::from(u16::from_be_bytes(*len))).ok_or(CardsError::Truncated)?;
    shown_text::received(text, MAX_TEXT).ok_or(CardsError::Text)
}

/// Bytes that are no message of this layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardsError {
    /// It ends too early.
    #[error("a message about cards ends too early")]
    Truncated,
    /// It does not end where it should.
    #[error("a message about cards has bytes behind its end")]
    Trailing,
    /// Of a kind that this version does not know.
    #[error("message kind {kind:02X} about cards is not known")]
    Unknown {
        /// Its first byte.
        kind: u8,
    },
    /// A text is too long, not UTF-8, or holds characters that hide or move others.
    #[error(
        "a text is longer than {MAX_TEXT} bytes, not UTF-8, or holds characters that hide others"
    )]
    Text,
    /// Neither off, on nor reset.
    #[error("power cannot be changed in way {action}")]
    PowerAction {
        /// What was asked for.
        action: u8,
    },
    /// No answer to reset.
    #[error("a message about cards holds no answer to reset")]
    Atr(#[from] AtrError),
    /// No command or response.
    #[error("a message about cards holds no command or response")]
    Apdu(#[from] ApduError),
}
