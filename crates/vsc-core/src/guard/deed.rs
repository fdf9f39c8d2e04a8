//! What a command would do.

use std::fmt;

use super::application::{Application, Channel, Channels};
use super::table;
use crate::apdu::{Class, Command, Header, SecureMessaging, Shape, Status};
use crate::sensitive::PinUse;

/// What a command does, as far as a person who lends a card cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Selects an application, file or logical channel.
    Select,
    /// Reads what the card tells anybody, or fetches an answer that waits.
    Read,
    /// Reads what the card tells after a PIN: fingerprints, face, private data objects.
    ReadPersonal,
    /// Asks whether a PIN was verified, or takes the verification back.
    PinStatus,
    /// Carries a user's PIN to the card.
    Verify,
    /// Signs.
    Sign,
    /// Decrypts, or agrees on a key.
    Decrypt,
    /// Proves the possession of a key.
    Authenticate,
    /// Asks for a random number.
    Challenge,
    /// Chooses key and algorithm for the next use, hashes, checks: nothing that lasts.
    Prepare,
    /// Writes data, makes or deletes files.
    Write,
    /// Makes, imports, moves or deletes a key.
    Keys,
    /// Changes, unblocks, requires or no longer requires a PIN, or its number of tries.
    Pins,
    /// Activates, deactivates, terminates or resets an application or the card.
    Lifecycle,
    /// Proves to the card that one may administer it, or manages its applications.
    Administer,
    /// Hidden by secure messaging or in an envelope.
    Protected,
    /// Meant for the reader driver, not for the card.
    Reader,
    /// An instruction that is not in the table.
    UnknownInstruction,
    /// A class that is not in the table.
    UnknownClass,
    /// No command by the standard.
    Malformed,
}

impl Operation {
    /// Every operation there is.
    pub const ALL: [Self; 20] = [
        Self::Select,
        Self::Read,
        Self::ReadPersonal,
        Self::PinStatus,
        Self::Verify,
        Self::Sign,
        Self::Decrypt,
        Self::Authenticate,
        Self::Challenge,
        Self::Prepare,
        Self::Write,
        Self::Keys,
        Self::Pins,
        Self::Lifecycle,
        Self::Administer,
        Self::Protected,
        Self::Reader,
        Self::UnknownInstruction,
        Self::UnknownClass,
        Self::Malformed,
    ];

    /// Whether it changes the card, or opens the way to that.
    #[must_use]
    pub fn is_admin(self) -> bool {
        matches!(self, Self::Write | Self::Keys | Self::Pins | Self::Lifecycle | Self::Administer)
    }

    /// Whether a private key is used.
    #[must_use]
    pub fn uses_key(self) -> bool {
        matches!(self, Self::Sign | Self::Decrypt | Self::Authenticate)
    }

    /// Whether it may come as a chain of commands. What is judged by its data may not: the data
    /// would be known only at the end.
    #[must_use]
    pub fn may_be_chained(self) -> bool {
        self.uses_key() || matches!(self, Self::Write | Self::Keys)
    }

    /// The status word that says no to it.
    #[must_use]
    pub fn refusal(self) -> Status {
        match self {
            Self::Select => Status::NOT_FOUND,
            Self::Malformed => Status::WRONG_LENGTH,
            Self::Protected => Status::SECURE_MESSAGING_NOT_SUPPORTED,
            Self::Reader | Self::UnknownClass => Status::CLASS_NOT_SUPPORTED,
            Self::UnknownInstruction | Self::Challenge => Status::INSTRUCTION_NOT_SUPPORTED,
            Self::Verify | Self::Sign | Self::Decrypt | Self::Authenticate | Self::Prepare => {
                Status::CONDITIONS_NOT_SATISFIED
            }
            Self::Read
            | Self::ReadPersonal
            | Self::PinStatus
            | Self::Write
            | Self::Keys
            | Self::Pins
            | Self::Lifecycle
            | Self::Administer => Status::SECURITY_STATUS_NOT_SATISFIED,
        }
    }

    /// What it does, in words that stand before "with key 9C".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Read => "read",
            Self::ReadPersonal => "read personal data",
            Self::PinStatus => "ask about a PIN",
            Self::Verify => "verify",
            Self::Sign => "sign",
            Self::Decrypt => "decrypt",
            Self::Authenticate => "authenticate",
            Self::Challenge => "get a random number",
            Self::Prepare => "choose a key",
            Self::Write => "write data",
            Self::Keys => "make, import or delete a key",
            Self::Pins => "change or unblock a PIN",
            Self::Lifecycle => "activate, terminate or reset the application",
            Self::Administer => "administer the card",
            Self::Protected => "send a command that nobody on the way can read",
            Self::Reader => "command the reader",
            Self::UnknownInstruction => "send an unknown instruction",
            Self::UnknownClass => "send a command of an unknown class",
            Self::Malformed => "send what is no command",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// Which key a command uses, as far as it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// None, or the one that was chosen before.
    Unnamed,
    /// By its reference.
    Number(u8),
    /// By its purpose, where the application has one key for each.
    Named(&'static str),
}

/// A command, read. Holds nothing of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed {
    /// What it does.
    pub operation: Operation,
    /// The application that it is for.
    pub application: Application,
    /// The key that it uses.
    pub key: Key,
    /// The PIN that it carries.
    pub pin: Option<PinUse>,
    /// Its first four bytes; zeros when it has fewer.
    pub header: Header,
    /// The logical channel.
    pub channel: u8,
    /// Whether more of the same command follows.
    pub chained: bool,
}

impl Deed {
    /// Reads a command for an application on the basic logical channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use vsc_core::apdu::Command;
    /// use vsc_core::guard::{Application, Deed, Operation};
    ///
    /// let sign = Command::new(vec![0x00, 0x87, 0x11, 0x9C, 0x01, 0x7C, 0x00])?;
    /// let deed = Deed::of(&sign, Application::Piv);
    /// assert_eq!(deed.operation, Operation::Sign);
    /// assert_eq!(deed.to_string(), "sign with key 9C (digital signature)");
    /// # Ok::<(), vsc_core::apdu::ApduError>(())
    /// ```
    #[must_use]
    pub fn of(command: &Command, application: Application) -> Self {
        Self::on(command, |_| Channel { application, key: None, by_name: true })
    }

    pub(super) fn among(command: &Command, channels: &Channels) -> Self {
        Self::on(command, |number| channels.of(number))
    }

    fn on(command: &Command, channel_of: impl Fn(u8) -> Channel) -> Self {
        let header = command.header().unwrap_or(Header { cla: 0, ins: 0, p1: 0, p2: 0 });
        let (chained, number) = match header.class() {
            Class::Interindustry { chained, channel, .. } => (chained, channel),
            // GlobalPlatform keeps the channel in the same two bits.
            Class::Proprietary => (header.cla & 0x10 != 0, header.cla & 0x03),
            Class::Reserved | Class::Reader => (false, 0),
        };
        let channel = channel_of(number);
        let operation = operation(command, header, channel.application);
        let pin = pin(command, header);
        Self {
            operation,
            application: channel.application,
            key: key(operation, header, channel),
            pin,
            header,
            channel: number,
            chained,
        }
    }
}

/// `sign with key 9C (digital signature)`: what a person reads in a question and in the log.
impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation.words())?;
        let pin = self.pin.map(PinUse::reference);
        match (self.key, pin) {
            (Key::Number(number), _) => {
                write!(f, " with key {number:02X}")?;
                match piv_purpose(number).filter(|_| self.application == Application::Piv) {
                    Some(purpose) => write!(f, " ({purpose})"),
                    None => Ok(()),
                }
            }
            (Key::Named(name), _) => write!(f, " with the {name}"),
            (Key::Unnamed, Some(reference)) => write!(f, " with PIN {reference:02X}"),
            (Key::Unnamed, None) => Ok(()),
        }
    }
}

/// What a PIV key is for (SP 800-73-4 part 1, 3).
fn piv_purpose(number: u8) -> Option<&'static str> {
    match number {
        0x9A => Some("authentication"),
        0x9B => Some("administration"),
        0x9C => Some("digital signature"),
        0x9D => Some("key management"),
        0x9E => Some("card authentication"),
        0x82..=0x95 => Some("retired key management"),
        _ => None,
    }
}

fn operation(command: &Command, header: Header, application: Application) -> Operation {
    if let Shape::Malformed(_) = command.shape() {
        return Operation::Malformed;
    }
    match header.class() {
        Class::Reader => Operation::Reader,
        Class::Reserved => Operation::UnknownClass,
        Class::Interindustry { secure_messaging: SecureMessaging::Used, .. } => {
            Operation::Protected
        }
        Class::Interindustry { .. } => {
            let found = table::find(table::CommandClass::Interindustry, command, application);
            found.unwrap_or(Operation::UnknownInstruction)
        }
        Class::Proprietary => proprietary(command, header, application),
    }
}

/// GlobalPlatform's classes, 80 to 83 and protected 84 to 8F; everything else is unknown.
fn proprietary(command: &Command, header: Header, application: Application) -> Operation {
    let found = table::find(table::CommandClass::GlobalPlatform, command, application);
    match header.cla {
        0x80..=0x83 => found.unwrap_or(Operation::UnknownClass),
        0x84..=0x8F if found.is_some_and(Operation::is_admin) => Operation::Administer,
        0x84..=0x8F => Operation::Protected,
        _ => Operation::UnknownClass,
    }
}

fn pin(command: &Command, header: Header) -> Option<PinUse> {
    if !matches!(
        header.class(),
        Class::Interindustry { secure_messaging: SecureMessaging::None, .. }
    ) {
        return None;
    }
    let reference = header.p2;
    match header.ins {
        0x20 | 0x21 if command.data().is_some() => Some(PinUse::Verify { reference }),
        0x24 | 0x25 => Some(PinUse::Change { reference }),
        0x2C | 0x2D => Some(PinUse::Unblock { reference }),
        0x26 | 0x28 => Some(PinUse::Requirement { reference }),
        _ => None,
    }
}

fn key(operation: Operation, header: Header, channel: Channel) -> Key {
    match (channel.application, header.ins) {
        _ if !operation.uses_key() && operation != Operation::Keys => match header.ins {
            // GENERAL AUTHENTICATE with a key that administers.
            0x86 | 0x87 => Key::Number(header.p2),
            _ => Key::Unnamed,
        },
        (_, 0x86 | 0x87) | (Application::Piv, 0x47 | 0xFE) => Key::Number(header.p2),
        (Application::Piv, 0xF9) => Key::Number(header.p1),
        (Application::OpenPgp, 0x2A) if operation == Operation::Sign => Key::Named("signature key"),
        (Application::OpenPgp, 0x2A) => Key::Named("decryption key"),
        (Application::OpenPgp, 0x88) => Key::Named("authentication key"),
        (_, 0x2A | 0x88) => channel.key.map_or(Key::Unnamed, Key::Number),
        _ => Key::Unnamed,
    }
}
