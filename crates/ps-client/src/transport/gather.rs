//! A body taken piece by piece into memory that is wiped.

use http::StatusCode;
use zeroize::Zeroizing;

use super::TransportError;

/// Room for a body whose length nobody announced.
const UNANNOUNCED: usize = 16_384;

/// What has come of a body, and how much of it is taken at the most.
pub(super) struct Gather {
    whole: Zeroizing<Vec<u8>>,
    max: usize,
    is_success: bool,
}

impl Gather {
    /// Room for the whole body at once: a buffer that grows leaves copies that nobody wipes.
    pub(super) fn new(status: StatusCode, announced: Option<u64>, max: usize) -> Self {
        let announced = announced.and_then(|length| usize::try_from(length).ok());
        let room = announced.unwrap_or(UNANNOUNCED).min(max);
        let whole = Zeroizing::new(Vec::with_capacity(room));
        Self { whole, max, is_success: status.is_success() }
    }

    /// Takes the next piece and says whether more is wanted. What no longer fits ends the body;
    /// of a success it is an error, because half a success is none.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<bool, TransportError> {
        let room = self.max - self.whole.len();
        if piece.len() <= room {
            self.append(piece);
            return Ok(true);
        }
        if self.is_success {
            return Err(TransportError::TooLong { max: self.max });
        }
        self.append(piece.get(..room).unwrap_or_default());
        Ok(false)
    }

    pub(super) fn whole(self) -> Zeroizing<Vec<u8>> {
        self.whole
    }

    /// Grows by moving into a new buffer, so that the old one is wiped.
    fn append(&mut self, piece: &[u8]) {
        let needed = self.whole.len() + piece.len();
        if needed > self.whole.capacity() {
            let room = needed.max(2 * self.whole.capacity()).min(self.max);
            let mut larger = Zeroizing::new(Vec::with_capacity(room));
            larger.extend_from_slice(&self.whole);
            self.whole = larger;
        }
        self.whole.extend_from_slice(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(status: u16, max: usize, pieces: &[&[u8]]) -> Result<Vec<u8>, TransportError> {
        let mut gather = Gather::new(StatusCode::from_u16(status).unwrap(), None, max);
        for piece in pieces {
            if !gather.take(piece)? {
                break;
            }
        }
        Ok(gather.whole().to_vec())
    }

    #[test]
    fn body_may_fill_its_limit_and_a_longer_success_is_refused_while_others_are_cut() {
        let pieces: [&[u8]; 3] = [b"abc", b"", b"defg"];
        assert_eq!(gathered(200, 7, &pieces).unwrap(), b"abcdefg");
        for max in [0, 2, 3, 6] {
            let error = gathered(200, max, &pieces).unwrap_err();
            assert!(matches!(error, TransportError::TooLong { max: told } if told == max));
            assert_eq!(gathered(403, max, &pieces).unwrap(), b"abcdefg"[..max]);
        }
    }

    #[test]
    fn announced_length_is_believed_only_up_to_the_limit() {
        let gather = Gather::new(StatusCode::OK, Some(u64::MAX), 100);
        assert!(gather.whole.capacity() < 1_000, "{}", gather.whole.capacity());
    }

    #[test]
    fn body_longer_than_announced_grows_but_never_beyond_the_limit() {
        let mut gather = Gather::new(StatusCode::OK, Some(4), 100);
        for _ in 0..100 {
            assert!(gather.take(b"x").unwrap());
            assert!(gather.whole.capacity() < 200, "{}", gather.whole.capacity());
        }
        assert!(gather.take(b"x").is_err());
        assert_eq!(gather.whole().len(), 100);
    }
}
