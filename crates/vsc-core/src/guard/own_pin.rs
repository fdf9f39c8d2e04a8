//! The PIN stays at home: the other desk is given one for this share only.
//!
//! The owner types the card's PIN at the desk with the card. A *one-time PIN* of the same length
//! is told to whoever works at the other desk; a VERIFY that carries it goes to the card with the
//! owner's PIN in its place. A VERIFY with anything else never reaches the card.
//!
//! | application | reference | form that is understood |
//! |---|---|---|
//! | PIV | 80 | eight bytes, the PIN and then FF (SP 800-73-4 part 2, 2.4.3) |
//! | OpenPGP | 81, 82 | the PIN alone (OpenPGP card 3.4, 7.2.2) |
//! | GIDS | 80 | the PIN alone, or filled up with 00 or FF |
//! | IsoApplet | 01 | the PIN alone, or filled up with 00 or FF |
//! | other | 01, 80, 81 | the PIN alone, or filled up with 00 or FF |
//!
//! Anything else that carries a PIN (other references, other forms, CHANGE REFERENCE DATA, RESET
//! RETRY COUNTER, hashed PINs) is refused while the PIN is kept at home.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::application::Application;
use super::decision::Reason;
use super::deed::Deed;
use crate::apdu::{Command, Shape, Status};
use crate::sensitive::PinUse;

/// How many wrong ones are borne before the one-time PIN is void.
const WRONG_ONES: u8 = 3;

/// The longest VERIFY data that can hold a PIN as it is; more is a hash of one.
const LONGEST_BLOCK: usize = 16;

/// Applications, references, and whether the PIN may be, must be, or is never filled up.
const FORMS: [(Application, u8, Form); 8] = [
    (Application::Piv, 0x80, Form::Eight),
    (Application::OpenPgp, 0x81, Form::Bare),
    (Application::OpenPgp, 0x82, Form::Bare),
    (Application::Gids, 0x80, Form::Filled),
    (Application::IsoApplet, 0x01, Form::Filled),
    (Application::Other, 0x01, Form::Filled),
    (Application::Other, 0x80, Form::Filled),
    (Application::Other, 0x81, Form::Filled),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Eight bytes, filled with FF.
    Eight,
    /// Nothing but the PIN.
    Bare,
    /// The PIN, perhaps filled with 00 or FF.
    Filled,
}

/// The card's own PIN, as its owner typed it. Wiped when dropped, shown nowhere.
pub struct RealPin(Zeroizing<Vec<u8>>);

impl RealPin {
    /// The shortest that is taken, in characters.
    pub const SHORTEST: usize = 4;
    /// The longest that is taken, in characters.
    pub const LONGEST: usize = LONGEST_BLOCK;

    /// Takes a PIN as it was typed.
    ///
    /// # Errors
    ///
    /// [`PinError`]; it never quotes what was typed.
    pub fn new(typed: &str) -> Result<Self, PinError> {
        if !(Self::SHORTEST..=Self::LONGEST).contains(&typed.len()) {
            return Err(PinError::Length);
        }
        if !typed.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(PinError::Characters);
        }
        Ok(Self(Zeroizing::new(typed.as_bytes().to_vec())))
    }
}

impl fmt::Debug for RealPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RealPin(..)")
    }
}

/// The PIN for one share: to be told to whoever works at the other desk, and to nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimePin(Zeroizing<String>);

impl OneTimePin {
    /// Its digits, to be shown once.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// As many digits as `real` has characters, and not the same.
    fn from_random(random: &[u8], real: &RealPin) -> Option<Self> {
        // Bytes from 250 are left out: with them the first digits would be likelier.
        let mut digits = random.iter().filter(|byte| **byte < 250).map(|byte| b'0' + byte % 10);
        let mut text = Zeroizing::new(String::with_capacity(LONGEST_BLOCK));
        for _ in 0..real.0.len() {
            text.push(char::from(digits.next()?));
        }
        if text.as_bytes() == real.0.as_slice() {
            let last = text.pop()?;
            text.push(if last == '9' { '0' } else { char::from(last as u8 + 1) });
        }
        Some(Self(text))
    }
}

impl fmt::Debug for OneTimePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimePin(..)")
    }
}

/// Why a typed PIN is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// Too short or too long.
    #[error("a PIN has {} to {} characters", RealPin::SHORTEST, RealPin::LONGEST)]
    Length,
    /// Characters that a keypad or middleware would not send as they are.
    #[error("a PIN has letters, digits and signs of ASCII only, and no space")]
    Characters,
    /// Not enough random bytes, which with 64 does not happen.
    #[error("the random bytes do not suffice for a one-time PIN; take others")]
    Randomness,
}

/// The owner's PIN and the one that was handed out for it.
#[derive(Debug)]
pub struct OwnPin {
    /// `None` once the card has refused it.
    real: Option<RealPin>,
    handed_out: OneTimePin,
    wrong_left: u8,
}

/// What becomes of a command that carries a PIN.
pub(super) enum Exchanged {
    /// This goes to the card.
    Command(Command),
    /// This is answered.
    Refused(Status, Reason),
}

impl OwnPin {
    /// Keeps the real PIN and makes one to hand out.
    ///
    /// # Errors
    ///
    /// [`PinError::Randomness`].
    pub fn new(real: RealPin, random: &[u8; 64]) -> Result<Self, PinError> {
        let handed_out = OneTimePin::from_random(random, &real).ok_or(PinError::Randomness)?;
        Ok(Self { real: Some(real), handed_out, wrong_left: WRONG_ONES })
    }

    /// The one to hand out.
    #[must_use]
    pub fn one_time(&self) -> &OneTimePin {
        &self.handed_out
    }

    /// Whether a command that carries no PIN by its header holds the one that was handed out. Such
    /// a command is not understood.
    pub(super) fn is_held_by(&self, command: &Command) -> bool {
        let wanted = self.handed_out.0.as_bytes();
        let data = command.data().unwrap_or_default();
        data.windows(wanted.len()).any(|window| bool::from(window.ct_eq(wanted)))
    }

    /// Puts the real PIN in the place of the one-time PIN.
    pub(super) fn exchange(&mut self, deed: &Deed, pin: PinUse, command: &Command) -> Exchanged {
        let not_understood =
            Exchanged::Refused(Status::CONDITIONS_NOT_SATISFIED, Reason::OwnPinForm);
        let PinUse::Verify { reference } = pin else { return not_understood };
        let form = FORMS.iter().find(|(of, at, _)| *of == deed.application && *at == reference);
        let (Some((_, _, form)), Some(data)) = (form, command.data()) else {
            return not_understood;
        };
        if data.len() > LONGEST_BLOCK || deed.chained || deed.header.ins != 0x20 {
            return not_understood;
        }
        if self.wrong_left == 0 {
            return Exchanged::Refused(Status::AUTHENTICATION_BLOCKED, Reason::OneTimePinVoid);
        }
        if !self.is_handed_out(*form, data) {
            self.wrong_left -= 1;
            let left = self.wrong_left;
            return Exchanged::Refused(Status::tries(left), Reason::WrongOneTimePin { left });
        }
        let Some(real) = &self.real else {
            return Exchanged::Refused(Status::AUTHENTICATION_BLOCKED, Reason::OwnPinWrong);
        };
        with_pin(command, &real.0).map_or(not_understood, Exchanged::Command)
    }

    /// The card has answered a VERIFY with the real PIN. What it has refused is not tried again.
    pub(super) fn answered(&mut self, status: Status) {
        if matches!(status.word(), 0x6300 | 0x63C0..=0x63CF | 0x6983) {
            self.real = None;
        }
    }

    fn is_handed_out(&self, form: Form, data: &[u8]) -> bool {
        let wanted = self.handed_out.0.as_bytes();
        let Some((pin, filling)) = data.split_at_checked(wanted.len()) else { return false };
        let all = |byte: u8| filling.iter().all(|filled| *filled == byte);
        let fits = match form {
            Form::Eight => data.len() == 8 && all(0xFF),
            Form::Bare => filling.is_empty(),
            Form::Filled => all(0x00) || all(0xFF),
        };
        bool::from(pin.ct_eq(wanted)) & fits
    }
}

/// The same command with `pin` at the beginning of its data. Both PINs have the same length, so
/// no length field changes.
fn with_pin(command: &Command, pin: &[u8]) -> Option<Command> {
    let start = match command.shape() {
        Shape::Case3 { extended, .. } | Shape::Case4 { extended, .. } => {
            if extended {
                7
            } else {
                5
            }
        }
        Shape::Case1 | Shape::Case2 { .. } | Shape::Malformed(_) => return None,
    };
    let mut bytes = command.bytes().to_vec();
    bytes.get_mut(start..start + pin.len())?.copy_from_slice(pin);
    Command::new(bytes).ok()
}
