//! One share between a reader driver and a card that are both played, and a connection of which
//! each direction can be held up.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use vsc_core::apdu::{Command, Response};
use vsc_core::atr::Atr;
use vsc_core::cards::{CardFailure, Message, ShareId};
use vsc_core::customer::{Customer, DriverAction};
use vsc_core::rep::{CardOrder, CardReport, CardWork, Rep};
use vsc_core::vpcd::Ask;

pub(crate) const SHARE: ShareId = ShareId(1);

/// A driver, a card, and between them a connection of which each direction can be held up. What
/// is said meanwhile waits, as a session lets it wait.
pub(crate) struct Share {
    pub(crate) now: Instant,
    pub(crate) rep: Rep,
    pub(crate) customer: Customer,
    pub(crate) to_customer: bool,
    pub(crate) to_rep: bool,
    pub(crate) waiting: VecDeque<Message>,
    pub(crate) card: Card,
    pub(crate) driver: Driver,
}

/// A card whose answers say in which life of it they were given: each power-up begins another.
#[derive(Default)]
pub(crate) struct Card {
    pub(crate) life: u16,
    pub(crate) atr: Option<Atr>,
    pub(crate) reset_by_another: bool,
    pub(crate) orders: VecDeque<CardOrder>,
}

/// A reader driver: it asks one thing at a time.
#[derive(Default)]
pub(crate) struct Driver {
    pub(crate) inserted: bool,
    pub(crate) waits: bool,
    /// The life that answers since the last insertion or reset come from.
    pub(crate) life: Option<u16>,
    /// The last life that any answer before came from.
    pub(crate) lives_before: Option<u16>,
    /// Everything that it was told or answered, but the presence of the card.
    pub(crate) heard: Vec<Heard>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Inserted,
    Removed,
    /// An answer of the card in this life.
    Answer(u16),
}

impl Driver {
    /// What was answered before must not come from the same life of the card as what follows.
    pub(crate) fn begin_anew(&mut self) {
        self.lives_before = self.lives_before.max(self.life.take());
    }

    fn obey(&mut self, action: DriverAction) {
        match action {
            DriverAction::Insert => {
                assert!(!self.inserted, "inserted twice");
                self.inserted = true;
                self.heard.push(Heard::Inserted);
            }
            DriverAction::Remove => {
                assert!(self.inserted, "removed twice");
                (self.inserted, self.waits) = (false, false);
                self.begin_anew();
                self.heard.push(Heard::Removed);
            }
            DriverAction::Respond(response) => {
                assert!(self.inserted && self.waits, "nobody asked");
                self.waits = false;
                let life = u16::from_be_bytes([response.bytes()[0], response.bytes()[1]]);
                assert!(self.life.is_none_or(|now| now == life), "lives are mixed");
                assert!(self.lives_before.is_none_or(|before| before < life), "an old life");
                self.life = Some(life);
                self.heard.push(Heard::Answer(life));
            }
            DriverAction::TellAtr(_) | DriverAction::TellNoCard => {}
        }
    }
}

impl Share {
    /// A share with no card in it.
    pub(crate) fn new() -> Self {
        Self {
            now: Instant::now(),
            rep: Rep::new(SHARE),
            customer: Customer::new(SHARE),
            to_customer: true,
            to_rep: true,
            waiting: VecDeque::new(),
            card: Card::default(),
            driver: Driver::default(),
        }
    }

    pub(crate) fn with_card() -> Self {
        let mut share = Self::new();
        share.insert(1);
        assert_eq!(share.heard(), [Heard::Inserted]);
        share
    }

    /// One command that is answered, so that a reset of the card is worth something.
    pub(crate) fn with_used_card() -> Self {
        let mut share = Self::with_card();
        share.command();
        share.work();
        assert_eq!(share.heard(), [Heard::Answer(1)]);
        share
    }

    pub(crate) fn go_away(&mut self) {
        (self.to_customer, self.to_rep) = (false, false);
    }

    /// Answers with what the representative's side then says.
    pub(crate) fn come_back(&mut self) -> Vec<Message> {
        (self.to_customer, self.to_rep) = (true, true);
        let said: Vec<_> = std::iter::from_fn(|| self.rep.poll_message()).collect();
        for message in &said {
            self.customer.handle_message(self.now, carried(message));
        }
        self.settle();
        said
    }

    /// Lets everything move that can.
    pub(crate) fn settle(&mut self) {
        loop {
            self.waiting.extend(std::iter::from_fn(|| self.customer.poll_message()));
            self.card.orders.extend(std::iter::from_fn(|| self.rep.poll_order()));
            while let Some(action) = self.customer.poll_action() {
                self.driver.obey(action);
            }
            let mut moved = false;
            if self.to_rep {
                for message in std::mem::take(&mut self.waiting) {
                    self.rep.handle_message(self.now, carried(&message));
                    moved = true;
                }
            }
            if self.to_customer {
                while let Some(message) = self.rep.poll_message() {
                    self.customer.handle_message(self.now, carried(&message));
                    moved = true;
                }
            }
            if !moved {
                return;
            }
        }
    }

    pub(crate) fn heard(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.driver.heard)
    }

    pub(crate) fn report(&mut self, report: CardReport) {
        self.rep.handle_card(report);
        self.settle();
    }

    pub(crate) fn insert(&mut self, which: u8) {
        let atr = Atr::new(&[0x3B, 0x01, which]).unwrap();
        self.card.life += 1;
        self.card.atr = Some(atr);
        self.card.reset_by_another = false;
        self.report(CardReport::Present(atr));
    }

    pub(crate) fn pull(&mut self) {
        self.card.atr = None;
        self.report(CardReport::Absent);
    }

    /// The driver's next command.
    pub(crate) fn command(&mut self) {
        self.driver.waits = true;
        let command = Command::new(vec![0x00, 0xCA, 0x00, 0x00]).unwrap();
        self.customer.handle_driver(self.now, Ask::Transmit(command));
        self.settle();
    }

    pub(crate) fn ask_reset(&mut self, ask: Ask) {
        self.driver.begin_anew();
        self.customer.handle_driver(self.now, ask);
        self.settle();
    }

    /// The card does the next thing it was ordered to, if there is one.
    pub(crate) fn work(&mut self) {
        let Some(CardOrder { number, work }) = self.card.orders.pop_front() else { return };
        let there = self.card.atr.ok_or(CardFailure::NoCard);
        let report = match work {
            CardWork::Transmit(_) => {
                let outcome = match there {
                    Ok(_) if std::mem::take(&mut self.card.reset_by_another) => {
                        Err(CardFailure::Reset)
                    }
                    there => there.map(|_| answer_in(self.card.life)),
                };
                CardReport::Transmitted { number, outcome }
            }
            CardWork::Reset { .. } => {
                self.card.life += u16::from(there.is_ok());
                self.card.reset_by_another = false;
                CardReport::Reset { number, outcome: there }
            }
        };
        self.report(report);
    }

    pub(crate) fn wait(&mut self, span: Duration) {
        self.now += span;
        self.rep.handle_timeout(self.now);
        if self.customer.poll_timeout().is_some_and(|due| due <= self.now) {
            self.customer.handle_timeout(self.now);
        }
        self.settle();
    }
}

pub(crate) fn carried(message: &Message) -> Message {
    Message::decode(&message.encode()).unwrap()
}

pub(crate) fn answer_in(life: u16) -> Response {
    Response::new([&life.to_be_bytes()[..], &[0x90, 0x00]].concat()).unwrap()
}
