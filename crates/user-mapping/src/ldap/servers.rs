//! Several servers that hold the same: which one is asked, and when one is left alone.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::connection::{Connection, Trouble};
use super::search::find;
use super::srv_order::Dice;
use super::{Discovery, LdapServer, LdapSettings};
use crate::{Answer, Question};

/// So many failures in a row make a server wait.
const FAILURES: u32 = 3;

/// For so long it is asked only if no other one answers.
const REST: Duration = Duration::from_secs(30);

/// A list that could not be looked up is looked up again after this; the one before stays.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Servers {
    list: Mutex<List>,
}

#[derive(Debug)]
struct List {
    slots: Vec<Arc<Slot>>,
    /// When it is to be looked up again; `None` for a list that is written down.
    until: Option<Instant>,
    dice: Dice,
}

/// One server and what is known of it.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) address: LdapServer,
    /// Where it is, if that was looked up together with its name.
    pub(super) at: Vec<IpAddr>,
    connection: Mutex<Option<Arc<Connection>>>,
    health: Health,
}

impl Servers {
    pub(super) fn new(servers: &[LdapServer], discovery: Option<&Discovery>) -> Self {
        let slots = servers.iter().map(|server| Slot::new(server.clone(), Vec::new()));
        let list = List {
            slots: slots.collect(),
            until: discovery.map(|_| Instant::now()),
            dice: Dice(discovery.map_or(0, |discovery| discovery.seed)),
        };
        Self { list: Mutex::new(list) }
    }

    /// Asks one server after the other: those that are well first, then those that rest.
    pub(super) async fn ask(
        &self,
        settings: &LdapSettings,
        question: &Question,
        now: SystemTime,
    ) -> Answer {
        let slots = match self.current(settings).await {
            Ok(slots) => slots,
            Err(words) => return Answer::Unavailable(words),
        };
        let mut troubles = Vec::new();
        let (mut well, mut resting) = (Vec::new(), Vec::new());
        for slot in slots {
            if slot.health.rests() { resting.push(slot) } else { well.push(slot) }
        }
        for slot in well.into_iter().chain(resting) {
            match slot.ask(settings, question, now).await {
                Ok(answer) => return answer,
                Err(Trouble::Settled(words)) => return Answer::Unusable(words),
                Err(Trouble::Server(words) | Trouble::Closed(words)) => troubles.push(words),
            }
        }
        if troubles.is_empty() {
            troubles.push("no server is configured".to_owned());
        }
        Answer::Unavailable(troubles.join("; "))
    }

    /// The servers there are now. Whoever comes while they are looked up waits for that.
    pub(super) async fn current(&self, settings: &LdapSettings) -> Result<Vec<Arc<Slot>>, String> {
        let mut list = self.list.lock().await;
        let Some(discovery) = &settings.discovery else { return Ok(list.slots.clone()) };
        if list.until.is_some_and(|until| Instant::now() < until) {
            return Ok(list.slots.clone());
        }
        let looked_up = discovery.look_up(&mut list.dice);
        let told = match tokio::time::timeout(settings.limits.connect, looked_up).await {
            Ok(told) => told,
            Err(_) => Err("the name servers did not answer in time".to_owned()),
        };
        match told {
            Ok((found, believed)) => {
                let known = std::mem::take(&mut list.slots);
                let slots =
                    found.into_iter().map(|found| {
                        let same = |slot: &&Arc<Slot>| {
                            slot.address == found.server && slot.at == found.addresses
                        };
                        known.iter().find(same).cloned().unwrap_or_else(|| {
                            Slot::new(found.server.clone(), found.addresses.clone())
                        })
                    });
                list.slots = slots.collect();
                list.until = Some(Instant::now() + believed);
                Ok(list.slots.clone())
            }
            Err(words) => {
                tracing::warn!(domain = discovery.domain, words, "servers cannot be looked up");
                if list.slots.is_empty() {
                    return Err(format!("no server is known: {words}"));
                }
                list.until = Some(Instant::now() + LOOK_AGAIN);
                Ok(list.slots.clone())
            }
        }
    }
}

impl Slot {
    fn new(address: LdapServer, at: Vec<IpAddr>) -> Arc<Self> {
        let (connection, health) = (Mutex::default(), Health::default());
        Arc::new(Self { address, at, connection, health })
    }

    /// Asks it; a connection that turns out to be closed is made anew once.
    async fn ask(
        &self,
        settings: &LdapSettings,
        question: &Question,
        now: SystemTime,
    ) -> Result<Answer, Trouble> {
        let named = |trouble: Trouble| trouble.at(&self.address);
        let attempt = self.health.attempt(settings.limits.connect);
        let mut was_used = true;
        loop {
            let connection = self.connection(settings, &attempt, &mut was_used).await;
            let connection = match connection {
                Ok(connection) => connection,
                Err(trouble) => return Err(named(attempt.failed(trouble))),
            };
            let handle = connection.handle(settings.limits.operation);
            match find(handle, settings, question, now).await {
                Err(Trouble::Closed(words)) if was_used => {
                    self.forget(&connection).await;
                    tracing::debug!(server = %self.address, words, "a directory's connection is made anew");
                }
                // A server that does not answer in time would not do so on a new connection either,
                // and there is time for another server.
                Err(trouble @ (Trouble::Server(_) | Trouble::Closed(_))) => {
                    self.forget(&connection).await;
                    return Err(named(attempt.failed(trouble)));
                }
                outcome => {
                    attempt.succeeded();
                    return outcome.map_err(named);
                }
            }
        }
    }

    /// The connection there is, or a new one. Whoever comes second waits for the first one's.
    async fn connection(
        &self,
        settings: &LdapSettings,
        attempt: &Attempt<'_>,
        was_used: &mut bool,
    ) -> Result<Arc<Connection>, Trouble> {
        let mut kept = self.connection.lock().await;
        if let Some(connection) = &*kept {
            return Ok(Arc::clone(connection));
        }
        if let Some(words) = self.health.failed_since(attempt.began) {
            return Err(Trouble::Server(words));
        }
        *was_used = false;
        let opened = Arc::new(Connection::open(&self.address, &self.at, settings).await?);
        *kept = Some(Arc::clone(&opened));
        Ok(opened)
    }

    async fn forget(&self, connection: &Arc<Connection>) {
        let mut kept = self.connection.lock().await;
        if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, connection)) {
            *kept = None;
        }
    }
}

/// How a server has done lately.
#[derive(Debug, Default)]
struct Health(std::sync::Mutex<Record>);

#[derive(Debug, Default)]
struct Record {
    failures: u32,
    rests_until: Option<Instant>,
    /// When it failed last, and how.
    last: Option<(Instant, String)>,
}

/// A question that is put to a server. Dropped unanswered after a while, it counts as a failure:
/// whoever asked has run out of patience with this server.
struct Attempt<'a> {
    health: &'a Health,
    began: Instant,
    patience: Duration,
    is_over: AtomicBool,
}

impl Health {
    fn rests(&self) -> bool {
        self.record().rests_until.is_some_and(|until| Instant::now() < until)
    }

    fn attempt(&self, patience: Duration) -> Attempt<'_> {
        Attempt { health: self, began: Instant::now(), patience, is_over: AtomicBool::new(false) }
    }

    /// How it failed for somebody else while this one waited.
    fn failed_since(&self, began: Instant) -> Option<String> {
        let record = self.record();
        record.last.as_ref().filter(|(at, _)| *at > began).map(|(_, words)| words.clone())
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, words: &str) {
        let mut record = self.record();
        let now = Instant::now();
        record.failures = record.failures.saturating_add(1);
        record.last = Some((now, words.to_owned()));
        if record.failures >= FAILURES {
            record.rests_until = Some(now + REST);
        }
    }
}

impl Attempt<'_> {
    fn succeeded(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        *self.health.record() = Record::default();
    }

    fn failed(&self, trouble: Trouble) -> Trouble {
        self.is_over.store(true, Ordering::Relaxed);
        if let Trouble::Server(words) | Trouble::Closed(words) = &trouble {
            self.health.failed(words);
        }
        trouble
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.is_over.load(Ordering::Relaxed) && self.began.elapsed() >= self.patience {
            self.health.failed("it did not answer in time");
        }
    }
}
