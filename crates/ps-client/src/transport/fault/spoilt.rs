//! A body that goes wrong on its way.

use std::sync::Arc;
use std::time::Duration;

use super::what::Scripted;
use crate::runtime::Runtime;
use crate::transport::{NextPiece, Pieces};

/// Lets this many bytes through, and then ends.
pub(super) struct Ending {
    pub(super) pieces: Box<dyn Pieces>,
    pub(super) left: usize,
    /// Whether the end is an error, as of a connection that breaks, or looks like a proper one.
    pub(super) breaks: bool,
}

impl Pieces for Ending {
    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(async {
            if self.left > 0
                && let Some(mut piece) = self.pieces.next().await?
            {
                piece.truncate(self.left);
                self.left -= piece.len();
                return Ok(Some(piece));
            }
            if self.breaks { Err(Scripted::broken()) } else { Ok(None) }
        })
    }
}

/// Lets each piece wait.
pub(super) struct Slow {
    pub(super) pieces: Box<dyn Pieces>,
    pub(super) time: Duration,
    pub(super) runtime: Arc<dyn Runtime>,
}

impl Pieces for Slow {
    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(async {
            self.runtime.sleep(self.time).await;
            self.pieces.next().await
        })
    }
}
