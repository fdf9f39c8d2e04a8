//! The answer to reset: what a card says of itself when it gets power (ISO/IEC 7816-3, 8.2).

use std::fmt;

/// An answer to reset, 2 to 33 bytes, carried unchanged.
///
/// Real cards break the rules of this field, and readers cope; so an [`Atr`] is any byte string
/// that could be one, and [`Atr::read`] tells what it says and what is odd about it. Not secret.
///
/// # Examples
///
/// ```
/// use vsc_core::atr::{Atr, Protocol};
///
/// let atr = Atr::new(&[0x3B, 0x80, 0x80, 0x01, 0x01])?;
/// let read = atr.read();
/// assert_eq!(read.protocols, [Protocol::T0, Protocol::T1]);
/// assert!(read.oddities.is_empty());
/// # Ok::<(), vsc_core::atr::AtrError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Atr {
    bytes: [u8; Self::MAX_LEN],
    len: u8,
}

impl Atr {
    /// TS and 32 more (ISO/IEC 7816-3, 8.2.1).
    pub const MAX_LEN: usize = 33;

    /// Takes the bytes as the reader delivered them.
    ///
    /// # Errors
    ///
    /// [`AtrError`] when there are fewer than two or more than 33 bytes. Nothing else is refused.
    pub fn new(atr: &[u8]) -> Result<Self, AtrError> {
        let mut bytes = [0; Self::MAX_LEN];
        let (Some(room), 2..) = (bytes.get_mut(..atr.len()), atr.len()) else {
            return Err(AtrError { len: atr.len() });
        };
        room.copy_from_slice(atr);
        Ok(Self { bytes, len: u8::try_from(atr.len()).unwrap_or(u8::MAX) })
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Takes it apart. Never fails: what does not follow the standard is listed as an oddity.
    #[must_use]
    pub fn read(&self) -> AtrReading<'_> {
        AtrReading::of(self.bytes())
    }
}

impl fmt::Display for Atr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.bytes().iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            write!(f, "{gap}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Atr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Atr({self})")
    }
}

/// What an answer to reset says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtrReading<'a> {
    /// The protocols the card offers, the default one first. Never empty.
    pub protocols: Vec<Protocol>,
    /// The historical bytes, which name the card in whatever way its maker chose.
    pub historical: &'a [u8],
    /// What the historical bytes say about commands, where they say it
    /// (ISO/IEC 7816-4, 12.1.1.8: card capabilities, third software function table).
    pub capabilities: Option<Capabilities>,
    /// Where the bytes break the standard.
    pub oddities: Vec<Oddity>,
}

/// A transmission protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Half-duplex, by characters.
    T0,
    /// Half-duplex, by blocks.
    T1,
    /// Another number, 2 to 14.
    Other(u8),
}

/// What kind of commands the card says it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Command chaining.
    pub chaining: bool,
    /// Extended Lc and Le.
    pub extended_length: bool,
}

/// A way in which an answer to reset breaks ISO/IEC 7816-3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Oddity {
    /// TS is neither 3B nor 3F.
    InitialCharacter(u8),
    /// The interface bytes announce more than there is.
    Truncated,
    /// There are bytes left over behind the last one announced.
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// The check character is wrong.
    CheckCharacter {
        /// The byte that is there.
        found: u8,
        /// The byte that makes the exclusive-or zero.
        expected: u8,
    },
}

impl<'a> AtrReading<'a> {
    fn of(atr: &'a [u8]) -> Self {
        let mut reading = Self {
            protocols: Vec::new(),
            historical: &[],
            capabilities: None,
            oddities: Vec::new(),
        };
        let [ts, t0, rest @ ..] = atr else {
            reading.protocols.push(Protocol::T0);
            reading.truncated();
            return reading;
        };
        if !matches!(ts, 0x3B | 0x3F) {
            reading.oddities.push(Oddity::InitialCharacter(*ts));
        }
        let rest = reading.interface_bytes(*t0, rest);
        let announced = usize::from(t0 & 0x0F);
        let Some((historical, rest)) = rest.split_at_checked(announced) else {
            reading.historical = rest;
            reading.truncated();
            return reading;
        };
        reading.historical = historical;
        reading.capabilities = Capabilities::of(historical);
        reading.check_character(atr, rest);
        reading
    }

    /// Walks TA1, TB1, TC1, TD1, TA2, ... and gives back what follows them.
    fn interface_bytes(&mut self, t0: u8, mut rest: &'a [u8]) -> &'a [u8] {
        let mut announced = t0 >> 4;
        loop {
            // TAi, TBi and TCi are one byte each; which are there, three bits tell.
            let skip = (0..3).filter(|bit| announced & (1 << bit) != 0).count();
            let Some(after) = rest.get(skip..) else {
                self.truncated();
                rest = &[];
                break;
            };
            rest = after;
            if announced & 0b1000 == 0 {
                break;
            }
            let [td, after @ ..] = rest else {
                self.truncated();
                break;
            };
            // T=15 only introduces global interface bytes; it is no protocol.
            let offered = match td & 0x0F {
                0 => Some(Protocol::T0),
                1 => Some(Protocol::T1),
                15 => None,
                other => Some(Protocol::Other(other)),
            };
            if let Some(protocol) = offered
                && !self.protocols.contains(&protocol)
            {
                self.protocols.push(protocol);
            }
            announced = td >> 4;
            rest = after;
        }
        if self.protocols.is_empty() {
            self.protocols.push(Protocol::T0);
        }
        rest
    }

    /// Notes once that something announced is not there.
    fn truncated(&mut self) {
        if !self.oddities.contains(&Oddity::Truncated) {
            self.oddities.push(Oddity::Truncated);
        }
    }

    /// TCK is there unless T=0 is the only protocol; T0 to TCK xor to zero.
    fn check_character(&mut self, atr: &[u8], rest: &[u8]) {
        let wanted = self.protocols != [Protocol::T0];
        match (wanted, rest) {
            (true, [tck, trailing @ ..]) => {
                let checked = atr.len() - rest.len();
                let sum = atr.iter().take(checked).skip(1).fold(0, |sum, byte| sum ^ byte);
                if sum != *tck {
                    self.oddities.push(Oddity::CheckCharacter { found: *tck, expected: sum });
                }
                if !trailing.is_empty() {
                    self.oddities.push(Oddity::Trailing { bytes: trailing.len() });
                }
            }
            (true, []) => self.truncated(),
            (false, []) => {}
            (false, trailing) => {
                self.oddities.push(Oddity::Trailing { bytes: trailing.len() });
            }
        }
    }
}

impl Capabilities {
    /// Compact-TLV historical bytes: category 80 (or 00 with three status bytes at the end),
    /// then objects of one byte tag-and-length; tag 7 is "card capabilities".
    fn of(historical: &[u8]) -> Option<Self> {
        let mut objects = match historical {
            [0x80, objects @ ..] => objects,
            [0x00, objects @ .., _, _, _] => objects,
            _ => return None,
        };
        while let [tag_len, rest @ ..] = objects {
            let (value, after) = rest.split_at_checked(usize::from(tag_len & 0x0F))?;
            if let (7, [_, _, third]) = (tag_len >> 4, value) {
                return Some(Self {
                    chaining: third & 0x80 != 0,
                    extended_length: third & 0x40 != 0,
                });
            }
            objects = after;
        }
        None
    }
}

/// The bytes cannot be an answer to reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an answer to reset has 2 to {} bytes, this has {len}", Atr::MAX_LEN)]
pub struct AtrError {
    /// Their number.
    pub len: usize,
}
