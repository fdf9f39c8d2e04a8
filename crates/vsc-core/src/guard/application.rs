//! Which application of the card a command is for, as far as the SELECTs that passed tell.

use crate::apdu::{Command, Header, Response, Status};

/// An application whose commands are known beyond ISO/IEC 7816.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Application {
    /// Any other, or none that was selected since the card was powered.
    #[default]
    Other,
    /// Personal identity verification (NIST SP 800-73-4).
    Piv,
    /// The OpenPGP card (specification 3.4).
    OpenPgp,
    /// Generic identity device specification, as Windows uses it.
    Gids,
    /// The IsoApplet, a PKCS#15 card for Java cards.
    IsoApplet,
    /// Configuration of Yubico's devices.
    YubicoManagement,
}

/// How the identifiers begin that select them. PIV is selected by its registered provider alone,
/// too.
const IDENTIFIERS: [(&[u8], Application); 5] = [
    (&[0xA0, 0x00, 0x00, 0x03, 0x08], Application::Piv),
    (&[0xD2, 0x76, 0x00, 0x01, 0x24, 0x01], Application::OpenPgp),
    (&[0xA0, 0x00, 0x00, 0x03, 0x97, 0x42, 0x54, 0x46, 0x59], Application::Gids),
    (
        &[0xF2, 0x76, 0xA2, 0x88, 0xBC, 0xFB, 0xA6, 0x9D, 0x34, 0xF3, 0x10, 0x01],
        Application::IsoApplet,
    ),
    (&[0xA0, 0x00, 0x00, 0x05, 0x27, 0x47, 0x11, 0x17], Application::YubicoManagement),
];

impl Application {
    /// Its name, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Piv => "PIV",
            Self::OpenPgp => "OpenPGP",
            Self::Gids => "GIDS",
            Self::IsoApplet => "IsoApplet",
            Self::YubicoManagement => "Yubico management",
        }
    }

    fn of_identifier(identifier: &[u8]) -> Self {
        let known = IDENTIFIERS.iter().find(|(begins, _)| identifier.starts_with(begins));
        known.map_or(Self::Other, |(_, application)| *application)
    }
}

/// What one logical channel has selected.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Channel {
    pub(super) application: Application,
    /// The key that MANAGE SECURITY ENVIRONMENT named last.
    pub(super) key: Option<u8>,
    /// Whether an application was selected by name since the card was powered. Where none was,
    /// the card's first application answers, which on many cards is PIV.
    pub(super) by_name: bool,
}

/// All twenty logical channels (ISO/IEC 7816-4, 5.4.1).
#[derive(Debug, Default)]
pub(super) struct Channels([Channel; 20]);

impl Channels {
    pub(super) fn of(&self, number: u8) -> Channel {
        self.0.get(usize::from(number)).copied().unwrap_or_default()
    }

    fn change(&mut self, number: u8, change: impl FnOnce(&mut Channel)) {
        if let Some(channel) = self.0.get_mut(usize::from(number)) {
            change(channel);
        }
    }

    /// SELECT was answered. Where it names no application, only a master file changes what is
    /// selected.
    pub(super) fn selected(&mut self, on: u8, command: &Command, response: &Response) {
        let Some(header) = command.header() else { return };
        if !did_select(response.status()) {
            return;
        }
        let data = command.data().unwrap_or_default();
        if header.p1 == 0x04 {
            let application = Application::of_identifier(data);
            self.change(on, |channel| {
                *channel = Channel { application, key: None, by_name: true };
            });
        } else if data.is_empty() || data == [0x3F, 0x00] {
            self.change(on, |channel| *channel = Channel::default());
        }
    }

    /// A read was answered. PIV's discovery object (tag 7E, SP 800-73-4 part 1, 3.3.2) names the
    /// application that answered; programs read it instead of selecting.
    pub(super) fn was_read(&mut self, on: u8, command: &Command, response: &Response) {
        if command.data() == Some(&DISCOVERY_TAG) {
            self.discovered(on, response);
        }
    }

    /// The command that asks which application answers, if that may be PIV.
    pub(super) fn discovery(on: u8) -> Option<Command> {
        let [a, b, c] = DISCOVERY_TAG;
        Command::new(vec![plain_class(on)?, 0xCB, 0x3F, 0xFF, 0x03, a, b, c, 0x00]).ok()
    }

    /// It was answered.
    pub(super) fn discovered(&mut self, on: u8, response: &Response) {
        if response.status() == Status::OK && names_piv(response.data()) {
            self.change(on, |channel| channel.application = Application::Piv);
        }
    }

    /// MANAGE CHANNEL was answered: what the channel had selected is over.
    pub(super) fn managed(&mut self, on: u8, header: Header, response: &Response) {
        let channel = match (header.p1, header.p2) {
            (0x00, 0x00) => response.data().first().copied(),
            (0x80, 0x00) => Some(on),
            (0x00 | 0x80, number) => Some(number),
            _ => None,
        };
        if let Some(number) = channel {
            self.change(number, |channel| *channel = Channel::default());
        }
    }

    /// MANAGE SECURITY ENVIRONMENT was accepted: remember the key that it names (tag 83 or 84 of
    /// a control reference template, ISO/IEC 7816-4), to name it in questions.
    pub(super) fn environment_set(&mut self, on: u8, command: &Command) {
        let mut rest = command.data().unwrap_or_default();
        let mut key = None;
        while let [tag, length, after @ ..] = rest {
            let Some((value, next)) = after.split_at_checked(usize::from(*length)) else { break };
            if matches!(tag, 0x83 | 0x84) {
                key = value.last().copied();
            }
            rest = next;
        }
        if key.is_some() {
            self.change(on, |channel| channel.key = key);
        }
    }
}

/// The command data that ask for PIV's discovery object.
const DISCOVERY_TAG: [u8; 3] = [0x5C, 0x01, 0x7E];

/// The plain interindustry class of a logical channel (ISO/IEC 7816-4, 5.4.1).
pub(super) fn plain_class(channel: u8) -> Option<u8> {
    match channel {
        0..=3 => Some(channel),
        4..=19 => Some(0x40 | (channel - 4)),
        _ => None,
    }
}

/// Whether a discovery object's first element is PIV's identifier.
fn names_piv(object: &[u8]) -> bool {
    match object {
        [0x7E, _, 0x4F, length, rest @ ..] => rest
            .get(..usize::from(*length))
            .is_some_and(|name| Application::of_identifier(name) == Application::Piv),
        _ => false,
    }
}

/// Whether a SELECT with this answer changed what is selected.
fn did_select(status: Status) -> bool {
    matches!(status.word() >> 8, 0x90 | 0x61 | 0x62)
}
