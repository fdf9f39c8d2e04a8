//! Order, exactly once, and coming back after a break: between the sealed frames and the cards.
//!
//! Each direction numbers its data frames from 0 and keeps them until the peer has acknowledged
//! them. After a break both sides say what they expect next, and go on from there. A frame is
//! acted on once: one that came before is dropped, one that skips ahead ends the session.
//!
//! | first byte | frame | then |
//! |---|---|---|
//! | `01` | data | number u64, acknowledged u64, more u8 (0 or 1), part of a message |
//! | `02` | acknowledgement | acknowledged u64 |
//! | `03` | ping | acknowledged u64, id u32 |
//! | `04` | pong | acknowledged u64, id u32 |
//! | `05` | resume | expected u64 |
//! | `06` | end | reason u8 |
//!
//! *Acknowledged* and *expected* are the number of the next data frame that the sender wants.
//! Numbers are big-endian. A message longer than a frame comes in parts, `more` on all but the
//! last.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

/// The longest message: a command or response with what the card layer puts in front of it.
pub const MAX_MESSAGE: usize = 66_000;

/// The longest part of a message in one frame.
const MAX_PART: usize = 32_768;

/// Frames that may wait for an acknowledgement. More means a peer that takes and never answers.
const MAX_UNACKNOWLEDGED: usize = 256;

/// Data frames that are taken before an acknowledgement is sent by itself.
const ACKNOWLEDGE_AFTER: u32 = 16;

/// Timers of a session.
#[derive(Clone, Copy, Debug)]
pub struct Timers {
    /// Silence after which a ping is sent.
    pub ping_after: Duration,
    /// Silence after which the connection counts as broken.
    pub broken_after: Duration,
    /// How long a broken session waits for its connection before it ends.
    pub grace: Duration,
}

impl Default for Timers {
    /// 15, 40 and 45 seconds.
    fn default() -> Self {
        Self {
            ping_after: Duration::from_secs(15),
            broken_after: Duration::from_secs(40),
            grace: Duration::from_secs(45),
        }
    }
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// A person ended it.
    User,
    /// Nobody used it for too long.
    Idle,
    /// A rule ended it.
    Policy,
    /// The customer's user logged off.
    LogOff,
    /// The customer's agent restarts with more rights.
    ElevationRestart,
    /// The card's side failed.
    CardThreadDied,
    /// A side broke the rules of the link.
    Protocol,
    /// The agent is stopping.
    Stopping,
    /// The connection did not come back.
    ConnectionLost,
    /// A reason of a later version.
    Other(u8),
}

impl EndReason {
    const TABLE: [Self; 9] = [
        Self::User,
        Self::Idle,
        Self::Policy,
        Self::LogOff,
        Self::ElevationRestart,
        Self::CardThreadDied,
        Self::Protocol,
        Self::Stopping,
        Self::ConnectionLost,
    ];

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Other(code) => code,
            known => (Self::TABLE.iter().zip(1..))
                .find(|(reason, _)| **reason == known)
                .map_or(0, |(_, code)| code),
        }
    }

    pub(crate) fn from_code(code: u8) -> Self {
        let place = usize::from(code).checked_sub(1);
        place.and_then(|place| Self::TABLE.get(place)).copied().unwrap_or(Self::Other(code))
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "ended by a person",
            Self::Idle => "nobody used it",
            Self::Policy => "ended by a rule",
            Self::LogOff => "the remote user logged off",
            Self::ElevationRestart => "the remote agent restarts with more rights",
            Self::CardThreadDied => "the card's side failed",
            Self::Protocol => "the rules of the link were broken",
            Self::Stopping => "the agent is stopping",
            Self::ConnectionLost => "the connection did not come back",
            Self::Other(code) => return write!(f, "reason {code}"),
        })
    }
}

/// What happened in a session.
#[derive(PartialEq, Eq)]
pub enum Event {
    /// One whole message of the peer, once and in order.
    Message(Zeroizing<Vec<u8>>),
    /// A ping came back after this long.
    RoundTrip(Duration),
    /// The connection is silent: the caller is to drop it and connect anew.
    Broken,
    /// Both sides are back where they were.
    Resumed,
    /// It is over. Nothing follows.
    Ended(EndReason),
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => write!(f, "Message({} bytes)", message.len()),
            Self::RoundTrip(time) => write!(f, "RoundTrip({time:?})"),
            Self::Broken => f.write_str("Broken"),
            Self::Resumed => f.write_str("Resumed"),
            Self::Ended(reason) => write!(f, "Ended({reason:?})"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Connected,
    /// Connected again; the peer has not said yet what it expects. Coming back without getting
    /// any further does not prolong the grace.
    Resuming {
        until: Instant,
    },
    Suspended {
        until: Instant,
    },
    Ended,
}

/// One side of a session.
pub struct Session {
    timers: Timers,
    state: State,
    /// Number of the next data frame we make, and those not acknowledged, oldest first.
    next_out: u64,
    unacknowledged: VecDeque<DataFrame>,
    /// Number of the next data frame we want.
    next_in: u64,
    taken_since_acknowledgement: u32,
    assembling: Zeroizing<Vec<u8>>,
    heard: Instant,
    ping: Option<(u32, Instant)>,
    next_ping: u32,
    frames: VecDeque<Zeroizing<Vec<u8>>>,
    events: VecDeque<Event>,
}

struct DataFrame {
    number: u64,
    more: bool,
    part: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("state", &self.state)
            .field("next_out", &self.next_out)
            .field("unacknowledged", &self.unacknowledged.len())
            .field("next_in", &self.next_in)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// A session over a channel that was just made.
    #[must_use]
    pub fn new(timers: Timers, now: Instant) -> Self {
        Self {
            timers,
            state: State::Connected,
            next_out: 0,
            unacknowledged: VecDeque::new(),
            next_in: 0,
            taken_since_acknowledgement: 0,
            assembling: Zeroizing::new(Vec::new()),
            heard: now,
            ping: None,
            next_ping: 0,
            frames: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Sends one message. While the connection is away it waits, within bounds.
    ///
    /// # Errors
    ///
    /// [`SessionError::MessageTooLong`]; [`SessionError::Ended`]; [`SessionError::PeerStuck`]
    /// when the peer acknowledges nothing, which ends the session.
    pub fn send(&mut self, message: &[u8]) -> Result<(), SessionError> {
        if self.is_ended() {
            return Err(SessionError::Ended);
        }
        if message.len() > MAX_MESSAGE {
            return Err(SessionError::MessageTooLong { len: message.len() });
        }
        let parts = message.len().div_ceil(MAX_PART).max(1);
        if self.unacknowledged.len() + parts > MAX_UNACKNOWLEDGED {
            self.end(EndReason::Protocol);
            return Err(SessionError::PeerStuck);
        }
        for place in 0..parts {
            let rest = message.get(place * MAX_PART..).unwrap_or_default();
            let part = rest.get(..MAX_PART).unwrap_or(rest);
            let frame = DataFrame {
                number: self.next_out,
                more: place + 1 < parts,
                part: Zeroizing::new(part.to_vec()),
            };
            self.next_out += 1;
            if self.state == State::Connected {
                self.frames.push_back(self.encode_data(&frame));
                self.taken_since_acknowledgement = 0;
            }
            self.unacknowledged.push_back(frame);
        }
        Ok(())
    }

    /// Takes one opened frame of the peer.
    ///
    /// # Errors
    ///
    /// [`SessionError`] when the peer broke the rules; the session is over.
    pub fn handle_frame(&mut self, now: Instant, frame: &[u8]) -> Result<(), SessionError> {
        if self.is_ended() {
            return Err(SessionError::Ended);
        }
        self.heard = now;
        let outcome = self.take(now, frame);
        if outcome.is_err() {
            self.end(EndReason::Protocol);
        }
        outcome
    }

    /// The connection is gone. The session waits for a new one.
    pub fn handle_disconnected(&mut self, now: Instant) {
        let until = match self.state {
            State::Connected => now + self.timers.grace,
            State::Resuming { until } => until,
            State::Suspended { .. } | State::Ended => return,
        };
        self.state = State::Suspended { until };
        self.frames.clear();
        self.ping = None;
    }

    /// There is a connection again, and the peer is at its other end.
    pub fn handle_reconnected(&mut self, now: Instant) {
        let until = match self.state {
            State::Connected => now + self.timers.grace,
            State::Resuming { until } | State::Suspended { until } => until,
            State::Ended => return,
        };
        self.state = State::Resuming { until };
        self.heard = now;
        self.ping = None;
        self.frames.clear();
        self.frames.push_back(Zeroizing::new(number_frame(0x05, self.next_in)));
    }

    /// Ends the session and tells the peer, if it can be told.
    pub fn end(&mut self, reason: EndReason) {
        if self.is_ended() {
            return;
        }
        if matches!(self.state, State::Connected | State::Resuming { .. }) {
            self.frames.push_back(Zeroizing::new(vec![0x06, reason.code()]));
        }
        self.finish(reason);
    }

    /// When [`Session::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Ended => None,
            State::Suspended { until } => Some(until),
            State::Resuming { until } => Some(until.min(self.heard + self.timers.broken_after)),
            State::Connected => Some(match self.ping {
                None => self.heard + self.timers.ping_after,
                Some(_) => self.heard + self.timers.broken_after,
            }),
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Suspended { until } | State::Resuming { until } if now >= until => {
                self.end(EndReason::ConnectionLost);
            }
            State::Connected | State::Resuming { .. } => {
                if now >= self.heard + self.timers.broken_after {
                    self.handle_disconnected(now);
                    self.events.push_back(Event::Broken);
                } else if self.ping.is_none() && now >= self.heard + self.timers.ping_after {
                    self.ping(now);
                }
            }
            State::Suspended { .. } | State::Ended => {}
        }
    }

    /// Asks for the round-trip time now.
    pub fn ping(&mut self, now: Instant) {
        if self.state == State::Connected {
            let id = self.next_ping;
            self.next_ping = self.next_ping.wrapping_add(1);
            self.ping = Some((id, now));
            self.frames.push_back(Zeroizing::new(self.ping_frame(0x03, id)));
        }
    }

    /// The next frame to be sealed and sent.
    pub fn poll_frame(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.frames.pop_front()
    }

    /// What happened next.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn take(&mut self, now: Instant, frame: &[u8]) -> Result<(), SessionError> {
        match frame {
            [0x01, rest @ ..] => {
                let (number, rest) = read_u64(rest)?;
                let (acknowledged, rest) = read_u64(rest)?;
                self.acknowledge(acknowledged)?;
                match rest {
                    [more @ (0 | 1), part @ ..] => self.take_data(number, *more == 1, part),
                    _ => Err(SessionError::Malformed),
                }
            }
            [0x02, rest @ ..] => self.acknowledge(read_u64(rest)?.0),
            [0x03, rest @ ..] => {
                let (acknowledged, id) = read_ping(rest)?;
                self.acknowledge(acknowledged)?;
                self.frames.push_back(Zeroizing::new(self.ping_frame(0x04, id)));
                Ok(())
            }
            [0x04, rest @ ..] => {
                let (acknowledged, id) = read_ping(rest)?;
                self.acknowledge(acknowledged)?;
                if let Some((_, sent)) = self.ping.take_if(|(asked, _)| *asked == id) {
                    self.events.push_back(Event::RoundTrip(now.saturating_duration_since(sent)));
                }
                Ok(())
            }
            [0x05, rest @ ..] => self.take_resume(read_u64(rest)?.0),
            [0x06, reason] => {
                self.finish(EndReason::from_code(*reason));
                Ok(())
            }
            _ => Err(SessionError::Malformed),
        }
    }

    fn take_data(&mut self, number: u64, more: bool, part: &[u8]) -> Result<(), SessionError> {
        if number < self.next_in {
            return Ok(());
        }
        // Sent before the peer knew of the break; what is missing before it was lost. The peer
        // sends both again when it learns what we expect.
        if number > self.next_in && matches!(self.state, State::Resuming { .. }) {
            return Ok(());
        }
        if number > self.next_in {
            return Err(SessionError::Gap { expected: self.next_in, found: number });
        }
        if self.assembling.len() + part.len() > MAX_MESSAGE {
            return Err(SessionError::MessageTooLong { len: self.assembling.len() + part.len() });
        }
        self.next_in += 1;
        // Room for the longest message at once: growing would leave unwiped copies.
        if more && self.assembling.capacity() == 0 {
            self.assembling.reserve_exact(MAX_MESSAGE);
        }
        self.assembling.extend_from_slice(part);
        if !more {
            self.events.push_back(Event::Message(std::mem::take(&mut self.assembling)));
        }
        self.taken_since_acknowledgement += 1;
        if self.taken_since_acknowledgement >= ACKNOWLEDGE_AFTER {
            self.taken_since_acknowledgement = 0;
            self.frames.push_back(Zeroizing::new(number_frame(0x02, self.next_in)));
        }
        Ok(())
    }

    fn acknowledge(&mut self, wanted: u64) -> Result<(), SessionError> {
        if wanted > self.next_out {
            return Err(SessionError::Malformed);
        }
        while self.unacknowledged.front().is_some_and(|frame| frame.number < wanted) {
            self.unacknowledged.pop_front();
        }
        Ok(())
    }

    /// The peer is back and tells where it was; what it did not get is sent again.
    fn take_resume(&mut self, wanted: u64) -> Result<(), SessionError> {
        let kept_from = self.unacknowledged.front().map_or(self.next_out, |frame| frame.number);
        if wanted < kept_from {
            return Err(SessionError::Gap { expected: kept_from, found: wanted });
        }
        self.acknowledge(wanted)?;
        if matches!(self.state, State::Resuming { .. }) {
            self.state = State::Connected;
            self.events.push_back(Event::Resumed);
        }
        let again: Vec<_> = self.unacknowledged.iter().map(|f| self.encode_data(f)).collect();
        self.frames.extend(again);
        Ok(())
    }

    fn encode_data(&self, frame: &DataFrame) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(18 + frame.part.len()));
        bytes.push(0x01);
        bytes.extend_from_slice(&frame.number.to_be_bytes());
        bytes.extend_from_slice(&self.next_in.to_be_bytes());
        bytes.push(u8::from(frame.more));
        bytes.extend_from_slice(&frame.part);
        bytes
    }

    fn ping_frame(&self, kind: u8, id: u32) -> Vec<u8> {
        [&number_frame(kind, self.next_in)[..], &id.to_be_bytes()].concat()
    }

    fn finish(&mut self, reason: EndReason) {
        self.state = State::Ended;
        self.unacknowledged.clear();
        self.assembling = Zeroizing::new(Vec::new());
        self.events.push_back(Event::Ended(reason));
    }
}

fn number_frame(kind: u8, number: u64) -> Vec<u8> {
    [&[kind], &number.to_be_bytes()[..]].concat()
}

fn read_u64(bytes: &[u8]) -> Result<(u64, &[u8]), SessionError> {
    let (number, rest) = bytes.split_first_chunk::<8>().ok_or(SessionError::Malformed)?;
    Ok((u64::from_be_bytes(*number), rest))
}

fn read_ping(bytes: &[u8]) -> Result<(u64, u32), SessionError> {
    let (acknowledged, rest) = read_u64(bytes)?;
    let id = rest.first_chunk::<4>().ok_or(SessionError::Malformed)?;
    Ok((acknowledged, u32::from_be_bytes(*id)))
}

/// Why a session cannot go on, or a message not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Longer than any message.
    #[error("a message has at most {MAX_MESSAGE} bytes, this has {len}")]
    MessageTooLong {
        /// Its length, as far as it came.
        len: usize,
    },
    /// Not a frame.
    #[error("the other agent sent something that is no frame of a session")]
    Malformed,
    /// Something between was lost for good.
    #[error("frame {expected} is missing, {found} came")]
    Gap {
        /// What was wanted.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// The peer takes and never answers.
    #[error("the other agent has acknowledged nothing for {MAX_UNACKNOWLEDGED} frames")]
    PeerStuck,
    /// It is over.
    #[error("the session is over")]
    Ended,
}
