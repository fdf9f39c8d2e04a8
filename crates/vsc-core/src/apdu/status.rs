//! Status words SW1 SW2 (ISO/IEC 7816-4, 5.6), unknown ones kept as they are.

use std::fmt;

/// The two bytes that end every response.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(u16);

impl Status {
    /// 9000: done.
    pub const OK: Self = Self(0x9000);
    /// 6700: wrong length.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// 6982: security status not satisfied.
    pub const SECURITY_STATUS_NOT_SATISFIED: Self = Self(0x6982);
    /// 6882: secure messaging not supported.
    pub const SECURE_MESSAGING_NOT_SUPPORTED: Self = Self(0x6882);
    /// 6884: command chaining not supported.
    pub const CHAINING_NOT_SUPPORTED: Self = Self(0x6884);
    /// 6983: authentication method blocked.
    pub const AUTHENTICATION_BLOCKED: Self = Self(0x6983);
    /// 6985: conditions of use not satisfied.
    pub const CONDITIONS_NOT_SATISFIED: Self = Self(0x6985);
    /// 6A82: file or application not found.
    pub const NOT_FOUND: Self = Self(0x6A82);
    /// 6D00: instruction not supported.
    pub const INSTRUCTION_NOT_SUPPORTED: Self = Self(0x6D00);
    /// 6E00: class not supported.
    pub const CLASS_NOT_SUPPORTED: Self = Self(0x6E00);
    /// 6F00: no precise diagnosis.
    pub const NO_DIAGNOSIS: Self = Self(0x6F00);

    /// 63Cx: verification failed, so many tries are left; more than 15 cannot be said.
    #[must_use]
    pub const fn tries(left: u8) -> Self {
        Self(0x63C0 | (if left > 15 { 15 } else { left }) as u16)
    }

    /// Any status word.
    #[must_use]
    pub const fn from_word(word: u16) -> Self {
        Self(word)
    }

    /// SW1 in the high byte, SW2 in the low one.
    #[must_use]
    pub const fn word(self) -> u16 {
        self.0
    }

    /// `61xx`: so many more bytes wait for GET RESPONSE; 256 stands for "256 or more".
    #[must_use]
    pub fn bytes_waiting(self) -> Option<usize> {
        match self.0.to_be_bytes() {
            [0x61, 0] => Some(256),
            [0x61, n] => Some(usize::from(n)),
            _ => None,
        }
    }

    /// `6Cxx`: the same command with this Le would have worked; 256 for `6C00`.
    #[must_use]
    pub fn right_le(self) -> Option<usize> {
        match self.0.to_be_bytes() {
            [0x6C, 0] => Some(256),
            [0x6C, n] => Some(usize::from(n)),
            _ => None,
        }
    }

    /// `63Cx`: so many tries are left for the reference data asked about; 6983 means none.
    #[must_use]
    pub fn tries_left(self) -> Option<u8> {
        match self.0 {
            word @ 0x63C0..=0x63CF => Some((word & 0x0F) as u8),
            0x6983 => Some(0),
            _ => None,
        }
    }

    /// The standard's words for it, as far as it has any.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self.0.to_be_bytes() {
            [0x90, 0x00] => "done",
            [0x61, _] => "done, more data waiting",
            [0x62, 0x81] => "warning: data may be corrupted",
            [0x62, 0x82] => "warning: end of file before Le",
            [0x62, 0x83] => "warning: file deactivated",
            [0x62, 0x85] => "warning: file terminated",
            [0x62, _] => "warning, memory unchanged",
            [0x63, 0xC0..=0xCF] => "verification failed, tries left in the last digit",
            [0x63, _] => "warning, memory changed",
            [0x64, _] => "execution error, memory unchanged",
            [0x65, 0x81] => "memory failure",
            [0x65, _] => "execution error, memory changed",
            [0x67, _] => "wrong length",
            [0x68, 0x81] => "logical channel not supported",
            [0x68, 0x82] => "secure messaging not supported",
            [0x68, 0x83] => "last command of the chain expected",
            [0x68, 0x84] => "command chaining not supported",
            [0x69, 0x82] => "security status not satisfied",
            [0x69, 0x83] => "authentication method blocked",
            [0x69, 0x84] => "reference data not usable",
            [0x69, 0x85] => "conditions of use not satisfied",
            [0x69, 0x86] => "command not allowed",
            [0x69, 0x87 | 0x88] => "secure messaging objects missing or wrong",
            [0x69, _] => "command not allowed",
            [0x6A, 0x80] => "wrong data field",
            [0x6A, 0x81] => "function not supported",
            [0x6A, 0x82] => "file or application not found",
            [0x6A, 0x83] => "record not found",
            [0x6A, 0x84] => "not enough memory",
            [0x6A, 0x86] => "wrong P1 P2",
            [0x6A, 0x88] => "referenced data not found",
            [0x6A, _] | [0x6B, _] => "wrong parameters",
            [0x6C, _] => "wrong Le, right one in the last byte",
            [0x6D, _] => "instruction not supported",
            [0x6E, _] => "class not supported",
            [0x6F, _] => "no precise diagnosis",
            _ => "unknown",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X} {}", self.0, self.meaning())
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Status({:04X})", self.0)
    }
}
