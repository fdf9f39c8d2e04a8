//! The site's side of a link: takes an ECM in, asks it, takes its answers.
//!
//! A pure machine like [`crate::ecm::Link`]. Any remote-support product can embed it: one
//! [`Link`] per connected ECM, and one [`Router`] that knows which link is to be asked.

mod event;
mod router;

pub use self::event::Event;
pub use self::router::{LinkId, LinkState, Router, RouterLimits, Seat, TooMany};
pub use crate::ask::{Answer, Ask};

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::ask::Kind;
use crate::codec::{
    Envelope, Frame, FrameError, RequestId, decode, encode_notification, encode_problem,
    encode_result, encode_unaddressed_problem, read_as,
};
use crate::ecm::bounded;
use crate::link::{Close, CloseCode, Life, Pulse, Transmit, close_for};
use crate::message::{
    Accepted, Cancel, Capabilities, Category, Drain, Group, Heartbeat, Hello, Partial, Ping, Pong,
    Problem, Rank, RankChanged, Reauth, SessionCompleted, SessionStarted, SiteIdentity, SiteLimits,
    TokenLife, Used, Welcome,
};
use crate::version::Version;

/// How long the ECM may take to say hello.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// How many late answers are waited for.
const MOST_ABANDONED: usize = 256;

/// What a site offers to every ECM.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which site this is.
    pub site: SiteIdentity,
    /// The group of the account that the ECM signed in with.
    pub group: Group,
    /// What the site can use.
    pub capabilities: Capabilities,
    /// How life is checked.
    pub heartbeat: Heartbeat,
    /// What the site can bear.
    pub limits: SiteLimits,
}

#[derive(Debug)]
enum State {
    /// Nothing came yet.
    Waiting {
        until: Instant,
    },
    /// The hello came; the caller decides.
    Deciding {
        hello_id: RequestId,
        version: Version,
        accepted: Accepted,
    },
    Ready,
    Draining {
        until: Instant,
    },
    Closed,
}

/// One connected ECM.
#[derive(Debug)]
pub struct Link {
    config: Config,
    state: State,
    accepted: Accepted,
    in_flight_limit: usize,
    /// Bytes that the ECM takes in one message.
    peer_message_bytes: usize,
    life: Life,
    /// Said by the ECM: it takes no new questions.
    peer_drains: bool,
    open: HashMap<RequestId, Open>,
    /// Retrievals whose time is over and whose answer may still come. Bounded by
    /// [`MOST_ABANDONED`]; an ECM that keeps its deadlines leaves none.
    abandoned: VecDeque<RequestId>,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

#[derive(Debug)]
struct Open {
    kind: Kind,
    deadline: Instant,
    parts: u32,
    seen: HashSet<String>,
}

impl Link {
    /// A link over a connection that has just been upgraded.
    #[must_use]
    pub fn new(config: Config, now: Instant) -> Self {
        let life = Life::new(config.heartbeat, now);
        Self {
            config,
            state: State::Waiting { until: now + HELLO_WITHIN },
            accepted: Accepted::default(),
            in_flight_limit: 0,
            peer_message_bytes: 0,
            life,
            peer_drains: false,
            open: HashMap::new(),
            abandoned: VecDeque::new(),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// What both sides can, once the ECM is welcome.
    #[must_use]
    pub fn accepted(&self) -> &Accepted {
        &self.accepted
    }

    /// Whether questions may be asked.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready)
    }

    /// Takes the ECM in.
    pub fn welcome(
        &mut self,
        now: Instant,
        link_id: &str,
        rank: Option<Rank>,
        token: Option<TokenLife>,
        clock: Option<Timestamp>,
    ) {
        let State::Deciding { hello_id, version, accepted } =
            std::mem::replace(&mut self.state, State::Ready)
        else {
            return self.close(Close::new(CloseCode::Internal, "a welcome without a hello"));
        };
        let welcome = Welcome {
            protocol: version.to_string(),
            link_id: link_id.to_owned(),
            site: self.config.site.clone(),
            group: self.config.group.clone(),
            rank,
            heartbeat: self.config.heartbeat,
            token,
            limits: self.config.limits,
            accepted: accepted.clone(),
            clock,
        };
        self.accepted = accepted;
        self.life.hear(now);
        self.send(encode_result(&hello_id, &welcome));
    }

    /// Does not take the ECM in.
    pub fn refuse(&mut self, problem: &Problem) {
        if let State::Deciding { hello_id, .. } = &self.state {
            let frame = encode_problem(hello_id, problem);
            self.send(frame);
        }
        let code = match problem.category {
            Category::GroupMismatch => CloseCode::Group,
            _ => CloseCode::Policy,
        };
        self.close(Close::new(code, problem.category.title()));
    }

    /// Asks. The answer comes as [`Event::Answered`], at the latest when `wait` is over.
    ///
    /// # Errors
    ///
    /// A problem, and nothing was sent: [`Category::Draining`] when the link takes no questions,
    /// [`Category::Busy`] when too many are open, [`Category::UnknownMethod`] when the ECM does
    /// not serve it, [`Category::Invalid`] when the id is in use, [`Category::BadParameters`] when
    /// the question does not fit into a message.
    pub fn ask(&mut self, now: Instant, id: RequestId, ask: &Ask) -> Result<(), Problem> {
        // What was lent may be given back to an ECM that is about to stop, and while we stop.
        let open = match ask {
            Ask::Release(_) => matches!(self.state, State::Ready | State::Draining { .. }),
            _ => self.is_ready() && !self.peer_drains,
        };
        let refusal = if !open {
            Some(Category::Draining)
        } else if !ask.is_served(&self.accepted) {
            Some(Category::UnknownMethod)
        } else if self.open.contains_key(&id) {
            Some(Category::Invalid)
        } else if self.open.len() >= self.in_flight_limit {
            Some(Category::Busy)
        } else {
            None
        };
        if let Some(category) = refusal {
            return Err(Problem::new(category));
        }
        let frame = ask.encode(&id);
        if frame.bytes().len() > self.peer_message_bytes {
            let detail = "the question is larger than a message may be";
            return Err(Problem::new(Category::BadParameters).with_detail(detail));
        }
        self.send(frame);
        // The ECM's answer at its own deadline needs a moment to get here.
        let deadline = now + ask.wait(&self.config.limits) + Duration::from_secs(1);
        let open = Open { kind: ask.kind(), deadline, parts: 0, seen: HashSet::new() };
        self.open.insert(id, open);
        Ok(())
    }

    /// Nobody waits for this answer any more. The ECM still answers, so that no id stays open.
    pub fn cancel(&mut self, id: &RequestId) {
        if self.open.contains_key(id) {
            let cancel = Cancel { id: id.as_str().to_owned() };
            self.send(encode_notification("$/cancel", &cancel));
        }
    }

    /// Tells the ECM that a credential was injected, if it wants to know.
    pub fn used(&mut self, used: &Used) {
        if self.accepted.credentials_used {
            self.send(encode_notification("credentials.used", used));
        }
    }

    /// Tells the ECM that a session began, if it wants to know.
    pub fn session_started(&mut self, started: &SessionStarted) {
        if self.accepted.session_events {
            self.send(encode_notification("session.started", started));
        }
    }

    /// Tells the ECM that a session ended, if it wants to know.
    pub fn session_completed(&mut self, completed: &SessionCompleted) {
        if self.accepted.session_events {
            self.send(encode_notification("session.completed", completed));
        }
    }

    /// Tells the ECM its place.
    pub fn rank(&mut self, rank: RankChanged) {
        if matches!(self.state, State::Ready | State::Draining { .. }) {
            self.send(encode_notification("ecm.rank", &rank));
        }
    }

    /// The shown token is good.
    pub fn accept_reauth(&mut self, id: &RequestId) {
        self.send(encode_result(id, &Ping {}));
    }

    /// The shown token is not good; the link closes when its old token is over, not before.
    pub fn refuse_reauth(&mut self, id: &RequestId, problem: &Problem) {
        self.send(encode_problem(id, problem));
    }

    /// Answers [`Event::Ping`].
    pub fn pong(&mut self, id: &RequestId, at: Timestamp) {
        self.send(encode_result(id, &Pong { at }));
    }

    /// Asks no more on this link and closes it with 1001 as soon as nothing runs, after `grace`
    /// at the latest.
    pub fn drain(&mut self, now: Instant, grace: Duration, reason: &str) {
        if matches!(self.state, State::Ready) {
            let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
            let drain = Drain { grace_ms, reason: reason.to_owned() };
            self.send(encode_notification("ecm.drain", &drain));
            self.state = State::Draining { until: now + grace };
            self.finish_drain_if_idle();
        }
    }

    /// Ends the link at once.
    pub fn close_now(&mut self, code: CloseCode, reason: &str) {
        self.close(Close::new(code, reason));
    }

    /// Takes one whole message.
    pub fn handle_frame(&mut self, now: Instant, bytes: &[u8]) {
        if matches!(self.state, State::Closed) {
            return;
        }
        self.life.hear(now);
        match decode(bytes, self.config.limits.message_bytes as usize) {
            Ok(envelope) => self.handle_envelope(envelope),
            Err(FrameError::NotJsonRpc { what, id: Some(id) }) => {
                let problem = Problem::new(Category::Invalid).with_detail(what);
                self.send(encode_problem(&id, &problem));
            }
            Err(error) => {
                // Where one frame cannot be read, none after it can be trusted.
                self.send(encode_unaddressed_problem(&error.to_problem()));
                self.close(close_for(&error));
            }
        }
    }

    /// The transport saw a ping or a pong of the peer.
    pub fn handle_pong(&mut self, now: Instant) {
        self.life.hear(now);
    }

    /// The peer sent a binary message, which this protocol has not.
    pub fn handle_binary(&mut self) {
        self.close(Close::new(CloseCode::Unsupported, "messages are text"));
    }

    /// The connection is gone; with a code if the peer gave one.
    pub fn handle_disconnected(&mut self, close: Option<Close>) {
        if !matches!(self.state, State::Closed) {
            self.transmits.clear();
            let lost = || Close::new(CloseCode::Other(1006), "the connection was lost");
            self.end(close.unwrap_or_else(lost));
        }
    }

    /// When [`Link::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let own = match self.state {
            State::Waiting { until } | State::Draining { until } => until,
            State::Deciding { .. } | State::Ready => self.life.next(),
            State::Closed => return None,
        };
        self.open.values().map(|open| open.deadline).chain([own, self.life.next()]).min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Closed => return,
            State::Waiting { until } if now >= until => {
                return self.close(Close::new(CloseCode::HelloMissing, "no hello in time"));
            }
            State::Draining { until } if now >= until => {
                return self.close(Close::new(CloseCode::GoingAway, "drained"));
            }
            _ => {}
        }
        match self.life.look(now) {
            Pulse::Steady => {}
            Pulse::Ask => self.transmits.push_back(Transmit::Ping),
            Pulse::Silent => {
                return self.close(Close::new(CloseCode::Silence, "the ECM is silent"));
            }
            Pulse::Jumped => {
                return self.close(Close::new(CloseCode::Silence, "this machine slept"));
            }
        }
        let expired: Vec<_> = (self.open.iter())
            .filter(|(_, open)| open.deadline <= now)
            .map(|(id, _)| id.clone())
            .collect();
        for id in expired {
            self.cancel(&id);
            let open = self.open.remove(&id);
            if open.is_some_and(|open| open.kind == Kind::Retrieve) {
                self.abandoned.push_back(id.clone());
                if self.abandoned.len() > MOST_ABANDONED {
                    self.abandoned.pop_front();
                }
            }
            let answer = Err(Problem::new(Category::Deadline));
            self.events.push_back(Event::Answered { id, answer });
        }
        self.finish_drain_if_idle();
    }

    /// What is to be sent next.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// What happened next.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn handle_envelope(&mut self, envelope: Envelope<'_>) {
        match (&self.state, envelope) {
            (State::Waiting { .. }, Envelope::Request { id, method, params })
                if method == "ecm.hello" =>
            {
                self.handle_hello(id, params);
            }
            (State::Waiting { .. }, _) => {
                let early = "the first message must be ecm.hello";
                self.close(Close::new(CloseCode::HelloMissing, early));
            }
            (State::Deciding { .. }, _) => {
                let early = "something came before the welcome";
                self.close(Close::new(CloseCode::Protocol, early));
            }
            (_, Envelope::Request { id, method, params }) => {
                self.handle_request(id, &method, params);
            }
            (_, Envelope::Notification { method, params }) => self.handle_note(&method, params),
            (_, Envelope::Result { id, result }) => self.handle_answer(id, Ok(result)),
            (_, Envelope::Failure { id: Some(id), problem }) => {
                self.handle_answer(id, Err(problem));
            }
            (_, Envelope::Failure { id: None, .. }) => self.unknown("failure", 0),
        }
    }

    fn handle_hello(&mut self, id: RequestId, params: Option<&RawValue>) {
        let hello = match read_as::<Hello>(params) {
            Ok(hello) => hello.value,
            Err(error) => {
                self.send(encode_problem(&id, &error.to_problem()));
                return self.close(close_for(&error));
            }
        };
        let Some(version) = Version::choose(&hello.protocol) else {
            let detail = format!("this site speaks {} to {}", Version::LOWEST, Version::HIGHEST);
            let problem = Problem::new(Category::Invalid).with_detail(detail);
            self.send(encode_problem(&id, &problem));
            return self.close(Close::new(CloseCode::Version, "no version in common"));
        };
        let expected = hello.expect.as_ref().and_then(|expect| expect.group.as_deref());
        if expected.is_some_and(|group| !self.config.group.name.eq_ignore_ascii_case(group)) {
            let detail = format!("this account serves group {}", self.config.group.name);
            let problem = Problem::new(Category::GroupMismatch).with_detail(detail);
            self.send(encode_problem(&id, &problem));
            return self.close(Close::new(CloseCode::Group, "another group was expected"));
        }
        let accepted = self.config.capabilities.intersection(&hello.capabilities);
        let bytes = self.config.limits.message_bytes.min(hello.limits.message_bytes);
        self.peer_message_bytes = bytes as usize;
        self.in_flight_limit = self.config.limits.in_flight.min(hello.limits.in_flight) as usize;
        self.state = State::Deciding { hello_id: id, version, accepted };
        self.events.push_back(Event::Hello(Box::new(hello)));
    }

    fn handle_request(&mut self, id: RequestId, method: &str, params: Option<&RawValue>) {
        match method {
            "$/ping" => self.events.push_back(Event::Ping(id)),
            "ecm.reauth" => match read_as::<Reauth>(params) {
                Ok(reauth) => {
                    self.events.push_back(Event::Reauth { id, token: reauth.value.token });
                }
                Err(error) => self.send(encode_problem(&id, &error.to_problem())),
            },
            "ecm.hello" => {
                let problem = Problem::new(Category::Invalid).with_detail("a second hello");
                self.send(encode_problem(&id, &problem));
            }
            unknown => {
                let detail = format!("{} is not served here", bounded(unknown));
                let problem = Problem::new(Category::UnknownMethod).with_detail(detail);
                self.send(encode_problem(&id, &problem));
                self.unknown(unknown, 0);
            }
        }
    }

    fn handle_note(&mut self, method: &str, params: Option<&RawValue>) {
        match method {
            "credentials.partial" => self.handle_partial(params),
            "ecm.health" => match read_as(params) {
                Ok(health) => self.events.push_back(Event::Health(health.value)),
                Err(_) => self.unknown(method, 1),
            },
            "ecm.drain" => match read_as(params) {
                Ok(drain) => {
                    self.peer_drains = true;
                    self.events.push_back(Event::PeerDrains(drain.value));
                }
                Err(_) => self.unknown(method, 1),
            },
            unknown => self.unknown(unknown, 0),
        }
    }

    /// Late parts, repeated parts and repeated items are dropped.
    fn handle_partial(&mut self, params: Option<&RawValue>) {
        let Ok(partial) = read_as::<Partial>(params) else {
            return self.unknown("credentials.partial", 1);
        };
        let Partial { for_id, seq, mut items } = partial.value;
        let max_results = self.config.limits.max_results as usize;
        let Some(id) = RequestId::new(for_id) else { return };
        let Some(open) = self.open.get_mut(&id).filter(|open| open.kind == Kind::Find) else {
            return;
        };
        if seq <= open.parts {
            return;
        }
        open.parts = seq;
        items.retain(|item| open.seen.len() < max_results && open.seen.insert(item.id.clone()));
        if !items.is_empty() {
            self.events.push_back(Event::Partial { id, items });
        }
    }

    fn handle_answer(&mut self, id: RequestId, answer: Result<&RawValue, Problem>) {
        let Some(mut open) = self.open.remove(&id) else { return self.handle_stray(id, answer) };
        let max_results = self.config.limits.max_results as usize;
        let answer = answer.and_then(|raw| {
            let answered = Answer::read(open.kind, raw).map_err(|error| error.to_problem())?;
            Ok(answered.without_repeated(&mut open.seen, max_results))
        });
        self.events.push_back(Event::Answered { id, answer });
        self.finish_drain_if_idle();
    }

    /// An answer whose time was over, or to what was never asked.
    fn handle_stray(&mut self, id: RequestId, answer: Result<&RawValue, Problem>) {
        let Some(place) = self.abandoned.iter().position(|abandoned| *abandoned == id) else {
            return self.unknown("answer", 0);
        };
        self.abandoned.remove(place);
        let answer = answer.ok().and_then(|raw| Answer::read(Kind::Retrieve, raw).ok());
        if let Some(Answer::Retrieve(result)) = answer {
            self.events.push_back(Event::Stray { id, lease: result.lease });
        }
    }

    fn finish_drain_if_idle(&mut self) {
        if matches!(self.state, State::Draining { .. }) && self.open.is_empty() {
            self.close(Close::new(CloseCode::GoingAway, "drained"));
        }
    }

    fn unknown(&mut self, method: &str, members: usize) {
        self.events.push_back(Event::Unknown { method: bounded(method), members });
    }

    fn send(&mut self, frame: Frame) {
        if !matches!(self.state, State::Closed) {
            self.transmits.push_back(Transmit::Frame(frame));
        }
    }

    fn close(&mut self, close: Close) {
        if !matches!(self.state, State::Closed) {
            self.transmits.push_back(Transmit::Close(close.clone()));
            self.end(close);
        }
    }

    fn end(&mut self, close: Close) {
        self.state = State::Closed;
        let mut unanswered: Vec<_> = self.open.drain().map(|(id, _)| id).collect();
        unanswered.sort();
        self.events.push_back(Event::Closed { close, unanswered });
    }
}
