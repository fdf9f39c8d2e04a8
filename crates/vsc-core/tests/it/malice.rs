//! A relay that lies, and a thief of tickets.

use std::time::{Duration, Instant};

use vsc_core::handshake::{Handshake, Proof, Role, generate_identity};
use vsc_core::link::{End, Event, Invitation, Link, Meeting};
use vsc_core::mailbox::{CloseReason, FromRelay, MailboxNumber, Ticket, ToRelay};
use vsc_core::pairing::Words;
use vsc_core::relay::{Relay, RelayLimits};
use vsc_core::session::{SessionError, Timers};

use super::world::{Side, World, hello};

const NUMBER: MailboxNumber = MailboxNumber(417);
const TICKET: Ticket = Ticket([9; 16]);
const SECOND: Duration = Duration::from_secs(1);

/// One agent in the hands of a relay.
struct Victim {
    now: Instant,
    link: Link,
}

impl Victim {
    fn new(meeting: Meeting) -> Self {
        let hello = hello(meeting.role(), "victim");
        let mut link = Link::new(meeting, hello, Timers::default());
        link.handle_connected();
        Self { now: Instant::now(), link }
    }

    fn customer() -> Self {
        let proof = Proof::Words(Words::from_random([1, 2, 3]));
        Self::new(Meeting::Join(NUMBER, proof))
    }

    fn rep() -> Self {
        Self::new(Meeting::Open(Invitation::Words(Words::from_random([1, 2, 3]))))
    }

    fn hears(&mut self, message: &FromRelay) -> Vec<Vec<u8>> {
        self.link.handle_message(self.now, &message.encode());
        self.bodies()
    }

    /// What the agent wanted its peer to have.
    fn bodies(&mut self) -> Vec<Vec<u8>> {
        let said = std::iter::from_fn(|| self.link.poll_message());
        let body = |message: zeroize::Zeroizing<Vec<u8>>| match ToRelay::decode(&message) {
            Ok(ToRelay::Forward(body)) => Some(body),
            _ => None,
        };
        said.filter_map(body).collect()
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.link.poll_event()).collect()
    }
}

/// What a relay says that plays the representative and guesses the words.
fn guess(words: [u8; 3]) -> FromRelay {
    let proof = Proof::Words(Words::from_random(words));
    let hello = hello(Role::Representative, "relay");
    let (_, first) = Handshake::begin(Role::Representative, NUMBER, hello, &proof).unwrap();
    FromRelay::Forwarded(first.unwrap())
}

#[test]
fn a_relay_that_lets_the_customer_join_again_has_no_second_guess() {
    let mut customer = Victim::customer();
    customer.hears(&FromRelay::Joined(TICKET));
    // From the answer the relay can tell whether its guess was right. It was not.
    assert_eq!(customer.hears(&guess([7, 7, 7])).len(), 1);
    customer.hears(&FromRelay::Joined(TICKET));
    assert_eq!(customer.hears(&guess([8, 8, 8])), Vec::<Vec<u8>>::new());
    assert!(matches!(customer.events()[..], [Event::Ended(End::Untrusted(_))]));
}

#[test]
fn a_relay_that_breaks_the_connection_has_no_second_guess() {
    let mut customer = Victim::customer();
    customer.hears(&FromRelay::Joined(TICKET));
    assert_eq!(customer.hears(&guess([7, 7, 7])).len(), 1);
    customer.link.handle_disconnected(customer.now);
    customer.link.handle_connected();
    customer.hears(&FromRelay::Joined(TICKET));
    assert_eq!(customer.hears(&guess([8, 8, 8])), Vec::<Vec<u8>>::new());
    assert!(customer.link.is_over());
}

#[test]
fn whatever_the_relay_says_out_of_turn_ends_the_link() {
    let opened = || FromRelay::Opened(NUMBER, TICKET);
    let joined = || FromRelay::Joined(TICKET);
    let here = FromRelay::Resumed { peer_here: true };
    let forwarded = || FromRelay::Forwarded(vec![1, 2, 3]);
    type Case = (fn() -> Victim, Vec<FromRelay>);
    let cases: [Case; 9] = [
        (Victim::rep, vec![joined()]),
        (Victim::rep, vec![here.clone()]),
        (Victim::rep, vec![FromRelay::PeerHere]),
        (Victim::rep, vec![forwarded()]),
        (Victim::rep, vec![opened(), opened()]),
        (Victim::rep, vec![opened(), here.clone()]),
        (Victim::customer, vec![opened()]),
        (Victim::customer, vec![forwarded()]),
        (Victim::customer, vec![joined(), joined()]),
    ];
    for (victim, messages) in cases {
        let mut victim = victim();
        for message in &messages {
            assert!(!victim.link.is_over(), "{messages:?}");
            victim.hears(message);
        }
        let last = victim.events().pop();
        assert!(matches!(last, Some(Event::Ended(End::Untrusted(_)))), "{messages:?}: {last:?}");
    }
}

#[test]
fn nothing_is_taken_or_sent_before_the_peer_has_proven_itself() {
    let mut rep = Victim::rep();
    rep.hears(&FromRelay::Opened(NUMBER, TICKET));
    // Without a peer a body is nobody's.
    rep.hears(&FromRelay::Forwarded(vec![0x17; 40]));
    assert_eq!(rep.link.send(b"reader names"), Err(SessionError::Ended));
    assert_eq!(rep.hears(&FromRelay::PeerHere).len(), 1, "the element, and no more");
    assert_eq!(rep.link.send(b"reader names"), Err(SessionError::Ended));
    rep.hears(&FromRelay::Forwarded(vec![0x17; 40]));
    assert!(matches!(rep.events()[..], [Event::Invited { .. }, Event::Ended(End::Untrusted(_))]));
}

#[test]
fn an_old_introduction_by_identity_that_the_relay_repeats_is_not_believed() {
    let (rep_private, rep_public) = generate_identity().unwrap();
    let (customer_private, customer_public) = generate_identity().unwrap();
    let proof = Proof::Identity { ours: customer_private, theirs: rep_public };
    let mut customer = Victim::new(Meeting::Join(NUMBER, proof));
    let recorded = customer.hears(&FromRelay::Joined(TICKET)).remove(0);
    // Another day the same mailbox number comes round again, and the customer is not there.
    let invitation = Invitation::Identity { ours: rep_private, theirs: customer_public };
    let mut rep = Victim::new(Meeting::Open(invitation));
    rep.hears(&FromRelay::Opened(NUMBER, TICKET));
    rep.hears(&FromRelay::PeerHere);
    let answer = rep.hears(&FromRelay::Forwarded(recorded)).remove(0);
    assert!(matches!(rep.events()[..], [Event::Invited { .. }]));
    assert_eq!(rep.link.send(b"reader names"), Err(SessionError::Ended));
    // Only who made the introduction can seal the next word.
    let proof = customer.hears(&FromRelay::Forwarded(answer)).remove(0);
    rep.hears(&FromRelay::Forwarded(proof));
    assert!(matches!(rep.events()[..], [Event::Established(_)]));
    assert_eq!(rep.link.send(b"reader names"), Ok(()));
}

#[test]
fn who_steals_a_ticket_can_end_the_session_and_no_more() {
    let mut victim = World::paired();
    victim.link(Side::Customer).send(b"before").unwrap();
    victim.run(SECOND);
    victim.take_events(Side::Rep);
    // In the customer's place in the relay: what is said there is not sealed by the customer.
    victim.tamper = Some(Box::new(|bytes| {
        if bytes.first() == Some(&0x04) {
            *bytes = [&[0x04], &[0; 7][..], &[9; 90]].concat();
        }
    }));
    victim.link(Side::Customer).send(b"of the thief").unwrap();
    victim.run(SECOND);
    assert!(matches!(victim.take_events(Side::Rep)[..], [Event::Ended(End::Untrusted(_))]));
    let other = victim.take_events(Side::Customer);
    assert_eq!(other, [Event::Ended(End::Mailbox(CloseReason::Protocol))]);
}

#[test]
fn a_relay_that_dies_in_the_middle_and_forgets_everything_ends_both_sessions() {
    let mut world = World::paired();
    world.link(Side::Customer).send(b"a command").unwrap();
    world.run(Duration::from_millis(10));
    world.cut(Side::Rep, false);
    world.cut(Side::Customer, false);
    world.relay = Relay::new(RelayLimits::default());
    world.connect(Side::Rep);
    world.connect(Side::Customer);
    world.run(SECOND);
    let end = Event::Ended(End::Mailbox(CloseReason::NoSuchMailbox));
    assert_eq!(world.take_events(Side::Rep), [Event::Suspended, end]);
    let end = Event::Ended(End::Mailbox(CloseReason::NoSuchMailbox));
    assert_eq!(world.take_events(Side::Customer), [Event::Suspended, end]);
}
