//! How many tries a PIN has left: what the card says, and how it is asked without spending one.

use std::collections::HashMap;

use super::application::{Application, plain_class};
use super::deed::Deed;
use crate::apdu::{Command, Response, Status};
use crate::sensitive::PinUse;

/// What a PIN has at least after it was verified: cards give two tries or more (three is what
/// PIV, OpenPGP and GIDS cards begin with), and verifying gives all of them back.
const AFTER_SUCCESS: u8 = 2;

/// Where OpenPGP's "PW status bytes" (data object C4, OpenPGP card 3.4, 4.4.1) hold the tries of
/// PW1, of the resetting code, and of PW3.
const PW1: usize = 4;
const RESETTING_CODE: usize = 5;
const PW3: usize = 6;

/// A way to ask that changes nothing at the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Query {
    /// VERIFY without data (SP 800-73-4 part 2, 3.2.1: "retrieve the number of further retries").
    EmptyVerify,
    /// GET DATA C4, and this byte of it.
    PwStatus(usize),
    /// GET DATA 7F71, and what is under tag 97 or 9F17 in it.
    GidsStatus,
}

/// The applications and references for which a way is known. The rest is not asked: there are
/// cards on which an empty VERIFY is a wrong one.
const QUERIES: [(Application, u8, Query); 8] = [
    (Application::Piv, 0x80, Query::EmptyVerify),
    (Application::Piv, 0x00, Query::EmptyVerify),
    (Application::OpenPgp, 0x81, Query::PwStatus(PW1)),
    (Application::OpenPgp, 0x82, Query::PwStatus(PW1)),
    (Application::OpenPgp, 0x83, Query::PwStatus(PW3)),
    // OpenSC's driver for GIDS asks like that; Windows' own reads the same object.
    (Application::Gids, 0x80, Query::GidsStatus),
    // The IsoApplet's own source, and its driver in OpenSC.
    (Application::IsoApplet, 0x01, Query::EmptyVerify),
    (Application::IsoApplet, 0x02, Query::EmptyVerify),
];

/// The reference data of which a command with a PIN spends a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Spends {
    Reference(u8),
    /// A PUK or resetting code.
    Unblocking,
}

fn spends(pin: PinUse) -> Spends {
    match pin {
        PinUse::Unblock { .. } => Spends::Unblocking,
        pin => Spends::Reference(pin.reference()),
    }
}

/// What is known of the card's counters. A number is only believed for as long as nothing can
/// have changed it, or what it belongs to.
#[derive(Debug)]
pub(super) struct Tries {
    spare: u8,
    at_least: HashMap<(u8, Spends), u8>,
}

impl Tries {
    /// Knows nothing yet; the last `spare` tries are not for the other desk.
    pub(super) fn new(spare: u8) -> Self {
        Self { spare, at_least: HashMap::new() }
    }

    /// How many the command's PIN has left at least.
    pub(super) fn left(&self, deed: &Deed, pin: PinUse) -> Option<u8> {
        self.at_least.get(&(deed.channel, spends(pin))).copied()
    }

    /// The command that asks the card, where one is known that changes nothing.
    pub(super) fn question(deed: &Deed, pin: PinUse) -> Option<Command> {
        let cla = plain_class(deed.channel)?;
        let bytes = match query(deed, pin)? {
            Query::EmptyVerify => {
                let Spends::Reference(reference) = spends(pin) else { return None };
                vec![cla, 0x20, 0x00, reference]
            }
            Query::PwStatus(_) => vec![cla, 0xCA, 0x00, 0xC4, 0x00],
            Query::GidsStatus => vec![cla, 0xCB, 0x3F, 0xFF, 0x04, 0x5C, 0x02, 0x7F, 0x71, 0x00],
        };
        Command::new(bytes).ok()
    }

    /// The card has answered the question.
    pub(super) fn learn(&mut self, deed: &Deed, pin: PinUse, response: &Response) {
        let left = match query(deed, pin) {
            Some(Query::EmptyVerify) => return self.asked(deed, pin, response.status()),
            Some(Query::PwStatus(at)) if response.status() == Status::OK => {
                response.data().get(at).copied()
            }
            Some(Query::GidsStatus) if response.status() == Status::OK => {
                gids_tries(response.data())
            }
            Some(Query::PwStatus(_) | Query::GidsStatus) | None => None,
        };
        self.set(deed, pin, left);
    }

    /// A command that carries a PIN goes to the card: no number is sure any more.
    pub(super) fn spend(&mut self) {
        self.at_least.clear();
    }

    /// The card has answered a command that carried a PIN, of which it had `before` tries left. A
    /// PIN that was right has all its tries again.
    pub(super) fn answered(
        &mut self,
        deed: &Deed,
        pin: PinUse,
        before: Option<u8>,
        status: Status,
    ) {
        let left = match status {
            Status::OK => self.full(before),
            status => status.tries_left(),
        };
        self.set(deed, pin, left);
    }

    /// The card has answered an empty VERIFY, ours or the other desk's. "Verified already" means
    /// a full counter where the specification of the application says so, and elsewhere nothing.
    pub(super) fn asked(&mut self, deed: &Deed, pin: PinUse, status: Status) {
        let known = self.left(deed, pin);
        let left = match status {
            Status::OK if query(deed, pin) == Some(Query::EmptyVerify) => self.full(known),
            Status::OK => known,
            status => status.tries_left().or(known),
        };
        self.set(deed, pin, left);
    }

    /// Something else may be selected on this channel now.
    pub(super) fn forget_channel(&mut self, channel: u8) {
        self.at_least.retain(|(on, _), _| *on != channel);
    }

    /// The card was reset, or changed.
    pub(super) fn forget(&mut self) {
        self.at_least.clear();
    }

    /// A full counter, of which `known` is the most that was seen. Where that does not tell that
    /// there are more than the spare ones, nothing is known.
    fn full(&self, known: Option<u8>) -> Option<u8> {
        Some(known.unwrap_or(0).max(AFTER_SUCCESS)).filter(|left| *left > self.spare)
    }

    fn set(&mut self, deed: &Deed, pin: PinUse, left: Option<u8>) {
        let place = (deed.channel, spends(pin));
        match left {
            Some(left) => self.at_least.insert(place, left),
            None => self.at_least.remove(&place),
        };
    }
}

fn query(deed: &Deed, pin: PinUse) -> Option<Query> {
    let application = deed.application;
    match spends(pin) {
        Spends::Reference(reference) => {
            let mut known = QUERIES.iter();
            let row = known.find(|(of, at, _)| *of == application && *at == reference)?;
            Some(row.2)
        }
        // P1 02 is OpenPGP's way by PW3, which spends nothing; the number is right all the same.
        Spends::Unblocking if application == Application::OpenPgp => {
            Some(Query::PwStatus(RESETTING_CODE))
        }
        Spends::Unblocking => None,
    }
}

/// The tries that a GIDS card's PIN status object names (tag 97, in older cards 9F17).
fn gids_tries(object: &[u8]) -> Option<u8> {
    let ([0x7F, 0x71, 0x81, _, inside @ ..] | [0x7F, 0x71, _, inside @ ..]) = object else {
        return None;
    };
    let mut rest = inside;
    let mut tries = None;
    while let Some((tag, after)) = rest.split_first() {
        let (tag, after) = match after {
            [second, after @ ..] if tag & 0x1F == 0x1F => ([*tag, *second], after),
            after => ([0, *tag], after),
        };
        let (length, after) = after.split_first()?;
        let (value, next) = after.split_at_checked(usize::from(*length))?;
        match (tag, value) {
            ([0, 0x97], [left]) => return Some(*left),
            ([0x9F, 0x17], [left]) => tries = Some(*left),
            _ => {}
        }
        rest = next;
    }
    tries
}
