//! Two agents and a relay joined in memory, with a paper clock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use vsc_core::handshake::{Hello, Role};
use vsc_core::link::{Event, Invitation, Link, Meeting};
use vsc_core::pairing::{Code, Words};
use vsc_core::relay::{ConnectionId, Entropy, Relay, RelayAction, RelayLimits, Source};
use vsc_core::session::Timers;

/// Which of the two agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Rep,
    Customer,
}

/// A message on its way through the air.
struct Flight {
    arrives: Instant,
    to: To,
    bytes: Vec<u8>,
}

enum To {
    Relay(ConnectionId),
    Agent(ConnectionId),
    Hangup(ConnectionId),
}

/// Changes a message on its way.
pub(crate) type Tamper = Box<dyn FnMut(&mut Vec<u8>)>;

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) latency: Duration,
    pub(crate) relay: Relay,
    links: [Link; 2],
    connections: [Option<ConnectionId>; 2],
    next_connection: u64,
    flights: VecDeque<Flight>,
    pub(crate) events: [Vec<Event>; 2],
    /// Every byte that the relay was given.
    pub(crate) seen_by_relay: Vec<u8>,
    /// Changes a message between agent and relay.
    pub(crate) tamper: Option<Tamper>,
}

pub(crate) fn hello(role: Role, machine: &str) -> Hello {
    Hello { role, machine: machine.to_owned(), program: "test 1".to_owned() }
}

impl World {
    /// The representative's agent invites; the customer's has not been told the code.
    pub(crate) fn with_words(bytes: [u8; 3]) -> Self {
        let words = Words::from_random(bytes);
        let meeting = Meeting::Open(Invitation::Words(words));
        let rep = Link::new(meeting, hello(Role::Representative, "desk-7"), Timers::default());
        // Replaced by `join` once the code is known.
        let nobody = Link::new(
            Meeting::Open(Invitation::Words(Words::from_random([0; 3]))),
            hello(Role::Customer, "-"),
            Timers::default(),
        );
        Self::of(rep, nobody)
    }

    pub(crate) fn of(rep: Link, customer: Link) -> Self {
        Self {
            now: Instant::now(),
            latency: Duration::from_millis(20),
            relay: Relay::new(RelayLimits::default()),
            links: [rep, customer],
            connections: [None, None],
            next_connection: 0,
            flights: VecDeque::new(),
            events: [Vec::new(), Vec::new()],
            seen_by_relay: Vec::new(),
            tamper: None,
        }
    }

    /// The customer's agent joins with what was spoken.
    pub(crate) fn join(&mut self, code: &Code) {
        let proof = vsc_core::handshake::Proof::Words(code.words().clone());
        let hello = hello(Role::Customer, "pc-of-ann");
        self.links[1] = Link::new(Meeting::Join(code.mailbox(), proof), hello, Timers::default());
        self.connect(Side::Customer);
    }

    pub(crate) fn link(&mut self, side: Side) -> &mut Link {
        &mut self.links[side as usize]
    }

    pub(crate) fn connect(&mut self, side: Side) {
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        self.connections[side as usize] = Some(id);
        self.links[side as usize].handle_connected();
        self.flush();
    }

    /// The connection dies; what was on it is lost. The relay notices at once or not at all.
    pub(crate) fn cut(&mut self, side: Side, relay_notices: bool) {
        let Some(id) = self.connections[side as usize].take() else { return };
        self.flights.retain(|flight| match flight.to {
            To::Relay(c) | To::Agent(c) | To::Hangup(c) => c != id,
        });
        self.links[side as usize].handle_disconnected(self.now);
        if relay_notices {
            let actions = self.relay.handle_disconnected(self.now, id);
            self.apply(actions);
        }
        self.flush();
    }

    /// Lets everything fly until nothing moves within `span`.
    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            self.flush();
            let flight = self.flights.front().map(|flight| flight.arrives);
            let timers = self.links.iter().filter_map(Link::poll_timeout);
            let next = timers.chain(flight).chain(self.relay.poll_timeout()).min();
            match next {
                Some(next) if next <= end => self.now = self.now.max(next),
                _ => break,
            }
            while self.flights.front().is_some_and(|flight| flight.arrives <= self.now) {
                let flight = self.flights.pop_front().unwrap();
                self.deliver(flight);
            }
            for link in &mut self.links {
                if link.poll_timeout().is_some_and(|due| due <= self.now) {
                    link.handle_timeout(self.now);
                }
            }
            if self.relay.poll_timeout().is_some_and(|due| due <= self.now) {
                let actions = self.relay.handle_timeout(self.now);
                self.apply(actions);
            }
        }
        self.now = end;
    }

    pub(crate) fn take_events(&mut self, side: Side) -> Vec<Event> {
        self.flush();
        std::mem::take(&mut self.events[side as usize])
    }

    /// Pairs the two by a code and forgets the events of it.
    pub(crate) fn paired() -> Self {
        let mut world = Self::with_words([7, 77, 177]);
        world.connect(Side::Rep);
        world.run(Duration::from_secs(1));
        let code = world.code();
        world.join(&code);
        world.run(Duration::from_secs(1));
        assert!(matches!(world.take_events(Side::Rep)[..], [Event::Established(_)]));
        assert!(matches!(world.take_events(Side::Customer)[..], [Event::Established(_)]));
        world
    }

    /// The code that the representative's agent shows.
    pub(crate) fn code(&mut self) -> Code {
        let events = self.take_events(Side::Rep);
        let code = events.into_iter().find_map(|event| match event {
            Event::Invited { code, .. } => code,
            _ => None,
        });
        code.unwrap()
    }

    fn flush(&mut self) {
        for side in 0..2 {
            while let Some(event) = self.links[side].poll_event() {
                self.events[side].push(event);
            }
            while let Some(message) = self.links[side].poll_message() {
                let Some(id) = self.connections[side] else { continue };
                let mut bytes = message.to_vec();
                if let Some(tamper) = &mut self.tamper {
                    tamper(&mut bytes);
                }
                self.fly(To::Relay(id), bytes);
            }
        }
    }

    fn fly(&mut self, to: To, bytes: Vec<u8>) {
        self.flights.push_back(Flight { arrives: self.now + self.latency, to, bytes });
    }

    fn deliver(&mut self, flight: Flight) {
        match flight.to {
            To::Relay(id) => {
                self.seen_by_relay.extend(&flight.bytes);
                let n = self.next_connection as u8;
                let entropy = Entropy { number: 417, tickets: [[n; 16], [n + 100; 16]] };
                let actions =
                    self.relay.handle_message(self.now, id, Source(1), &flight.bytes, entropy);
                self.apply(actions);
            }
            To::Agent(id) => {
                if let Some(side) = self.side(id) {
                    self.links[side].handle_message(self.now, &flight.bytes);
                }
            }
            To::Hangup(id) => {
                if let Some(side) = self.side(id) {
                    self.connections[side] = None;
                    self.links[side].handle_disconnected(self.now);
                }
            }
        }
        self.flush();
    }

    fn apply(&mut self, actions: Vec<RelayAction>) {
        for action in actions {
            match action {
                RelayAction::Send(id, message) => self.fly(To::Agent(id), message.encode()),
                RelayAction::Hang(id) => self.fly(To::Hangup(id), Vec::new()),
            }
        }
    }

    fn side(&self, id: ConnectionId) -> Option<usize> {
        self.connections.iter().position(|connection| *connection == Some(id))
    }
}
