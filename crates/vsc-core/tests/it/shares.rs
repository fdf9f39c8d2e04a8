//! One share: a driver at one end, a card at the other, and what can go wrong between them.

use std::time::{Duration, Instant};

use vsc_core::apdu::{Command, Response};
use vsc_core::atr::Atr;
use vsc_core::cards::{CardFailure, Message, ShareId};
use vsc_core::customer::{Customer, DriverAction};
use vsc_core::rep::{CardOrder, CardReport, CardWork, Rep};
use vsc_core::vpcd::Ask;

const SHARE: ShareId = ShareId(1);

/// Both halves, joined without a network.
struct Share {
    now: Instant,
    rep: Rep,
    customer: Customer,
}

impl Share {
    fn new() -> Self {
        Self { now: Instant::now(), rep: Rep::new(SHARE), customer: Customer::new(SHARE) }
    }

    fn with_card() -> Self {
        let mut share = Self::new();
        share.rep.handle_card(CardReport::Present(atr(1)));
        share.exchange();
        assert_eq!(share.actions(), [DriverAction::Insert]);
        share
    }

    /// Carries messages both ways, through their bytes, until none is left.
    fn exchange(&mut self) {
        loop {
            let mut moved = false;
            while let Some(message) = self.rep.poll_message() {
                let message = Message::decode(&message.encode()).unwrap();
                self.customer.handle_message(self.now, message);
                moved = true;
            }
            while let Some(message) = self.customer.poll_message() {
                let message = Message::decode(&message.encode()).unwrap();
                self.rep.handle_message(self.now, message);
                moved = true;
            }
            if !moved {
                return;
            }
        }
    }

    fn ask(&mut self, ask: Ask) -> Vec<DriverAction> {
        self.customer.handle_driver(self.now, ask);
        self.exchange();
        self.actions()
    }

    fn actions(&mut self) -> Vec<DriverAction> {
        std::iter::from_fn(|| self.customer.poll_action()).collect()
    }

    fn order(&mut self) -> CardOrder {
        self.rep.poll_order().unwrap()
    }

    fn report(&mut self, report: CardReport) -> Vec<DriverAction> {
        self.rep.handle_card(report);
        self.exchange();
        self.actions()
    }

    fn answer(
        &mut self,
        order: &CardOrder,
        outcome: Result<Response, CardFailure>,
    ) -> Vec<DriverAction> {
        self.report(CardReport::Transmitted { number: order.number, outcome })
    }

    fn wait(&mut self, span: Duration) -> Vec<DriverAction> {
        self.now += span;
        self.rep.handle_timeout(self.now);
        self.customer.handle_timeout(self.now);
        self.exchange();
        self.actions()
    }
}

fn atr(historical: u8) -> Atr {
    Atr::new(&[0x3B, 0x01, historical]).unwrap()
}

fn command(ins: u8) -> Command {
    Command::new(vec![0x00, ins, 0x00, 0x00]).unwrap()
}

fn response(byte: u8) -> Response {
    Response::new(vec![byte, 0x90, 0x00]).unwrap()
}

#[test]
fn a_command_reaches_the_card_once_and_its_answer_the_driver() {
    let mut share = Share::with_card();
    assert_eq!(share.ask(Ask::Transmit(command(0xA4))), []);
    let order = share.order();
    assert_eq!(order.work, CardWork::Transmit(command(0xA4)));
    assert_eq!(share.rep.poll_order(), None);
    assert_eq!(share.answer(&order, Ok(response(7))), [DriverAction::Respond(response(7))]);
    assert_eq!(share.customer.counters().round_trips, 1);
}

#[test]
fn presence_is_told_without_asking_the_other_side() {
    let mut share = Share::with_card();
    assert_eq!(share.ask(Ask::Atr), [DriverAction::TellAtr(atr(1))]);
    assert_eq!(share.report(CardReport::Absent), [DriverAction::Remove]);
    assert_eq!(share.ask(Ask::Atr), [DriverAction::TellNoCard]);
    assert_eq!(share.customer.counters().round_trips, 0);
}

#[test]
fn a_reset_happens_before_the_next_command_and_only_if_a_command_came_before_it() {
    let mut share = Share::with_card();
    share.ask(Ask::Reset);
    share.ask(Ask::PowerOff);
    share.ask(Ask::PowerOn);
    assert_eq!(share.rep.poll_order(), None, "a fresh card needs no reset");
    share.ask(Ask::Transmit(command(0x20)));
    let order = share.order();
    share.answer(&order, Ok(response(1)));
    share.ask(Ask::Reset);
    share.ask(Ask::PowerOff);
    share.ask(Ask::PowerOn);
    let reset = share.order();
    assert_eq!(reset.work, CardWork::Reset { cold: false });
    assert_eq!(share.rep.poll_order(), None, "several wishes are one reset");
    // The driver does not wait; the card must not get the command before the reset.
    share.ask(Ask::Transmit(command(0xA4)));
    assert_eq!(share.rep.poll_order(), None);
    share.report(CardReport::Reset { number: reset.number, outcome: Ok(atr(1)) });
    assert_eq!(share.order().work, CardWork::Transmit(command(0xA4)));
}

#[test]
fn a_card_pulled_in_the_middle_of_a_command_is_a_removed_card() {
    let mut share = Share::with_card();
    share.ask(Ask::Transmit(command(0x87)));
    let order = share.order();
    assert_eq!(share.report(CardReport::Absent), [DriverAction::Remove]);
    // The thread comes back with something: it is nobody's answer.
    assert_eq!(share.answer(&order, Ok(response(9))), []);
    assert_eq!(share.order().work, CardWork::Reset { cold: false });
}

#[test]
fn a_late_answer_is_not_taken_for_the_next_command() {
    let mut share = Share::with_card();
    share.ask(Ask::Transmit(command(0x46)));
    let slow = share.order();
    assert_eq!(share.wait(Duration::from_secs(76)), [DriverAction::Remove]);
    // Nothing goes to the card before its thread is back and the card was reset.
    assert_eq!(share.rep.poll_order(), None);
    assert_eq!(share.answer(&slow, Ok(response(1))), []);
    let reset = share.order();
    assert_eq!(reset.work, CardWork::Reset { cold: false });
    let actions = share.report(CardReport::Reset { number: reset.number, outcome: Ok(atr(1)) });
    assert_eq!(actions, [DriverAction::Insert]);
    share.ask(Ask::Transmit(command(0xA4)));
    let next = share.order();
    assert_eq!(share.answer(&next, Ok(response(2))), [DriverAction::Respond(response(2))]);
}

#[test]
fn a_reset_by_another_program_is_a_removal_and_an_insertion() {
    let mut share = Share::with_card();
    share.ask(Ask::Transmit(command(0x20)));
    let order = share.order();
    share.answer(&order, Ok(response(1)));
    let actions = share.report(CardReport::Present(atr(1)));
    assert_eq!(actions, [DriverAction::Remove, DriverAction::Insert]);
}

#[test]
fn another_card_is_a_removal_and_an_insertion_with_its_own_atr() {
    let mut share = Share::with_card();
    share.report(CardReport::Absent);
    assert_eq!(share.report(CardReport::Present(atr(2))), [DriverAction::Insert]);
    assert_eq!(share.ask(Ask::Atr), [DriverAction::TellAtr(atr(2))]);
}

#[test]
fn a_failed_command_is_not_sent_again() {
    for failure in [CardFailure::Mute, CardFailure::Reset, CardFailure::Failed] {
        let mut share = Share::with_card();
        share.ask(Ask::Transmit(command(0x87)));
        let order = share.order();
        assert_eq!(share.answer(&order, Err(failure)), [DriverAction::Remove], "{failure:?}");
        assert_eq!(share.order().work, CardWork::Reset { cold: false }, "{failure:?}");
        assert_eq!(share.rep.poll_order(), None, "{failure:?}");
    }
}

#[test]
fn a_command_that_comes_twice_is_given_to_the_card_once() {
    let mut share = Share::with_card();
    share.customer.handle_driver(share.now, Ask::Transmit(command(0x20)));
    let message = share.customer.poll_message().unwrap();
    let bytes = message.encode();
    for _ in 0..2 {
        share.rep.handle_message(share.now, Message::decode(&bytes).unwrap());
    }
    share.order();
    assert_eq!(share.rep.poll_order(), None);
}

#[test]
fn a_driver_that_asks_twice_without_waiting_is_out_of_step() {
    let mut share = Share::with_card();
    share.ask(Ask::Transmit(command(0x20)));
    let actions = share.ask(Ask::Transmit(command(0xA4)));
    assert_eq!(actions, [DriverAction::Remove, DriverAction::Insert]);
}

#[test]
fn a_restarted_driver_finds_a_fresh_card() {
    let mut share = Share::with_card();
    share.ask(Ask::Transmit(command(0x20)));
    let order = share.order();
    share.answer(&order, Ok(response(1)));
    share.customer.handle_driver_lost();
    share.exchange();
    assert_eq!(share.actions(), [DriverAction::Insert]);
    assert_eq!(share.order().work, CardWork::Reset { cold: false });
}

#[test]
fn a_command_that_waits_for_a_reset_that_never_ends_is_given_up() {
    let mut share = Share::with_card();
    share.ask(Ask::Transmit(command(0x20)));
    let order = share.order();
    share.answer(&order, Ok(response(1)));
    share.ask(Ask::Reset);
    assert_eq!(share.ask(Ask::Transmit(command(0xA4))), []);
    // The card's thread hangs in the reset. The driver must not hang with it.
    assert_eq!(share.wait(Duration::from_secs(91)), [DriverAction::Remove]);
    let reset = share.order();
    let actions = share.report(CardReport::Reset { number: reset.number, outcome: Ok(atr(1)) });
    assert_eq!(actions, [DriverAction::Insert]);
    assert_eq!(share.rep.poll_order(), None, "the command that was given up is not sent");
}

#[test]
fn a_program_that_sends_one_byte_does_not_stop_the_driver_for_ever() {
    for control in [Ask::PowerOff, Ask::PowerOn, Ask::Reset] {
        // The driver waits for an answer to what looks like a change of power.
        let mut share = Share::with_card();
        assert_eq!(share.ask(control.clone()), []);
        let actions = share.wait(Duration::from_secs(6));
        assert_eq!(actions, [DriverAction::Remove, DriverAction::Insert], "{control:?}");
        assert_eq!(share.customer.poll_timeout(), None);
        // One that meant it goes on asking.
        let mut share = Share::with_card();
        share.ask(control);
        share.ask(Ask::Atr);
        assert_eq!(share.wait(Duration::from_secs(60)), []);
    }
}

#[test]
fn the_longest_command_and_the_longest_response_pass_unchanged() {
    let mut bytes = vec![0x00, 0xDB, 0x3F, 0xFF, 0x00, 0xFF, 0xFF];
    bytes.resize(Command::MAX_LEN, 0xA5);
    let longest = Command::new(bytes).unwrap();
    let mut share = Share::with_card();
    share.ask(Ask::Transmit(longest.clone()));
    let order = share.order();
    assert_eq!(order.work, CardWork::Transmit(longest));
    let longest = Response::new(vec![0x5A; Response::MAX_LEN]).unwrap();
    let again = Response::new(vec![0x5A; Response::MAX_LEN]).unwrap();
    assert_eq!(share.answer(&order, Ok(longest)), [DriverAction::Respond(again)]);
}

#[test]
fn links_of_a_chain_reach_the_card_one_by_one_as_they_are() {
    let mut share = Share::with_card();
    let first = [&[0x10, 0x87, 0x07, 0x9A, 0xFF][..], &[0x7C; 255]].concat();
    let last = [&[0x00, 0x87, 0x07, 0x9A, 0x0B][..], &[0x11; 11], &[0x00]].concat();
    for link in [first, last] {
        let link = Command::new(link).unwrap();
        share.ask(Ask::Transmit(link.clone()));
        let order = share.order();
        assert_eq!(order.work, CardWork::Transmit(link));
        assert_eq!(share.answer(&order, Ok(response(2))), [DriverAction::Respond(response(2))]);
    }
    assert_eq!(share.rep.poll_order(), None, "nothing is added");
}

#[test]
fn a_session_that_ends_in_the_middle_of_a_command_leaves_no_card_and_no_answer() {
    let mut share = Share::with_card();
    share.ask(Ask::Transmit(command(0x87)));
    let order = share.order();
    share.customer.handle_unshared();
    assert_eq!(share.actions(), [DriverAction::Remove]);
    assert_eq!(share.answer(&order, Ok(response(1))), []);
}
