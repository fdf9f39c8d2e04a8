//! Frames without WebSocket: a 4-byte big-endian length and the JSON text.
//!
//! For links inside one machine and for tests. The first frame of a connection is
//! `{"authorization":"Bearer ..."}`; everything after it is the protocol.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// The name for TLS's application-layer protocol negotiation (RFC 7301).
pub const ALPN: &[u8] = b"ecm-open/1";

/// The bytes in front of a frame.
///
/// # Errors
///
/// [`FrameTooLong`] when four bytes cannot tell its length.
pub fn length_prefix(frame: &[u8]) -> Result<[u8; 4], FrameTooLong> {
    let length = u32::try_from(frame.len())
        .map_err(|_| FrameTooLong { announced: u64::MAX, max: u64::from(u32::MAX) })?;
    Ok(length.to_be_bytes())
}

/// Cuts a byte stream into frames, however it arrives. Holds at most one frame and what came
/// with its end.
pub struct FrameReader {
    max: usize,
    buffer: Zeroizing<Vec<u8>>,
}

impl FrameReader {
    /// A reader that takes frames of up to `max` bytes.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self { max, buffer: Zeroizing::new(Vec::new()) }
    }

    /// Takes bytes as they came. Poll until nothing comes before handing in more.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        if self.buffer.capacity() - self.buffer.len() < bytes.len() {
            // Grown by hand: what the allocator moves, it does not wipe.
            let mut grown = Zeroizing::new(Vec::with_capacity(
                (self.buffer.len() + bytes.len()).max(self.max.min(16_384) + 4),
            ));
            grown.extend_from_slice(&self.buffer);
            self.buffer = grown;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame.
    ///
    /// # Errors
    ///
    /// [`FrameTooLong`] as soon as the length bytes say so; the stream cannot go on after it.
    pub fn poll_frame(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, FrameTooLong> {
        let Some((length, rest)) = self.buffer.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length) as usize;
        if length > self.max {
            return Err(FrameTooLong { announced: length as u64, max: self.max as u64 });
        }
        let Some(frame) = rest.get(..length) else { return Ok(None) };
        let frame = Zeroizing::new(frame.to_vec());
        let kept = self.buffer.len() - 4 - length;
        self.buffer.copy_within(4 + length.., 0);
        if let Some(used) = self.buffer.get_mut(kept..) {
            used.zeroize();
        }
        self.buffer.truncate(kept);
        Ok(Some(frame))
    }
}

impl std::fmt::Debug for FrameReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FrameReader({} bytes waiting, at most {})", self.buffer.len(), self.max)
    }
}

/// A frame longer than was agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {announced} bytes was announced, at most {max} were agreed")]
pub struct FrameTooLong {
    /// What the length bytes say.
    pub announced: u64,
    /// The limit.
    pub max: u64,
}

/// The first frame: who connects.
#[derive(Debug, Serialize, Deserialize)]
pub struct Opening {
    #[serde(serialize_with = "exposed")]
    authorization: SecretString,
}

impl Opening {
    /// Shows a bearer token (RFC 6750).
    #[must_use]
    pub fn bearer(token: &SecretString) -> Self {
        let text = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
        Self { authorization: SecretString::from(text.as_str()) }
    }

    /// The token, if it is a bearer's.
    #[must_use]
    pub fn token(&self) -> Option<SecretString> {
        let text = self.authorization.expose_secret();
        let (scheme, token) = text.split_once(' ')?;
        let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        (is_token && scheme.eq_ignore_ascii_case("bearer")).then(|| SecretString::from(token))
    }

    /// The frame.
    #[must_use]
    pub fn to_frame(&self) -> Zeroizing<Vec<u8>> {
        let mut frame =
            Zeroizing::new(Vec::with_capacity(64 + 2 * self.authorization.expose_secret().len()));
        // A text without control characters always becomes JSON.
        let _ = serde_json::to_writer(&mut *frame, self);
        frame
    }

    /// Reads the frame.
    #[must_use]
    pub fn from_frame(frame: &[u8]) -> Option<Self> {
        serde_json::from_slice(frame).ok()
    }
}

fn exposed<S: serde::Serializer>(text: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    text.expose_secret().serialize(serializer)
}
