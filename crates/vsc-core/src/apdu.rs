//! Commands and responses of a smart card (ISO/IEC 7816-4, 5.1: command-response pairs).
//!
//! The relay carries every byte unchanged. It reads no more of a command than its header and
//! its length fields, and shows no more than that: `Debug` prints header and sizes, never a body.

mod shape;
mod status;

pub use self::shape::{Class, Malformed, SecureMessaging, Shape};
pub use self::status::Status;

use std::fmt;

use zeroize::Zeroizing;

/// A command on its way from an application to the card: header, and whatever follows it.
///
/// Any byte string of 0 to 65 544 bytes is a command here, well formed or not, because an
/// application may send what it likes and the card, not the relay, answers it.
/// [`Command::shape`] says what it is. The bytes are wiped when the value is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Command(Zeroizing<Vec<u8>>);

impl Command {
    /// The longest command there is: 4 header bytes, 3 for an extended Lc, 65 535 bytes of
    /// data, 2 for an extended Le (ISO/IEC 7816-4, 5.1).
    pub const MAX_LEN: usize = 65_544;

    /// Takes one whole command as the application sent it.
    ///
    /// # Errors
    ///
    /// [`ApduError::CommandTooLong`] above [`Command::MAX_LEN`]: no card could accept it.
    ///
    /// # Examples
    ///
    /// ```
    /// use vsc_core::apdu::{Command, Shape};
    ///
    /// let verify = Command::new(vec![0x00, 0x20, 0x00, 0x80, 0x02, 0x31, 0x32])?;
    /// assert_eq!(verify.shape(), Shape::Case3 { lc: 2, extended: false });
    /// assert_eq!(format!("{verify:?}"), "Command(00 20 00 80, 7 bytes)");
    /// # Ok::<(), vsc_core::apdu::ApduError>(())
    /// ```
    pub fn new(bytes: Vec<u8>) -> Result<Self, ApduError> {
        let bytes = Zeroizing::new(bytes);
        if bytes.len() > Self::MAX_LEN {
            return Err(ApduError::CommandTooLong { len: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// Every byte, for the card and for the encrypted link only.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Class, instruction and the two parameters; `None` when there are fewer than four bytes.
    #[must_use]
    pub fn header(&self) -> Option<Header> {
        let [cla, ins, p1, p2] = *self.0.first_chunk::<4>()?;
        Some(Header { cla, ins, p1, p2 })
    }

    /// What the length fields say.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape::of(&self.0)
    }

    /// The command data field, if the command is well formed and has one.
    #[must_use]
    pub fn data(&self) -> Option<&[u8]> {
        let (start, lc) = match self.shape() {
            Shape::Case3 { lc, extended } | Shape::Case4 { lc, extended, .. } => {
                (if extended { 7 } else { 5 }, lc)
            }
            Shape::Case1 | Shape::Case2 { .. } | Shape::Malformed(_) => return None,
        };
        self.0.get(start..start + lc)
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.header() {
            Some(header) => write!(f, "Command({header}, {} bytes)", self.0.len()),
            None => write!(f, "Command(no header, {} bytes)", self.0.len()),
        }
    }
}

/// The four bytes every command begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// Class: who defines the instruction, chaining, secure messaging, logical channel.
    pub cla: u8,
    /// Instruction.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
}

impl Header {
    /// The class byte, read.
    #[must_use]
    pub fn class(self) -> Class {
        Class::of(self.cla)
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X} {:02X} {:02X} {:02X}", self.cla, self.ins, self.p1, self.p2)
    }
}

/// What a card answered: data, then two status bytes. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Response(Zeroizing<Vec<u8>>);

impl Response {
    /// The longest response there is: 65 536 bytes of data and the status (ISO/IEC 7816-4, 5.1).
    pub const MAX_LEN: usize = 65_538;

    /// Takes one whole response as the card gave it.
    ///
    /// # Errors
    ///
    /// - [`ApduError::ResponseTooShort`]: fewer than the two status bytes; the exchange failed.
    /// - [`ApduError::ResponseTooLong`]: no card sends that; a peer that does is hostile.
    pub fn new(bytes: Vec<u8>) -> Result<Self, ApduError> {
        let bytes = Zeroizing::new(bytes);
        match bytes.len() {
            len @ ..2 => Err(ApduError::ResponseTooShort { len }),
            2..=Self::MAX_LEN => Ok(Self(bytes)),
            len => Err(ApduError::ResponseTooLong { len }),
        }
    }

    /// A response that is a status and nothing else.
    #[must_use]
    pub fn status_only(status: Status) -> Self {
        Self(Zeroizing::new(status.word().to_be_bytes().to_vec()))
    }

    /// Every byte, status last.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The status bytes SW1 SW2.
    #[must_use]
    pub fn status(&self) -> Status {
        let word = self.0.last_chunk::<2>().map_or(0, |sw| u16::from_be_bytes(*sw));
        Status::from_word(word)
    }

    /// The data field without the status; may be empty.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.0.split_last_chunk::<2>().map_or(&[], |(data, _)| data)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} bytes, {})", self.data().len(), self.status())
    }
}

/// Why bytes cannot be an APDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApduError {
    /// Longer than any command.
    #[error("a command has at most {max} bytes, this has {len}", max = Command::MAX_LEN)]
    CommandTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// No room for the status.
    #[error("a response ends with two status bytes, this has {len} in all")]
    ResponseTooShort {
        /// Its length in bytes.
        len: usize,
    },
    /// Longer than any response.
    #[error("a response has at most {max} bytes, this has {len}", max = Response::MAX_LEN)]
    ResponseTooLong {
        /// Its length in bytes.
        len: usize,
    },
}
