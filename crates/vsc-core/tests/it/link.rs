//! Two agents on one link: paired, cut, resumed, attacked.

use std::time::Duration;

use proptest::prelude::*;
use vsc_core::handshake::Role;
use vsc_core::link::{End, Event, Invitation, Link, Meeting};
use vsc_core::mailbox::{CloseReason, MailboxNumber};
use vsc_core::pairing::Code;
use vsc_core::session::{EndReason, Timers};
use zeroize::Zeroizing;

use super::world::{Side, World, hello};

const SECOND: Duration = Duration::from_secs(1);

fn messages(events: Vec<Event>) -> Vec<Vec<u8>> {
    let message = |event| match event {
        Event::Message(message) => Some(message.to_vec()),
        _ => None,
    };
    events.into_iter().filter_map(message).collect()
}

fn ended(events: &[Event]) -> &End {
    match events.last() {
        Some(Event::Ended(end)) => end,
        other => panic!("not over: {other:?}"),
    }
}

#[test]
fn two_agents_with_the_same_words_learn_who_the_other_is() {
    let mut world = World::with_words([1, 2, 3]);
    world.connect(Side::Rep);
    world.run(SECOND);
    let code = world.code();
    assert_eq!(code.mailbox(), MailboxNumber(417));
    world.join(&code);
    world.run(SECOND);
    let rep = world.take_events(Side::Rep);
    let customer = world.take_events(Side::Customer);
    assert_eq!(rep, [Event::Established(hello(Role::Customer, "pc-of-ann"))]);
    assert_eq!(customer, [Event::Established(hello(Role::Representative, "desk-7"))]);
}

#[test]
fn one_wrong_word_burns_the_code_for_everybody() {
    let mut world = World::with_words([1, 2, 3]);
    world.connect(Side::Rep);
    world.run(SECOND);
    let code = world.code();
    let spoken = code.spoken();
    let (rest, _) = spoken.rsplit_once('-').unwrap();
    let wrong: Code =
        format!("{rest}-zebra").parse().or_else(|_| format!("{rest}-acorn").parse()).unwrap();
    world.join(&wrong);
    world.run(SECOND);
    assert!(matches!(ended(&world.take_events(Side::Rep)), End::Untrusted(_)));
    let customer = world.take_events(Side::Customer);
    assert_eq!(ended(&customer), &End::Mailbox(CloseReason::PairingFailed));
    assert_eq!(world.relay.mailboxes(), 0);
    // The right code comes too late.
    world.join(&code);
    world.run(SECOND);
    let customer = world.take_events(Side::Customer);
    assert_eq!(ended(&customer), &End::Mailbox(CloseReason::NoSuchMailbox));
}

#[test]
fn a_third_agent_with_the_right_code_is_not_let_in() {
    let mut world = World::with_words([1, 2, 3]);
    world.connect(Side::Rep);
    world.run(SECOND);
    let code = world.code();
    world.join(&code);
    world.run(SECOND);
    world.join(&code);
    world.run(SECOND);
    assert_eq!(ended(&world.take_events(Side::Customer)), &End::Mailbox(CloseReason::Taken));
}

#[test]
fn messages_of_every_length_arrive_whole_and_in_order() {
    let mut world = World::paired();
    let sent: Vec<Vec<u8>> =
        [0, 1, 63, 64, 65, 32_768, 32_769, 65_563].iter().map(|len| vec![0xA5; *len]).collect();
    for message in &sent {
        world.link(Side::Customer).send(message).unwrap();
    }
    world.run(SECOND);
    assert_eq!(messages(world.take_events(Side::Rep)), sent);
}

#[test]
fn a_round_trip_is_measured_through_the_relay() {
    let mut world = World::paired();
    world.latency = Duration::from_millis(50);
    let now = world.now;
    world.link(Side::Rep).ping(now);
    world.run(SECOND);
    let expected = Event::RoundTrip(Duration::from_millis(200));
    assert_eq!(world.take_events(Side::Rep), [expected]);
}

#[test]
fn nothing_is_lost_or_repeated_when_a_connection_breaks_and_comes_back() {
    for (side, relay_notices) in
        [(Side::Rep, true), (Side::Rep, false), (Side::Customer, true), (Side::Customer, false)]
    {
        let mut world = World::paired();
        for number in 0..5_u8 {
            world.link(Side::Customer).send(&[number]).unwrap();
            world.link(Side::Rep).send(&[100 + number]).unwrap();
        }
        world.run(Duration::from_millis(10));
        world.cut(side, relay_notices);
        world.link(Side::Customer).send(&[5]).unwrap();
        world.link(Side::Rep).send(&[105]).unwrap();
        world.run(5 * SECOND);
        world.connect(side);
        world.run(SECOND);
        let at_rep = messages(world.take_events(Side::Rep));
        let at_customer = messages(world.take_events(Side::Customer));
        assert_eq!(at_rep.concat(), [0, 1, 2, 3, 4, 5], "{side:?} {relay_notices}");
        assert_eq!(
            at_customer.concat(),
            [100, 101, 102, 103, 104, 105],
            "{side:?} {relay_notices}"
        );
    }
}

#[test]
fn a_peer_that_does_not_come_back_ends_the_session_after_the_grace() {
    let mut world = World::paired();
    world.cut(Side::Customer, true);
    world.run(44 * SECOND);
    assert_eq!(world.take_events(Side::Rep), [Event::Suspended]);
    world.run(2 * SECOND);
    let end = End::Session(EndReason::ConnectionLost);
    assert_eq!(ended(&world.take_events(Side::Rep)), &end);
}

#[test]
fn silence_is_noticed_and_the_connection_made_anew() {
    let mut world = World::paired();
    world.tamper = Some(Box::new(|bytes| *bytes = vec![0x04]));
    world.run(60 * SECOND);
    let events = world.take_events(Side::Rep);
    assert!(!events.is_empty());
}

#[test]
fn the_reason_of_an_end_reaches_the_other_side() {
    let mut world = World::paired();
    world.link(Side::Customer).end(EndReason::ElevationRestart);
    world.run(SECOND);
    let end = End::Session(EndReason::ElevationRestart);
    assert_eq!(ended(&world.take_events(Side::Rep)), &end);
    assert_eq!(ended(&world.take_events(Side::Customer)), &end);
    assert_eq!(world.relay.mailboxes(), 0);
}

#[test]
fn the_relay_sees_no_byte_of_a_message_nor_its_length_class() {
    let mut world = World::paired();
    world.seen_by_relay.clear();
    world.link(Side::Customer).send(b"planted-secret-1234").unwrap();
    world.run(SECOND);
    let short = std::mem::take(&mut world.seen_by_relay);
    world.link(Side::Customer).send(b"planted-secret-1234-and-more").unwrap();
    world.run(SECOND);
    let long = std::mem::take(&mut world.seen_by_relay);
    for seen in [&short, &long] {
        assert!(!seen.windows(7).any(|window| window == b"planted"));
    }
    assert_eq!(short.len(), long.len());
}

#[test]
fn machines_that_know_each_others_keys_need_no_code() {
    let keys = || {
        let params = "Noise_KK_25519_ChaChaPoly_SHA256".parse().unwrap();
        let pair = snow::Builder::new(params).generate_keypair().unwrap();
        let private: [u8; 32] = pair.private.try_into().unwrap();
        let public: [u8; 32] = pair.public.try_into().unwrap();
        (Zeroizing::new(private), public)
    };
    let (rep_private, rep_public) = keys();
    let (customer_private, customer_public) = keys();
    let (stranger, _) = keys();
    for (customer_key, trusted) in [(customer_private, true), (stranger, false)] {
        let invitation =
            Invitation::Identity { ours: rep_private.clone(), theirs: customer_public };
        let rep = Link::new(
            Meeting::Open(invitation),
            hello(Role::Representative, "desk-7"),
            Timers::default(),
        );
        let proof = vsc_core::handshake::Proof::Identity { ours: customer_key, theirs: rep_public };
        let customer = Link::new(
            Meeting::Join(MailboxNumber(417), proof),
            hello(Role::Customer, "pc"),
            Timers::default(),
        );
        let mut world = World::of(rep, customer);
        world.connect(Side::Rep);
        world.run(SECOND);
        world.connect(Side::Customer);
        world.run(SECOND);
        let events = world.take_events(Side::Rep);
        let established = events.iter().any(|event| matches!(event, Event::Established(_)));
        assert_eq!(established, trusted, "{events:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever byte of whatever message is changed on the way: the two never disagree about
    /// what was said. Either it arrives as it was sent, or the session is over.
    #[test]
    fn a_flipped_bit_anywhere_ends_the_session_or_changes_nothing(
        which in 0_usize..12, place in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let mut world = World::with_words([9, 8, 7]);
        let mut count = 0;
        world.tamper = Some(Box::new(move |bytes| {
            if count == which && !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] ^= 1 << bit;
            }
            count += 1;
        }));
        world.connect(Side::Rep);
        world.run(SECOND);
        let code = world.take_events(Side::Rep).into_iter().find_map(|event| match event {
            Event::Invited { code, .. } => code,
            _ => None,
        });
        if let Some(code) = code {
            world.join(&code);
            world.run(SECOND);
            for number in 0..4_u8 {
                let _ = world.link(Side::Customer).send(&[number; 40]);
                world.run(SECOND);
            }
            let got = messages(world.take_events(Side::Rep));
            for (number, message) in got.iter().enumerate() {
                prop_assert_eq!(message, &vec![number as u8; 40]);
            }
        }
    }

    /// Connections break at random on both sides, noticed by the relay or not; every message
    /// arrives once and in order.
    #[test]
    fn every_message_arrives_once_whatever_breaks(
        steps in prop::collection::vec((0_u8..6, 1_u64..80), 1..60),
    ) {
        let mut world = World::paired();
        let mut sent = [Vec::new(), Vec::new()];
        let mut connected = [true, true];
        for (step, millis) in steps {
            match step {
                0 | 1 => {
                    let side = if step == 0 { Side::Rep } else { Side::Customer };
                    let number = sent[side as usize].len() as u16;
                    if world.link(side).send(&number.to_be_bytes()).is_ok() {
                        sent[side as usize].push(number.to_be_bytes().to_vec());
                    }
                }
                2 | 3 => {
                    let side = if step == 2 { Side::Rep } else { Side::Customer };
                    world.cut(side, millis % 2 == 0);
                    connected[side as usize] = false;
                }
                _ => {
                    let side = if step == 4 { Side::Rep } else { Side::Customer };
                    if !connected[side as usize] {
                        world.connect(side);
                        connected[side as usize] = true;
                    }
                }
            }
            world.run(Duration::from_millis(millis));
        }
        for side in [Side::Rep, Side::Customer] {
            if !connected[side as usize] {
                world.connect(side);
            }
        }
        world.run(5 * SECOND);
        prop_assert_eq!(messages(world.take_events(Side::Rep)), sent[1].clone());
        prop_assert_eq!(messages(world.take_events(Side::Customer)), sent[0].clone());
    }
}
