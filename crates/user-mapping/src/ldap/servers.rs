//! Several servers that hold the same: which one is asked, and when one is left alone.

use std::net::IpAddr;
use std::sync::Arc;
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
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    connection: Option<Arc<Connection>>,
    failures: u32,
    rests_until: Option<Instant>,
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
            if slot.rests().await { resting.push(slot) } else { well.push(slot) }
        }
        for slot in well.into_iter().chain(resting) {
            match slot.ask(settings, question, now).await {
                Ok(answer) => return answer,
                Err(Trouble::Settled(words)) => return Answer::Unavailable(words),
                Err(Trouble::Server(words)) => troubles.push(words),
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
        Arc::new(Self { address, at, state: Mutex::default() })
    }

    async fn rests(&self) -> bool {
        self.state.lock().await.rests_until.is_some_and(|until| Instant::now() < until)
    }

    /// Asks it; a connection that turns out to be dead is made anew once.
    async fn ask(
        &self,
        settings: &LdapSettings,
        question: &Question,
        now: SystemTime,
    ) -> Result<Answer, Trouble> {
        let address = &self.address;
        let named = |trouble: Trouble| match trouble {
            Trouble::Server(words) => Trouble::Server(format!("{address}: {words}")),
            Trouble::Settled(words) => Trouble::Settled(format!("{address}: {words}")),
        };
        let mut was_used = true;
        loop {
            let connection = {
                // Whoever comes second waits for the first one's connection.
                let mut state = self.state.lock().await;
                match &state.connection {
                    Some(connection) => connection.clone(),
                    None => {
                        was_used = false;
                        let opened = Connection::open(address, &self.at, settings).await;
                        if opened.is_err() {
                            state.failed();
                        }
                        let opened = Arc::new(opened.map_err(named)?);
                        state.connection = Some(opened.clone());
                        opened
                    }
                }
            };
            let handle = connection.handle(settings.limits.operation);
            let outcome = find(handle, settings, question, now).await;
            let mut state = self.state.lock().await;
            match outcome {
                Err(Trouble::Server(words)) => {
                    let is_this = |kept: &Arc<Connection>| Arc::ptr_eq(kept, &connection);
                    if state.connection.as_ref().is_some_and(is_this) {
                        state.connection = None;
                    }
                    if !was_used {
                        state.failed();
                        return Err(named(Trouble::Server(words)));
                    }
                    tracing::debug!(server = %address, words, "a directory's connection is made anew");
                }
                outcome => {
                    state.failures = 0;
                    state.rests_until = None;
                    return outcome.map_err(named);
                }
            }
        }
    }
}

impl State {
    fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.rests_until = Some(Instant::now() + REST);
        }
    }
}
