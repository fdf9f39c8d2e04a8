//! Which commands carry secrets, or spend something that a person gave.
//!
//! The relay shows no body of any command, so logging needs no such knowledge. Policy does: what
//! may be refused, what spends a PIN try, what uses a private key; and so do counters and
//! consent. Chained links are judged by their own header, so every link of a secret command is
//! secret as well. What is not recognised is [`Sensitivity::Unknown`], never harmless.
//!
//! Sources: ISO/IEC 7816-4 clause 11, ISO/IEC 7816-8, NIST SP 800-73-4 part 2, OpenPGP card
//! specification 3.4, GlobalPlatform card specification 2.3, and the Yubico PIV extensions.

use crate::apdu::{Class, Command, Header, SecureMessaging, Shape};

/// What a command does with secrets, as far as its header and its length tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitivity {
    /// Reads or selects; neither command nor answer is secret by the standards.
    Public,
    /// Asks whether a PIN was verified and how many tries are left; spends nothing.
    PinStatus,
    /// Carries a PIN, PUK or biometric template to the card.
    Pin(PinUse),
    /// Uses a private key: signs, decrypts, agrees on a key.
    PrivateKey,
    /// Authenticates card and terminal to each other; the bytes are cryptograms or nonces.
    Authentication,
    /// Writes to the card, creates or deletes something, generates or imports a key.
    Change,
    /// Protected by secure messaging: nobody on the way can tell.
    Protected,
    /// Meant for the reader driver, not for the card; may carry a PIN.
    Reader,
    /// Not recognised, or malformed. To be handled as the worst case.
    Unknown,
}

/// Which reference data a command carries, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinUse {
    /// VERIFY (20, 21) with data.
    Verify {
        /// P2: which PIN; 80 is the PIV application PIN, 81 and 82 are OpenPGP's user PINs.
        reference: u8,
    },
    /// CHANGE REFERENCE DATA (24, 25).
    Change {
        /// P2: which PIN.
        reference: u8,
    },
    /// RESET RETRY COUNTER (2C, 2D): usually carries a PUK.
    Unblock {
        /// P2: which PIN.
        reference: u8,
    },
    /// ENABLE or DISABLE VERIFICATION REQUIREMENT (28, 26).
    Requirement {
        /// P2: which PIN.
        reference: u8,
    },
}

impl PinUse {
    /// P2: which PIN the command is about.
    #[must_use]
    pub fn reference(self) -> u8 {
        match self {
            Self::Verify { reference }
            | Self::Change { reference }
            | Self::Unblock { reference }
            | Self::Requirement { reference } => reference,
        }
    }
}

impl Sensitivity {
    /// Judges one command, or one link of a chain.
    ///
    /// # Examples
    ///
    /// ```
    /// use vsc_core::apdu::Command;
    /// use vsc_core::sensitive::{PinUse, Sensitivity};
    ///
    /// let status = Command::new(vec![0x00, 0x20, 0x00, 0x80])?;
    /// assert_eq!(Sensitivity::of(&status), Sensitivity::PinStatus);
    ///
    /// let verify = Command::new([&[0x00, 0x20, 0x00, 0x80, 0x08][..], b"123456\xFF\xFF"].concat())?;
    /// assert_eq!(Sensitivity::of(&verify), Sensitivity::Pin(PinUse::Verify { reference: 0x80 }));
    /// # Ok::<(), vsc_core::apdu::ApduError>(())
    /// ```
    #[must_use]
    pub fn of(command: &Command) -> Self {
        let (Some(header), shape) = (command.header(), command.shape()) else {
            return Self::Unknown;
        };
        let has_data = match shape {
            Shape::Malformed(_) => return Self::Unknown,
            Shape::Case1 | Shape::Case2 { .. } => false,
            Shape::Case3 { .. } | Shape::Case4 { .. } => true,
        };
        match header.class() {
            Class::Reader => Self::Reader,
            Class::Reserved => Self::Unknown,
            Class::Proprietary => Self::proprietary(header),
            Class::Interindustry { secure_messaging: SecureMessaging::Used, .. } => Self::Protected,
            Class::Interindustry { .. } => Self::interindustry(header, has_data),
        }
    }

    fn interindustry(header: Header, has_data: bool) -> Self {
        let reference = header.p2;
        match (header.ins, header.p1) {
            // P1 FF takes the verification back (SP 800-73-4 part 2, 3.2.1).
            (0x20 | 0x21, 0xFF) if !has_data => Self::Authentication,
            (0x20 | 0x21, _) if !has_data => Self::PinStatus,
            (0x20 | 0x21, _) => Self::Pin(PinUse::Verify { reference }),
            (0x24 | 0x25, _) => Self::Pin(PinUse::Change { reference }),
            (0x2C | 0x2D, _) => Self::Pin(PinUse::Unblock { reference }),
            (0x26 | 0x28, _) => Self::Pin(PinUse::Requirement { reference }),
            // SELECT, READ BINARY, READ RECORD, GET DATA, GET RESPONSE.
            (0xA4 | 0xB0 | 0xB1 | 0xB2 | 0xB3 | 0xCA | 0xCB | 0xC0, _) => Self::Public,
            // PERFORM SECURITY OPERATION, INTERNAL and GENERAL AUTHENTICATE.
            (0x2A | 0x88 | 0x86 | 0x87, _) => Self::PrivateKey,
            // EXTERNAL or MUTUAL AUTHENTICATE, GET CHALLENGE, MANAGE SECURITY ENVIRONMENT.
            (0x82 | 0x84 | 0x22, _) => Self::Authentication,
            // MANAGE CHANNEL.
            (0x70, _) => Self::Public,
            // GENERATE ASYMMETRIC KEY PAIR; P1 81 only reads the public key.
            (0x46 | 0x47, 0x81) => Self::Public,
            (0x46 | 0x47, _) => Self::Change,
            // Writing, updating, erasing, putting, creating, deleting, (de)activating, terminating.
            (0x04 | 0x0E | 0x0F | 0x44 | 0xE0 | 0xE2 | 0xE4 | 0xE6 | 0xE8 | 0xFE, _)
            | (0xD0..=0xDF, _) => Self::Change,
            // Yubico PIV: version, serial number, metadata, attestation; then its key management.
            (0xFD | 0xF8 | 0xF7, _) if !has_data => Self::Public,
            (0xF9, _) if !has_data => Self::PrivateKey,
            (0xF6 | 0xFA | 0xFB | 0xFF, _) => Self::Change,
            _ => Self::Unknown,
        }
    }

    /// GlobalPlatform and CAC; everything else that is proprietary is unknown.
    fn proprietary(header: Header) -> Self {
        match (header.cla & 0xFC, header.ins) {
            (0x80, 0x42) => Self::PrivateKey,
            (0x80 | 0x84, 0x50 | 0x82) => Self::Authentication,
            (0x80 | 0x84, 0xD8 | 0xE2 | 0xE4 | 0xE6 | 0xE8 | 0xF0) => Self::Change,
            _ => Self::Unknown,
        }
    }
}
