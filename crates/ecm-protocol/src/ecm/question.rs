//! A question of the site, as the ECM holds it.

use std::time::Instant;

use crate::ask::Ask;
use crate::codec::RequestId;

/// A question that is owed an answer.
#[derive(Debug)]
pub struct Question {
    /// To be repeated in the answer.
    pub id: RequestId,
    /// What is asked.
    pub ask: Ask,
    /// When it came.
    pub received: Instant,
    /// When to answer with what there is: nine tenths of the deadline.
    pub answer_by: Instant,
    /// When nobody waits any more.
    pub deadline: Instant,
}

/// Whether an answer goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is on its way.
    Queued,
    /// Nobody waits for it any more.
    Late,
}
