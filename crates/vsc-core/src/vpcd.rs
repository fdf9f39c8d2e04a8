//! The wire to the virtual reader driver (vpcd of the vsmartcard project, and its ports).
//!
//! Both directions carry frames of a 2-byte big-endian length and that many bytes. The driver
//! asks and the card side answers, in strict turn. A frame of one byte is a control code:
//!
//! | driver sends | card side answers |
//! |---|---|
//! | `00 01 00` power off | nothing |
//! | `00 01 01` power on | nothing |
//! | `00 01 02` reset | nothing |
//! | `00 01 04` ATR wanted | a frame with the ATR; an empty frame means "no card" |
//! | a longer frame: a command | a frame with the response |
//!
//! Source: the driver's `doc/api.txt`; behaviour measured against the packaged driver.

use zeroize::{Zeroize, Zeroizing};

use crate::apdu::{ApduError, Command, Response};
use crate::atr::Atr;

/// The longest frame body the two length bytes can tell.
///
/// A response may be three bytes longer than this ([`Response::MAX_LEN`]); it cannot pass.
pub const MAX_BODY: usize = 65_535;

/// What the driver asks of the card side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Take power away. Not answered.
    PowerOff,
    /// Give power. Not answered; the ATR is asked for next.
    PowerOn,
    /// Reset, keeping power. Not answered; the ATR is asked for next.
    Reset,
    /// The answer to reset, and by that whether there is a card.
    Atr,
    /// A command for the card.
    Transmit(Command),
}

/// Cuts the driver's byte stream into [`Ask`]s, however the bytes arrive.
///
/// After an error the stream is out of step and the only cure is a
/// new connection.
#[derive(Debug, Default)]
pub struct AskReader {
    pending: FrameBuffer,
}

impl AskReader {
    /// A reader at the start of a connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes as they came from the driver. Call [`AskReader::poll_ask`] until it has no more
    /// before handing in the next ones, and no more than one frame is held besides these.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        self.pending.push(bytes);
    }

    /// The next whole question, if there is one.
    ///
    /// # Errors
    ///
    /// [`VpcdError`] when the driver sent something that no driver sends.
    pub fn poll_ask(&mut self) -> Result<Option<Ask>, VpcdError> {
        let Some(body) = self.pending.pop() else { return Ok(None) };
        match body.as_slice() {
            [] => Err(VpcdError::EmptyFrame),
            [0] => Ok(Some(Ask::PowerOff)),
            [1] => Ok(Some(Ask::PowerOn)),
            [2] => Ok(Some(Ask::Reset)),
            [4] => Ok(Some(Ask::Atr)),
            [code] => Err(VpcdError::UnknownControl { code: *code }),
            command => Ok(Some(Ask::Transmit(Command::new(command.to_vec())?))),
        }
    }

    /// Whether a frame has begun to arrive and is not whole yet.
    #[must_use]
    pub fn is_mid_frame(&self) -> bool {
        !self.pending.bytes.is_empty()
    }
}

/// What the card side answers, encoded to be sent by one write.
///
/// One write matters: the driver reads length and body separately, and a frame in two segments
/// waits for a delayed acknowledgement, some 40 ms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// There is a card and this is its answer to reset.
    Atr(&'a Atr),
    /// There is no card.
    NoCard,
    /// The card's answer to a command.
    Response(&'a Response),
}

impl Reply<'_> {
    /// The frame's bytes, length first. Wiped when dropped, for a response may be secret.
    ///
    /// # Errors
    ///
    /// [`VpcdError::ResponseDoesNotFit`]: the driver's protocol cannot carry it.
    pub fn to_frame(&self) -> Result<Zeroizing<Vec<u8>>, VpcdError> {
        let body = match self {
            Self::Atr(atr) => atr.bytes(),
            Self::NoCard => &[],
            Self::Response(response) => response.bytes(),
        };
        frame(body)
    }
}

/// Encodes what a driver sends. For simulators and tests of the card side.
///
/// # Errors
///
/// [`VpcdError::ResponseDoesNotFit`]: longer than a frame can be.
pub fn encode_ask(ask: &Ask) -> Result<Zeroizing<Vec<u8>>, VpcdError> {
    match ask {
        Ask::PowerOff => frame(&[0]),
        Ask::PowerOn => frame(&[1]),
        Ask::Reset => frame(&[2]),
        Ask::Atr => frame(&[4]),
        Ask::Transmit(command) => frame(command.bytes()),
    }
}

fn frame(body: &[u8]) -> Result<Zeroizing<Vec<u8>>, VpcdError> {
    let len =
        u16::try_from(body.len()).map_err(|_| VpcdError::ResponseDoesNotFit { len: body.len() })?;
    let mut frame = Zeroizing::new(Vec::with_capacity(2 + body.len()));
    frame.extend_from_slice(&len.to_be_bytes());
    frame.extend_from_slice(body);
    Ok(frame)
}

/// Bytes that are not a whole frame yet. `Debug` tells their number only.
#[derive(Default)]
struct FrameBuffer {
    bytes: Zeroizing<Vec<u8>>,
}

impl FrameBuffer {
    fn push(&mut self, bytes: &[u8]) {
        // Room for a frame that has begun and for one more behind it, at once: growing would leave
        // unwiped copies.
        if self.bytes.capacity() == 0 {
            self.bytes.reserve_exact(2 * (2 + MAX_BODY));
        }
        self.bytes.extend_from_slice(bytes);
    }

    fn pop(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        let (len, rest) = self.bytes.split_first_chunk::<2>()?;
        let len = usize::from(u16::from_be_bytes(*len));
        let body = Zeroizing::new(rest.get(..len)?.to_vec());
        let frame = 2 + len;
        let kept = self.bytes.len() - frame;
        self.bytes.copy_within(frame.., 0);
        if let Some(used) = self.bytes.get_mut(kept..) {
            used.zeroize();
        }
        self.bytes.truncate(kept);
        Some(body)
    }
}

impl std::fmt::Debug for FrameBuffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FrameBuffer({} bytes)", self.bytes.len())
    }
}

/// Why the conversation with the driver cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VpcdError {
    /// A frame without a body, which only the card side may send.
    #[error("the reader driver sent an empty frame")]
    EmptyFrame,
    /// A one-byte frame that is no control code. Drivers pass on one-byte "commands" of
    /// applications, which cannot be told from control codes and must not be answered.
    #[error("the reader driver sent control code {code:02X}, which this version does not know")]
    UnknownControl {
        /// The byte.
        code: u8,
    },
    /// The frame's two length bytes cannot tell this length.
    #[error("a frame of the reader driver holds {MAX_BODY} bytes, this would be {len}")]
    ResponseDoesNotFit {
        /// The length of the body.
        len: usize,
    },
    /// The frame is longer than any command.
    #[error("the reader driver sent something that is no command")]
    NotACommand(#[from] ApduError),
}
