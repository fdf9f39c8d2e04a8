//! The ECM's side of a link: greets, is asked, answers.
//!
//! A pure machine. The caller hands in frames and the time (`handle_*`), gives orders
//! ([`Link::answer`], [`Link::drain`], ...), and then takes out what is to be sent and what
//! happened (`poll_*`). After each call into the machine, poll until nothing comes.

mod question;

pub use self::question::{Answer, Ask, Delivery, Question};

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::value::RawValue;

use crate::codec::{
    Envelope, Frame, FrameError, RequestId, decode, encode_notification, encode_problem,
    encode_request, encode_result, read_as,
};
use crate::link::{Close, CloseCode, Life, Pulse, Transmit, close_for};
use crate::message::{
    Cancel, Category, CredentialSummary, Drain, Health, Heartbeat, Hello, Partial, Ping, Pong,
    Problem, RankChanged, Reauth, SessionCompleted, SessionStarted, Used, Welcome,
};
use crate::version::Version;

/// How long the site may take to answer the hello.
const WELCOME_WITHIN: Duration = Duration::from_secs(10);

/// What happened on the link.
#[derive(Debug)]
pub enum Event {
    /// The site took us in; questions may come from now on.
    Welcomed(Box<Welcome>),
    /// The site did not take us in; the link closes.
    Refused(Problem),
    /// The site asks. Exactly one [`Link::answer`] is owed, in any order.
    Question(Box<Question>),
    /// Nobody waits for this answer any more. It has been answered as cancelled already.
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

#[derive(Debug)]
enum State {
    Greeting { until: Instant },
    Ready,
    Draining { until: Instant },
    Closed,
}

/// One link, from the upgrade to its end.
#[derive(Debug)]
pub struct Link {
    state: State,
    hello: Hello,
    welcome: Option<Welcome>,
    life: Life,
    open: HashMap<RequestId, Open>,
    /// Our own requests that are not answered yet.
    asked: HashMap<RequestId, Asked>,
    next_id: u64,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

/// A question that is owed an answer.
#[derive(Debug)]
struct Open {
    deadline: Instant,
    is_find: bool,
    parts: u32,
    offered: HashSet<String>,
}

#[derive(Debug)]
enum Asked {
    Hello,
    Reauth,
}

impl Link {
    /// A link over a connection that the site has just accepted. The hello is the first thing
    /// to be sent.
    #[must_use]
    pub fn new(hello: Hello, now: Instant) -> Self {
        let id = own_id(0);
        let first = encode_request(&id, "ecm.hello", &hello);
        Self {
            state: State::Greeting { until: now + WELCOME_WITHIN },
            hello,
            welcome: None,
            life: Life::new(Heartbeat::default(), now),
            open: HashMap::new(),
            asked: HashMap::from([(id, Asked::Hello)]),
            next_id: 1,
            transmits: VecDeque::from([Transmit::Frame(first)]),
            events: VecDeque::new(),
        }
    }

    /// What the site agreed to, once it has.
    #[must_use]
    pub fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    /// Questions that are owed an answer.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.open.len()
    }

    /// Takes one whole message.
    pub fn handle_frame(&mut self, now: Instant, bytes: &[u8]) {
        if matches!(self.state, State::Closed) {
            return;
        }
        self.life.hear(now);
        let max = self.max_message_bytes();
        match decode(bytes, max) {
            Ok(envelope) => self.handle_envelope(now, envelope),
            Err(FrameError::NotJsonRpc { what, id: Some(id) }) => {
                let problem = Problem::new(Category::Invalid).with_detail(what);
                self.send(encode_problem(&id, &problem));
            }
            Err(error) => self.close(close_for(&error)),
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
        if matches!(self.state, State::Closed) {
            return;
        }
        self.state = State::Closed;
        self.open.clear();
        self.transmits.clear();
        let lost = || Close::new(CloseCode::Other(1006), "the connection was lost");
        self.events.push_back(Event::Closed(close.unwrap_or_else(lost)));
    }

    /// When [`Link::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let own = match self.state {
            State::Greeting { until } | State::Draining { until } => until,
            State::Ready => self.life.next(),
            State::Closed => return None,
        };
        self.open.values().map(|open| open.deadline).chain([own, self.life.next()]).min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Closed => return,
            State::Greeting { until } if now >= until => {
                return self.close(Close::new(CloseCode::HelloMissing, "no welcome in time"));
            }
            State::Draining { until } if now >= until => return self.finish_drain(),
            State::Greeting { .. } | State::Draining { .. } | State::Ready => {}
        }
        match self.life.look(now) {
            Pulse::Steady => {}
            Pulse::Ask => self.transmits.push_back(Transmit::Ping),
            Pulse::Silent => {
                return self.close(Close::new(CloseCode::Silence, "the site is silent"));
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
            self.open.remove(&id);
            self.send(encode_problem(&id, &Problem::new(Category::Deadline)));
            self.events.push_back(Event::Expired(id));
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

    /// Sends part of a running search. Items offered before are left out; an empty rest is not
    /// sent. Does nothing where the site did not agree to parts, or the question is over: then
    /// the items belong into the final answer, so they are given back.
    pub fn partial(
        &mut self,
        id: &RequestId,
        mut items: Vec<CredentialSummary>,
    ) -> Vec<CredentialSummary> {
        let agreed = self.welcome.as_ref().is_some_and(|w| w.accepted.partial_results);
        let Some(open) = self.open.get_mut(id).filter(|open| agreed && open.is_find) else {
            return items;
        };
        items.retain(|item| open.offered.insert(item.id.clone()));
        if !items.is_empty() {
            open.parts += 1;
            let partial = Partial { for_id: id.as_str().to_owned(), seq: open.parts, items };
            let frame = encode_notification("credentials.partial", &partial);
            self.send(frame);
        }
        Vec::new()
    }

    /// Answers a question.
    ///
    /// [`Delivery::Late`] means that nobody will read it: the question was cancelled, ran out of
    /// time, or its link is gone. Whatever the answer lent must be given back.
    #[must_use = "a late answer may have lent something that must be given back"]
    pub fn answer(&mut self, id: &RequestId, answer: Result<Answer, Problem>) -> Delivery {
        let Some(open) = self.open.remove(id) else { return Delivery::Late };
        let max = self.max_message_bytes();
        let frame = match answer {
            Ok(Answer::Find(mut result)) => {
                result.items.retain(|item| !open.offered.contains(&item.id));
                encode_result(id, &result)
            }
            Ok(Answer::Retrieve(result)) => encode_result(id, &*result),
            Ok(Answer::Release(result)) => encode_result(id, &result),
            Ok(Answer::Health(health)) => encode_result(id, &health),
            Ok(Answer::Endpoints(found)) => encode_result(id, &found),
            Ok(Answer::SessionStart) => encode_result(id, &Ping {}),
            Err(problem) => encode_problem(id, &problem),
        };
        let delivery = if frame.bytes().len() > max {
            let problem = Problem::new(Category::Internal)
                .with_detail("the answer is larger than the site takes");
            self.send(encode_problem(id, &problem));
            Delivery::Late
        } else {
            self.send(frame);
            Delivery::Queued
        };
        self.finish_drain_if_idle();
        delivery
    }

    /// Tells the site how we are.
    pub fn health(&mut self, health: &Health) {
        if matches!(self.state, State::Ready) {
            self.send(encode_notification("ecm.health", health));
        }
    }

    /// Shows a new token on the live link; [`Event::Reauthenticated`] tells what became of it.
    pub fn reauth(&mut self, token: SecretString) {
        if matches!(self.state, State::Ready | State::Draining { .. }) {
            let id = self.new_id();
            self.send(encode_request(&id, "ecm.reauth", &Reauth { token }));
            self.asked.insert(id, Asked::Reauth);
        }
    }

    /// Answers [`Event::Ping`].
    pub fn pong(&mut self, id: &RequestId, at: Timestamp) {
        self.send(encode_result(id, &Pong { at }));
    }

    /// Takes no new questions, finishes what runs, then closes with 1001; after `grace` at the
    /// latest.
    pub fn drain(&mut self, now: Instant, grace: Duration, reason: &str) {
        match self.state {
            State::Ready => {
                let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
                let drain = Drain { grace_ms, reason: reason.to_owned() };
                self.send(encode_notification("ecm.drain", &drain));
                self.state = State::Draining { until: now + grace };
                self.finish_drain_if_idle();
            }
            State::Greeting { .. } => self.close(Close::new(CloseCode::GoingAway, reason)),
            State::Draining { .. } | State::Closed => {}
        }
    }

    /// Ends the link at once.
    pub fn close_now(&mut self, code: CloseCode, reason: &str) {
        self.close(Close::new(code, reason));
    }

    fn handle_envelope(&mut self, now: Instant, envelope: Envelope<'_>) {
        if matches!(self.state, State::Greeting { .. }) {
            return self.handle_greeting(now, envelope);
        }
        match envelope {
            Envelope::Request { id, method, params } => {
                self.handle_request(now, id, &method, params);
            }
            Envelope::Notification { method, params } => self.handle_note(&method, params),
            Envelope::Result { id, .. } => match self.asked.remove(&id) {
                Some(Asked::Reauth) => self.events.push_back(Event::Reauthenticated(Ok(()))),
                // An answer to nothing we asked, or asked and gave up: not worth a link.
                Some(Asked::Hello) | None => self.unknown("answer", 0),
            },
            Envelope::Failure { id, problem } => match id.and_then(|id| self.asked.remove(&id)) {
                Some(Asked::Reauth) => self.events.push_back(Event::Reauthenticated(Err(problem))),
                Some(Asked::Hello) | None => self.unknown("failure", 0),
            },
        }
    }

    fn handle_greeting(&mut self, now: Instant, envelope: Envelope<'_>) {
        let (id, answer) = match envelope {
            Envelope::Result { id, result } => (Some(id), Ok(result)),
            Envelope::Failure { id, problem } => (id, Err(problem)),
            Envelope::Request { .. } | Envelope::Notification { .. } => {
                let early = "something came before the welcome";
                return self.close(Close::new(CloseCode::HelloMissing, early));
            }
        };
        if !id.and_then(|id| self.asked.remove(&id)).is_some_and(|a| matches!(a, Asked::Hello)) {
            return self.close(Close::new(CloseCode::Protocol, "not the answer to the hello"));
        }
        match answer.map(|raw| read_as::<Welcome>(Some(raw))) {
            Ok(Ok(welcome)) => self.take_welcome(now, welcome.value),
            Ok(Err(error)) => self.close(close_for(&error)),
            Err(problem) => {
                let code = match problem.category {
                    Category::GroupMismatch => CloseCode::Group,
                    _ => CloseCode::Normal,
                };
                self.events.push_back(Event::Refused(problem));
                self.close(Close::new(code, "the site refused the hello"));
            }
        }
    }

    fn take_welcome(&mut self, now: Instant, mut welcome: Welcome) {
        if !welcome.protocol.parse::<Version>().is_ok_and(Version::is_spoken) {
            let reason = format!("version {} was never offered", bounded(&welcome.protocol));
            return self.close(Close::new(CloseCode::Version, reason));
        }
        let expected = self.hello.expect.as_ref().and_then(|expect| expect.group.as_deref());
        if let Some(expected) = expected.filter(|e| !welcome.group.name.eq_ignore_ascii_case(e)) {
            let detail = format!(
                "group {} was expected, this is {}",
                expected,
                bounded(&welcome.group.name)
            );
            let problem = Problem::new(Category::GroupMismatch).with_detail(detail);
            self.events.push_back(Event::Refused(problem));
            return self.close(Close::new(CloseCode::Group, "another group was expected"));
        }
        // A site cannot grant what we did not offer.
        welcome.accepted = welcome.accepted.intersection(&self.hello.capabilities);
        self.life.set(welcome.heartbeat);
        self.life.hear(now);
        self.state = State::Ready;
        self.welcome = Some(welcome.clone());
        self.events.push_back(Event::Welcomed(Box::new(welcome)));
    }

    fn handle_request(
        &mut self,
        now: Instant,
        id: RequestId,
        method: &str,
        params: Option<&RawValue>,
    ) {
        if self.open.contains_key(&id) {
            let twice = Close::new(CloseCode::DuplicateId, "an id was used for two open requests");
            return self.close(twice);
        }
        if method == "$/ping" {
            return self.events.push_back(Event::Ping(id));
        }
        let Some(welcome) = &self.welcome else { return };
        let limits = welcome.limits;
        let parsed = question::read(method, params, &welcome.accepted);
        let (ask, unknown) = match parsed {
            Ok(Some(read)) => read,
            Ok(None) => {
                let detail = format!("{} is not served here", bounded(method));
                let problem = Problem::new(Category::UnknownMethod).with_detail(detail);
                self.send(encode_problem(&id, &problem));
                return self.unknown(method, 0);
            }
            Err(error) => return self.send(encode_problem(&id, &error.to_problem())),
        };
        // Giving back is never refused for being busy or about to stop.
        let refusal = match &ask {
            Ask::Release(_) => None,
            _ if matches!(self.state, State::Draining { .. }) => Some(Category::Draining),
            _ if self.open.len() >= limits.in_flight.min(self.hello.limits.in_flight) as usize => {
                Some(Category::Busy)
            }
            _ => None,
        };
        if let Some(category) = refusal {
            let mut problem = Problem::new(category);
            problem.retry_after_ms = (category == Category::Busy).then_some(1_000);
            return self.send(encode_problem(&id, &problem));
        }
        if unknown > 0 {
            self.unknown(method, unknown);
        }
        let wait = ask.wait(&limits);
        let deadline = now + wait;
        self.open.insert(
            id.clone(),
            Open {
                deadline,
                is_find: matches!(ask, Ask::Find(_)),
                parts: 0,
                offered: HashSet::new(),
            },
        );
        let question =
            Question { id, ask, received: now, answer_by: now + wait.mul_f64(0.9), deadline };
        self.events.push_back(Event::Question(Box::new(question)));
    }

    fn handle_note(&mut self, method: &str, params: Option<&RawValue>) {
        let event = match method {
            "$/cancel" => read_as::<Cancel>(params).map(|cancel| {
                let id = RequestId::new(cancel.value.id)?;
                self.open.remove(&id)?;
                self.send(encode_problem(&id, &Problem::new(Category::Cancelled)));
                Some(Event::Cancelled(id))
            }),
            "credentials.used" => read_as(params).map(|used| Some(Event::Used(used.value))),
            "session.started" => {
                read_as(params).map(|started| Some(Event::SessionStarted(started.value)))
            }
            "session.completed" => {
                read_as(params).map(|completed| Some(Event::SessionCompleted(completed.value)))
            }
            "ecm.rank" => read_as(params).map(|rank| Some(Event::Rank(rank.value))),
            "ecm.drain" => read_as(params).map(|drain| Some(Event::PeerDrains(drain.value))),
            unknown => Ok(Some(Event::Unknown { method: bounded(unknown), members: 0 })),
        };
        match event {
            Ok(event) => self.events.extend(event),
            // A note cannot be answered; what it said is lost, but only it.
            Err(_) => self.unknown(method, 1),
        }
        self.finish_drain_if_idle();
    }

    fn unknown(&mut self, method: &str, members: usize) {
        self.events.push_back(Event::Unknown { method: bounded(method), members });
    }

    fn max_message_bytes(&self) -> usize {
        let ours = self.hello.limits.message_bytes;
        let agreed = self.welcome.as_ref().map_or(ours, |w| w.limits.message_bytes.min(ours));
        agreed as usize
    }

    fn send(&mut self, frame: Frame) {
        if !matches!(self.state, State::Closed) {
            self.transmits.push_back(Transmit::Frame(frame));
        }
    }

    fn new_id(&mut self) -> RequestId {
        let id = own_id(self.next_id);
        self.next_id += 1;
        id
    }

    fn finish_drain_if_idle(&mut self) {
        if matches!(self.state, State::Draining { .. }) && self.open.is_empty() {
            self.finish_drain();
        }
    }

    fn finish_drain(&mut self) {
        self.close(Close::new(CloseCode::GoingAway, "drained"));
    }

    fn close(&mut self, close: Close) {
        if matches!(self.state, State::Closed) {
            return;
        }
        self.state = State::Closed;
        self.open.clear();
        self.transmits.push_back(Transmit::Close(close.clone()));
        self.events.push_back(Event::Closed(close));
    }
}

/// Ids of our own requests; only uniqueness within the link matters.
fn own_id(number: u64) -> RequestId {
    RequestId::new(format!("e{number}")).unwrap_or_else(|| unreachable!("a short visible text"))
}

/// A peer's word for a log or a detail: short, and without control characters.
pub(crate) fn bounded(text: &str) -> String {
    text.chars().take(64).map(|c| if c.is_control() { '?' } else { c }).collect()
}
