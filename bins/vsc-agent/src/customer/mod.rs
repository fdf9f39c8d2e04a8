//! The customer's service: sessions, and the slots that shared readers appear in.

mod driver_slot;
pub mod session;
pub mod slots;

use std::sync::Arc;

use tokio::sync::mpsc;
use vsc_core::handshake::{Proof, Role};
use vsc_core::link::Meeting;
use vsc_core::mailbox::MailboxNumber;
use vsc_core::pairing::Code;
use vsc_core::session::EndReason;

use crate::control::server::{Answers, Handler};
use crate::control::{Refusal, RefusalKind, Reply, Request};
use crate::meeting::{Host, SessionBook};
use crate::pairing::{PairEvent, Pairing};
use crate::status::{ServiceRole, Status};
use session::{Order, Session};
use slots::Slots;

/// The running service.
pub struct CustomerService {
    host: Host,
    slots: Arc<Slots>,
    sessions: SessionBook<Order>,
}

impl CustomerService {
    /// A service without sessions.
    #[must_use]
    pub fn new(host: Host, slots: Arc<Slots>) -> Self {
        Self { host, slots, sessions: SessionBook::default() }
    }

    /// Ends all sessions and waits until they are over.
    pub async fn stop(&self) {
        self.sessions.end_all(|| Order::End(EndReason::Stopping)).await;
    }

    /// Completes when there has been a session, and there is none any more.
    pub async fn first_session_over(&self) {
        let mut changes = self.host.board.changes();
        let mut has_begun = false;
        loop {
            match self.host.board.sessions().is_empty() {
                true if has_begun => return,
                is_empty => has_begun |= !is_empty,
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    fn status(&self) -> Status {
        let sessions = self.host.board.sessions();
        Status {
            driver: Some(self.slots.status()),
            ..self.host.status(ServiceRole::Customer, sessions)
        }
    }

    async fn pair(
        &self,
        code: &str,
        peer: Option<&str>,
        answers: &mut Answers,
    ) -> Result<Option<Reply>, Refusal> {
        let meeting = match peer {
            Some(name) => {
                let number = code.trim().parse().map_err(|_| {
                    let reason = "with --peer, the number that the other desk was given is needed";
                    Refusal::new(RefusalKind::NotUnderstood, reason)
                })?;
                let (ours, theirs) = self.host.identities(name)?;
                Meeting::Join(MailboxNumber(number), Proof::Identity { ours, theirs })
            }
            None => {
                let code: Code = code.parse().map_err(|error: vsc_core::pairing::CodeError| {
                    Refusal::new(RefusalKind::NotUnderstood, error.to_string())
                })?;
                Meeting::Join(code.mailbox(), Proof::Words(code.words().clone()))
            }
        };
        let (pairing, mut steps) = Pairing::new();
        let (orders, queue) = mpsc::channel(8);
        let slots = Arc::clone(&self.slots);
        let session = self.sessions.open(orders, |number| {
            let link = self.host.link(number, Role::Customer, meeting, pairing);
            Session::new(link, slots, queue).run()
        })?;
        loop {
            let step = tokio::select! {
                biased;
                step = steps.recv() => step,
                () = answers.asker_left() => {
                    self.sessions.end(Some(session), Order::End(EndReason::User)).await?;
                    return Ok(None);
                }
            };
            let Some(step) = step else { break };
            match step {
                PairEvent::Code(_) => {}
                PairEvent::Paired(peer) => return Ok(Some(Reply::Paired { session, peer })),
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
}

impl Handler for CustomerService {
    async fn handle(
        &self,
        request: Request,
        answers: &mut Answers,
    ) -> Result<Option<Reply>, Refusal> {
        let elsewhere = || {
            let reason = "readers are shared from the representative's desk, not from here";
            Err(Refusal::new(RefusalKind::WrongService, reason))
        };
        match request {
            Request::Status {} => Ok(Some(Reply::Status(Box::new(self.status())))),
            Request::Watch {} => {
                let mut sessions = self.host.board.changes();
                while answers.send(&Reply::Status(Box::new(self.status()))).await {
                    tokio::select! {
                        _ = sessions.changed() => {}
                        () = answers.asker_left() => break,
                    }
                }
                Ok(None)
            }
            Request::Pair { code: Some(code), peer } => {
                self.pair(&code.0, peer.as_deref(), answers).await
            }
            Request::Pair { code: None, .. } => {
                let reason = "say the code that the other desk was given: vsc-agent pair CODE";
                Err(Refusal::new(RefusalKind::WrongService, reason))
            }
            Request::Readers { .. }
            | Request::Share { .. }
            | Request::Answer { .. }
            | Request::Unshare { .. } => elsewhere(),
            Request::End { session } => {
                self.sessions.end(session, Order::End(EndReason::User)).await.map(Some)
            }
        }
    }
}
