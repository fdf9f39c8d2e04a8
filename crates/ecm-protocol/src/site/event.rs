//! What a site's link tells its owner.

use secrecy::SecretString;

#[cfg(doc)]
use super::{Ask, Link};
use crate::ask::Answer;
use crate::codec::RequestId;
use crate::link::Close;
use crate::message::{CredentialSummary, Drain, Health, Hello, Lease, Problem};

/// What happened on the link.
#[derive(Debug)]
pub enum Event {
    /// An ECM introduced itself and fits. [`Link::welcome`] or [`Link::refuse`] is owed.
    Hello(Box<Hello>),
    /// Part of a running search, without items that came before.
    Partial {
        /// The question.
        id: RequestId,
        /// What was found.
        items: Vec<CredentialSummary>,
    },
    /// A question is answered, failed, or ran out of time. It comes exactly once per question.
    Answered {
        /// The question.
        id: RequestId,
        /// The answer.
        answer: Result<Answer, Problem>,
    },
    /// A retrieval whose time was over was answered after all. Nobody uses the credential:
    /// [`Ask::Release`] is owed.
    Stray {
        /// The question.
        id: RequestId,
        /// What is to be given back.
        lease: Lease,
    },
    /// The ECM's health changed.
    Health(Health),
    /// The ECM takes no new questions.
    PeerDrains(Drain),
    /// The ECM shows a new token: [`Link::accept_reauth`] or [`Link::refuse_reauth`] is owed.
    Reauth {
        /// To be repeated.
        id: RequestId,
        /// The token.
        token: SecretString,
    },
    /// The ECM wants to know our clock: [`Link::pong`].
    Ping(RequestId),
    /// A member or a message that this version does not know; for a debug log.
    Unknown {
        /// The method.
        method: String,
        /// How many members of it were ignored.
        members: usize,
    },
    /// The link is over, and these questions with it. Nothing follows.
    Closed {
        /// How.
        close: Close,
        /// Questions without an answer, for the next link.
        unanswered: Vec<RequestId>,
    },
}
