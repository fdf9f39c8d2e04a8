//! One share whose connection is away for a while: what happened meanwhile is told when it is back,
//! as far as it matters still, and no answer of a card is taken for one of the card after it.

use std::time::Duration;

use proptest::prelude::*;
use vsc_core::apdu::Command;
use vsc_core::atr::Atr;
use vsc_core::cards::{CardFailure, CommandNumber, Epoch, Message};
use vsc_core::vpcd::Ask;

use super::share_world::{Heard, SHARE, Share};

/// The most that may wait at the representative's side.
const MOST_WAITING: usize = 3;

#[test]
fn a_card_that_was_pulled_for_a_moment_was_removed_and_inserted_though_it_is_the_same() {
    let mut share = Share::with_used_card();
    share.go_away();
    share.pull();
    share.insert(1);
    share.come_back();
    assert_eq!(share.heard(), [Heard::Removed, Heard::Inserted]);
}

#[test]
fn a_reader_that_flaps_while_the_connection_is_away_leaves_two_things_to_tell() {
    let mut share = Share::with_used_card();
    share.go_away();
    for which in (0..1_000).map(|n| u8::try_from(n % 7).unwrap()) {
        share.pull();
        share.insert(which);
    }
    let atr = Atr::new(&[0x3B, 0x01, 5]).unwrap();
    let now = Message::Inserted { share: SHARE, epoch: Epoch(1_001), atr };
    assert_eq!(share.come_back(), [Message::Removed { share: SHARE }, now]);
    assert_eq!(share.heard(), [Heard::Removed, Heard::Inserted]);
    assert_eq!(share.customer.atr(), Some(atr));

    share.go_away();
    for _ in 0..1_000 {
        share.insert(1);
        share.pull();
    }
    assert_eq!(share.come_back(), [Message::Removed { share: SHARE }]);
    assert_eq!(share.heard(), [Heard::Removed]);
}

#[test]
fn a_card_that_others_reset_again_and_again_meanwhile_is_removed_and_inserted_once() {
    let mut share = Share::with_used_card();
    share.go_away();
    for _ in 0..1_000 {
        share.insert(1);
    }
    assert_eq!(share.come_back().len(), 1, "it was never away");
    assert_eq!(share.heard(), [Heard::Removed, Heard::Inserted]);
}

#[test]
fn an_answer_is_told_before_what_happened_to_the_card_after_it() {
    let mut share = Share::with_card();
    share.command();
    share.go_away();
    share.work();
    share.pull();
    share.insert(1);
    share.pull();
    share.insert(1);
    share.come_back();
    assert_eq!(share.heard(), [Heard::Answer(1), Heard::Removed, Heard::Inserted]);
}

#[test]
fn a_reset_that_was_asked_for_does_not_hide_that_the_card_was_pulled_after_it() {
    let mut share = Share::with_used_card();
    share.ask_reset(Ask::Reset);
    share.go_away();
    share.work();
    share.pull();
    share.insert(1);
    share.come_back();
    assert_eq!(share.heard(), [Heard::Removed, Heard::Inserted]);

    // Nothing but the reset is no removal.
    let mut share = Share::with_used_card();
    share.ask_reset(Ask::Reset);
    share.go_away();
    share.work();
    share.come_back();
    assert_eq!(share.heard(), []);
    share.command();
    share.work();
    assert_eq!(share.heard(), [Heard::Answer(2)]);
}

#[test]
fn a_command_that_waits_for_its_reset_is_not_sent_to_the_card_that_came_instead() {
    let mut share = Share::with_used_card();
    share.ask_reset(Ask::Reset);
    share.command();
    share.go_away();
    share.work();
    share.pull();
    share.insert(1);
    share.come_back();
    assert_eq!(share.heard(), [Heard::Removed, Heard::Inserted]);
    assert!(share.card.orders.is_empty());
}

#[test]
fn whoever_asks_and_asks_while_nothing_can_be_said_gets_one_answer() {
    let mut share = Share::with_card();
    share.to_customer = false;
    share.insert(1);
    for number in 0..10_000 {
        let command = Command::new(vec![0x00, 0xCA, 0x00, 0x00]).unwrap();
        let (epoch, number) = (Epoch(1), CommandNumber(number));
        let ask = Message::Transmit { share: SHARE, epoch, number, used: 0, command };
        share.rep.handle_message(share.now, ask);
    }
    let said = share.come_back();
    assert_eq!(said.len(), 2, "the card as it is, and the last answer");
    let outcome = Err(CardFailure::Reset);
    let last =
        Message::Answer { share: SHARE, epoch: Epoch(1), number: CommandNumber(9_999), outcome };
    assert_eq!(said[1], last);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Command,
    Reset,
    PowerOff,
    DriverLost,
    Work,
    Pull,
    Insert(u8),
    ResetByAnother,
    Wait(u64),
    Away,
    HalfBack,
    Back,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Command),
        2 => Just(Step::Reset),
        1 => Just(Step::PowerOff),
        1 => Just(Step::DriverLost),
        6 => Just(Step::Work),
        3 => Just(Step::Pull),
        4 => (1_u8..3).prop_map(Step::Insert),
        1 => Just(Step::ResetByAnother),
        1 => (1_u64..95).prop_map(Step::Wait),
        2 => Just(Step::Away),
        2 => Just(Step::HalfBack),
        2 => Just(Step::Back),
    ]
}

fn take(share: &mut Share, step: Step) {
    match step {
        Step::Command if share.driver.inserted && !share.driver.waits => share.command(),
        Step::Reset if share.driver.inserted && !share.driver.waits => share.ask_reset(Ask::Reset),
        Step::PowerOff if share.driver.inserted && !share.driver.waits => {
            share.ask_reset(Ask::PowerOff);
        }
        Step::DriverLost if share.driver.inserted => {
            (share.driver.inserted, share.driver.waits) = (false, false);
            share.driver.begin_anew();
            share.customer.handle_driver_lost();
            share.settle();
        }
        Step::Work => share.work(),
        Step::Pull if share.card.atr.is_some() => share.pull(),
        Step::Insert(which) if share.card.atr.is_none() => share.insert(which),
        Step::ResetByAnother if share.card.atr.is_some() => {
            share.card.life += 1;
            share.card.reset_by_another = true;
        }
        Step::Wait(seconds) => share.wait(Duration::from_secs(seconds)),
        Step::Away => share.go_away(),
        Step::HalfBack => {
            share.to_rep = true;
            share.settle();
        }
        Step::Back => assert!(share.come_back().len() <= MOST_WAITING),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Cards are pulled, exchanged and reset, programs ask and give up, the connection goes and
    /// comes back in one or both directions: a driver is never given the answers of two lives of
    /// the card as if they were one, never the answer to nobody's question, and in the end sees
    /// what is in the reader.
    #[test]
    fn whatever_happens_while_the_connection_is_away_no_two_lives_of_a_card_are_mixed(
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut share = Share::new();
        for step in steps {
            take(&mut share, step);
        }
        prop_assert!(share.come_back().len() <= MOST_WAITING);
        // Everything comes to an end: the card does what it was ordered, whoever waits gives up.
        for _ in 0..4 {
            while !share.card.orders.is_empty() {
                share.work();
            }
            share.wait(Duration::from_secs(100));
        }
        prop_assert_eq!(share.customer.atr(), share.card.atr);
        prop_assert_eq!(share.driver.inserted, share.card.atr.is_some());
    }
}
