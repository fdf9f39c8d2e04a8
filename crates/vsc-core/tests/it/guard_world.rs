//! A lent card that is played, and the guard before it.
//!
//! The card keeps its counters as the specifications of its applications say; it does not know
//! that there is a guard.

use std::time::{Duration, Instant};

use vsc_core::apdu::{Command, Response};
use vsc_core::atr::Atr;
use vsc_core::guard::{Entry, Guard, OwnPin, Profile, Question};
use vsc_core::rep::{CardOrder, CardReport, CardWork, OrderNumber};

pub(crate) const PIV_PIN: &[u8; 8] = b"839105\xFF\xFF";
pub(crate) const PW1: &[u8] = b"839105";
pub(crate) const PW3: &[u8] = b"40183756";
pub(crate) const GENERIC_PIN: &[u8] = b"7302";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Selected {
    #[default]
    Generic,
    Piv,
    OpenPgp,
    Gids,
}

/// Tries that are left: PIV's PIN, OpenPGP's PW1 and PW3, the generic application's PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) piv: u8,
    pub(crate) pw1: u8,
    pub(crate) pw3: u8,
    pub(crate) generic: u8,
}

impl Counters {
    pub(crate) const FULL: Self = Self { piv: 3, pw1: 3, pw3: 3, generic: 3 };

    pub(crate) fn lowest(self) -> u8 {
        self.piv.min(self.pw1).min(self.pw3).min(self.generic)
    }
}

#[derive(Debug)]
pub(crate) struct PlayedCard {
    pub(crate) left: Counters,
    most: Counters,
    selected: [Selected; 20],
    verified: [bool; 20],
    /// The reference of the generic application's PIN.
    pub(crate) generic_reference: u8,
    /// What answers until something is selected.
    first: Selected,
    /// All that reached it.
    pub(crate) asked: Vec<Vec<u8>>,
}

impl PlayedCard {
    fn new(left: Counters) -> Self {
        let (selected, verified) = ([Selected::Generic; 20], [false; 20]);
        let first = Selected::Generic;
        Self {
            left,
            most: Counters::FULL,
            selected,
            verified,
            generic_reference: 0x01,
            first,
            asked: Vec::new(),
        }
    }

    fn reset(&mut self) {
        self.selected = [self.first; 20];
        self.verified = [false; 20];
    }

    /// From now on PIV answers when the card was reset.
    pub(crate) fn begin_with_piv(&mut self) {
        self.first = Selected::Piv;
        self.reset();
    }

    fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.asked.push(bytes.to_vec());
        let command = Command::new(bytes.to_vec()).unwrap();
        let Some(header) = command.header() else { return vec![0x67, 0x00] };
        let channel = match header.cla {
            0x00..=0x1F => usize::from(header.cla & 3),
            0x40..=0x7F => usize::from(header.cla & 15) + 4,
            // It does not tell these from the first.
            0x80..=0x83 => usize::from(header.cla & 3),
            _ => return vec![0x6E, 0x00],
        };
        let data = command.data().unwrap_or_default();
        match header.ins {
            0xA4 if header.p1 == 4 => {
                let selected = match data {
                    [0xA0, 0x00, 0x00, 0x03, 0x08, ..] => Selected::Piv,
                    [0xA0, 0x00, 0x00, 0x03, 0x97, ..] => Selected::Gids,
                    [0xD2, 0x76, 0x00, 0x01, 0x24, 0x01, ..] => Selected::OpenPgp,
                    [0xE8, ..] => Selected::Generic,
                    _ => return vec![0x6A, 0x82],
                };
                self.verified[channel] &= self.selected[channel] == selected;
                self.selected[channel] = selected;
                vec![0x90, 0x00]
            }
            0xA4 if header.p1 == 0 && (data.is_empty() || data == [0x3F, 0x00]) => {
                self.selected[channel] = Selected::Generic;
                self.verified[channel] = false;
                vec![0x90, 0x00]
            }
            0xA4 => vec![0x6A, 0x82],
            0x70 => {
                let number = match [header.p1, header.p2] {
                    [0x00, 0x00] => 1,
                    [0x80, 0x00] => channel,
                    [0x00 | 0x80, number @ 1..20] => usize::from(number),
                    _ => return vec![0x6A, 0x86],
                };
                self.selected[number] = Selected::Generic;
                self.verified[number] = false;
                vec![number as u8, 0x90, 0x00]
            }
            0xCA if [header.p1, header.p2] == [0, 0xC4]
                && self.selected[channel] == Selected::OpenPgp =>
            {
                vec![0, 127, 127, 127, self.left.pw1, 0, self.left.pw3, 0x90, 0x00]
            }
            0xCB if self.selected[channel] == Selected::Piv && data == [0x5C, 0x01, 0x7E] => {
                hex("7E 12 4F 0B A0 00 00 03 08 00 00 10 00 01 00 5F 2F 02 40 00 90 00")
            }
            0xCB if self.selected[channel] == Selected::Gids
                && data == [0x5C, 0x02, 0x7F, 0x71] =>
            {
                [&hex("7F 71 06 97 01")[..], &[self.left.generic], &hex("93 01 03 90 00")].concat()
            }
            0x20 if header.p1 == 0 => self.verify(channel, header.p2, command.data()),
            _ => vec![0x90, 0x00],
        }
    }

    fn verify(&mut self, channel: usize, reference: u8, data: Option<&[u8]>) -> Vec<u8> {
        let generic = self.generic_reference;
        let (left, most, pin): (&mut u8, u8, &[u8]) = match (self.selected[channel], reference) {
            (Selected::Piv, 0x80) => (&mut self.left.piv, self.most.piv, PIV_PIN),
            (Selected::OpenPgp, 0x81 | 0x82) => (&mut self.left.pw1, self.most.pw1, PW1),
            (Selected::OpenPgp, 0x83) => (&mut self.left.pw3, self.most.pw3, PW3),
            (Selected::Gids, 0x80) => (&mut self.left.generic, self.most.generic, GENERIC_PIN),
            (Selected::Generic, reference) if reference == generic => {
                (&mut self.left.generic, self.most.generic, GENERIC_PIN)
            }
            _ => return vec![0x6A, 0x88],
        };
        match data {
            _ if *left == 0 => vec![0x69, 0x83],
            None if self.verified[channel] => vec![0x90, 0x00],
            None => vec![0x63, 0xC0 | *left],
            Some(said) if said == pin => {
                *left = most;
                self.verified[channel] = true;
                vec![0x90, 0x00]
            }
            Some(_) => {
                *left -= 1;
                self.verified[channel] = false;
                vec![0x63, 0xC0 | *left]
            }
        }
    }
}

/// A share of the played card.
pub(crate) struct Lent {
    pub(crate) now: Instant,
    pub(crate) guard: Guard,
    pub(crate) card: PlayedCard,
    pub(crate) entries: Vec<Entry>,
    next: u64,
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

impl Lent {
    pub(crate) fn new(profile: Profile, own_pin: Option<OwnPin>, left: Counters) -> Self {
        let now = Instant::now();
        let guard = Guard::new(now, profile, own_pin);
        Self { now, guard, card: PlayedCard::new(left), entries: Vec::new(), next: 1000 }
    }

    pub(crate) fn with(profile: Profile) -> Self {
        Self::new(profile, None, Counters::FULL)
    }

    /// Selects PIV.
    pub(crate) fn in_piv(mut self) -> Self {
        assert_eq!(self.status("00 A4 04 00 05 A0 00 00 03 08"), 0x9000);
        self
    }

    /// Sends a command and lets everything move that can; `None` while a person is asked.
    pub(crate) fn send(&mut self, bytes: Vec<u8>) -> Option<Response> {
        let number = OrderNumber(self.next);
        self.next += 1;
        let work = CardWork::Transmit(Command::new(bytes).unwrap());
        self.guard.handle_order(self.now, CardOrder { number, work });
        self.settle(number)
    }

    /// The status word that the other desk gets for a command.
    pub(crate) fn status(&mut self, text: &str) -> u16 {
        self.send(hex(text)).expect("nobody is asked").status().word()
    }

    pub(crate) fn verify(&mut self, reference: u8, pin: &[u8]) -> u16 {
        let mut bytes = vec![0x00, 0x20, 0x00, reference, pin.len() as u8];
        bytes.extend_from_slice(pin);
        self.send(bytes).expect("nobody is asked").status().word()
    }

    pub(crate) fn question(&self) -> Question {
        self.guard.question().expect("a question").0
    }

    /// Answers the question; then as [`Lent::send`].
    pub(crate) fn say(&mut self, yes: bool) -> Option<Response> {
        let order = self.guard.order_in_question().expect("a question");
        let id = self.question().id;
        assert!(self.guard.handle_answer(self.now, id, yes));
        self.settle(order)
    }

    pub(crate) fn wait(&mut self, span: Duration) -> Option<Response> {
        let order = self.guard.order_in_question();
        self.now += span;
        self.guard.handle_timeout(self.now);
        self.settle(order.unwrap_or(OrderNumber(0)))
    }

    pub(crate) fn reset(&mut self) {
        let number = OrderNumber(self.next);
        self.next += 1;
        let work = CardWork::Reset { cold: false };
        self.guard.handle_order(self.now, CardOrder { number, work });
        self.settle(number);
    }

    /// The last decision, as it is logged.
    pub(crate) fn logged(&self) -> String {
        self.entries.last().map(Entry::to_string).unwrap_or_default()
    }

    fn settle(&mut self, wanted: OrderNumber) -> Option<Response> {
        while let Some(CardOrder { number, work }) = self.guard.poll_order() {
            let report = match work {
                CardWork::Transmit(command) => {
                    let answer = Response::new(self.card.answer(command.bytes())).unwrap();
                    CardReport::Transmitted { number, outcome: Ok(answer) }
                }
                CardWork::Reset { .. } => {
                    self.card.reset();
                    CardReport::Reset { number, outcome: Ok(Atr::new(&[0x3B, 0x00]).unwrap()) }
                }
            };
            self.guard.handle_report(self.now, report);
        }
        self.entries.extend(std::iter::from_fn(|| self.guard.poll_entry()));
        let mut answer = None;
        while let Some(report) = self.guard.poll_report() {
            match report {
                CardReport::Transmitted { number, outcome } => {
                    assert_eq!(number, wanted, "an answer to another order");
                    answer = outcome.ok();
                }
                CardReport::Reset { number, .. } => assert_eq!(number, wanted),
                CardReport::Present(_) | CardReport::Absent => {}
            }
        }
        answer
    }
}
