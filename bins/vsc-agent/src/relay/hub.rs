//! All connections of a relay around the one machine that knows who belongs to whom.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use vsc_core::mailbox::FromRelay;
use vsc_core::relay::{ConnectionId, Entropy, Relay, RelayAction, RelayLimits, Source};

use super::seat::{Seat, Way};
use crate::connection::{self, Connection, FarEnd};

/// How often the relay looks whether something has waited too long.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where the agent of this very process comes from: no address has this number.
const HERE: Source = Source(u64::MAX - 1);

/// The mailboxes and the connections to them.
pub struct Hub {
    state: Mutex<State>,
    most_connections: usize,
}

struct State {
    relay: Relay,
    seats: HashMap<ConnectionId, Arc<Seat>>,
    next: u64,
    forwarded: u64,
}

/// What a relay tells about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Connections now.
    pub connections: usize,
    /// Mailboxes now: waiting for their second half, or in use.
    pub mailboxes: usize,
    /// Messages passed on since the start.
    pub forwarded: u64,
}

impl Hub {
    /// A relay without connections.
    #[must_use]
    pub fn new(limits: RelayLimits, most_connections: usize) -> Arc<Self> {
        let state =
            State { relay: Relay::new(limits), seats: HashMap::new(), next: 0, forwarded: 0 };
        Arc::new(Self { state: Mutex::new(state), most_connections })
    }

    /// What there is now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let state = self.state();
        Counts {
            connections: state.seats.len(),
            mailboxes: state.relay.mailboxes(),
            forwarded: state.forwarded,
        }
    }

    /// A connection for the agent in this very process.
    #[must_use]
    pub fn attach(self: &Arc<Self>) -> Connection {
        let (near, far) = connection::pair();
        if let Ok(seat) = self.sit(HERE, Way::Inside(far.incoming.clone())) {
            tokio::spawn(serve_inside(Arc::clone(self), seat, far));
        }
        near
    }

    /// Ends mailboxes that have waited too long, for as long as it is polled.
    pub async fn keep_time(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = Instant::now();
            let touched = {
                let mut state = self.state();
                if state.relay.poll_timeout().is_none_or(|due| due > now) {
                    continue;
                }
                let actions = state.relay.handle_timeout(now);
                state.apply(actions)
            };
            self.flush(touched).await;
        }
    }

    /// Tells everybody that the relay stops.
    pub async fn close(&self) {
        let touched = {
            let mut state = self.state();
            let actions = state.relay.close_all(Instant::now());
            state.apply(actions)
        };
        self.flush(touched).await;
    }

    /// Takes a connection in, or gives its way back when there are too many. Who takes a seat must
    /// [`leave`](Self::leave) it.
    pub(super) fn sit(&self, source: Source, way: Way) -> Result<Arc<Seat>, Way> {
        let mut state = self.state();
        if state.seats.len() >= self.most_connections {
            return Err(way);
        }
        let id = ConnectionId(state.next);
        state.next += 1;
        let seat = Arc::new(Seat::new(id, source, way));
        state.seats.insert(id, Arc::clone(&seat));
        Ok(seat)
    }

    /// Takes one message of a connection, and writes whatever it causes.
    pub(super) async fn take(&self, from: &Seat, message: &[u8]) {
        let entropy = entropy(message);
        let touched = {
            let mut state = self.state();
            let actions =
                state.relay.handle_message(Instant::now(), from.id, from.source, message, entropy);
            state.apply(actions)
        };
        self.flush(touched).await;
    }

    /// The connection is gone.
    pub(super) async fn leave(&self, gone: ConnectionId) {
        let touched = {
            let mut state = self.state();
            state.seats.remove(&gone);
            let actions = state.relay.handle_disconnected(Instant::now(), gone);
            state.apply(actions)
        };
        self.flush(touched).await;
    }

    /// Whether a connection belongs to a mailbox; one that does not is only a visitor.
    pub(super) fn is_seated(&self, id: ConnectionId) -> bool {
        self.state().seats.contains_key(&id)
    }

    async fn flush(&self, touched: Vec<Arc<Seat>>) {
        let mut touched = touched;
        while let Some(seat) = touched.pop() {
            if seat.flush().await.is_err() {
                let mut state = self.state();
                let actions = state.relay.handle_overflow(Instant::now(), seat.id);
                touched.extend(state.apply(actions));
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Queues what the machine decided; answers which connections have something to write.
    fn apply(&mut self, actions: Vec<RelayAction>) -> Vec<Arc<Seat>> {
        let mut touched = Vec::with_capacity(actions.len());
        let mut overflowing = Vec::new();
        for action in actions {
            match action {
                RelayAction::Send(to, message) => {
                    let Some(seat) = self.seats.get(&to) else { continue };
                    self.forwarded += u64::from(matches!(message, FromRelay::Forwarded(_)));
                    if !seat.push(message.encode()) {
                        overflowing.push(to);
                    }
                    touched.push(Arc::clone(seat));
                }
                RelayAction::Hang(which) => {
                    if let Some(seat) = self.seats.remove(&which) {
                        seat.finish();
                        touched.push(seat);
                    }
                }
            }
        }
        for slow in overflowing {
            let actions = self.relay.handle_overflow(Instant::now(), slow);
            touched.extend(self.apply(actions));
        }
        touched
    }
}

/// Only an opening message makes a mailbox; the others need no randomness.
fn entropy(message: &[u8]) -> Entropy {
    let mut bytes = [0_u8; 36];
    if message.first() == Some(&0x01) && getrandom::fill(&mut bytes).is_err() {
        // Without randomness the tickets are equal, and the relay refuses to open.
        bytes = [0; 36];
    }
    let (number, tickets) = bytes.split_at(4);
    let mut entropy = Entropy { number: 0, tickets: [[0; 16]; 2] };
    if let Ok(number) = number.try_into() {
        entropy.number = u32::from_be_bytes(number);
    }
    for (ticket, bytes) in entropy.tickets.iter_mut().zip(tickets.chunks(16)) {
        ticket.copy_from_slice(bytes);
    }
    entropy
}

async fn serve_inside(hub: Arc<Hub>, seat: Arc<Seat>, mut agent: FarEnd) {
    loop {
        tokio::select! {
            message = agent.outgoing.recv() => match message {
                Some(message) => hub.take(&seat, &message).await,
                None => break,
            },
            () = seat.until_hung_up() => break,
        }
    }
    hub.leave(seat.id).await;
}
