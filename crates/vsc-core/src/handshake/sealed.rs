//! The protected channel: every frame sealed, numbered and padded.
//!
//! A sealed frame is an 8-byte big-endian number and a ciphertext (ChaCha20-Poly1305, the number
//! as nonce). The numbers of one direction only rise; what came before cannot come again. They
//! may skip, because frames are lost when a connection breaks; what must not be lost is repeated
//! by the session above, under a new number.
//!
//! Inside: two length bytes, the frame, zeros up to a multiple of 64, so that the relay cannot
//! tell a PIN from a selection by its length.

use std::fmt;

use snow::{HandshakeState, StatelessTransportState};
use zeroize::Zeroizing;

/// Frames are padded to a multiple of this.
const PADDING: usize = 64;

/// Bytes that sealing adds at the end.
const TAG: usize = 16;

/// The longest frame that can be sealed: what Noise takes, less length and tag, in whole blocks.
pub const MAX_FRAME: usize = (65_535 - TAG) / PADDING * PADDING - 2;

/// A protected channel, both directions.
pub struct Sealed {
    noise: StatelessTransportState,
    next_out: u64,
    lowest_in: u64,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} out, {} in)", self.next_out, self.lowest_in)
    }
}

impl Sealed {
    pub(super) fn new(noise: HandshakeState) -> Result<Self, SealError> {
        let noise = noise.into_stateless_transport_mode().map_err(|_| SealError::Broken)?;
        Ok(Self { noise, next_out: 0, lowest_in: 0 })
    }

    /// Seals one frame.
    ///
    /// # Errors
    ///
    /// [`SealError::TooLong`]; [`SealError::Broken`] after 2^64 - 1 frames.
    pub fn seal(&mut self, frame: &[u8]) -> Result<Vec<u8>, SealError> {
        let too_long = SealError::TooLong { len: frame.len() };
        if frame.len() > MAX_FRAME {
            return Err(too_long);
        }
        let len = u16::try_from(frame.len()).map_err(|_| too_long)?;
        let padded = (2 + frame.len()).next_multiple_of(PADDING);
        let mut clear = Zeroizing::new(Vec::with_capacity(padded));
        clear.extend_from_slice(&len.to_be_bytes());
        clear.extend_from_slice(frame);
        clear.resize(padded, 0);
        let number = self.next_out;
        self.next_out = number.checked_add(1).ok_or(SealError::Broken)?;
        let mut sealed = vec![0; 8 + padded + TAG];
        let (head, body) = sealed.split_at_mut(8);
        head.copy_from_slice(&number.to_be_bytes());
        self.noise.write_message(number, &clear, body).map_err(|_| SealError::Broken)?;
        Ok(sealed)
    }

    /// Opens one frame.
    ///
    /// # Errors
    ///
    /// [`SealError::Forged`] when a byte was changed, or it was sealed by somebody else: the
    /// channel is not to be used any more. [`SealError::Repeated`] when it, or a later one, came
    /// before: it is to be dropped, and changes nothing.
    pub fn open(&mut self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (number, body) = sealed.split_first_chunk::<8>().ok_or(SealError::Forged)?;
        let number = u64::from_be_bytes(*number);
        if number < self.lowest_in {
            return Err(SealError::Repeated);
        }
        let mut clear = Zeroizing::new(vec![0; body.len()]);
        let len =
            self.noise.read_message(number, body, &mut clear).map_err(|_| SealError::Forged)?;
        clear.truncate(len);
        let (len, padded) = clear.split_first_chunk::<2>().ok_or(SealError::Forged)?;
        let frame = padded.get(..usize::from(u16::from_be_bytes(*len))).ok_or(SealError::Forged)?;
        self.lowest_in = number.checked_add(1).ok_or(SealError::Broken)?;
        Ok(Zeroizing::new(frame.to_vec()))
    }
}

/// Why a frame cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Longer than a frame can be.
    #[error("a frame has at most {MAX_FRAME} bytes, this has {len}")]
    TooLong {
        /// Its length.
        len: usize,
    },
    /// Changed on the way, or not from the peer.
    #[error("a frame was changed on the way")]
    Forged,
    /// Sent again by somebody in between.
    #[error("a frame came a second time")]
    Repeated,
    /// The channel cannot be used any more.
    #[error("the protected channel is used up")]
    Broken,
}
