//! An agent's end of the link: mailbox, handshake and session in one machine.
//!
//! The caller owns the connection to the relay and tells when it is there and when it is gone;
//! everything else is here. Messages go in by [`Link::send`] and come out as
//! [`Event::Message`], whole, in order and once, whatever happens to connections in between.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::handshake::{Handshake, HandshakeError, Hello, Proof, Role, SealError, Sealed};
use crate::mailbox::{CloseReason, FromRelay, MailboxNumber, Ticket, ToRelay};
use crate::pairing::{Code, Words};
use crate::session::{self, EndReason, Session, SessionError, Timers};

/// How long a handshake may take once both halves are there.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(20);

/// How this agent finds its peer.
#[derive(Clone, Debug)]
pub enum Meeting {
    /// Opens a mailbox and lets the other side in by what proves it.
    Open(Invitation),
    /// Joins the mailbox that the other side opened.
    Join(MailboxNumber, Proof),
}

/// What the one who opens a mailbox expects of the one who joins.
#[derive(Clone, Debug)]
pub enum Invitation {
    /// These words, which a person speaks.
    Words(Words),
    /// The key of a machine it knows.
    Identity {
        /// Our private key.
        ours: Zeroizing<[u8; 32]>,
        /// The peer's public key.
        theirs: [u8; 32],
    },
}

/// What happened on the link.
#[derive(PartialEq, Eq)]
pub enum Event {
    /// A mailbox is open; with words, this is the code to speak.
    Invited {
        /// Its number.
        mailbox: MailboxNumber,
        /// The whole code, where there are words.
        code: Option<Code>,
    },
    /// The peer is there and is the right one.
    Established(Hello),
    /// One whole message.
    Message(Zeroizing<Vec<u8>>),
    /// A ping came back after this long.
    RoundTrip(Duration),
    /// The peer's connection, or ours, is away. Nothing is lost yet.
    Suspended,
    /// Both are back.
    Resumed,
    /// Our connection is useless: drop it and make a new one.
    Reconnect,
    /// It is over. Nothing follows.
    Ended(End),
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invited { mailbox, .. } => write!(f, "Invited({mailbox})"),
            Self::Established(hello) => write!(f, "Established({hello:?})"),
            Self::Message(message) => write!(f, "Message({} bytes)", message.len()),
            Self::RoundTrip(time) => write!(f, "RoundTrip({time:?})"),
            Self::Suspended => f.write_str("Suspended"),
            Self::Resumed => f.write_str("Resumed"),
            Self::Reconnect => f.write_str("Reconnect"),
            Self::Ended(end) => write!(f, "Ended({end:?})"),
        }
    }
}

/// How a link ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By this side or the peer, with a reason.
    Session(EndReason),
    /// By the relay, or the peer through it, before or after there was a session.
    Mailbox(CloseReason),
    /// The code was wrong, the peer is somebody else, or a byte was changed.
    Untrusted(String),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(reason) => reason.fmt(f),
            Self::Mailbox(reason) => reason.fmt(f),
            Self::Untrusted(why) => f.write_str(why),
        }
    }
}

enum State {
    /// Waits for the mailbox, then for the peer.
    Meeting,
    Handshaking {
        handshake: Handshake,
        until: Instant,
    },
    Established {
        sealed: Sealed,
        session: Box<Session>,
    },
    Over,
}

/// An agent's end of the link.
pub struct Link {
    meeting: Meeting,
    hello: Hello,
    timers: Timers,
    place: Option<(MailboxNumber, Ticket)>,
    state: State,
    /// By identity, the customer's first message may be an old one that the relay says again. Who
    /// it names is believed when something comes that was sealed with today's keys.
    unproven: Option<Hello>,
    /// Whether the relay has us in the mailbox on the connection of now.
    seated: bool,
    out: VecDeque<Zeroizing<Vec<u8>>>,
    events: VecDeque<Event>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Meeting => "Meeting",
            State::Handshaking { .. } => "Handshaking",
            State::Established { .. } => "Established",
            State::Over => "Over",
        };
        write!(f, "Link({state}, seated: {})", self.seated)
    }
}

impl Link {
    /// A link that has no connection yet.
    #[must_use]
    pub fn new(meeting: Meeting, hello: Hello, timers: Timers) -> Self {
        Self {
            meeting,
            hello,
            timers,
            place: None,
            state: State::Meeting,
            unproven: None,
            seated: false,
            out: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Whether it is over; then no connection is needed any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// There is a connection to the relay, the first or a new one.
    pub fn handle_connected(&mut self) {
        self.out.clear();
        self.seated = false;
        let first = match (&self.place, &self.meeting) {
            (Some((_, ticket)), _) => ToRelay::Resume(*ticket),
            (None, Meeting::Open(_)) => ToRelay::Open,
            (None, Meeting::Join(number, _)) => ToRelay::Join(*number),
        };
        self.say(&first);
    }

    /// The connection is gone. A link that is not over wants a new one.
    pub fn handle_disconnected(&mut self, now: Instant) {
        self.out.clear();
        self.seated = false;
        self.suspend(now);
    }

    /// Takes one message of the relay.
    pub fn handle_message(&mut self, now: Instant, bytes: &[u8]) {
        if self.is_over() {
            return;
        }
        match FromRelay::decode(bytes) {
            Ok(message) => self.take(now, message),
            Err(error) => self.break_off(&error.to_string()),
        }
    }

    /// Sends one message to the peer, now or when the connection is back.
    ///
    /// # Errors
    ///
    /// [`SessionError`]; [`SessionError::Ended`] also before the peer is there.
    pub fn send(&mut self, message: &[u8]) -> Result<(), SessionError> {
        let (State::Established { session, .. }, None) = (&mut self.state, &self.unproven) else {
            return Err(SessionError::Ended);
        };
        let sent = session.send(message);
        self.pump();
        sent
    }

    /// Measures the round trip now; [`Event::RoundTrip`] tells.
    pub fn ping(&mut self, now: Instant) {
        if let State::Established { session, .. } = &mut self.state {
            session.ping(now);
            self.pump();
        }
    }

    /// Ends the link and tells the peer why.
    pub fn end(&mut self, reason: EndReason) {
        if let State::Established { session, .. } = &mut self.state {
            session.end(reason);
            self.pump();
        } else if !self.is_over() {
            self.over(End::Session(reason));
        }
    }

    /// When [`Link::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Handshaking { until, .. } => Some(*until),
            State::Established { session, .. } => session.poll_timeout(),
            State::Meeting | State::Over => None,
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.state {
            State::Handshaking { until, .. } if now >= *until => {
                self.distrust("the other agent did not finish its handshake in time");
            }
            State::Established { session, .. } => {
                session.handle_timeout(now);
                self.pump();
            }
            State::Handshaking { .. } | State::Meeting | State::Over => {}
        }
    }

    /// The next message for the relay.
    pub fn poll_message(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.out.pop_front()
    }

    /// What happened next.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn take(&mut self, now: Instant, message: FromRelay) {
        match (message, &self.meeting) {
            (FromRelay::Opened(number, ticket), Meeting::Open(invitation)) if self.is_new() => {
                let code = match invitation {
                    Invitation::Words(words) => Some(Code::new(number, words.clone())),
                    Invitation::Identity { .. } => None,
                };
                self.place = Some((number, ticket));
                self.seated = true;
                self.events.push_back(Event::Invited { mailbox: number, code });
            }
            (FromRelay::Joined(ticket), Meeting::Join(number, _)) if self.is_new() => {
                self.place = Some((*number, ticket));
                self.seated = true;
                self.begin_handshake(now);
            }
            (FromRelay::Resumed { peer_here }, _) if self.place.is_some() && !self.seated => {
                self.seated = true;
                if peer_here {
                    self.peer_here(now);
                }
            }
            (FromRelay::PeerHere, _) if self.seated => self.peer_here(now),
            (FromRelay::PeerAway, _) if self.seated => self.suspend(now),
            (FromRelay::Forwarded(body), _) if self.seated => self.take_body(now, &body),
            (FromRelay::Closed(reason), _) => self.over(End::Mailbox(reason)),
            // A relay that could let a handshake begin anew would have another guess at its words.
            _ => self.break_off("the relay said something out of turn"),
        }
    }

    /// Whether the relay has not given us a place yet.
    fn is_new(&self) -> bool {
        self.place.is_none() && matches!(self.state, State::Meeting)
    }

    /// The peer is connected: for the first time, or again.
    fn peer_here(&mut self, now: Instant) {
        match &mut self.state {
            State::Meeting => self.begin_handshake(now),
            State::Established { session, .. } => {
                session.handle_reconnected(now);
                self.pump();
            }
            // A handshake that lost its connection cannot go on: its messages are gone.
            State::Handshaking { .. } => self.distrust("the connection broke while pairing"),
            State::Over => {}
        }
    }

    fn suspend(&mut self, now: Instant) {
        match &mut self.state {
            State::Established { session, .. } => {
                session.handle_disconnected(now);
                self.events.push_back(Event::Suspended);
            }
            State::Handshaking { .. } => self.distrust("the connection broke while pairing"),
            State::Meeting | State::Over => {}
        }
    }

    fn begin_handshake(&mut self, now: Instant) {
        let Some((number, _)) = self.place else { return };
        let proof = match &self.meeting {
            Meeting::Open(Invitation::Words(words)) => Proof::Words(words.clone()),
            Meeting::Open(Invitation::Identity { ours, theirs }) => {
                Proof::Identity { ours: ours.clone(), theirs: *theirs }
            }
            Meeting::Join(_, proof) => proof.clone(),
        };
        match Handshake::begin(self.hello.role, number, self.hello.clone(), &proof) {
            Ok((handshake, first)) => {
                self.state = State::Handshaking { handshake, until: now + HANDSHAKE_WITHIN };
                if let Some(first) = first {
                    self.say(&ToRelay::Forward(first));
                }
            }
            Err(error) => self.untrusted(&error),
        }
    }

    fn take_body(&mut self, now: Instant, body: &[u8]) {
        match &mut self.state {
            State::Handshaking { handshake, .. } => match handshake.handle_message(body) {
                Ok(step) => {
                    if let Some(reply) = step.reply {
                        self.say(&ToRelay::Forward(reply));
                    }
                    if let Some((sealed, peer)) = step.done {
                        self.establish(now, sealed, peer);
                    }
                }
                Err(error) => self.untrusted(&error),
            },
            State::Established { sealed, session } => {
                match sealed.open(body) {
                    Ok(frame) => {
                        let proven = self.unproven.take().map(Event::Established);
                        self.events.extend(proven);
                        // An error of the session has ended it; the end is pumped out like any
                        // other.
                        let _ = session.handle_frame(now, &frame);
                    }
                    // Whoever is in between repeats what was: nothing is gained by it.
                    Err(SealError::Repeated) => return,
                    Err(error) => return self.break_off(&error.to_string()),
                }
                self.pump();
            }
            State::Meeting | State::Over => {}
        }
    }

    fn establish(&mut self, now: Instant, sealed: Sealed, peer: Hello) {
        let mut session = Box::new(Session::new(self.timers, now));
        match &self.meeting {
            Meeting::Open(Invitation::Identity { .. }) => self.unproven = Some(peer),
            Meeting::Join(_, Proof::Identity { .. }) => {
                self.events.push_back(Event::Established(peer));
                session.ping(now);
            }
            Meeting::Open(Invitation::Words(_)) | Meeting::Join(_, Proof::Words(_)) => {
                self.events.push_back(Event::Established(peer));
            }
        }
        self.state = State::Established { sealed, session };
        self.pump();
    }

    /// Seals what the session wants to send and passes on what it says.
    fn pump(&mut self) {
        let State::Established { sealed, session } = &mut self.state else { return };
        let mut frames = Vec::new();
        while let Some(frame) = session.poll_frame() {
            match sealed.seal(&frame) {
                Ok(frame) => frames.push(frame),
                Err(error) => return self.break_off(&error.to_string()),
            }
        }
        let mut end = None;
        while let Some(event) = session.poll_event() {
            self.events.push_back(match event {
                session::Event::Message(message) => Event::Message(message),
                session::Event::RoundTrip(time) => Event::RoundTrip(time),
                session::Event::Resumed => Event::Resumed,
                session::Event::Broken => Event::Reconnect,
                session::Event::Ended(reason) => {
                    end = Some(End::Session(reason));
                    continue;
                }
            });
        }
        for frame in frames {
            self.say(&ToRelay::Forward(frame));
        }
        if let Some(end) = end {
            self.over(end);
        }
    }

    fn say(&mut self, message: &ToRelay) {
        let is_entry = matches!(message, ToRelay::Open | ToRelay::Join(_) | ToRelay::Resume(_));
        if self.seated || is_entry {
            self.out.push_back(Zeroizing::new(message.encode()));
        }
    }

    fn untrusted(&mut self, error: &HandshakeError) {
        self.distrust(&error.to_string());
    }

    /// The peer is not who it should be, or somebody is in between. The mailbox is burnt.
    fn distrust(&mut self, why: &str) {
        self.say(&ToRelay::Close(CloseReason::PairingFailed));
        self.finish(End::Untrusted(why.to_owned()));
    }

    /// Somebody broke the rules, or changed what was sent, when no code was at stake.
    fn break_off(&mut self, why: &str) {
        self.say(&ToRelay::Close(CloseReason::Protocol));
        self.finish(End::Untrusted(why.to_owned()));
    }

    fn over(&mut self, end: End) {
        if !matches!(end, End::Mailbox(_)) {
            self.say(&ToRelay::Close(CloseReason::Done));
        }
        self.finish(end);
    }

    fn finish(&mut self, end: End) {
        if !self.is_over() {
            self.state = State::Over;
            self.events.push_back(Event::Ended(end));
        }
    }
}

/// Which role a meeting has by itself: who has the card opens the mailbox.
impl Meeting {
    /// The role of the agent that meets like this.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::Open(_) => Role::Representative,
            Self::Join(..) => Role::Customer,
        }
    }
}
