//! Which answer belongs to which question.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::line::Line;

/// Names one call. Never used twice within one life of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many lines that answer nothing are borne in one life of a plugin.
pub const STRAYS_AT_MOST: usize = 16;

/// How many cancelled calls are remembered, so that their late answers are not held against the
/// plugin.
const REMEMBERED: usize = 256;

/// The calls of one life of a plugin.
///
/// A line either answers something that was asked, once, or it is stray. Strays are counted:
/// a plugin that goes on telling what nobody asked is broken or lies, and must end.
#[derive(Debug, Default)]
pub struct Calls {
    last: u64,
    /// Open calls, with how many parts each may still tell.
    open: BTreeMap<CallId, usize>,
    cancelled: VecDeque<(CallId, usize)>,
    strays: usize,
}

/// Whom a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Part of an open search.
    Part(CallId),
    /// The one answer to an open call, which is over with it.
    Answer(CallId),
    /// Of a call that was cancelled; nobody waits.
    Late,
    /// To be ignored.
    Unknown,
    /// Answers nothing that was asked, or answers it again.
    Stray,
    /// One stray more than is borne.
    TooManyStrays,
}

impl Calls {
    /// No call yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a call that may be answered in up to `parts` parts before its answer.
    pub fn begin(&mut self, parts: usize) -> CallId {
        self.last += 1;
        let id = CallId(self.last);
        self.open.insert(id, parts);
        id
    }

    /// Nobody waits for this call any more. `true` when it was still open.
    pub fn cancel(&mut self, id: CallId) -> bool {
        let Some(parts) = self.open.remove(&id) else { return false };
        if self.cancelled.len() == REMEMBERED {
            self.cancelled.pop_front();
        }
        self.cancelled.push_back((id, parts));
        true
    }

    /// Whether this call waits for its answer.
    #[must_use]
    pub fn is_open(&self, id: CallId) -> bool {
        self.open.contains_key(&id)
    }

    /// How many calls wait for their answers.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Finds out whom a line is for, and keeps the books.
    pub fn hear(&mut self, line: &Line<'_>) -> Heard {
        match line {
            Line::Result { id, .. } | Line::Failure { id, .. } => {
                if self.open.remove(id).is_some() {
                    Heard::Answer(*id)
                } else if let Some(at) = self.cancelled.iter().position(|(one, _)| one == id) {
                    self.cancelled.remove(at);
                    Heard::Late
                } else {
                    self.stray()
                }
            }
            Line::Partial { id, .. } => {
                let late = self.cancelled.iter_mut().find(|(one, _)| one == id);
                let (left, heard) = match (self.open.get_mut(id), late) {
                    (Some(left), _) => (left, Heard::Part(*id)),
                    (None, Some((_, left))) => (left, Heard::Late),
                    (None, None) => return self.stray(),
                };
                match left.checked_sub(1) {
                    Some(fewer) => {
                        *left = fewer;
                        heard
                    }
                    None => self.stray(),
                }
            }
            Line::Unknown if self.strays < STRAYS_AT_MOST => {
                // Borne like strays, so that a flood of them ends too.
                self.strays += 1;
                Heard::Unknown
            }
            Line::Unknown => Heard::TooManyStrays,
        }
    }

    fn stray(&mut self) -> Heard {
        if self.strays == STRAYS_AT_MOST {
            return Heard::TooManyStrays;
        }
        self.strays += 1;
        Heard::Stray
    }
}
