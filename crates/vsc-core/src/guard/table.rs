//! The table of commands: what each does, and who says so.
//!
//! The first row that fits decides. A command that no row fits is unknown, and unknown commands
//! do not pass.

use super::application::Application;
use super::deed::Operation;
use crate::apdu::{Command, Header};

/// Whose class bytes a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandClass {
    /// The standard's own, on any logical channel, chained or not.
    Interindustry,
    /// 80 to 8F: GlobalPlatform, and GSC-IS before it.
    GlobalPlatform,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct TableRow {
    /// Whose class.
    pub class: CommandClass,
    /// Only in this application; in every one when `None`.
    pub application: Option<Application>,
    /// Instructions from here...
    pub first: u8,
    /// ... to here.
    pub last: u8,
    p1: Byte,
    p2: Byte,
    data: Data,
    /// What it does.
    pub operation: Operation,
    /// Who says so.
    pub source: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Byte {
    Any,
    Is(u8),
    In(u8, u8),
    LowNibble(u8),
}

#[derive(Clone, Copy, Debug)]
enum Data {
    Any,
    Absent,
    /// Holds these bytes somewhere. Who reads must not be able to hide a tag by coding it in
    /// another way.
    Holds([u8; 3]),
}

impl Byte {
    fn fits(self, byte: u8) -> bool {
        match self {
            Self::Any => true,
            Self::Is(wanted) => byte == wanted,
            Self::In(first, last) => (first..=last).contains(&byte),
            Self::LowNibble(wanted) => byte & 0x0F == wanted,
        }
    }
}

impl TableRow {
    const fn of(operation: Operation, first: u8, last: u8, source: &'static str) -> Self {
        Self {
            class: CommandClass::Interindustry,
            application: None,
            first,
            last,
            p1: Byte::Any,
            p2: Byte::Any,
            data: Data::Any,
            operation,
            source,
        }
    }

    const fn within(mut self, application: Application) -> Self {
        self.application = Some(application);
        self
    }

    const fn p1(mut self, p1: Byte) -> Self {
        self.p1 = p1;
        self
    }

    const fn p2(mut self, p2: Byte) -> Self {
        self.p2 = p2;
        self
    }

    const fn data(mut self, data: Data) -> Self {
        self.data = data;
        self
    }

    const fn global_platform(mut self) -> Self {
        self.class = CommandClass::GlobalPlatform;
        self
    }

    fn fits(&self, header: Header, data: Option<&[u8]>, application: Application) -> bool {
        let data_fits = match (self.data, data) {
            (Data::Any, _) | (Data::Absent, None) => true,
            (Data::Holds(tag), Some(data)) => data.windows(3).any(|window| window == tag),
            (Data::Absent | Data::Holds(_), _) => false,
        };
        data_fits
            && (self.first..=self.last).contains(&header.ins)
            && self.application.is_none_or(|only| only == application)
            && self.p1.fits(header.p1)
            && self.p2.fits(header.p2)
    }
}

/// One row of one instruction.
const fn one(operation: Operation, ins: u8, source: &'static str) -> TableRow {
    TableRow::of(operation, ins, ins, source)
}

use Application::{Gids, IsoApplet, OpenPgp, Other, Piv, YubicoManagement};
use Operation::{
    Administer, Authenticate, Challenge, Decrypt, Keys, Lifecycle, PinStatus, Pins, Prepare,
    Protected, Read, ReadPersonal, Select, Sign, UnknownInstruction, Verify, Write,
};

const VERIFY: &str = "ISO 7816-4, VERIFY";
const PIV_VERIFY: &str = "SP 800-73-4 part 2, 3.2.1";
const PIV_USE: &str = "SP 800-73-4 part 2, 3.2.4; part 1, table 4b";
const PIV_DATA: &str = "SP 800-73-4 part 1, table 2: after the PIN";
const PGP_DATA: &str = "OpenPGP card 3.4, 4.4.1: after PW1 or PW3";
const YUBICO: &str = "Yubico PIV extensions";
const UPDATING: &str = "ISO 7816-4, WRITE, UPDATE, PUT DATA";
const GLOBAL_PLATFORM: &str = "GlobalPlatform card 2.3, 11";
const GSC_IS: &str = "GSC-IS 2.1, chapter 5";

const ROWS: &[TableRow] = &[
    // PINs. Only the plain form of VERIFY is one: P1 00, even instruction.
    one(PinStatus, 0x20, VERIFY).p1(Byte::Is(0x00)).data(Data::Absent),
    one(PinStatus, 0x20, "SP 800-73-4 part 2, 3.2.1; OpenPGP card 3.4, 7.2.2: back to unverified")
        .p1(Byte::Is(0xFF))
        .data(Data::Absent),
    TableRow::of(UnknownInstruction, 0x20, 0x20, VERIFY).p1(Byte::In(0x01, 0xFF)),
    one(Verify, 0x20, PIV_VERIFY).within(Piv).p2(Byte::Is(0x80)),
    one(Verify, 0x20, PIV_VERIFY).within(Piv).p2(Byte::Is(0x00)),
    one(Verify, 0x20, PIV_VERIFY).within(Piv).p2(Byte::In(0x96, 0x98)),
    one(Verify, 0x20, "OpenPGP card 3.4, 7.2.2: PW1").within(OpenPgp).p2(Byte::In(0x81, 0x82)),
    one(Verify, 0x20, "GIDS 1.0, VERIFY").within(Gids).p2(Byte::Is(0x80)),
    one(Verify, 0x20, "IsoApplet, VERIFY").within(IsoApplet).p2(Byte::Is(0x01)),
    one(Administer, 0x20, "an administrator's PIN").within(Piv),
    one(Administer, 0x20, "OpenPGP card 3.4, 7.2.2: PW3").within(OpenPgp),
    one(Administer, 0x20, "an administrator's PIN").within(Gids),
    one(Administer, 0x20, "an administrator's PIN").within(IsoApplet),
    // In an application that is not known this could be OpenPGP's PW3.
    one(Administer, 0x20, "OpenPGP card 3.4, 7.2.2: PW3").p2(Byte::Is(0x83)),
    one(Verify, 0x20, VERIFY),
    TableRow::of(Pins, 0x24, 0x26, "ISO 7816-4, CHANGE REFERENCE DATA, DISABLE VERIFICATION"),
    one(Pins, 0x28, "ISO 7816-4, ENABLE VERIFICATION REQUIREMENT"),
    TableRow::of(Pins, 0x2C, 0x2D, "ISO 7816-4, RESET RETRY COUNTER"),
    // What is read only after a PIN, in whatever application the card believes to be.
    one(ReadPersonal, 0xCB, PIV_DATA).data(Data::Holds([0x5F, 0xC1, 0x03])),
    one(ReadPersonal, 0xCB, PIV_DATA).data(Data::Holds([0x5F, 0xC1, 0x08])),
    one(ReadPersonal, 0xCB, PIV_DATA).data(Data::Holds([0x5F, 0xC1, 0x09])),
    one(ReadPersonal, 0xCB, PIV_DATA).data(Data::Holds([0x5F, 0xC1, 0x21])),
    one(ReadPersonal, 0xCA, PGP_DATA).p1(Byte::Is(0x01)).p2(Byte::In(0x03, 0x04)),
    // Selecting and reading.
    TableRow::of(Select, 0xA4, 0xA4, "ISO 7816-4, SELECT"),
    one(Select, 0xA5, "ISO 7816-4, SELECT DATA; OpenPGP card 3.4, 7.2.5"),
    one(Select, 0x70, "ISO 7816-4, MANAGE CHANNEL"),
    TableRow::of(Read, 0xA0, 0xA2, "ISO 7816-4, SEARCH"),
    TableRow::of(Read, 0xB0, 0xB3, "ISO 7816-4, READ BINARY, READ RECORD"),
    TableRow::of(Read, 0xCA, 0xCD, "ISO 7816-4, GET DATA, GET NEXT DATA"),
    one(Read, 0xC0, "ISO 7816-4, GET RESPONSE"),
    TableRow::of(Protected, 0xC2, 0xC3, "ISO 7816-4, ENVELOPE"),
    // Keys of PIV; in an application that is not known it could be PIV.
    TableRow::of(Authenticate, 0x87, 0x87, PIV_USE).p2(Byte::Is(0x9A)),
    TableRow::of(Sign, 0x87, 0x87, PIV_USE).p2(Byte::Is(0x9C)),
    TableRow::of(Decrypt, 0x87, 0x87, PIV_USE).p2(Byte::Is(0x9D)),
    TableRow::of(Authenticate, 0x87, 0x87, PIV_USE).p2(Byte::Is(0x9E)),
    TableRow::of(Decrypt, 0x87, 0x87, PIV_USE).p2(Byte::In(0x82, 0x95)),
    one(Sign, 0x87, YUBICO).within(Piv).p2(Byte::Is(0xF9)),
    TableRow::of(Administer, 0x86, 0x87, "SP 800-73-4: 9B, 04; GIDS: 00; PACE"),
    // Keys of OpenPGP, GIDS and PKCS#15 cards.
    one(Sign, 0x2A, "ISO 7816-8, COMPUTE DIGITAL SIGNATURE").p1(Byte::Is(0x9E)),
    one(Sign, 0x2A, "ISO 7816-8, COMPUTE CRYPTOGRAPHIC CHECKSUM").p1(Byte::Is(0x8E)),
    one(Decrypt, 0x2A, "ISO 7816-8, DECIPHER").p1(Byte::Is(0x80)),
    one(Decrypt, 0x2A, "ISO 7816-8, ENCIPHER; OpenPGP card 3.4, 7.2.12")
        .p1(Byte::In(0x82, 0x86))
        .p2(Byte::Is(0x80)),
    one(Prepare, 0x2A, "ISO 7816-8, HASH").p1(Byte::Is(0x90)),
    one(Prepare, 0x2A, "ISO 7816-8, VERIFY SIGNATURE, CHECKSUM, CERTIFICATE").p1(Byte::Is(0x00)),
    one(Authenticate, 0x88, "ISO 7816-4, INTERNAL AUTHENTICATE"),
    one(Prepare, 0x22, "ISO 7816-4, MANAGE SECURITY ENVIRONMENT: SET").p1(Byte::LowNibble(1)),
    one(Prepare, 0x22, "ISO 7816-4, MANAGE SECURITY ENVIRONMENT: RESTORE").p1(Byte::Is(0xF3)),
    one(Keys, 0x22, "ISO 7816-4, MANAGE SECURITY ENVIRONMENT: STORE, ERASE"),
    one(Challenge, 0x84, "ISO 7816-4, GET CHALLENGE"),
    one(Administer, 0x82, "ISO 7816-4, EXTERNAL AUTHENTICATE"),
    one(Read, 0x47, "OpenPGP card 3.4, 7.2.14: the public key").within(OpenPgp).p1(Byte::Is(0x81)),
    TableRow::of(Keys, 0x46, 0x47, "ISO 7816-8, GENERATE ASYMMETRIC KEY PAIR"),
    // Yubico's additions.
    one(Read, 0xFD, YUBICO).within(Piv).data(Data::Absent),
    TableRow::of(Read, 0xF7, 0xF8, YUBICO).within(Piv).data(Data::Absent),
    one(Authenticate, 0xF9, "Yubico PIV extensions: attestation").within(Piv).data(Data::Absent),
    one(Pins, 0xFA, YUBICO).within(Piv),
    one(Lifecycle, 0xFB, YUBICO).within(Piv),
    one(Keys, 0xF6, YUBICO).within(Piv),
    TableRow::of(Keys, 0xFE, 0xFF, YUBICO).within(Piv),
    one(Read, 0xF1, "Yubico OpenPGP extensions").within(OpenPgp).data(Data::Absent),
    one(Pins, 0xF2, "Yubico OpenPGP extensions").within(OpenPgp),
    one(Read, 0x1D, "Yubico management").within(YubicoManagement).data(Data::Absent),
    one(Write, 0x1C, "Yubico management").within(YubicoManagement),
    one(Lifecycle, 0x1F, "Yubico management").within(YubicoManagement),
    TableRow::of(Administer, 0xF6, 0xFF, YUBICO).within(Other),
    // Changing.
    one(Lifecycle, 0x04, "ISO 7816-9, DEACTIVATE FILE"),
    one(Lifecycle, 0x44, "ISO 7816-9, ACTIVATE FILE; OpenPGP card 3.4, 7.2.17"),
    one(Lifecycle, 0xE6, "ISO 7816-9, TERMINATE DF; OpenPGP card 3.4, 7.2.16"),
    one(Lifecycle, 0xE8, "ISO 7816-9, TERMINATE EF"),
    one(Lifecycle, 0xFE, "ISO 7816-9, TERMINATE CARD USAGE"),
    TableRow::of(Write, 0x0C, 0x0F, "ISO 7816-4, ERASE"),
    TableRow::of(Write, 0xD0, 0xDF, UPDATING),
    TableRow::of(Write, 0xE0, 0xE4, "ISO 7816-4 and 7816-9, APPEND RECORD, CREATE, DELETE FILE"),
    // GlobalPlatform and GSC-IS. Cards that do not look at the class select all the same.
    one(Select, 0xA4, "ISO 7816-4, SELECT").global_platform(),
    TableRow::of(Read, 0xCA, 0xCB, GLOBAL_PLATFORM).global_platform(),
    one(Read, 0xF2, GLOBAL_PLATFORM).global_platform(),
    one(Administer, 0x50, GLOBAL_PLATFORM).global_platform(),
    one(Administer, 0x82, GLOBAL_PLATFORM).global_platform(),
    one(Administer, 0xD8, GLOBAL_PLATFORM).global_platform(),
    TableRow::of(Administer, 0xE2, 0xE8, GLOBAL_PLATFORM).global_platform(),
    one(Administer, 0xF0, GLOBAL_PLATFORM).global_platform(),
    one(Sign, 0x42, GSC_IS).global_platform(),
    one(Read, 0x52, GSC_IS).global_platform(),
    one(Read, 0x56, GSC_IS).global_platform(),
    one(Write, 0x58, GSC_IS).global_platform(),
];

/// Every row, in the order in which they are tried.
#[must_use]
pub fn table() -> &'static [TableRow] {
    ROWS
}

/// What the command does, if a row fits.
pub(super) fn find(
    class: CommandClass,
    command: &Command,
    application: Application,
) -> Option<Operation> {
    let header = command.header()?;
    let data = command.data();
    let mut rows = ROWS.iter().filter(|row| row.class == class);
    Some(rows.find(|row| row.fits(header, data, application))?.operation)
}
