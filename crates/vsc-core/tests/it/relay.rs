//! The rendezvous by itself: who is let in, what is forgotten, and that nothing stays behind.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use vsc_core::mailbox::{CloseReason, FromRelay, MailboxNumber, Ticket, ToRelay};
use vsc_core::relay::{ConnectionId, Entropy, Relay, RelayAction, RelayLimits, Source};

struct Desk {
    relay: Relay,
    now: Instant,
    next: u64,
}

impl Desk {
    fn new(limits: RelayLimits) -> Self {
        Self { relay: Relay::new(limits), now: Instant::now(), next: 0 }
    }

    fn says(&mut self, from: u64, source: u64, message: &ToRelay) -> Vec<RelayAction> {
        self.next += 1;
        let mut tickets = [[0; 16]; 2];
        tickets[0][..8].copy_from_slice(&self.next.to_be_bytes());
        tickets[1][8..].copy_from_slice(&self.next.to_be_bytes());
        let number = u32::try_from(self.next).unwrap();
        let entropy = Entropy { number, tickets };
        let bytes = message.encode();
        self.relay.handle_message(self.now, ConnectionId(from), Source(source), &bytes, entropy)
    }

    fn opens(&mut self, from: u64, source: u64) -> Result<(MailboxNumber, Ticket), CloseReason> {
        match self.says(from, source, &ToRelay::Open)[..] {
            [RelayAction::Send(_, FromRelay::Opened(number, ticket))] => Ok((number, ticket)),
            [RelayAction::Send(_, FromRelay::Closed(reason)), RelayAction::Hang(_)] => Err(reason),
            ref other => panic!("{other:?}"),
        }
    }

    fn joins(&mut self, from: u64, source: u64, number: MailboxNumber) -> Result<(), CloseReason> {
        match self.says(from, source, &ToRelay::Join(number))[..] {
            [RelayAction::Send(_, FromRelay::Joined(_)), RelayAction::Send(..)] => Ok(()),
            [RelayAction::Send(_, FromRelay::Closed(reason)), RelayAction::Hang(_)] => Err(reason),
            ref other => panic!("{other:?}"),
        }
    }
}

#[test]
fn who_tries_numbers_is_stopped_and_nobody_else() {
    let mut desk = Desk::new(RelayLimits::default());
    let (number, _) = desk.opens(1, 7).unwrap();
    for guess in 0..20 {
        let wrong = MailboxNumber(500_000 + guess);
        assert_eq!(desk.joins(100, 66, wrong), Err(CloseReason::NoSuchMailbox));
    }
    assert_eq!(desk.joins(100, 66, number), Err(CloseReason::TooOften));
    assert_eq!(desk.joins(2, 8, number), Ok(()));
    // A minute later the guesser may try again.
    let (number, _) = desk.opens(3, 7).unwrap();
    desk.now += Duration::from_secs(60);
    assert_eq!(desk.joins(100, 66, number), Ok(()));
}

#[test]
fn burning_codes_counts_as_failing() {
    let limits = RelayLimits { failures_of_source: 3, ..RelayLimits::default() };
    let mut desk = Desk::new(limits);
    for round in 0..3 {
        let (number, _) = desk.opens(10 + round, 7).unwrap();
        desk.joins(100 + round, 66, number).unwrap();
        desk.says(100 + round, 66, &ToRelay::Close(CloseReason::PairingFailed));
    }
    let (number, _) = desk.opens(20, 7).unwrap();
    assert_eq!(desk.joins(200, 66, number), Err(CloseReason::TooOften));
    assert_eq!(desk.joins(201, 67, number), Ok(()));
}

#[test]
fn one_source_cannot_fill_the_relay() {
    let limits = RelayLimits { mailboxes_of_source: 2, ..RelayLimits::default() };
    let mut desk = Desk::new(limits);
    desk.opens(1, 7).unwrap();
    desk.opens(2, 7).unwrap();
    assert_eq!(desk.opens(3, 7), Err(CloseReason::TooOften));
    desk.opens(4, 8).unwrap();
    // One that ends makes room.
    desk.says(1, 7, &ToRelay::Close(CloseReason::Done));
    desk.opens(5, 7).unwrap();
}

#[test]
fn a_flood_of_guessing_sources_is_counted_together() {
    let mut desk = Desk::new(RelayLimits::default());
    for source in 0..70_000 {
        let _ = desk.joins(source, source, MailboxNumber(999_999));
    }
    let (number, _) = desk.opens(80_000, 1).unwrap();
    assert_eq!(desk.joins(80_001, 80_001, number), Err(CloseReason::TooOften));
    // Who was here before the flood is known, and may.
    assert_eq!(desk.joins(80_002, 5, number), Ok(()));
}

#[derive(Clone, Debug)]
enum Step {
    Open(u64),
    Join(u64, usize),
    Resume(u64, usize),
    Forward(u64),
    Close(u64),
    Gone(u64),
    Wait(u64),
    Slow(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let connection = 0..24_u64;
    prop_oneof![
        connection.clone().prop_map(Step::Open),
        (connection.clone(), any::<prop::sample::Index>())
            .prop_map(|(c, i)| Step::Join(c, i.index(64))),
        (connection.clone(), any::<prop::sample::Index>())
            .prop_map(|(c, i)| Step::Resume(c, i.index(64))),
        connection.clone().prop_map(Step::Forward),
        connection.clone().prop_map(Step::Close),
        connection.clone().prop_map(Step::Gone),
        (0..200_u64).prop_map(Step::Wait),
        connection.prop_map(Step::Slow),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_nothing_overdue_and_nothing_dead_is_kept(
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let limits = RelayLimits { failures_of_source: 1_000, ..RelayLimits::default() };
        let mut desk = Desk::new(limits);
        let mut numbers = Vec::new();
        let mut tickets = Vec::new();
        let mut hung_up = std::collections::HashSet::new();
        // A number is never used again for another connection.
        let mut generation = 0;
        for step in steps {
            let id = |connection: u64| connection + 1_000 * generation;
            let actions = match step {
                Step::Open(c) if !hung_up.contains(&id(c)) => desk.says(id(c), c, &ToRelay::Open),
                Step::Join(c, which) if !hung_up.contains(&id(c)) && !numbers.is_empty() => {
                    let number: MailboxNumber = numbers[which % numbers.len()];
                    desk.says(id(c), c, &ToRelay::Join(number))
                }
                Step::Resume(c, which) if !hung_up.contains(&id(c)) && !tickets.is_empty() => {
                    let ticket: Ticket = tickets[which % tickets.len()];
                    desk.says(id(c), c, &ToRelay::Resume(ticket))
                }
                Step::Forward(c) if !hung_up.contains(&id(c)) => {
                    desk.says(id(c), c, &ToRelay::Forward(vec![1, 2, 3]))
                }
                Step::Close(c) if !hung_up.contains(&id(c)) => {
                    desk.says(id(c), c, &ToRelay::Close(CloseReason::Done))
                }
                Step::Gone(c) => {
                    hung_up.insert(id(c));
                    desk.relay.handle_disconnected(desk.now, ConnectionId(id(c)))
                }
                Step::Slow(c) if !hung_up.contains(&id(c)) => {
                    desk.relay.handle_overflow(desk.now, ConnectionId(id(c)))
                }
                Step::Wait(seconds) => {
                    desk.now += Duration::from_secs(seconds);
                    if seconds % 7 == 0 {
                        generation += 1;
                    }
                    desk.relay.handle_timeout(desk.now)
                }
                _ => Vec::new(),
            };
            for action in actions {
                match action {
                    RelayAction::Send(to, message) => {
                        prop_assert!(!hung_up.contains(&to.0), "said to who is gone");
                        match message {
                            FromRelay::Opened(number, ticket) => {
                                numbers.push(number);
                                tickets.push(ticket);
                            }
                            FromRelay::Joined(ticket) => tickets.push(ticket),
                            _ => {}
                        }
                    }
                    RelayAction::Hang(which) => {
                        hung_up.insert(which.0);
                    }
                }
            }
            desk.relay.handle_timeout(desk.now);
            prop_assert!(desk.relay.poll_timeout().is_none_or(|due| due > desk.now));
            prop_assert_eq!(desk.relay.mailboxes() == 0, desk.relay.poll_timeout().is_none());
        }
        desk.now += Duration::from_secs(86_400);
        desk.relay.handle_timeout(desk.now);
        prop_assert_eq!(desk.relay.mailboxes(), 0);
        for ticket in tickets {
            let refused = desk.says(999_999, 1, &ToRelay::Resume(ticket));
            let refused = matches!(refused[..], [RelayAction::Send(_, FromRelay::Closed(_)), _]);
            prop_assert!(refused, "a ticket outlived its mailbox");
        }
    }
}
