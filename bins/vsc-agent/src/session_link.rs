//! What the sessions of both desks do alike: follow the link, tell how it is, read messages.

use vsc_core::cards::Message;
use vsc_core::link::{End, Event};
use vsc_core::session::EndReason;

use crate::link_driver::{Happening, LinkDriver};
use crate::pairing::{PairEvent, Pairing};
use crate::status::{Line, Peer, SessionState};

/// What [`SessionLink::next`] tells.
#[derive(Debug)]
pub enum Step {
    /// The other desk says something about a share.
    Message(Message),
    /// It is over.
    Ended(End),
    /// Nothing that a desk must act on.
    Progress,
}

/// A session's link, and who is told how it is.
pub struct SessionLink {
    /// The session's number within its service.
    pub number: u32,
    driver: LinkDriver,
    pairing: Pairing,
    /// Whether a connection is away, so that what is said now waits.
    pub is_suspended: bool,
    /// The session's line of the status.
    pub line: Line,
}

impl SessionLink {
    /// A link about to connect.
    #[must_use]
    pub fn new(number: u32, driver: LinkDriver, pairing: Pairing, line: Line) -> Self {
        Self { number, driver, pairing, is_suspended: false, line }
    }

    /// What happens next. May be dropped at any time and asked again; nothing is lost.
    pub async fn next(&mut self) -> Step {
        match self.driver.next().await {
            Happening::NoWay(error) => {
                tracing::warn!(session = self.number, %error, "no way to the relay");
                self.line.change(|status| status.relay_problem = Some(error.to_string()));
                if !self.pairing.is_begun() {
                    // Nobody has been told a code yet: better to fail than to wait unseen.
                    self.pairing.say(PairEvent::NoRelay(error.to_string()));
                    self.driver.end(EndReason::User);
                }
                Step::Progress
            }
            Happening::WayBack => {
                self.line.change(|status| status.relay_problem = None);
                Step::Progress
            }
            Happening::Link(event) => self.happened(event),
        }
    }

    /// Says something to the other desk. A link that is over tells so by itself.
    pub fn say(&mut self, message: &Message) {
        let _ = self.driver.send(&message.encode());
    }

    /// Says something that only makes sense when the other agent is there.
    #[must_use]
    pub fn say_now(&mut self, message: &Message) -> bool {
        self.driver.send(&message.encode()).is_ok()
    }

    /// Measures the round trip now.
    pub fn measure(&mut self) {
        self.driver.ping();
    }

    /// Ends the session.
    pub fn end(&mut self, reason: EndReason) {
        self.driver.end(reason);
    }

    fn happened(&mut self, event: Event) -> Step {
        match event {
            Event::Invited { mailbox, code } => {
                tracing::info!(session = self.number, %mailbox, "waiting for the other agent");
                let code = code.map_or_else(|| mailbox.to_string().into(), |code| code.spoken());
                self.pairing.say(PairEvent::Code(code));
            }
            Event::Established(hello) => {
                let (machine, program) = (&hello.machine, &hello.program);
                tracing::info!(session = self.number, machine, program, "the other agent is there");
                let peer = Peer::from(hello);
                self.pairing.say(PairEvent::Paired(peer.clone()));
                self.line.change(|status| status.peer = Some(peer));
                self.connected();
                self.measure();
            }
            Event::Message(message) => match Message::decode(&message) {
                Ok(message) => return Step::Message(message),
                Err(error) => {
                    tracing::warn!(session = self.number, %error, "the other agent's message");
                    self.driver.end(EndReason::Protocol);
                }
            },
            Event::RoundTrip(time) => self.line.round_trip(time),
            Event::Suspended => {
                tracing::info!(session = self.number, "a connection broke; waiting for it");
                self.is_suspended = true;
                self.line.change(|status| status.state = SessionState::Suspended);
            }
            Event::Resumed => {
                tracing::info!(session = self.number, "the connection is back");
                self.connected();
            }
            // The driver does that.
            Event::Reconnect => {}
            Event::Ended(end) => {
                tracing::info!(session = self.number, reason = %end, "session ended");
                self.pairing.say(PairEvent::Failed(end.to_string()));
                return Step::Ended(end);
            }
        }
        Step::Progress
    }

    fn connected(&mut self) {
        self.is_suspended = false;
        self.line.change(|status| status.state = SessionState::Connected);
    }
}
