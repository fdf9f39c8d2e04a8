//! The customer's side of one share: between the reader driver and the link.
//!
//! Presence and the answer to reset are told from here, never asked for over the network: a
//! driver asks several times a second. A command goes out once, and its answer goes back once
//! or not at all; what cannot be answered ends the driver's connection, which it takes for the
//! card's removal.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::apdu::{Command, Response};
use crate::atr::Atr;
use crate::cards::{CardFailure, CommandNumber, Epoch, Message, PowerAction, ShareId};
use crate::vpcd::Ask;

/// How long a command may take. An RSA key made on the card takes half a minute.
const ANSWER_WITHIN: Duration = Duration::from_secs(90);

/// How long a driver may be silent after it changed the card's power: it looks for the card
/// several times a second. One that does not is waiting for an answer, because what it passed on
/// was a "command" of one byte, which looks like a change of power and has none.
const DRIVER_WITHIN: Duration = Duration::from_secs(5);

/// What the caller is to do at the driver.
#[derive(Debug, PartialEq, Eq)]
pub enum DriverAction {
    /// Connect: to the driver that means that a card is inserted.
    Insert,
    /// Close the connection: to the driver that means that the card is removed.
    Remove,
    /// Answer with this card's answer to reset.
    TellAtr(Atr),
    /// Answer that there is no card.
    TellNoCard,
    /// Answer the command.
    Respond(Response),
}

/// What was counted since the share began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Commands of the driver.
    pub commands: u64,
    /// Times that somebody had to wait for the network: commands that travelled, and resets
    /// that a command had to wait for.
    pub round_trips: u64,
    /// Resets that were asked of the card.
    pub resets: u64,
}

#[derive(Debug)]
enum Card {
    Absent,
    Present {
        epoch: Epoch,
        atr: Atr,
        /// Whether a command went to the card in this epoch, so that a reset matters.
        used: bool,
        /// Whether a reset was asked for and the next epoch has not begun.
        resetting: bool,
    },
}

/// The customer's side of one share.
#[derive(Debug)]
pub struct Customer {
    share: ShareId,
    card: Card,
    /// Whether the driver is, or is about to be, connected.
    inserted: bool,
    next_number: u32,
    in_flight: Option<InFlight>,
    /// A command that waits for the reset before it, and how long it may.
    held: Option<(Command, Instant)>,
    /// When the driver must have said something.
    driver_until: Option<Instant>,
    counters: Counters,
    messages: VecDeque<Message>,
    actions: VecDeque<DriverAction>,
}

#[derive(Debug)]
struct InFlight {
    number: CommandNumber,
    until: Instant,
}

impl Customer {
    /// A share whose reader is shown and empty.
    #[must_use]
    pub fn new(share: ShareId) -> Self {
        Self {
            share,
            card: Card::Absent,
            inserted: false,
            next_number: 0,
            in_flight: None,
            held: None,
            driver_until: None,
            counters: Counters::default(),
            messages: VecDeque::new(),
            actions: VecDeque::new(),
        }
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The card's answer to reset, while there is a card.
    #[must_use]
    pub fn atr(&self) -> Option<Atr> {
        match &self.card {
            Card::Present { atr, .. } => Some(*atr),
            Card::Absent => None,
        }
    }

    /// The driver asks.
    pub fn handle_driver(&mut self, now: Instant, ask: Ask) {
        let is_power = matches!(ask, Ask::PowerOff | Ask::PowerOn | Ask::Reset);
        self.driver_until = (is_power && self.inserted).then(|| now + DRIVER_WITHIN);
        match ask {
            Ask::Atr => {
                let answer = self.atr().map_or(DriverAction::TellNoCard, DriverAction::TellAtr);
                self.actions.push_back(answer);
            }
            Ask::PowerOn => {}
            Ask::PowerOff => self.refresh(PowerAction::Off),
            Ask::Reset => self.refresh(PowerAction::Reset),
            Ask::Transmit(command) => self.transmit(now, command),
        }
    }

    /// The driver's connection is gone, or could not be made: it is made again as long as there
    /// is a card. What was under way is not answered.
    pub fn handle_driver_lost(&mut self) {
        self.inserted = false;
        self.in_flight = None;
        self.held = None;
        self.driver_until = None;
        if let Card::Present { .. } = self.card {
            self.refresh(PowerAction::Reset);
            self.insert();
        }
    }

    /// The representative's side says something about this share.
    pub fn handle_message(&mut self, now: Instant, message: Message) {
        match message {
            Message::Inserted { epoch, atr, .. } => self.begin_epoch(now, epoch, atr),
            Message::Removed { .. } => self.remove(),
            Message::Answer { epoch, number, outcome, .. } => self.answer(epoch, number, outcome),
            _ => {}
        }
    }

    /// The share is over.
    pub fn handle_unshared(&mut self) {
        self.remove();
    }

    /// When [`Customer::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let in_flight = self.in_flight.as_ref().map(|in_flight| in_flight.until);
        let held = self.held.as_ref().map(|(_, until)| *until);
        in_flight.into_iter().chain(held).chain(self.driver_until).min()
    }

    /// A command that took too long is given up: its card counts as removed until a reset has
    /// happened, so that whatever it answers later is nobody's answer. A driver that waits for
    /// what never comes is set free in the same way.
    pub fn handle_timeout(&mut self, now: Instant) {
        let is_over = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        if is_over(self.held.as_ref().map(|(_, until)| *until)) {
            // The reset before it has not happened; the card comes back when it has.
            self.take_out();
        } else if is_over(self.in_flight.as_ref().map(|in_flight| in_flight.until))
            || is_over(self.driver_until)
        {
            self.take_out_and_in();
        }
    }

    /// The next message for the representative's side.
    pub fn poll_message(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }

    /// The next thing to do at the driver.
    pub fn poll_action(&mut self) -> Option<DriverAction> {
        self.actions.pop_front()
    }

    /// The driver wants a fresh card. It has one already if no command went to it; and several
    /// wishes without a command between them are one.
    fn refresh(&mut self, action: PowerAction) {
        let Card::Present { epoch, used, resetting, .. } = &mut self.card else { return };
        if *used && !*resetting {
            *resetting = true;
            self.counters.resets += 1;
            self.messages.push_back(Message::Power { share: self.share, epoch: *epoch, action });
        }
    }

    fn transmit(&mut self, now: Instant, command: Command) {
        self.counters.commands += 1;
        // The driver asks one thing at a time; one that does not is out of step with us.
        let out_of_step = self.in_flight.is_some() || self.held.is_some();
        match &mut self.card {
            Card::Present { .. } if out_of_step => self.take_out_and_in(),
            Card::Present { resetting: true, .. } => {
                self.counters.round_trips += 1;
                self.held = Some((command, now + ANSWER_WITHIN));
            }
            Card::Present { epoch, used, .. } => {
                *used = true;
                let epoch = *epoch;
                self.send(now, epoch, command);
            }
            Card::Absent => self.take_out(),
        }
    }

    fn send(&mut self, now: Instant, epoch: Epoch, command: Command) {
        let number = CommandNumber(self.next_number);
        self.next_number = self.next_number.wrapping_add(1);
        self.counters.round_trips += 1;
        self.in_flight = Some(InFlight { number, until: now + ANSWER_WITHIN });
        self.messages.push_back(Message::Transmit {
            share: self.share,
            epoch,
            number,
            used: 0,
            command,
        });
    }

    fn begin_epoch(&mut self, now: Instant, epoch: Epoch, atr: Atr) {
        let before = std::mem::replace(
            &mut self.card,
            Card::Present { epoch, atr, used: false, resetting: false },
        );
        // Only the reset we asked for keeps the card in its place; another card, or a reset that
        // nobody here asked for, is a removal and an insertion.
        let expected =
            matches!(&before, Card::Present { resetting: true, atr: old, .. } if *old == atr);
        if !expected && self.inserted {
            self.take_out();
        }
        self.in_flight = None;
        self.insert();
        if let Some((command, _)) = self.held.take()
            && let Card::Present { used, .. } = &mut self.card
        {
            *used = true;
            // Counted when it was held.
            self.counters.round_trips -= 1;
            self.send(now, epoch, command);
        }
    }

    fn answer(
        &mut self,
        epoch: Epoch,
        number: CommandNumber,
        outcome: Result<Response, CardFailure>,
    ) {
        let current = matches!(&self.card, Card::Present { epoch: now, .. } if *now == epoch);
        // Late, or of another epoch: nobody's answer.
        if !current || self.in_flight.take_if(|in_flight| in_flight.number == number).is_none() {
            return;
        }
        match outcome {
            Ok(response) => self.actions.push_back(DriverAction::Respond(response)),
            Err(CardFailure::NoCard | CardFailure::NoReader) => self.remove(),
            Err(_) => self.take_out(),
        }
    }

    fn remove(&mut self) {
        self.card = Card::Absent;
        self.take_out();
    }

    fn insert(&mut self) {
        if !self.inserted {
            self.inserted = true;
            self.actions.push_back(DriverAction::Insert);
        }
    }

    fn take_out(&mut self) {
        self.in_flight = None;
        self.held = None;
        self.driver_until = None;
        if self.inserted {
            self.inserted = false;
            self.actions.push_back(DriverAction::Remove);
        }
    }

    fn take_out_and_in(&mut self) {
        self.take_out();
        self.refresh(PowerAction::Reset);
        self.insert();
    }
}
