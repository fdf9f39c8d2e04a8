//! What both services have: a way to the mailboxes, an introduction, keys, numbered sessions.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use vsc_core::handshake::{Hello, Role};
use vsc_core::link::Meeting;
use vsc_core::session::Timers;
use zeroize::Zeroizing;

use crate::control::{Refusal, RefusalKind, Reply};
use crate::identity::{Identity, Peers};
use crate::link_driver::LinkDriver;
use crate::pairing::Pairing;
use crate::session_link::SessionLink;
use crate::status::{Board, ServiceRole, SessionStatus, Status};
use crate::way::Way;

/// Sessions that one service holds. A person serves a handful.
const MOST_SESSIONS: usize = 64;

/// What the sessions of a service are made with.
pub struct Host {
    /// How the mailboxes are reached.
    pub way: Arc<Way>,
    /// This machine's name, for the person at the other desk.
    pub machine: String,
    /// This machine's key, where there is one.
    pub identity: Option<Identity>,
    /// The keys of machines it knows.
    pub peers: Peers,
    /// What `status` shows.
    pub board: Arc<Board>,
}

impl Host {
    /// The link of a new session.
    pub(crate) fn link(
        &self,
        number: u32,
        role: Role,
        meeting: Meeting,
        pairing: Pairing,
    ) -> SessionLink {
        let program = concat!("vsc-agent ", env!("CARGO_PKG_VERSION")).to_owned();
        let hello = Hello { role, machine: self.machine.clone(), program };
        let way = Arc::clone(&self.way);
        let driver = LinkDriver::new(meeting, hello, Timers::default(), way);
        SessionLink::new(number, driver, pairing, self.board.line(number))
    }

    /// Our private and the peer's public key.
    pub(crate) fn identities(
        &self,
        peer: &str,
    ) -> Result<(Zeroizing<[u8; 32]>, [u8; 32]), Refusal> {
        let refuse = |reason: String| Refusal::new(RefusalKind::NotPaired, reason);
        let theirs = self.peers.key_of(peer).ok_or_else(|| {
            refuse(format!("\"{peer}\" is not in the file of peers (option --peers)"))
        })?;
        let ours = self.identity.as_ref().ok_or_else(|| {
            refuse("this machine has no key; make one: vsc-agent identity".to_owned())
        })?;
        Ok((ours.private_key(), theirs))
    }

    pub(crate) fn status(&self, role: ServiceRole, sessions: Vec<SessionStatus>) -> Status {
        Status {
            role,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            relay: self.way.to_string(),
            button: None,
            sessions,
            readers: Vec::new(),
            readers_problem: None,
            driver: None,
        }
    }
}

/// The running sessions, and how orders reach them.
pub(crate) struct SessionBook<O> {
    entries: Arc<Mutex<Entries<O>>>,
}

struct Entries<O> {
    next: u32,
    running: BTreeMap<u32, Entry<O>>,
}

struct Entry<O> {
    orders: mpsc::Sender<O>,
    task: Option<JoinHandle<()>>,
}

impl<O> Default for SessionBook<O> {
    fn default() -> Self {
        let entries = Entries { next: 1, running: BTreeMap::new() };
        Self { entries: Arc::new(Mutex::new(entries)) }
    }
}

impl<O: Send + 'static> SessionBook<O> {
    /// Starts a session; it takes itself out when it is over.
    pub(crate) fn open<F>(
        &self,
        orders: mpsc::Sender<O>,
        session: impl FnOnce(u32) -> F,
    ) -> Result<u32, Refusal>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut entries = lock(&self.entries);
        if entries.running.len() >= MOST_SESSIONS {
            let reason = format!("{MOST_SESSIONS} sessions are running; end one first");
            return Err(Refusal::new(RefusalKind::TooMany, reason));
        }
        let number = entries.next;
        entries.next += 1;
        let running = session(number);
        let listed = Listed { entries: Arc::clone(&self.entries), number };
        let task = tokio::spawn(async move {
            let _listed = listed;
            running.await;
        });
        entries.running.insert(number, Entry { orders, task: Some(task) });
        Ok(number)
    }

    /// The session that is meant: the one that was named, or the only one.
    pub(crate) fn the_one(&self, wanted: Option<u32>) -> Result<(u32, mpsc::Sender<O>), Refusal> {
        let entries = lock(&self.entries);
        let refuse = |kind, reason: String| Err(Refusal::new(kind, reason));
        match (wanted, entries.running.len()) {
            (Some(wanted), _) => match entries.running.get(&wanted) {
                Some(entry) => Ok((wanted, entry.orders.clone())),
                None => refuse(RefusalKind::NoSession, format!("there is no session {wanted}")),
            },
            (None, 0) => refuse(
                RefusalKind::NoSession,
                "there is no session; begin one: vsc-agent pair".to_owned(),
            ),
            (None, 1) => match entries.running.first_key_value() {
                Some((number, entry)) => Ok((*number, entry.orders.clone())),
                None => refuse(RefusalKind::NoSession, "there is no session".to_owned()),
            },
            (None, count) => {
                let numbers: Vec<_> = entries.running.keys().map(u32::to_string).collect();
                let reason = format!(
                    "there are {count} sessions ({}); name one with --session",
                    numbers.join(", ")
                );
                refuse(RefusalKind::WhichSession, reason)
            }
        }
    }

    /// The number of the only session, if there is one only.
    pub(crate) fn only_one(&self) -> Option<u32> {
        let entries = lock(&self.entries);
        let mut numbers = entries.running.keys().copied();
        numbers.next().filter(|_| numbers.next().is_none())
    }

    /// Orders a session to end and waits until it has.
    pub(crate) async fn end(&self, wanted: Option<u32>, order: O) -> Result<Reply, Refusal> {
        let (session, orders) = self.the_one(wanted)?;
        let task = lock(&self.entries).running.get_mut(&session).and_then(|e| e.task.take());
        // One that is gone has ended by itself.
        let _ = orders.send(order).await;
        if let Some(task) = task {
            let _ = task.await;
        }
        Ok(Reply::Ended { session })
    }

    /// Orders every session to end, then waits until all have: one whose last words take long
    /// keeps no other from saying its own.
    pub(crate) async fn end_all(&self, order: impl Fn() -> O) {
        let sessions: Vec<_> =
            lock(&self.entries).running.values().map(|entry| entry.orders.clone()).collect();
        // One that is gone has ended by itself.
        for orders in &sessions {
            let _ = orders.send(order()).await;
        }
        // A session holds its orders to its end.
        for orders in sessions {
            orders.closed().await;
        }
    }
}

/// A session's entry in the book; taken out when dropped, also by a session that panics.
struct Listed<O> {
    entries: Arc<Mutex<Entries<O>>>,
    number: u32,
}

impl<O> Drop for Listed<O> {
    fn drop(&mut self) {
        lock(&self.entries).running.remove(&self.number);
    }
}

fn lock<O>(entries: &Mutex<Entries<O>>) -> MutexGuard<'_, Entries<O>> {
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::Barrier;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_session_that_panics_leaves_the_book() {
        let book = SessionBook::default();
        let (orders, _queue) = mpsc::channel::<()>(1);
        let session = book.open(orders, |_| async { panic!("a fault of ours") }).unwrap();
        let ended = tokio::time::timeout(PATIENCE, book.end(Some(session), ())).await.unwrap();
        assert!(ended.is_ok(), "{ended:?}");
        let gone = book.the_one(None).unwrap_err();
        assert_eq!(gone.kind, RefusalKind::NoSession);
        assert_eq!(book.only_one(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn every_session_is_told_to_end_before_any_is_waited_for() {
        let book = SessionBook::default();
        // Each ends only when all have been told.
        let all = Arc::new(Barrier::new(3));
        for _ in 0..3 {
            let (orders, mut queue) = mpsc::channel::<()>(1);
            let all = Arc::clone(&all);
            let session = |_| async move {
                queue.recv().await;
                all.wait().await;
            };
            book.open(orders, session).unwrap();
        }
        tokio::time::timeout(PATIENCE, book.end_all(|| ())).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_somebody_is_ending_already_is_waited_for_too() {
        let book = SessionBook::default();
        let (orders, mut queue) = mpsc::channel::<()>(2);
        let (let_go, is_let_go) = tokio::sync::oneshot::channel();
        let session = |_| async move {
            queue.recv().await;
            let _ = is_let_go.await;
        };
        let session = book.open(orders, session).unwrap();
        let mut first = Box::pin(book.end(Some(session), ()));
        assert!(tokio::time::timeout(PATIENCE, &mut first).await.is_err());
        let mut all = Box::pin(book.end_all(|| ()));
        assert!(tokio::time::timeout(PATIENCE, &mut all).await.is_err());
        let_go.send(()).unwrap();
        all.await;
        assert!(first.await.is_ok());
    }
}
