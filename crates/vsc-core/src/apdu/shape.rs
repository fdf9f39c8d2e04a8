//! What the length fields and the class byte of a command say.

/// The four cases of a command, short and extended (ISO/IEC 7816-4, 5.1, table 1).
///
/// A total function of the bytes: everything is one of these, and two readers of one command
/// can never disagree, which is what a filter in front of a card must be sure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Header only.
    Case1,
    /// No data; up to `le` bytes are expected. `CLA INS P1 P2 00` is also how some T=0
    /// stacks send case 1; it is not "repaired" here.
    Case2 {
        /// Expected bytes, 1 to 65 536.
        le: usize,
        /// Whether the length takes three bytes.
        extended: bool,
    },
    /// Data, nothing expected.
    Case3 {
        /// Data bytes, 1 to 65 535.
        lc: usize,
        /// Whether the length takes three bytes.
        extended: bool,
    },
    /// Data, and up to `le` bytes expected.
    Case4 {
        /// Data bytes, 1 to 65 535.
        lc: usize,
        /// Expected bytes, 1 to 65 536.
        le: usize,
        /// Whether the lengths take three and two bytes.
        extended: bool,
    },
    /// Not a command by the standard. A transparent relay carries it all the same.
    Malformed(Malformed),
}

/// What is wrong with a malformed command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Fewer than four bytes.
    NoHeader,
    /// The length fields do not add up to the number of bytes.
    LengthMismatch,
    /// An extended length field of six bytes in all, or an extended Lc of zero.
    BadExtendedLength,
}

impl Shape {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let Some((_, rest)) = bytes.split_first_chunk::<4>() else {
            return Self::Malformed(Malformed::NoHeader);
        };
        match *rest {
            [] => Self::Case1,
            [le] => Self::Case2 { le: short_le(le), extended: false },
            [0, _] => Self::Malformed(Malformed::BadExtendedLength),
            [0, high, low] => Self::Case2 { le: extended_le([high, low]), extended: true },
            [0, high, low, ref after @ ..] => {
                Self::extended(u16::from_be_bytes([high, low]), after)
            }
            [lc, ref after @ ..] => Self::short(lc, after),
        }
    }

    /// `after`: the bytes behind a one-byte Lc that is not zero.
    fn short(lc: u8, after: &[u8]) -> Self {
        let lc = usize::from(lc);
        match after.get(lc..) {
            Some([]) => Self::Case3 { lc, extended: false },
            Some([le]) => Self::Case4 { lc, le: short_le(*le), extended: false },
            Some(_) | None => Self::Malformed(Malformed::LengthMismatch),
        }
    }

    /// `after`: the bytes behind a three-byte Lc.
    fn extended(lc: u16, after: &[u8]) -> Self {
        if lc == 0 {
            return Self::Malformed(Malformed::BadExtendedLength);
        }
        let lc = usize::from(lc);
        match after.get(lc..) {
            Some([]) => Self::Case3 { lc, extended: true },
            Some([high, low]) => Self::Case4 { lc, le: extended_le([*high, *low]), extended: true },
            Some(_) | None => Self::Malformed(Malformed::LengthMismatch),
        }
    }
}

fn short_le(le: u8) -> usize {
    if le == 0 { 256 } else { usize::from(le) }
}

fn extended_le(le: [u8; 2]) -> usize {
    match u16::from_be_bytes(le) {
        0 => 65_536,
        le => usize::from(le),
    }
}

/// The class byte, read (ISO/IEC 7816-4, 5.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `000c ssll` and `01sc llll`: the interindustry classes.
    Interindustry {
        /// More links of this command chain follow.
        chained: bool,
        /// Whether and how the command is protected.
        secure_messaging: SecureMessaging,
        /// Logical channel, 0 to 19.
        channel: u8,
    },
    /// `001x xxxx`: reserved.
    Reserved,
    /// Bit 8 set: defined by whoever made the application.
    Proprietary,
    /// `FF`: not a card's class; reader drivers take such commands for themselves.
    Reader,
}

/// Protection of a command by secure messaging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecureMessaging {
    /// Plain.
    None,
    /// Protected, in one of the ways that the class byte can tell.
    Used,
}

impl Class {
    pub(super) fn of(cla: u8) -> Self {
        let secure = |bits: u8| match bits {
            0 => SecureMessaging::None,
            _ => SecureMessaging::Used,
        };
        match cla {
            0xFF => Self::Reader,
            0x80.. => Self::Proprietary,
            0x40..=0x7F => Self::Interindustry {
                chained: cla & 0x10 != 0,
                secure_messaging: secure(cla & 0x20),
                channel: (cla & 0x0F) + 4,
            },
            0x20..=0x3F => Self::Reserved,
            0x00..=0x1F => Self::Interindustry {
                chained: cla & 0x10 != 0,
                secure_messaging: secure(cla & 0x0C),
                channel: cla & 0x03,
            },
        }
    }
}
