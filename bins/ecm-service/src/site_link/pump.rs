//! Drives one conversation: frames in, answers out, time passing.
//!
//! The conversation itself is the pure machine [`Link`]; this moves its bytes and keeps its time.
//! Questions run in tasks of their own, so that a slow vault never keeps a frame waiting.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ecm_protocol::codec::RequestId;
use ecm_protocol::ecm::{Ask, Delivery, Event, Link, Question};
use ecm_protocol::link::{Close, CloseCode, Transmit};
use ecm_protocol::message::{
    Category, CredentialSummary, HealthState, Hello, Problem, Rank, Welcome,
};
use jiff::Timestamp;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{Semaphore, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::Instrument;

use super::answers::{Answers, Parts, Work, lease_of};
use super::jump::JumpWatch;
use super::token::{AccessToken, TokenError, TokenSource};
use super::verdict::LinkEnd;
use super::wire::{Incoming, LinkLost, Outgoing, SiteWire};
use crate::desk::printable;
use crate::event_code::Event as OperatorEvent;
use crate::status::{LinkState, SiteBoard};

/// How long the operating system may take to accept our bytes.
const WRITE_STALL: Duration = Duration::from_secs(10);
/// How often the clocks are compared at least.
const LOOK_AT_CLOCKS: Duration = Duration::from_secs(10);
/// How long what runs may take when we leave for a reason of our own.
const OWN_GRACE: Duration = Duration::from_secs(20);
/// How long to wait before a failed renewal of the token is tried again.
const RENEW_AGAIN: Duration = Duration::from_secs(30);

/// Questions of one link that may be worked on for each one that may be open: a retrieval that the
/// site cancels runs on, and a site that asks and cancels without end must meet one.
const WORKED_ON_PER_OPEN: usize = 4;

/// When to ask a link again that has too much to do.
const BUSY_RETRY_MS: u64 = 1_000;

/// Longer than any link that has no token to renew.
const A_DAY: Duration = Duration::from_secs(86_400);

/// What one connection needs to know.
pub struct Conversation<'c, A> {
    /// The site's name in the configuration.
    pub site: &'c str,
    /// Our greeting.
    pub hello: Hello,
    /// Who answers.
    pub answers: &'c Arc<A>,
    /// Where the token comes from; `None` where the operating system has told who is there.
    pub tokens: Option<&'c Arc<TokenSource>>,
    /// The token the connection was made with.
    pub token: Option<AccessToken>,
    /// What `status` shows.
    pub board: &'c SiteBoard,
    /// Set once, when the program stops.
    pub stop: watch::Receiver<Option<StopOrder>>,
}

/// The order to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopOrder {
    /// How long what runs may take.
    pub grace: Duration,
}

/// How a connection ended, and for how long it had served.
#[derive(Debug)]
pub struct Served {
    /// Why it ended.
    pub end: LinkEnd,
    /// From the welcome on; zero when there was none.
    pub served: Duration,
    /// The token in use at the end.
    pub token: Option<AccessToken>,
}

/// Talks until the link ends.
pub async fn converse<W: SiteWire, A: Answers>(wire: W, with: Conversation<'_, A>) -> Served {
    let (sender, work) = mpsc::unbounded_channel();
    let health = with.answers.health();
    let pump = Pump {
        link: Link::new(with.hello.clone(), std::time::Instant::now()),
        renew_at: with.token.as_ref().map_or(Instant::now() + A_DAY, AccessToken::renew_at),
        places: Arc::new(Semaphore::new(
            WORKED_ON_PER_OPEN.saturating_mul(with.hello.limits.in_flight as usize),
        )),
        with,
        sender,
        health,
        running: HashMap::new(),
        held: HashMap::new(),
        unsent: Vec::new(),
        rank: None,
        welcomed_at: None,
        end: None,
    };
    pump.run(wire, work).await
}

struct Pump<'c, A> {
    with: Conversation<'c, A>,
    link: Link,
    sender: UnboundedSender<Work>,
    health: watch::Receiver<ecm_protocol::message::Health>,
    /// One for each question that is worked on, whether or not somebody still waits.
    places: Arc<Semaphore>,
    /// Searches, which may be dropped when nobody waits any more.
    running: HashMap<RequestId, AbortHandle>,
    /// Parts the site did not agree to take; they belong into the final answer.
    held: HashMap<RequestId, Vec<CredentialSummary>>,
    /// Leases whose answer is queued but not written yet.
    unsent: Vec<String>,
    rank: Option<Rank>,
    renew_at: Instant,
    welcomed_at: Option<Instant>,
    /// Why the link is about to end, when it is our doing.
    end: Option<LinkEnd>,
}

/// Something happened.
enum Happened {
    Received(Result<Incoming, LinkLost>),
    Worked(Work),
    Timer,
    TokenDue,
    StopOrdered,
    HealthChanged,
}

impl<A: Answers> Pump<'_, A> {
    async fn run<W: SiteWire>(mut self, mut wire: W, mut work: UnboundedReceiver<Work>) -> Served {
        let mut clocks = JumpWatch::new(SystemTime::now(), std::time::Instant::now());
        let end = loop {
            if let Err(end) = self.settle(&mut wire).await {
                break end;
            }
            let happened = self.next(&mut wire, &mut work).await;
            if let Some(jump) = clocks.look(SystemTime::now(), std::time::Instant::now()) {
                self.end = Some(LinkEnd::ClockJump(jump));
                self.link.close_now(CloseCode::GoingAway, "the clock jumped");
            }
            match happened {
                Happened::Received(Ok(incoming)) => self.received(&incoming),
                Happened::Received(Err(lost)) => match lost.close_code() {
                    None => break Over { end: LinkEnd::Lost(lost), goodbye: None },
                    Some(code) => {
                        let close = close(code, &lost.to_string());
                        break Over { end: LinkEnd::Lost(lost), goodbye: Some(close) };
                    }
                },
                Happened::Worked(work) => self.worked(work),
                Happened::Timer => self.link.handle_timeout(std::time::Instant::now()),
                Happened::TokenDue => self.renew_token(),
                Happened::StopOrdered => self.stop_ordered(),
                Happened::HealthChanged => self.health_changed(),
            }
        };
        self.finish(wire, work, end).await
    }

    async fn next<W: SiteWire>(
        &mut self,
        wire: &mut W,
        work: &mut UnboundedReceiver<Work>,
    ) -> Happened {
        let latest = Instant::now() + LOOK_AT_CLOCKS;
        let timer = self.link.poll_timeout().map_or(latest, |due| latest.min(due.into()));
        let ready = self.welcomed_at.is_some();
        tokio::select! {
            received = wire.receive() => Happened::Received(received),
            Some(work) = work.recv() => Happened::Worked(work),
            () = sleep_until(timer) => Happened::Timer,
            () = sleep_until(self.renew_at), if ready => Happened::TokenDue,
            Ok(()) = self.with.stop.changed() => Happened::StopOrdered,
            Ok(()) = self.health.changed(), if ready => Happened::HealthChanged,
        }
    }

    /// Handles every event and writes everything that is to be written.
    async fn settle<W: SiteWire>(&mut self, wire: &mut W) -> Result<(), Over> {
        loop {
            while let Some(event) = self.link.poll_event() {
                self.happened(event);
            }
            let Some(transmit) = self.link.poll_transmit() else {
                // Everything queued so far has been taken by the operating system.
                self.unsent.clear();
                return Ok(());
            };
            let outgoing = match transmit {
                Transmit::Frame(frame) => Outgoing::Frame(frame.into_bytes()),
                Transmit::Ping => Outgoing::Ping,
                Transmit::Close(close) => {
                    self.unsent.clear();
                    let end = self.end.take().unwrap_or_else(|| LinkEnd::ClosedByUs {
                        code: close.code.number(),
                        reason: close.reason.clone(),
                    });
                    return Err(Over { end, goodbye: Some(close) });
                }
            };
            let sent = timeout(WRITE_STALL, wire.send(outgoing)).await;
            let sent = sent.unwrap_or(Err(LinkLost::WriteStalled { waited: WRITE_STALL }));
            if let Err(lost) = sent {
                return Err(Over { end: LinkEnd::Lost(lost), goodbye: None });
            }
        }
    }

    fn received(&mut self, incoming: &Incoming) {
        let now = std::time::Instant::now();
        match incoming {
            Incoming::Frame(frame) => self.link.handle_frame(now, frame),
            Incoming::Life => self.link.handle_pong(now),
        }
    }

    fn happened(&mut self, event: Event) {
        let site = self.with.site;
        match event {
            Event::Welcomed(welcome) => self.welcomed(&welcome),
            Event::Refused(problem) => self.refused(&problem),
            Event::Question(question) => self.asked(*question),
            Event::Cancelled(id) | Event::Expired(id) => {
                self.held.remove(&id);
                if let Some(search) = self.running.remove(&id) {
                    search.abort();
                }
            }
            Event::Used(used) => self.with.answers.used(used),
            Event::SessionStarted(session) => self.with.answers.session_started(session),
            Event::SessionCompleted(session) => self.with.answers.session_completed(session),
            Event::Rank(rank) => {
                let max_peers = self.rank.map_or(0, |rank| rank.max_peers);
                self.ranked(Rank { position: rank.position, peers: rank.peers, max_peers });
            }
            Event::PeerDrains(drain) => {
                tracing::info!(site, reason = ?drain.reason, "the site asks no more on this link");
                self.enter(LinkState::Draining);
            }
            Event::Ping(id) => self.link.pong(&id, Timestamp::now()),
            Event::Reauthenticated(Ok(())) => tracing::debug!(site, "token renewed"),
            Event::Reauthenticated(Err(problem)) => {
                let problem = printable(&problem.to_string());
                tracing::info!(site, problem, "the site does not take the new token");
                self.leave(LinkEnd::TokenRanOut, "token");
            }
            Event::Unknown { method, members } => {
                tracing::debug!(site, method, members, "unknown to this version, ignored");
            }
            Event::Closed(close) => {
                tracing::debug!(site, code = close.code.number(), reason = ?close.reason, "closed");
            }
        }
    }

    fn welcomed(&mut self, welcome: &Welcome) {
        let group = &welcome.group;
        let now = Instant::now();
        self.welcomed_at = Some(now);
        if let Some(life) = &welcome.token {
            let left = Duration::from_secs(life.expires_in_s);
            self.renew_at = self.renew_at.min(now + left * 4 / 5);
        }
        self.with.board.edit(|status| {
            status.group = Some(group.name.clone());
            status.last_problem = None;
        });
        self.enter(LinkState::Ready);
        let detail = format!("group {}, site {}", group.name, welcome.site.id);
        OperatorEvent::site_connected(self.with.site, &detail).log();
        if let Some(rank) = welcome.rank {
            self.ranked(rank);
        }
        self.health_changed();
    }

    fn refused(&mut self, problem: &Problem) {
        self.end = Some(LinkEnd::GreetingRefused {
            category: problem.category.name().to_owned(),
            expected_group: self.expected_group(),
        });
    }

    fn expected_group(&self) -> Option<String> {
        self.with.hello.expect.as_ref().and_then(|expect| expect.group.clone())
    }

    fn ranked(&mut self, rank: Rank) {
        self.rank = Some(rank);
        self.with.board.edit(|status| {
            status.position = Some(rank.position);
            status.peers = Some(rank.peers);
        });
    }

    fn asked(&mut self, question: Question) {
        let id = question.id.clone();
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let mut busy = Problem::new(Category::Busy);
            busy.retry_after_ms = Some(BUSY_RETRY_MS);
            // A problem lends nothing, so it does not matter whether it is delivered.
            let _ = self.link.answer(&id, Err(busy));
            return;
        };
        let may_be_dropped = matches!(question.ask, Ask::Find(_));
        let parts = Parts { id: id.clone(), sender: self.sender.clone() };
        let (answers, sender) = (Arc::clone(self.with.answers), self.sender.clone());
        let task_id = id.clone();
        let reference = reference_of(&question);
        let span = tracing::info_span!("question", site = self.with.site, "ref" = reference);
        let work = async move {
            let _place = place;
            let answer = Arc::clone(&answers).answer(question, parts).await;
            if let Err(unsent) = sender.send(Work::Answer(task_id, answer)) {
                give_back_unheard(&*answers, &unsent.0);
            }
        };
        let task = tokio::spawn(work.instrument(span));
        if may_be_dropped {
            self.running.insert(id, task.abort_handle());
        }
    }

    fn worked(&mut self, work: Work) {
        match work {
            Work::Part(id, items) => {
                let left = self.link.partial(&id, items);
                if !left.is_empty() {
                    self.held.entry(id).or_default().extend(left);
                }
            }
            Work::Token(token) => self.token_came(token),
            Work::Answer(id, mut answer) => {
                self.running.remove(&id);
                let held = self.held.remove(&id).unwrap_or_default();
                if let Ok(ecm_protocol::ecm::Answer::Find(result)) = &mut answer {
                    result.items.splice(0..0, held);
                }
                let lease = lease_of(&answer);
                match (self.link.answer(&id, answer), lease) {
                    (Delivery::Queued, Some(lease)) => self.unsent.push(lease),
                    (Delivery::Late, Some(lease)) => self.with.answers.undelivered(lease),
                    (Delivery::Queued | Delivery::Late, None) => {}
                }
                self.with.board.edit(|status| status.answered += 1);
            }
        }
    }

    fn renew_token(&mut self) {
        // Not due again until it is known what became of this.
        self.renew_at = Instant::now() + A_DAY;
        let (Some(tokens), Some(old)) = (self.with.tokens, self.with.token.clone()) else {
            return;
        };
        let in_band = self.link.welcome().and_then(|welcome| welcome.token.as_ref());
        let in_band = in_band.is_some_and(|life| life.reauth.as_deref() == Some("in_band"));
        if !in_band {
            self.leave(LinkEnd::TokenRanOut, "token");
            return;
        }
        let (tokens, sender) = (Arc::clone(tokens), self.sender.clone());
        tokio::spawn(async move {
            tokens.forget(&old).await;
            // When the link is gone, the next one finds the token with its source.
            let _ = sender.send(Work::Token(tokens.token().await));
        });
    }

    fn token_came(&mut self, token: Result<AccessToken, TokenError>) {
        match token {
            Ok(token) => {
                self.renew_at = token.renew_at();
                self.link.reauth(std::time::Instant::now(), token.secret().clone());
                self.with.token = Some(token);
            }
            Err(error) => {
                tracing::warn!(site = self.with.site, %error, "the token could not be renewed");
                self.renew_at = Instant::now() + RENEW_AGAIN;
            }
        }
    }

    fn stop_ordered(&mut self) {
        let order = *self.with.stop.borrow_and_update();
        if let Some(StopOrder { grace }) = order {
            self.end = Some(LinkEnd::Drained);
            self.link.drain(std::time::Instant::now(), grace, "stop");
            self.enter(LinkState::Draining);
        }
    }

    fn health_changed(&mut self) {
        let health = self.health.borrow_and_update().clone();
        self.link.health(&health);
        // The site asks whoever is connected longest, well or not. Leaving puts us at the end of
        // the queue, behind those who can answer.
        let others = self.rank.is_some_and(|rank| rank.position == 1 && rank.peers > 1);
        if health.state == HealthState::Down && others {
            self.leave(LinkEnd::Drained, "no vault answers");
        }
    }

    fn leave(&mut self, end: LinkEnd, reason: &str) {
        self.end = Some(end);
        self.renew_at = Instant::now() + A_DAY;
        self.link.drain(std::time::Instant::now(), OWN_GRACE, reason);
        self.enter(LinkState::Draining);
    }

    fn enter(&self, state: LinkState) {
        self.with.board.enter(state, Timestamp::now());
    }

    async fn finish<W: SiteWire>(
        self,
        wire: W,
        mut work: UnboundedReceiver<Work>,
        over: Over,
    ) -> Served {
        for search in self.running.values() {
            search.abort();
        }
        for lease in self.unsent {
            self.with.answers.undelivered(lease);
        }
        // Answers that come after this find the channel closed, and give back themselves.
        work.close();
        while let Some(work) = work.recv().await {
            give_back_unheard(&**self.with.answers, &work);
        }
        if let Some(close) = over.goodbye {
            wire.close(close.code.number(), &close.reason).await;
        }
        let served = self.welcomed_at.map_or(Duration::ZERO, |at| at.elapsed());
        Served { end: over.end, served, token: self.with.token }
    }
}

/// The link is over.
struct Over {
    end: LinkEnd,
    /// What to tell the other side, if it can still be told.
    goodbye: Option<Close>,
}

fn close(code: u16, reason: &str) -> Close {
    Close { code: CloseCode::from_number(code), reason: reason.to_owned() }
}

/// The short code a person can read out, which every line about this question carries; the
/// question's id where the site gave none.
fn reference_of(question: &Question) -> String {
    let meta = match &question.ask {
        Ask::Find(find) => Some(&find.meta),
        Ask::Retrieve(retrieve) => Some(&retrieve.meta),
        Ask::EndpointsFind(find) => Some(&find.meta),
        Ask::SessionStart(start) => Some(&start.meta),
        Ask::Release(_) | Ask::HealthCheck => None,
    };
    let given = meta.and_then(|meta| meta.request_ref.as_deref());
    printable(given.unwrap_or(question.id.as_str()))
}

fn give_back_unheard<A: Answers>(answers: &A, work: &Work) {
    if let Work::Answer(_, answer) = work
        && let Some(lease) = lease_of(answer)
    {
        answers.undelivered(lease);
    }
}
