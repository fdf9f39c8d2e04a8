//! The representative's service: readers, sessions, and who may have which reader.

pub mod card_thread;
pub mod desk;
pub mod reader_watch;
pub mod session;
mod shown;
pub mod terms;

use std::ffi::CString;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use vsc_core::guard::Policy;
use vsc_core::handshake::Role;
use vsc_core::link::{Invitation, Meeting};
use vsc_core::pairing::Words;
use vsc_core::session::EndReason;

use crate::control::server::{Answers, Handler};
use crate::control::{Refusal, RefusalKind, Reply, Request};
use crate::meeting::{Host, SessionBook};
use crate::pairing::{PairEvent, Pairing};
use crate::status::{Button, ServiceRole, SessionState, SessionStatus, Status};
use desk::Desk;
use session::{Cards, Order, Session};
use terms::Terms;

/// The running service.
pub struct RepService {
    host: Host,
    desk: Arc<Desk>,
    cards: Cards,
    policy: Policy,
    sessions: SessionBook<Order>,
}

impl RepService {
    /// A service without sessions.
    #[must_use]
    pub fn new(host: Host, desk: Arc<Desk>, cards: Cards, policy: Policy) -> Self {
        Self { host, desk, cards, policy, sessions: SessionBook::default() }
    }

    /// Ends all sessions and waits until they are over.
    pub async fn stop(&self) {
        self.sessions.end_all(|| Order::End(EndReason::Stopping)).await;
    }

    fn status(&self) -> Status {
        let sessions = self.host.board.sessions();
        let somebody = sessions.iter().any(|session| session.state == SessionState::Connected);
        let (readers, readers_problem) = self.desk.list(None);
        Status {
            button: Some(if somebody { Button::Enabled } else { Button::Disabled }),
            readers,
            readers_problem,
            ..self.host.status(ServiceRole::Rep, sessions)
        }
    }

    async fn pair(&self, peer: Option<&str>, answers: &mut Answers) -> Result<(), Refusal> {
        let invitation = match peer {
            Some(name) => {
                let (ours, theirs) = self.host.identities(name)?;
                Invitation::Identity { ours, theirs }
            }
            None => Invitation::Words(fresh_words()?),
        };
        let Steps { session, mut steps } = self.open_session(Meeting::Open(invitation))?;
        loop {
            let step = tokio::select! {
                biased;
                step = steps.recv() => step,
                () = answers.asker_left() => {
                    // A code that nobody is going to speak must not stay good.
                    self.sessions.end(Some(session), Order::End(EndReason::User)).await?;
                    return Ok(());
                }
            };
            let Some(step) = step else { break };
            match step {
                PairEvent::Code(code) => {
                    let code = crate::control::Spoken(code);
                    answers.send(&Reply::Code { session, code }).await;
                }
                PairEvent::Paired(peer) => {
                    answers.send(&Reply::Paired { session, peer }).await;
                    return Ok(());
                }
                PairEvent::Failed(reason) => {
                    return Err(Refusal::new(RefusalKind::NotPaired, reason));
                }
                PairEvent::NoRelay(reason) => {
                    return Err(Refusal::new(RefusalKind::NoRelay, reason));
                }
            }
        }
        Err(Refusal::new(RefusalKind::Failed, "the session ended without a word"))
    }

    fn open_session(&self, meeting: Meeting) -> Result<Steps, Refusal> {
        let (pairing, steps) = Pairing::new();
        let (orders, queue) = mpsc::channel(8);
        let (desk, cards) = (Arc::clone(&self.desk), self.cards);
        let session = self.sessions.open(orders, |number| {
            let link = self.host.link(number, Role::Representative, meeting, pairing);
            Session::new(link, desk, cards, queue).run()
        })?;
        Ok(Steps { session, steps })
    }

    async fn share(
        &self,
        reader: &str,
        session: Option<u32>,
        terms: Terms,
    ) -> Result<Reply, Refusal> {
        let name = self.desk.find(reader)?;
        let (session, orders) = self.sessions.the_one(session)?;
        let reader = name.to_string_lossy().into_owned();
        let profile = terms.profile.name().to_owned();
        let one_time_pin = terms.one_time_pin();
        let terms = Box::new(terms);
        let order = |answer| Order::Share { reader: name, terms, answer };
        let shown_as = ask(&orders, order).await??;
        Ok(Reply::Shared { session, reader, shown_as, profile, one_time_pin })
    }

    async fn answer(&self, question: u64, yes: bool) -> Result<Reply, Refusal> {
        let sessions = self.host.board.sessions();
        let asks = |session: &&SessionStatus| {
            let guards = session.shares.iter().filter_map(|share| share.guard.as_ref());
            let mut questions = guards.filter_map(|guard| guard.question.as_ref());
            questions.any(|asked| asked.number == question)
        };
        let no_question = || {
            let reason = format!("question {question} does not wait for an answer any more");
            Refusal::new(RefusalKind::NoQuestion, reason)
        };
        let session = sessions.iter().find(asks).ok_or_else(no_question)?;
        let (_, orders) = self.sessions.the_one(Some(session.number))?;
        let order = |answer| Order::Answer { question, yes, answer };
        if ask(&orders, order).await? {
            Ok(Reply::Answered { question })
        } else {
            Err(no_question())
        }
    }

    async fn unshare(&self, reader: Option<&str>) -> Result<Reply, Refusal> {
        let wanted = match reader {
            Some(text) => vec![self.desk.find(text)?],
            None => self.desk.all_shared(),
        };
        let mut readers = Vec::new();
        for name in wanted {
            if self.unshare_one(name.clone()).await? {
                readers.push(name.to_string_lossy().into_owned());
            } else if reader.is_some() {
                let reason = format!("{} is not shared", name.to_string_lossy());
                return Err(Refusal::new(RefusalKind::NotShared, reason));
            }
        }
        Ok(Reply::Unshared { readers })
    }

    async fn unshare_one(&self, reader: CString) -> Result<bool, Refusal> {
        let Some(session) = self.desk.session_of(&reader) else { return Ok(false) };
        let (_, orders) = self.sessions.the_one(Some(session))?;
        ask(&orders, |answer| Order::Unshare { reader, answer }).await
    }
}

impl Handler for RepService {
    async fn handle(
        &self,
        request: Request,
        answers: &mut Answers,
    ) -> Result<Option<Reply>, Refusal> {
        match request {
            Request::Status {} => Ok(Some(Reply::Status(Box::new(self.status())))),
            Request::Watch {} => {
                let mut sessions = self.host.board.changes();
                let mut readers = self.desk.readers.clone();
                while answers.send(&Reply::Status(Box::new(self.status()))).await {
                    tokio::select! {
                        _ = sessions.changed() => {}
                        changed = readers.changed() => if changed.is_err() { break },
                        () = answers.asker_left() => break,
                    }
                }
                Ok(None)
            }
            Request::Readers { session } => {
                let session = session.or_else(|| self.sessions.only_one());
                let (readers, problem) = self.desk.list(session);
                Ok(Some(Reply::Readers { readers, problem }))
            }
            Request::Pair { code: Some(_), .. } => {
                let reason = "a code is entered at the customer's desk; here one is given out";
                Err(Refusal::new(RefusalKind::WrongService, reason))
            }
            Request::Pair { code: None, peer } => {
                self.pair(peer.as_deref(), answers).await.map(|()| None)
            }
            Request::Share { reader, session, profile, own_pin } => {
                let terms = Terms::new(&self.policy, profile.as_deref(), own_pin.as_ref())?;
                self.share(&reader, session, terms).await.map(Some)
            }
            Request::Answer { question, yes } => self.answer(question, yes).await.map(Some),
            Request::Unshare { reader } => self.unshare(reader.as_deref()).await.map(Some),
            Request::End { session } => {
                self.sessions.end(session, Order::End(EndReason::User)).await.map(Some)
            }
        }
    }
}

/// The steps of one pairing.
struct Steps {
    session: u32,
    steps: mpsc::UnboundedReceiver<PairEvent>,
}

fn fresh_words() -> Result<Words, Refusal> {
    let mut bytes = [0; 3];
    getrandom::fill(&mut bytes).map_err(|error| {
        Refusal::new(RefusalKind::Failed, format!("no randomness for a code: {error}"))
    })?;
    Ok(Words::from_random(bytes))
}

/// Orders something of a session and waits for its answer.
async fn ask<T>(
    orders: &mpsc::Sender<Order>,
    order: impl FnOnce(oneshot::Sender<T>) -> Order,
) -> Result<T, Refusal> {
    let over = || Refusal::new(RefusalKind::NoSession, "the session has just ended");
    let (answer, answered) = oneshot::channel();
    orders.send(order(answer)).await.map_err(|_| over())?;
    answered.await.map_err(|_| over())
}
