//! The ECM's side of a link: greets, is asked, answers.
//!
//! A pure machine. The caller hands in frames and the time (`handle_*`), gives orders
//! ([`Link::answer`], [`Link::drain`], ...), and then takes out what is to be sent and what
//! happened (`poll_*`). After each call into the machine, poll until nothing comes.

mod event;
mod offer;
mod question;

pub use self::event::Event;
pub use self::question::{Delivery, Question};
pub use crate::ask::{Answer, Ask};

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::value::RawValue;

use crate::codec::{
    Envelope, Frame, FrameError, RequestId, decode, encode_notification, encode_problem,
    encode_request, encode_result, encode_unaddressed_problem, read_as,
};
use crate::link::{Close, CloseCode, Life, Pulse, Transmit, close_for};
use crate::message::{
    Cancel, Category, CredentialSummary, Drain, Health, Heartbeat, Hello, Ping, Pong, Problem,
    Reauth, Welcome,
};
use crate::version::Version;

use self::offer::Offer;

/// How long the site may take to answer the hello.
const WELCOME_WITHIN: Duration = Duration::from_secs(10);

/// How long the site may take to look at a new token.
const REAUTH_WITHIN: Duration = Duration::from_secs(10);

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
    method: &'static str,
    /// For a search.
    offer: Option<Offer>,
}

#[derive(Debug)]
enum Asked {
    Hello,
    Reauth { until: Instant },
}

impl Link {
    /// A link over a connection that the site has just accepted. The hello is the first thing
    /// to be sent.
    #[must_use]
    pub fn new(hello: Hello, now: Instant) -> Self {
        let id = RequestId::numbered(0);
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
        let asked = self.asked.values().filter_map(Asked::until);
        self.open
            .values()
            .map(|open| open.deadline)
            .chain(asked)
            .chain([own, self.life.next()])
            .min()
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
        let waiting = self.asked.len();
        self.asked.retain(|_, asked| asked.until().is_none_or(|until| now < until));
        if self.asked.len() < waiting {
            let unheard =
                Problem::new(Category::Deadline).with_detail("no answer to the new token");
            self.events.push_back(Event::Reauthenticated(Err(unheard)));
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

    /// Sends part of a running search, in as many messages as it takes. Items offered before are
    /// left out, and those beyond what the site takes; an empty rest is not sent. Does nothing where the site did not agree to parts, or the question is over: then
    /// the items belong into the final answer, so they are given back.
    pub fn partial(
        &mut self,
        id: &RequestId,
        items: Vec<CredentialSummary>,
    ) -> Vec<CredentialSummary> {
        let (agreed, max) = (self.parts_agreed(), self.max_message_bytes());
        let Some(offer) = self.open.get_mut(id).and_then(|open| open.offer.as_mut()) else {
            return items;
        };
        if !agreed {
            return items;
        }
        for frame in offer.parts(id, items, max) {
            self.send(frame);
        }
        Vec::new()
    }

    /// Answers a question.
    ///
    /// [`Delivery::Late`] means that nobody will read it: the question was cancelled, ran out of
    /// time, its link is gone, or this is no answer to what was asked. Whatever the answer lent
    /// must be given back.
    #[must_use = "a late answer may have lent something that must be given back"]
    pub fn answer(&mut self, id: &RequestId, answer: Result<Answer, Problem>) -> Delivery {
        let Some(open) = self.open.remove(id) else { return Delivery::Late };
        let frames = match answer {
            Ok(answer) => self.encode_answer(id, open, answer),
            Err(problem) => Some(vec![encode_problem(id, &problem)]),
        };
        let delivery = if let Some(frames) = frames {
            frames.into_iter().for_each(|frame| self.send(frame));
            Delivery::Queued
        } else {
            self.send(encode_problem(id, &Problem::new(Category::Internal)));
            Delivery::Late
        };
        self.finish_drain_if_idle();
        delivery
    }

    /// `None` when it does not answer what was asked, or does not fit into a message.
    fn encode_answer(&self, id: &RequestId, open: Open, answer: Answer) -> Option<Vec<Frame>> {
        if answer.method() != open.method {
            return None;
        }
        let max = self.max_message_bytes();
        let frame = match answer {
            Answer::Find(result) => {
                return open.offer?.finish(id, result, max, self.parts_agreed());
            }
            Answer::Retrieve(result) => encode_result(id, &*result),
            Answer::Release(result) => encode_result(id, &result),
            Answer::Health(health) => encode_result(id, &health),
            Answer::Endpoints(found) => encode_result(id, &found),
            Answer::SessionStart => encode_result(id, &Ping {}),
        };
        (frame.bytes().len() <= max).then(|| vec![frame])
    }

    /// Tells the site how we are.
    pub fn health(&mut self, health: &Health) {
        if matches!(self.state, State::Ready | State::Draining { .. }) {
            self.send(encode_notification("ecm.health", health));
        }
    }

    /// Shows a new token on the live link; [`Event::Reauthenticated`] tells what became of it.
    pub fn reauth(&mut self, now: Instant, token: SecretString) {
        if matches!(self.state, State::Ready | State::Draining { .. }) {
            let id = RequestId::numbered(self.next_id);
            self.next_id += 1;
            self.send(encode_request(&id, "ecm.reauth", &Reauth { token }));
            self.asked.insert(id, Asked::Reauth { until: now + REAUTH_WITHIN });
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
                Some(Asked::Reauth { .. }) => self.events.push_back(Event::Reauthenticated(Ok(()))),
                // An answer to nothing we asked, or asked and gave up: not worth a link.
                Some(Asked::Hello) | None => self.unknown("answer", 0),
            },
            Envelope::Failure { id, problem } => match id.and_then(|id| self.asked.remove(&id)) {
                Some(Asked::Reauth { .. }) => {
                    self.events.push_back(Event::Reauthenticated(Err(problem)));
                }
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
        let parsed = Ask::read(method, params, &welcome.accepted);
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
        let wait = ask.wait(&limits);
        let places = limits.in_flight.min(self.hello.limits.in_flight) as usize;
        // Giving back has as many places again, and is not refused for being about to stop.
        let refusal = match &ask {
            _ if wait.is_zero() => Some(Category::Deadline),
            Ask::Release(_) => (self.open.len() >= 2 * places).then_some(Category::Busy),
            _ if matches!(self.state, State::Draining { .. }) => Some(Category::Draining),
            _ => (self.open.len() >= places).then_some(Category::Busy),
        };
        if let Some(category) = refusal {
            let mut problem = Problem::new(category);
            problem.retry_after_ms = (category == Category::Busy).then_some(1_000);
            return self.send(encode_problem(&id, &problem));
        }
        if unknown > 0 {
            self.unknown(method, unknown);
        }
        let deadline = now + wait;
        let offer = matches!(ask, Ask::Find(_)).then(|| Offer::new(ask.room(&limits)));
        self.open.insert(id.clone(), Open { deadline, method: ask.method(), offer });
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

    fn parts_agreed(&self) -> bool {
        self.welcome.as_ref().is_some_and(|welcome| welcome.accepted.partial_results)
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

    fn finish_drain_if_idle(&mut self) {
        if matches!(self.state, State::Draining { .. }) && self.open.is_empty() {
            self.finish_drain();
        }
    }

    /// What still runs will not be answered any more; another ECM may.
    fn finish_drain(&mut self) {
        let mut unanswered: Vec<_> = self.open.drain().map(|(id, _)| id).collect();
        unanswered.sort();
        for id in unanswered {
            self.send(encode_problem(&id, &Problem::new(Category::Draining)));
            self.events.push_back(Event::Cancelled(id));
        }
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

impl Asked {
    /// When an answer comes too late; the hello's time is the state's affair.
    fn until(&self) -> Option<Instant> {
        match self {
            Self::Hello => None,
            Self::Reauth { until } => Some(*until),
        }
    }
}

/// A peer's word for a log or a detail: short, and without control characters.
pub(crate) fn bounded(text: &str) -> String {
    text.chars().take(64).map(|c| if c.is_control() { '?' } else { c }).collect()
}
