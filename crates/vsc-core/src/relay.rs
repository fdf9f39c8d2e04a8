//! The blind rendezvous: pairs two halves by mailbox number and passes their bytes on.
//!
//! A pure machine over connection numbers. It keeps, per mailbox, two tickets, which connection
//! is which half, and when that must end; never a byte of what is passed on, which goes straight
//! from one call into the answer of the same call. What waits in a slow connection's send queue
//! is the caller's to bound ([`Relay::handle_overflow`]).

mod attempts;

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use attempts::Attempts;

use crate::mailbox::{CloseReason, FromRelay, MailboxError, MailboxNumber, Ticket, ToRelay};

/// A connection, numbered by the caller and never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// Where a connection comes from, as far as limits are concerned: an address, or a network.
/// Chosen by the caller; the relay only compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source(pub u64);

/// What the relay may hold, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct RelayLimits {
    /// Mailboxes at once. One costs some 200 bytes.
    pub mailboxes: usize,
    /// Mailboxes at once that one source has opened. A whole office may be one source.
    pub mailboxes_of_source: u32,
    /// Attempts to join that came to nothing, from one source within a minute. Whoever tries
    /// numbers to burn other people's codes runs into this.
    pub failures_of_source: u32,
    /// How long a code waits for somebody to join.
    pub join_within: Duration,
    /// How long a half may be away before the mailbox is given up.
    pub away_for: Duration,
    /// The longest a mailbox lives, whatever happens in it.
    pub life: Duration,
}

impl Default for RelayLimits {
    /// 50 000 mailboxes, 1 000 of one source, 20 failures a minute; 10 minutes to join, 2 minutes
    /// away, 24 hours in all.
    fn default() -> Self {
        Self {
            mailboxes: 50_000,
            mailboxes_of_source: 1_000,
            failures_of_source: 20,
            join_within: Duration::from_secs(600),
            away_for: Duration::from_secs(120),
            life: Duration::from_secs(86_400),
        }
    }
}

/// What the caller is to do.
#[derive(Debug, PartialEq, Eq)]
pub enum RelayAction {
    /// Send this message on that connection.
    Send(ConnectionId, FromRelay),
    /// Close that connection, after what has been sent on it.
    Hang(ConnectionId),
}

/// Fresh randomness for one mailbox, from the operating system.
#[derive(Clone, Copy)]
pub struct Entropy {
    /// Chooses the mailbox number.
    pub number: u32,
    /// The two halves' tickets.
    pub tickets: [[u8; 16]; 2],
}

/// The state of all mailboxes.
#[derive(Debug)]
pub struct Relay {
    limits: RelayLimits,
    mailboxes: HashMap<MailboxNumber, Mailbox>,
    tickets: HashMap<Ticket, (MailboxNumber, Half)>,
    connections: HashMap<ConnectionId, (MailboxNumber, Half)>,
    /// When each mailbox ends unless something happens, soonest first.
    deadlines: BTreeSet<(Instant, MailboxNumber)>,
    /// Mailboxes of each source that has any.
    opened: HashMap<Source, u32>,
    failures: Attempts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    Opener,
    Joiner,
}

impl Half {
    fn other(self) -> Self {
        match self {
            Self::Opener => Self::Joiner,
            Self::Joiner => Self::Opener,
        }
    }
}

#[derive(Debug)]
struct Mailbox {
    tickets: [Ticket; 2],
    opener: Option<ConnectionId>,
    joiner: Option<ConnectionId>,
    joined: bool,
    /// Where its halves came from.
    opened_by: Source,
    joined_by: Option<Source>,
    /// When it ends unless something happens: nobody joined, or a half stays away.
    deadline: Option<Instant>,
    end_of_life: Instant,
}

impl Mailbox {
    fn connection(&self, half: Half) -> Option<ConnectionId> {
        match half {
            Half::Opener => self.opener,
            Half::Joiner => self.joiner,
        }
    }

    fn set_connection(&mut self, half: Half, connection: Option<ConnectionId>) {
        match half {
            Half::Opener => self.opener = connection,
            Half::Joiner => self.joiner = connection,
        }
    }

    fn due(&self) -> Instant {
        self.deadline.map_or(self.end_of_life, |deadline| deadline.min(self.end_of_life))
    }
}

impl Relay {
    /// How many digits a spoken mailbox number has at the most.
    pub const NUMBERS: u32 = 1_000_000;

    /// A relay without mailboxes.
    #[must_use]
    pub fn new(limits: RelayLimits) -> Self {
        Self {
            limits,
            mailboxes: HashMap::new(),
            tickets: HashMap::new(),
            connections: HashMap::new(),
            deadlines: BTreeSet::new(),
            opened: HashMap::new(),
            failures: Attempts::default(),
        }
    }

    /// Mailboxes that exist now.
    #[must_use]
    pub fn mailboxes(&self) -> usize {
        self.mailboxes.len()
    }

    /// Takes one whole message from a connection. `entropy` is used if a mailbox is to be made.
    pub fn handle_message(
        &mut self,
        now: Instant,
        from: ConnectionId,
        source: Source,
        bytes: &[u8],
        entropy: Entropy,
    ) -> Vec<RelayAction> {
        let message = match ToRelay::decode(bytes) {
            Ok(message) => message,
            Err(error) => return self.broke_rules(now, from, error),
        };
        let place = self.connections.get(&from).copied();
        match (message, place) {
            (ToRelay::Open, None) => self.open(now, from, source, entropy),
            (ToRelay::Join(number), None) => self.join(now, from, source, number),
            (ToRelay::Resume(ticket), None) => self.resume(from, ticket),
            (ToRelay::Forward(body), Some((number, half))) => self.forward(number, half, body),
            (ToRelay::Close(reason), Some((number, _))) => self.end(now, number, reason),
            (ToRelay::Close(_), None) => vec![RelayAction::Hang(from)],
            (ToRelay::Open | ToRelay::Join(_) | ToRelay::Resume(_), Some((number, _))) => {
                self.end(now, number, CloseReason::Protocol)
            }
            (ToRelay::Forward(_), None) => refuse(from, CloseReason::Protocol),
        }
    }

    /// The connection is gone, for whatever reason.
    pub fn handle_disconnected(&mut self, now: Instant, gone: ConnectionId) -> Vec<RelayAction> {
        let Some((number, half)) = self.connections.remove(&gone) else { return Vec::new() };
        let away_until = now + self.limits.away_for;
        let peer = self.change(number, |mailbox| {
            mailbox.set_connection(half, None);
            if mailbox.joined {
                mailbox.deadline = Some(away_until);
            }
            mailbox.connection(half.other())
        });
        let peer = peer.flatten();
        peer.map(|peer| RelayAction::Send(peer, FromRelay::PeerAway)).into_iter().collect()
    }

    /// The caller's queue towards `slow` is full: its mailbox ends, so that nothing is lost
    /// silently and nothing grows.
    pub fn handle_overflow(&mut self, now: Instant, slow: ConnectionId) -> Vec<RelayAction> {
        match self.connections.get(&slow).copied() {
            Some((number, _)) => self.end(now, number, CloseReason::TooFast),
            None => vec![RelayAction::Hang(slow)],
        }
    }

    /// When [`Relay::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|(due, _)| *due)
    }

    /// Ends what has waited too long.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<RelayAction> {
        let mut actions = Vec::new();
        while let Some((due, number)) = self.deadlines.first().copied() {
            if due > now {
                break;
            }
            actions.extend(self.end(now, number, CloseReason::TimedOut));
        }
        actions
    }

    /// The relay stops: everybody is told.
    pub fn close_all(&mut self, now: Instant) -> Vec<RelayAction> {
        let all: Vec<_> = self.mailboxes.keys().copied().collect();
        all.into_iter().flat_map(|number| self.end(now, number, CloseReason::GoingAway)).collect()
    }

    fn open(
        &mut self,
        now: Instant,
        from: ConnectionId,
        source: Source,
        entropy: Entropy,
    ) -> Vec<RelayAction> {
        let tickets = entropy.tickets.map(Ticket);
        let fresh = tickets[0] != tickets[1]
            && !tickets.iter().any(|ticket| self.tickets.contains_key(ticket));
        let of_source = self.opened.get(&source).copied().unwrap_or(0);
        if self.mailboxes.len() >= self.limits.mailboxes || !fresh {
            return refuse(from, CloseReason::Full);
        }
        if of_source >= self.limits.mailboxes_of_source {
            return refuse(from, CloseReason::TooOften);
        }
        let Some(number) = self.free_number(entropy.number) else {
            return refuse(from, CloseReason::Full);
        };
        let mailbox = Mailbox {
            tickets,
            opener: Some(from),
            joiner: None,
            joined: false,
            opened_by: source,
            joined_by: None,
            deadline: Some(now + self.limits.join_within),
            end_of_life: now + self.limits.life,
        };
        self.deadlines.insert((mailbox.due(), number));
        self.mailboxes.insert(number, mailbox);
        self.opened.insert(source, of_source + 1);
        self.tickets.insert(tickets[0], (number, Half::Opener));
        self.tickets.insert(tickets[1], (number, Half::Joiner));
        self.connections.insert(from, (number, Half::Opener));
        vec![RelayAction::Send(from, FromRelay::Opened(number, tickets[0]))]
    }

    /// Short numbers while few are taken, because they are spoken; a random one, then its
    /// neighbours.
    fn free_number(&self, random: u32) -> Option<MailboxNumber> {
        let mut range = 1_000;
        while range < Self::NUMBERS && self.mailboxes.len() > range as usize / 4 {
            range *= 10;
        }
        let range = range.min(Self::NUMBERS);
        (0..64)
            .map(|step| MailboxNumber(random.wrapping_add(step) % range))
            .find(|number| !self.mailboxes.contains_key(number))
    }

    fn join(
        &mut self,
        now: Instant,
        from: ConnectionId,
        source: Source,
        number: MailboxNumber,
    ) -> Vec<RelayAction> {
        if self.failures.of(now, source) >= self.limits.failures_of_source {
            return refuse(from, CloseReason::TooOften);
        }
        let (reason, opener) = match self.mailboxes.get(&number) {
            None => (CloseReason::NoSuchMailbox, None),
            Some(mailbox) if mailbox.joined => (CloseReason::Taken, None),
            // Nobody to meet at the moment; whoever opened it may come back.
            Some(mailbox) => (CloseReason::NoSuchMailbox, mailbox.opener),
        };
        let Some(opener) = opener else {
            self.failures.count(now, source);
            return refuse(from, reason);
        };
        let ticket = self.change(number, |mailbox| {
            mailbox.joined = true;
            mailbox.joined_by = Some(source);
            mailbox.joiner = Some(from);
            mailbox.deadline = None;
            mailbox.tickets[1]
        });
        let Some(ticket) = ticket else { return refuse(from, reason) };
        self.connections.insert(from, (number, Half::Joiner));
        vec![
            RelayAction::Send(from, FromRelay::Joined(ticket)),
            RelayAction::Send(opener, FromRelay::PeerHere),
        ]
    }

    fn resume(&mut self, from: ConnectionId, ticket: Ticket) -> Vec<RelayAction> {
        let Some((number, half)) = self.tickets.get(&ticket).copied() else {
            return refuse(from, CloseReason::NoSuchMailbox);
        };
        let changed = self.change(number, |mailbox| {
            let old = mailbox.connection(half);
            mailbox.set_connection(half, Some(from));
            let peer = mailbox.connection(half.other());
            if peer.is_some() {
                mailbox.deadline = None;
            }
            (old, peer)
        });
        let Some((old, peer)) = changed else {
            return refuse(from, CloseReason::NoSuchMailbox);
        };
        let mut actions = Vec::new();
        // The agent noticed the break before the relay did: the old connection is dead.
        if let Some(old) = old {
            self.connections.remove(&old);
            actions.push(RelayAction::Hang(old));
        }
        self.connections.insert(from, (number, half));
        actions.push(RelayAction::Send(from, FromRelay::Resumed { peer_here: peer.is_some() }));
        actions.extend(peer.map(|peer| RelayAction::Send(peer, FromRelay::PeerHere)));
        actions
    }

    /// Nobody there: dropped. The two agents number what they send and repeat it themselves.
    fn forward(&self, number: MailboxNumber, from: Half, body: Vec<u8>) -> Vec<RelayAction> {
        self.mailboxes
            .get(&number)
            .and_then(|mailbox| mailbox.connection(from.other()))
            .map(|peer| RelayAction::Send(peer, FromRelay::Forwarded(body)))
            .into_iter()
            .collect()
    }

    /// Changes a mailbox, and with it when it is due.
    fn change<T>(
        &mut self,
        number: MailboxNumber,
        change: impl FnOnce(&mut Mailbox) -> T,
    ) -> Option<T> {
        let mailbox = self.mailboxes.get_mut(&number)?;
        let before = mailbox.due();
        let answer = change(mailbox);
        let after = mailbox.due();
        if after != before {
            self.deadlines.remove(&(before, number));
            self.deadlines.insert((after, number));
        }
        Some(answer)
    }

    fn end(
        &mut self,
        now: Instant,
        number: MailboxNumber,
        reason: CloseReason,
    ) -> Vec<RelayAction> {
        let Some(mailbox) = self.mailboxes.remove(&number) else { return Vec::new() };
        self.deadlines.remove(&(mailbox.due(), number));
        if let Some(count) = self.opened.get_mut(&mailbox.opened_by) {
            *count -= 1;
            if *count == 0 {
                self.opened.remove(&mailbox.opened_by);
            }
        }
        if let (CloseReason::PairingFailed, Some(joiner)) = (reason, mailbox.joined_by) {
            self.failures.count(now, joiner);
        }
        for ticket in mailbox.tickets {
            self.tickets.remove(&ticket);
        }
        let mut actions = Vec::new();
        for connection in [mailbox.opener, mailbox.joiner].into_iter().flatten() {
            self.connections.remove(&connection);
            actions.extend(refuse(connection, reason));
        }
        actions
    }

    fn broke_rules(
        &mut self,
        now: Instant,
        from: ConnectionId,
        error: MailboxError,
    ) -> Vec<RelayAction> {
        let reason = match error {
            MailboxError::Version { .. } => CloseReason::Version,
            _ => CloseReason::Protocol,
        };
        match self.connections.get(&from).copied() {
            Some((number, _)) => self.end(now, number, reason),
            None => refuse(from, reason),
        }
    }
}

fn refuse(connection: ConnectionId, reason: CloseReason) -> Vec<RelayAction> {
    vec![RelayAction::Send(connection, FromRelay::Closed(reason)), RelayAction::Hang(connection)]
}
