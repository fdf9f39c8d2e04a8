//! Keeps one [`Link`] connected: its messages, its time, and a new connection when one breaks.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vsc_core::handshake::Hello;
use vsc_core::link::{Event, Link, Meeting};
use vsc_core::session::{EndReason, SessionError, Timers};

use crate::connection::Connection;
use crate::way::{DialError, Way};

/// How long to wait before the second attempt to connect; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(8);

type Dialling = Pin<Box<dyn Future<Output = Result<Connection, DialError>> + Send>>;

enum Wire {
    Dialling(Dialling),
    Here(Connection),
    /// Not needed any more.
    Over,
}

/// What [`LinkDriver::next`] tells.
#[derive(Debug)]
pub enum Happening {
    /// The link says something.
    Link(Event),
    /// There is no way to the relay at the moment. It is tried again, unless the link is over.
    NoWay(DialError),
}

/// A link and its connection.
pub struct LinkDriver {
    link: Link,
    way: Arc<Way>,
    wire: Wire,
    /// Attempts to connect since the relay last said something.
    attempts: u32,
}

impl LinkDriver {
    /// A link that is about to connect.
    #[must_use]
    pub fn new(meeting: Meeting, hello: Hello, timers: Timers, way: Arc<Way>) -> Self {
        let wire = Wire::Dialling(dial(&way, Duration::ZERO));
        Self { link: Link::new(meeting, hello, timers), way, wire, attempts: 0 }
    }

    /// Sends one message, now or when the connection is back.
    ///
    /// # Errors
    ///
    /// See [`Link::send`].
    pub fn send(&mut self, message: &[u8]) -> Result<(), SessionError> {
        let sent = self.link.send(message);
        self.flush();
        sent
    }

    /// Measures the round trip now.
    pub fn ping(&mut self) {
        self.link.ping(Instant::now());
        self.flush();
    }

    /// Ends the link; [`Event::Ended`] follows.
    pub fn end(&mut self, reason: EndReason) {
        self.link.end(reason);
        self.flush();
    }

    /// What happens next. May be dropped at any time and asked again; nothing is lost.
    ///
    /// After [`Event::Ended`] nothing happens any more.
    pub async fn next(&mut self) -> Happening {
        loop {
            self.flush();
            match self.link.poll_event() {
                Some(Event::Reconnect) => {
                    self.disconnected();
                    continue;
                }
                Some(event @ Event::Ended(_)) => {
                    // Dropping the connection closes it once everything is written.
                    self.wire = Wire::Over;
                    return Happening::Link(event);
                }
                Some(event) => return Happening::Link(event),
                None => {}
            }
            let due = self.link.poll_timeout();
            tokio::select! {
                biased;
                change = self.wire.next() => match change {
                    Change::Message(message) => {
                        self.attempts = 0;
                        self.link.handle_message(Instant::now(), &message);
                    }
                    Change::Connected(connection) => {
                        self.wire = Wire::Here(connection);
                        self.link.handle_connected();
                    }
                    Change::Failed(error) => {
                        self.redial();
                        return Happening::NoWay(error);
                    }
                    Change::Disconnected => self.disconnected(),
                },
                () = until(due) => self.link.handle_timeout(Instant::now()),
            }
        }
    }

    /// Hands the link's messages to the connection.
    fn flush(&mut self) {
        let Wire::Here(connection) = &self.wire else { return };
        while let Some(mut message) = self.link.poll_message() {
            if connection.outgoing.try_send(std::mem::take(&mut *message)).is_err() {
                // It is gone, or takes nothing any more: both mean a new one.
                return self.disconnected();
            }
        }
    }

    fn disconnected(&mut self) {
        self.link.handle_disconnected(Instant::now());
        self.redial();
    }

    fn redial(&mut self) {
        self.wire = if self.link.is_over() {
            Wire::Over
        } else {
            let wait = match self.attempts {
                0 => Duration::ZERO,
                attempts => FIRST_WAIT * 2_u32.saturating_pow(attempts - 1),
            };
            self.attempts += 1;
            Wire::Dialling(dial(&self.way, jittered(wait.min(LONGEST_WAIT))))
        };
    }
}

enum Change {
    Message(Vec<u8>),
    Connected(Connection),
    Failed(DialError),
    Disconnected,
}

impl Wire {
    async fn next(&mut self) -> Change {
        match self {
            Self::Here(connection) => match connection.incoming.recv().await {
                Some(message) => Change::Message(message),
                None => Change::Disconnected,
            },
            Self::Dialling(dialling) => match dialling.await {
                Ok(connection) => Change::Connected(connection),
                Err(error) => Change::Failed(error),
            },
            Self::Over => std::future::pending().await,
        }
    }
}

fn dial(way: &Arc<Way>, wait: Duration) -> Dialling {
    let way = Arc::clone(way);
    Box::pin(async move {
        tokio::time::sleep(wait).await;
        way.connect().await
    })
}

/// Half of the wait is random, so that agents which lost the same relay do not come back at once.
fn jittered(wait: Duration) -> Duration {
    let mut random = [0_u8; 1];
    // Without randomness everybody waits the longest.
    let share = getrandom::fill(&mut random).map_or(255, |()| random[0]);
    wait / 2 + wait / 2 * u32::from(share) / 255
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
