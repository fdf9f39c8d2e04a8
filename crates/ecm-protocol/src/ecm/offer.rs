//! What one search has offered so far, and how the rest fits into messages.

use std::collections::HashSet;

use crate::codec::{Frame, RequestId, encode_notification, encode_result};
use crate::message::{CredentialSummary, FindResult, Partial};

/// The running account of one search. Each id is offered once, and never more rows than the
/// site takes.
#[derive(Debug)]
pub(super) struct Offer {
    seen: HashSet<String>,
    parts: u32,
    /// Rows that may still be offered.
    room: usize,
    /// Whether rows were left out for want of room.
    is_cut: bool,
}

impl Offer {
    pub(super) fn new(room: usize) -> Self {
        Self { seen: HashSet::new(), parts: 0, room, is_cut: false }
    }

    /// The messages that carry these rows as parts, each of at most `max` bytes.
    pub(super) fn parts(
        &mut self,
        id: &RequestId,
        items: Vec<CredentialSummary>,
        max: usize,
    ) -> Vec<Frame> {
        let mut frames = Vec::new();
        let mut waiting = vec![self.take(items)];
        while let Some(mut items) = waiting.pop() {
            if items.is_empty() {
                continue;
            }
            let partial = Partial { for_id: id.as_str().to_owned(), seq: self.parts + 1, items };
            let frame = encode_notification("credentials.partial", &partial);
            if frame.bytes().len() <= max {
                self.parts += 1;
                frames.push(frame);
                continue;
            }
            items = partial.items;
            if items.len() == 1 {
                // A row that fits into no message at all.
                self.is_cut = true;
                continue;
            }
            let tail = items.split_off(items.len() / 2);
            waiting.push(tail);
            waiting.push(items);
        }
        frames
    }

    /// The final answer, after parts for what does not fit where parts are agreed; without
    /// them, what does not fit is left out and said to be. `None` when even an answer without
    /// rows is too large.
    pub(super) fn finish(
        mut self,
        id: &RequestId,
        mut result: FindResult,
        max: usize,
        parts_agreed: bool,
    ) -> Option<Vec<Frame>> {
        result.items = self.take(std::mem::take(&mut result.items));
        let mut frames = Vec::new();
        loop {
            result.truncated |= self.is_cut;
            let last = encode_result(id, &result);
            if last.bytes().len() <= max {
                frames.push(last);
                return Some(frames);
            }
            if result.items.is_empty() {
                return None;
            }
            if parts_agreed {
                // Taken already: forget them, so that they are not taken for repetitions.
                let items = std::mem::take(&mut result.items);
                self.room += items.len();
                items.iter().for_each(|item| {
                    self.seen.remove(&item.id);
                });
                frames.extend(self.parts(id, items, max));
            } else {
                result.items.truncate(result.items.len() / 2);
                self.is_cut = true;
            }
        }
    }

    /// Leaves out rows that were offered before, and those for which there is no room.
    fn take(&mut self, mut items: Vec<CredentialSummary>) -> Vec<CredentialSummary> {
        items.retain(|item| {
            if self.seen.contains(&item.id) {
                return false;
            }
            if self.room == 0 {
                self.is_cut = true;
                return false;
            }
            self.room -= 1;
            self.seen.insert(item.id.clone())
        });
        items
    }
}
