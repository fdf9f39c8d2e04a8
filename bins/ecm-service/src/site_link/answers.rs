//! What a link asks of the rest of the program.

use std::future::Future;
use std::sync::Arc;

use ecm_protocol::codec::RequestId;
use ecm_protocol::ecm::{Answer, Question};
use ecm_protocol::message::{
    CredentialSummary, Health, Problem, SessionCompleted, SessionStarted, Used,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::token::{AccessToken, TokenError};

/// Who answers one site's questions; tests put a script here.
pub trait Answers: Send + Sync + 'static {
    /// Answers one question. Parts of a search may be sent ahead.
    ///
    /// Runs in a task of its own, so it may take its time. A search is dropped when nobody waits
    /// any more; everything else runs to its end.
    fn answer(
        self: Arc<Self>,
        question: Question,
        parts: Parts,
    ) -> impl Future<Output = Result<Answer, Problem>> + Send;

    /// An answer that lent something did not reach the site: it must be given back.
    fn undelivered(&self, lease_id: String);

    /// A credential was injected.
    fn used(&self, used: Used);

    /// A session began.
    fn session_started(&self, session: SessionStarted);

    /// A session ended.
    fn session_completed(&self, session: SessionCompleted);

    /// How the vaults are; changes are told to the sites.
    fn health(&self) -> watch::Receiver<Health>;
}

/// Sends parts of one search ahead of its answer.
#[derive(Debug, Clone)]
pub struct Parts {
    pub(super) id: RequestId,
    /// Not bounded by itself: a search offers so many results and no more, and the protocol bounds
    /// how many searches run.
    pub(super) sender: UnboundedSender<Work>,
}

impl Parts {
    /// Sends a part. When the link is gone nothing happens: the search is about to be dropped.
    pub fn send(&self, items: Vec<CredentialSummary>) {
        let _ = self.sender.send(Work::Part(self.id.clone(), items));
    }
}

/// What tasks hand back to the pump, in order.
#[derive(Debug)]
pub(super) enum Work {
    /// Part of a search.
    Part(RequestId, Vec<CredentialSummary>),
    /// A new token, to be shown on the live link.
    Token(Result<AccessToken, TokenError>),
    /// The answer to a question.
    Answer(RequestId, Result<Answer, Problem>),
}

/// The lease an answer carries, if it lends something.
pub(super) fn lease_of(answer: &Result<Answer, Problem>) -> Option<String> {
    match answer {
        Ok(Answer::Retrieve(result)) => Some(result.lease.id.clone()),
        _ => None,
    }
}
