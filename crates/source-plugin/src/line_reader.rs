//! Cuts a byte stream into lines, however it arrives.

use zeroize::{Zeroize, Zeroizing};

/// Longest line, its line feed not counted: 1 MiB.
pub const LINE_LIMIT: usize = 1024 * 1024;

/// Holds at most one line and what came with its end. What it holds is wiped: a line may carry a
/// secret.
pub struct LineReader {
    limit: usize,
    buffer: Zeroizing<Vec<u8>>,
    /// How many bytes of the buffer are known to hold no line feed.
    searched: usize,
}

/// A line longer than the limit. The stream cannot go on after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line is longer than {limit} bytes")]
pub struct LineTooLong {
    /// The limit.
    pub limit: usize,
}

impl LineReader {
    /// A reader that takes lines of up to `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, buffer: Zeroizing::new(Vec::new()), searched: 0 }
    }

    /// Takes bytes as they came. Poll until nothing comes before handing in more.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        let wanted = self.buffer.len() + bytes.len();
        if self.buffer.capacity() < wanted {
            // Grown by hand: what the allocator moves, it does not wipe.
            let room = wanted.max(self.buffer.capacity() * 2).max(16 * 1024);
            let mut grown = Zeroizing::new(Vec::with_capacity(room));
            grown.extend_from_slice(&self.buffer);
            self.buffer = grown;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole line, without its line feed.
    ///
    /// # Errors
    ///
    /// [`LineTooLong`] as soon as so much has come without a line feed.
    pub fn poll_line(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, LineTooLong> {
        let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(found) = unsearched.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.buffer.len();
            let too_long = self.buffer.len() > self.limit;
            return if too_long { Err(LineTooLong { limit: self.limit }) } else { Ok(None) };
        };
        let end = self.searched + found;
        if end > self.limit {
            return Err(LineTooLong { limit: self.limit });
        }
        let line = Zeroizing::new(self.buffer.get(..end).unwrap_or_default().to_vec());
        let kept = self.buffer.len() - end - 1;
        self.buffer.copy_within(end + 1.., 0);
        if let Some(used) = self.buffer.get_mut(kept..) {
            used.zeroize();
        }
        self.buffer.truncate(kept);
        self.searched = 0;
        Ok(Some(line))
    }

    /// How many bytes wait for their line feed.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.buffer.len()
    }
}

impl std::fmt::Debug for LineReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LineReader({} bytes waiting, at most {})", self.buffer.len(), self.limit)
    }
}
