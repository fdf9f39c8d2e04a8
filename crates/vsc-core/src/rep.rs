//! The representative's side of one share: between the link and the card.
//!
//! Every command becomes one numbered order for the card's thread, at most one at a time, and is
//! never given twice. A reply belongs to the order with its number or to nobody. Whatever makes
//! the card's state unknown begins a new epoch.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::apdu::{Command, Response};
use crate::atr::Atr;
use crate::cards::{CardFailure, CommandNumber, Epoch, Message, PowerAction, ShareId};

/// How long the card may work on one command before it counts as lost. Making an RSA key takes
/// half a minute.
const CARD_WITHIN: Duration = Duration::from_secs(75);

/// An order's number; never used again within a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderNumber(pub u64);

/// What the card's thread is to do.
#[derive(Debug, PartialEq, Eq)]
pub struct CardOrder {
    /// To be repeated in the reply.
    pub number: OrderNumber,
    /// What to do.
    pub work: CardWork,
}

/// One piece of work for the card's thread.
#[derive(Debug, PartialEq, Eq)]
pub enum CardWork {
    /// Send this command to the card, once.
    Transmit(Command),
    /// Reset the card, or take its power and give it back.
    Reset {
        /// Whether the power is taken.
        cold: bool,
    },
}

/// What the card's thread reports.
#[derive(Debug, PartialEq, Eq)]
pub enum CardReport {
    /// A card is there: found, inserted, or powered anew by somebody else.
    Present(Atr),
    /// No card is there.
    Absent,
    /// A command was answered, or failed.
    Transmitted {
        /// The order.
        number: OrderNumber,
        /// The response, or why there is none.
        outcome: Result<Response, CardFailure>,
    },
    /// The card was reset as ordered, or is gone.
    Reset {
        /// The order.
        number: OrderNumber,
        /// Its answer to reset, or why there is none.
        outcome: Result<Atr, CardFailure>,
    },
}

#[derive(Debug, PartialEq, Eq)]
enum Doing {
    Nothing,
    Transmitting {
        order: OrderNumber,
        command: CommandNumber,
        until: Instant,
    },
    Resetting {
        order: OrderNumber,
    },
    /// The card's thread has not come back from an order that was given up. Only when it has,
    /// the card is reset.
    Lost {
        order: OrderNumber,
    },
}

/// The representative's side of one share.
#[derive(Debug)]
pub struct Rep {
    share: ShareId,
    epoch: Epoch,
    atr: Option<Atr>,
    doing: Doing,
    next_order: u64,
    /// Number of the last command taken, so that none is taken twice.
    last_command: Option<CommandNumber>,
    messages: VecDeque<Message>,
    orders: VecDeque<CardOrder>,
}

impl Rep {
    /// A share whose card has not been looked at yet.
    #[must_use]
    pub fn new(share: ShareId) -> Self {
        Self {
            share,
            epoch: Epoch(0),
            atr: None,
            doing: Doing::Nothing,
            next_order: 0,
            last_command: None,
            messages: VecDeque::new(),
            orders: VecDeque::new(),
        }
    }

    /// The card's answer to reset, while there is a card.
    #[must_use]
    pub fn atr(&self) -> Option<Atr> {
        self.atr
    }

    /// Whether somebody still waits for what this order gives: what comes of another is dropped.
    #[must_use]
    pub fn awaits(&self, number: OrderNumber) -> bool {
        matches!(self.doing, Doing::Transmitting { order, .. } if order == number)
    }

    /// The customer's side says something about this share.
    pub fn handle_message(&mut self, now: Instant, message: Message) {
        match message {
            Message::Transmit { epoch, number, command, .. } => {
                self.transmit(now, epoch, number, command);
            }
            Message::Power { epoch, action, .. } => self.power(epoch, action),
            _ => {}
        }
    }

    /// The card's thread reports.
    pub fn handle_card(&mut self, report: CardReport) {
        match report {
            CardReport::Present(atr) => match self.doing {
                // The reset under way will tell.
                Doing::Resetting { .. } | Doing::Lost { .. } => self.atr = Some(atr),
                Doing::Nothing => self.begin_epoch(atr),
                Doing::Transmitting { command, .. } => {
                    self.answer(command, Err(CardFailure::Reset));
                    self.doing = Doing::Nothing;
                    self.begin_epoch(atr);
                }
            },
            CardReport::Absent => self.absent(),
            CardReport::Transmitted { number, outcome } => self.transmitted(number, outcome),
            CardReport::Reset { number, outcome } => self.was_reset(number, outcome),
        }
    }

    /// When [`Rep::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.doing {
            Doing::Transmitting { until, .. } => Some(until),
            _ => None,
        }
    }

    /// A command that takes too long is answered as such. It is never sent again, and nothing
    /// else is until the card's thread is back and the card was reset.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Doing::Transmitting { order, command, until } = self.doing
            && until <= now
        {
            self.doing = Doing::Lost { order };
            self.answer(command, Err(CardFailure::TimedOut));
        }
    }

    /// The next message for the customer's side. While the connection is away they may be left
    /// here: never more than three wait, whatever the card and the other side do.
    pub fn poll_message(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }

    /// The next order for the card's thread.
    pub fn poll_order(&mut self) -> Option<CardOrder> {
        self.orders.pop_front()
    }

    fn transmit(&mut self, now: Instant, epoch: Epoch, number: CommandNumber, command: Command) {
        if self.last_command.is_some_and(|last| number <= last) {
            return;
        }
        self.last_command = Some(number);
        if self.atr.is_none() {
            return self.answer_in(epoch, number, Err(CardFailure::NoCard));
        }
        if epoch != self.epoch || self.doing != Doing::Nothing {
            return self.answer_in(epoch, number, Err(CardFailure::Reset));
        }
        let order = self.order(CardWork::Transmit(command));
        self.doing = Doing::Transmitting { order, command: number, until: now + CARD_WITHIN };
    }

    fn power(&mut self, epoch: Epoch, action: PowerAction) {
        // About an epoch that is over: what was wanted has happened.
        if epoch != self.epoch || self.atr.is_none() {
            return;
        }
        match self.doing {
            Doing::Nothing => self.reset(action == PowerAction::Off),
            // The customer's side gave the command up; its reset comes when the thread is back.
            Doing::Transmitting { order, .. } => self.doing = Doing::Lost { order },
            Doing::Resetting { .. } | Doing::Lost { .. } => {}
        }
    }

    fn reset(&mut self, cold: bool) {
        let order = self.order(CardWork::Reset { cold });
        self.doing = Doing::Resetting { order };
    }

    fn transmitted(&mut self, number: OrderNumber, outcome: Result<Response, CardFailure>) {
        match self.doing {
            Doing::Transmitting { order, command, .. } if order == number => {
                self.doing = Doing::Nothing;
                let failure = outcome.as_ref().err().copied();
                self.answer(command, outcome);
                match failure {
                    Some(CardFailure::NoCard | CardFailure::NoReader) => self.absent(),
                    // What the card made of it is not known.
                    Some(_) => self.reset(false),
                    None => {}
                }
            }
            Doing::Lost { order } if order == number => self.reset(false),
            _ => {}
        }
    }

    fn was_reset(&mut self, number: OrderNumber, outcome: Result<Atr, CardFailure>) {
        if self.doing == (Doing::Resetting { order: number }) {
            self.doing = Doing::Nothing;
            match outcome {
                Ok(atr) => self.begin_epoch(atr),
                Err(_) => self.absent(),
            }
        }
    }

    fn begin_epoch(&mut self, atr: Atr) {
        self.epoch = Epoch(self.epoch.0.wrapping_add(1));
        self.atr = Some(atr);
        let (share, epoch) = (self.share, self.epoch);
        self.tell_card(Message::Inserted { share, epoch, atr });
    }

    /// Tells how the card is now. Its earlier states that nobody fetched are not worth telling any
    /// more, except that it was away: a reader that flaps while the connection is broken must not
    /// fill the queue. An answer may come to stand before a state it followed: it is of an epoch
    /// before all of these states, and the other side acts on it or drops it as it did.
    fn tell_card(&mut self, now: Message) {
        let was_removed = self.messages.iter().any(|m| matches!(m, Message::Removed { .. }));
        self.messages.retain(|m| !matches!(m, Message::Removed { .. } | Message::Inserted { .. }));
        if was_removed && matches!(now, Message::Inserted { .. }) {
            self.messages.push_back(Message::Removed { share: self.share });
        }
        self.messages.push_back(now);
    }

    fn absent(&mut self) {
        if let Doing::Transmitting { order, command, .. } = self.doing {
            self.doing = Doing::Lost { order };
            self.answer(command, Err(CardFailure::NoCard));
        }
        if self.atr.take().is_some() {
            self.tell_card(Message::Removed { share: self.share });
        }
    }

    fn order(&mut self, work: CardWork) -> OrderNumber {
        let number = OrderNumber(self.next_order);
        self.next_order += 1;
        self.orders.push_back(CardOrder { number, work });
        number
    }

    fn answer(&mut self, number: CommandNumber, outcome: Result<Response, CardFailure>) {
        self.answer_in(self.epoch, number, outcome);
    }

    fn answer_in(
        &mut self,
        epoch: Epoch,
        number: CommandNumber,
        outcome: Result<Response, CardFailure>,
    ) {
        // Whoever asks the next thing has given up the one before: its answer is nobody's.
        self.messages.retain(|m| !matches!(m, Message::Answer { .. }));
        self.messages.push_back(Message::Answer { share: self.share, epoch, number, outcome });
    }
}
