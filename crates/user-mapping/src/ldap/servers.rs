//! Several servers that hold the same: which one is asked, and when one is left alone.

use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::LdapSettings;
use super::connection::{Connection, Trouble};
use super::search::find;
use crate::{Answer, Question};

/// So many failures in a row make a server wait.
const FAILURES: u32 = 3;

/// For so long it is asked only if no other one answers.
const REST: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Servers(Vec<Mutex<Server>>);

#[derive(Debug, Default)]
struct Server {
    connection: Option<std::sync::Arc<Connection>>,
    failures: u32,
    rests_until: Option<Instant>,
}

impl Servers {
    pub(super) fn new(count: usize) -> Self {
        Self((0..count).map(|_| Mutex::default()).collect())
    }

    /// Asks one server after the other: those that are well first, then those that rest.
    pub(super) async fn ask(
        &self,
        settings: &LdapSettings,
        question: &Question,
        now: SystemTime,
    ) -> Answer {
        let mut troubles = Vec::new();
        let mut resting = Vec::new();
        for number in 0..self.0.len() {
            if self.rests(number).await {
                resting.push(number);
                continue;
            }
            match self.ask_one(number, settings, question, now).await {
                Ok(answer) => return answer,
                Err(Trouble::Settled(words)) => return Answer::Unavailable(words),
                Err(Trouble::Server(words)) => troubles.push(words),
            }
        }
        for number in resting {
            match self.ask_one(number, settings, question, now).await {
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

    async fn rests(&self, number: usize) -> bool {
        let Some(server) = self.0.get(number) else { return false };
        server.lock().await.rests_until.is_some_and(|until| Instant::now() < until)
    }

    /// Asks one server; a connection that turns out to be dead is made anew once.
    async fn ask_one(
        &self,
        number: usize,
        settings: &LdapSettings,
        question: &Question,
        now: SystemTime,
    ) -> Result<Answer, Trouble> {
        let (Some(server), Some(address)) = (self.0.get(number), settings.servers.get(number))
        else {
            return Err(Trouble::Server("no such server".to_owned()));
        };
        let named = |trouble: Trouble| match trouble {
            Trouble::Server(words) => Trouble::Server(format!("{address}: {words}")),
            Trouble::Settled(words) => Trouble::Settled(format!("{address}: {words}")),
        };
        let mut was_used = true;
        loop {
            let connection = {
                // Whoever comes second waits for the first one's connection.
                let mut server = server.lock().await;
                match &server.connection {
                    Some(connection) => connection.clone(),
                    None => {
                        was_used = false;
                        let opened = Connection::open(address, settings).await;
                        if opened.is_err() {
                            server.failed();
                        }
                        let opened = std::sync::Arc::new(opened.map_err(named)?);
                        server.connection = Some(opened.clone());
                        opened
                    }
                }
            };
            let handle = connection.handle(settings.limits.operation);
            let outcome = find(handle, settings, question, now).await;
            let mut server = server.lock().await;
            match outcome {
                Err(Trouble::Server(words)) => {
                    let is_this = |kept: &std::sync::Arc<Connection>| {
                        std::sync::Arc::ptr_eq(kept, &connection)
                    };
                    if server.connection.as_ref().is_some_and(is_this) {
                        server.connection = None;
                    }
                    if !was_used {
                        server.failed();
                        return Err(named(Trouble::Server(words)));
                    }
                    tracing::debug!(server = %address, words, "a directory's connection is made anew");
                }
                outcome => {
                    server.failures = 0;
                    server.rests_until = None;
                    return outcome.map_err(named);
                }
            }
        }
    }
}

impl Server {
    fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.rests_until = Some(Instant::now() + REST);
        }
    }
}
