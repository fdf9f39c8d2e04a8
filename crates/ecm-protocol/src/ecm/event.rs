//! What an ECM's link tells its owner.

#[cfg(doc)]
use super::Link;
use super::question::Question;
use crate::codec::RequestId;
use crate::link::Close;
use crate::message::{
    Drain, Problem, RankChanged, SessionCompleted, SessionStarted, Used, Welcome,
};

/// What happened on the link.
#[derive(Debug)]
pub enum Event {
    /// The site took us in; questions may come from now on.
    Welcomed(Box<Welcome>),
    /// The site did not take us in; the link closes.
    Refused(Problem),
    /// The site asks. Exactly one [`Link::answer`] is owed, in any order.
    Question(Box<Question>),
    /// Nobody waits for this answer any more, or the grace of a drain is over. It has been
    /// answered as such already.
    Cancelled(RequestId),
    /// Its deadline passed. It has been answered as such already.
    Expired(RequestId),
    /// A credential was injected.
    Used(Used),
    /// A session began.
    SessionStarted(SessionStarted),
    /// A session ended.
    SessionCompleted(SessionCompleted),
    /// Our place among the peers changed.
    Rank(RankChanged),
    /// The site will ask no more on this link.
    PeerDrains(Drain),
    /// The site wants to know our clock: [`Link::pong`].
    Ping(RequestId),
    /// What became of [`Link::reauth`].
    Reauthenticated(Result<(), Problem>),
    /// A member or a message that this version does not know; for a debug log.
    Unknown {
        /// The method.
        method: String,
        /// How many members of it were ignored.
        members: usize,
    },
    /// The link is over. Nothing follows.
    Closed(Close),
}
