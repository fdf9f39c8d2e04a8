//! Keeps one [`Link`] connected: its messages, its time, and a new connection when one breaks.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use vsc_core::handshake::Hello;
use vsc_core::link::{End, Event, Link, Meeting};
use vsc_core::session::{EndReason, SessionError, Timers};

use crate::connection::Connection;
use crate::way::{DialError, Way};

/// How long to wait before the second attempt to connect; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// How long a relay may take to answer what is said first on a connection.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A connection that lasted this long is made again at once. One that keeps breaking is not: the
/// relay, or whatever is in front of it, would be dialled as fast as the network allows.
const STEADY: Duration = Duration::from_secs(5);

/// How long the last words may take to get out.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);

type Dialling = Pin<Box<dyn Future<Output = Result<Connection, DialError>> + Send>>;

enum Wire {
    Dialling(Dialling),
    Here(Talk),
    /// The link is over; what was said last is still being written.
    Leaving(Leaving),
    /// Not needed any more.
    Over,
}

/// A connection in use.
struct Talk {
    connection: Connection,
    since: Instant,
    /// Whether the relay has said anything on it.
    is_answered: bool,
    /// Whether nothing can be sent on it any more.
    is_lost: bool,
}

/// A connection that has nothing more to say.
struct Leaving {
    /// Ends when all was written and the connection is closed.
    incoming: mpsc::Receiver<Vec<u8>>,
    until: Instant,
    /// What is told then.
    end: Option<End>,
}

/// What [`LinkDriver::next`] tells.
#[derive(Debug)]
pub enum Happening {
    /// The link says something.
    Link(Event),
    /// There is no way to the relay at the moment. It is tried again, unless the link is over.
    NoWay(DialError),
    /// The relay answers again.
    WayBack,
}

/// A link and its connection.
pub struct LinkDriver {
    link: Link,
    way: Arc<Way>,
    wire: Wire,
    /// Attempts to connect since a connection was good for something.
    attempts: u32,
    /// Whether it was told that there is no way.
    is_lost: bool,
}

impl LinkDriver {
    /// A link that is about to connect.
    #[must_use]
    pub fn new(meeting: Meeting, hello: Hello, timers: Timers, way: Arc<Way>) -> Self {
        let wire = Wire::Dialling(dial(&way, Duration::ZERO));
        Self { link: Link::new(meeting, hello, timers), way, wire, attempts: 0, is_lost: false }
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
        self.link.ping(now());
        self.flush();
    }

    /// Ends the link; [`Event::Ended`] follows.
    pub fn end(&mut self, reason: EndReason) {
        self.link.end(reason);
        self.flush();
    }

    /// What happens next. May be dropped at any time and asked again; nothing is lost.
    ///
    /// After [`Event::Ended`] nothing happens any more. It is told once the last words were
    /// written, so that whoever then stops the process takes them from nobody.
    pub async fn next(&mut self) -> Happening {
        loop {
            self.flush();
            match self.link.poll_event() {
                Some(Event::Reconnect) => {
                    self.disconnected();
                    continue;
                }
                Some(Event::Ended(end)) => {
                    self.wire = std::mem::replace(&mut self.wire, Wire::Over).leave(end);
                    continue;
                }
                Some(event) => return Happening::Link(event),
                None => {}
            }
            let answer_due = self.wire.answer_due();
            let due = self.link.poll_timeout().into_iter().chain(answer_due).min();
            tokio::select! {
                biased;
                change = self.wire.next() => match change {
                    Change::Message(message) => {
                        if let Wire::Here(talk) = &mut self.wire {
                            talk.is_answered = true;
                        }
                        self.link.handle_message(now(), &message);
                        if std::mem::take(&mut self.is_lost) {
                            return Happening::WayBack;
                        }
                    }
                    Change::Connected(connection) => {
                        self.wire = Wire::Here(Talk::new(connection));
                        self.link.handle_connected();
                    }
                    Change::Failed(error) => {
                        self.redial();
                        return self.no_way(error);
                    }
                    Change::Disconnected { is_answered } => {
                        self.disconnected();
                        if !is_answered && !self.link.is_over() {
                            let relay = self.way.to_string();
                            return self.no_way(DialError::HungUp { relay });
                        }
                    }
                    Change::Left(end) => {
                        self.wire = Wire::Over;
                        return Happening::Link(Event::Ended(end));
                    }
                },
                () = until(due) => {
                    if answer_due.is_some_and(|due| due <= now()) {
                        self.disconnected();
                        let relay = self.way.to_string();
                        return self.no_way(DialError::Silent { relay });
                    }
                    self.link.handle_timeout(now());
                }
            }
        }
    }

    fn no_way(&mut self, error: DialError) -> Happening {
        self.is_lost = true;
        Happening::NoWay(error)
    }

    /// Hands the link's messages to the connection.
    fn flush(&mut self) {
        let Wire::Here(talk) = &mut self.wire else { return };
        while !talk.is_lost
            && let Some(mut message) = self.link.poll_message()
        {
            // It is gone, or takes nothing any more: both mean a new one.
            talk.is_lost =
                talk.connection.outgoing.try_send(std::mem::take(&mut *message)).is_err();
        }
    }

    fn disconnected(&mut self) {
        if let Wire::Here(talk) = &self.wire
            && talk.is_answered
        {
            let is_steady = now().saturating_duration_since(talk.since) >= STEADY;
            self.attempts = u32::from(!is_steady);
        }
        self.link.handle_disconnected(now());
        self.redial();
    }

    fn redial(&mut self) {
        self.wire = if self.link.is_over() {
            Wire::Over
        } else {
            let wait = match self.attempts {
                0 => Duration::ZERO,
                attempts => FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempts - 1)),
            };
            self.attempts = self.attempts.saturating_add(1);
            Wire::Dialling(dial(&self.way, jittered(wait.min(LONGEST_WAIT))))
        };
    }
}

enum Change {
    Message(Vec<u8>),
    Connected(Connection),
    Failed(DialError),
    Disconnected { is_answered: bool },
    Left(End),
}

impl Talk {
    fn new(connection: Connection) -> Self {
        Self { connection, since: now(), is_answered: false, is_lost: false }
    }

    async fn next(&mut self) -> Change {
        let lost = Change::Disconnected { is_answered: self.is_answered };
        if self.is_lost {
            return lost;
        }
        self.connection.incoming.recv().await.map_or(lost, Change::Message)
    }
}

impl Leaving {
    async fn next(&mut self) -> Change {
        let gone = async { while self.incoming.recv().await.is_some() {} };
        // Who does not take them in time does not get them.
        let _ = tokio::time::timeout_at(self.until.into(), gone).await;
        match self.end.take() {
            Some(end) => Change::Left(end),
            None => std::future::pending().await,
        }
    }
}

impl Wire {
    async fn next(&mut self) -> Change {
        match self {
            Self::Here(talk) => talk.next().await,
            Self::Dialling(dialling) => match dialling.await {
                Ok(connection) => Change::Connected(connection),
                Err(error) => Change::Failed(error),
            },
            Self::Leaving(leaving) => leaving.next().await,
            Self::Over => std::future::pending().await,
        }
    }

    /// Closes the connection, if there is one, after what was sent on it.
    fn leave(self, end: End) -> Self {
        let incoming = match self {
            Self::Here(Talk { connection: Connection { outgoing, incoming }, .. }) => {
                drop(outgoing);
                incoming
            }
            // A channel without a sender has ended already.
            Self::Dialling(_) | Self::Leaving(_) | Self::Over => mpsc::channel(1).1,
        };
        Self::Leaving(Leaving { incoming, until: now() + GOODBYE_WITHIN, end: Some(end) })
    }

    /// When the relay must have said something.
    fn answer_due(&self) -> Option<Instant> {
        match self {
            Self::Here(talk) if !talk.is_answered => Some(talk.since + ANSWER_WITHIN),
            _ => None,
        }
    }
}

/// The runtime's time, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
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

#[cfg(test)]
mod tests {
    use vsc_core::handshake::{Proof, Role};
    use vsc_core::link::Invitation;
    use vsc_core::mailbox::{CloseReason, FromRelay, MailboxNumber, Ticket};
    use vsc_core::pairing::Words;
    use vsc_core::relay::RelayLimits;

    use super::*;
    use crate::connection::{FarEnd, pair};
    use crate::relay::Hub;

    fn hub() -> Arc<Hub> {
        Hub::new(RelayLimits::default(), 10)
    }

    fn hello(role: Role) -> Hello {
        Hello { role, machine: "pc".to_owned(), program: "test".to_owned() }
    }

    fn words() -> Words {
        Words::from_random([1, 2, 3])
    }

    fn joiner(hub: Arc<Hub>, number: u32) -> LinkDriver {
        let meeting = Meeting::Join(MailboxNumber(number), Proof::Words(words()));
        let way = Arc::new(Way::Inside(hub));
        LinkDriver::new(meeting, hello(Role::Customer), Timers::default(), way)
    }

    /// A driver that has just connected to a relay which is played by the test.
    fn connected_to_a_played_relay() -> (LinkDriver, FarEnd) {
        let mut driver = joiner(hub(), 417);
        let (near, far) = pair();
        driver.wire = Wire::Here(Talk::new(near));
        driver.link.handle_connected();
        (driver, far)
    }

    #[tokio::test(start_paused = true)]
    async fn a_relay_that_lets_in_and_says_nothing_is_told_after_ten_seconds() {
        let (mut driver, _far) = connected_to_a_played_relay();
        let begun = now();
        let happening = driver.next().await;
        assert!(matches!(happening, Happening::NoWay(DialError::Silent { .. })), "{happening:?}");
        assert_eq!(now() - begun, ANSWER_WITHIN);
    }

    #[tokio::test(start_paused = true)]
    async fn a_relay_that_hangs_up_without_a_word_is_told_at_once() {
        let (mut driver, far) = connected_to_a_played_relay();
        drop(far);
        let happening = driver.next().await;
        assert!(matches!(happening, Happening::NoWay(DialError::HungUp { .. })), "{happening:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_relay_that_answers_again_is_told_once() {
        let (mut driver, far) = connected_to_a_played_relay();
        drop(far);
        assert!(matches!(driver.next().await, Happening::NoWay(_)));
        let (near, far) = pair();
        driver.wire = Wire::Here(Talk::new(near));
        driver.link.handle_connected();
        far.incoming.send(FromRelay::Joined(Ticket([7; 16])).encode()).await.unwrap();
        let happening = driver.next().await;
        assert!(matches!(happening, Happening::WayBack), "{happening:?}");
        far.incoming.send(FromRelay::Closed(CloseReason::Done).encode()).await.unwrap();
        let happening = driver.next().await;
        assert!(matches!(happening, Happening::Link(Event::Ended(_))), "{happening:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_relay_that_answers_may_then_be_silent() {
        let (mut driver, far) = connected_to_a_played_relay();
        far.incoming.send(FromRelay::Joined(Ticket([7; 16])).encode()).await.unwrap();
        let waited =
            tokio::time::timeout(ANSWER_WITHIN * 2 - Duration::from_secs(1), driver.next());
        // The handshake has a limit of its own, which is later.
        assert!(waited.await.is_err());
    }

    /// How long a driver waits before it dials again, after a connection that lasted so long.
    async fn pause_after(lasted: Duration) -> Duration {
        let meeting = Meeting::Open(Invitation::Words(words()));
        let way = Arc::new(Way::Inside(hub()));
        let mut driver =
            LinkDriver::new(meeting, hello(Role::Representative), Timers::default(), way);
        let (near, far) = pair();
        driver.wire = Wire::Here(Talk::new(near));
        driver.link.handle_connected();
        let answer = FromRelay::Opened(MailboxNumber(417), Ticket([7; 16]));
        far.incoming.send(answer.encode()).await.unwrap();
        assert!(matches!(driver.next().await, Happening::Link(Event::Invited { .. })));
        tokio::time::advance(lasted).await;
        drop(far);
        let begun = now();
        // What is dialled then is another relay, which knows nothing of that mailbox.
        let happening = driver.next().await;
        assert!(matches!(happening, Happening::Link(Event::Ended(_))), "{happening:?}");
        now() - begun
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_keeps_breaking_is_not_made_again_without_a_pause() {
        let pause = pause_after(Duration::ZERO).await;
        assert!((FIRST_WAIT / 2..GOODBYE_WITHIN).contains(&pause), "{pause:?}");
        let pause = pause_after(STEADY).await;
        assert!(pause < FIRST_WAIT / 2, "{pause:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_is_told_when_the_last_words_are_out_or_nobody_takes_them() {
        let (mut driver, far) = connected_to_a_played_relay();
        driver.end(EndReason::Stopping);
        let begun = now();
        assert!(matches!(driver.next().await, Happening::Link(Event::Ended(_))));
        assert_eq!(now() - begun, GOODBYE_WITHIN, "the far end took nothing");
        drop(far);

        let (mut driver, FarEnd { mut outgoing, incoming }) = connected_to_a_played_relay();
        driver.end(EndReason::Stopping);
        let taken = tokio::spawn(async move {
            let mut taken = 0;
            while outgoing.recv().await.is_some() {
                taken += 1;
            }
            drop(incoming);
            taken
        });
        let begun = now();
        assert!(matches!(driver.next().await, Happening::Link(Event::Ended(_))));
        assert_eq!(now(), begun);
        assert_eq!(taken.await.unwrap(), 1, "the wish to join");
    }
}
