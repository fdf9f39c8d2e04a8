//! The spoken code that brings two agents together, and what it is worth.
//!
//! A code is a mailbox number and three words, `417-lemon-otter-anvil`. The number is public: the
//! relay uses it to find the mailbox. The words are 24 bits that only the two people know; they
//! become a key by a password-authenticated key exchange (SPAKE2), so that whoever does not know
//! them gets exactly one guess and learns nothing from it but whether it was right.

mod words;

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::mailbox::MailboxNumber;
use words::WORDS;

/// The secret half of a code: three bytes, spoken as three words. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Words(Zeroizing<[u8; 3]>);

impl Words {
    /// Words from three fresh random bytes of the operating system.
    #[must_use]
    pub fn from_random(bytes: [u8; 3]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The input of the key exchange.
    pub(crate) fn as_password(&self) -> &[u8] {
        &*self.0
    }

    fn spoken(&self) -> Zeroizing<String> {
        let words: Vec<_> =
            self.0.iter().filter_map(|byte| WORDS.get(usize::from(*byte)).copied()).collect();
        Zeroizing::new(words.join("-"))
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words(..)")
    }
}

/// A whole pairing code.
///
/// # Examples
///
/// ```
/// use vsc_core::pairing::Code;
///
/// let code: Code = "417-lemon-otter-anvil".parse()?;
/// assert_eq!(code.mailbox().0, 417);
/// assert_eq!(*code.spoken(), "417-lemon-otter-anvil");
/// assert_eq!(code, " 417 Lemon OTTER anvil ".parse()?);
/// assert_eq!(format!("{code:?}"), "Code(417-..)");
/// # Ok::<(), vsc_core::pairing::CodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    mailbox: MailboxNumber,
    words: Words,
}

impl Code {
    /// Joins the relay's number and our words.
    #[must_use]
    pub fn new(mailbox: MailboxNumber, words: Words) -> Self {
        Self { mailbox, words }
    }

    /// The public half.
    #[must_use]
    pub fn mailbox(&self) -> MailboxNumber {
        self.mailbox
    }

    /// The secret half.
    #[must_use]
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// The code as it is read out. Show it to the person who must speak it, and nowhere else.
    #[must_use]
    pub fn spoken(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}-{}", self.mailbox, *self.words.spoken()))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({}-..)", self.mailbox)
    }
}

impl FromStr for Code {
    type Err = CodeError;

    /// Reads a code as people type it: any case, hyphens or spaces between its four parts.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let mut parts =
            text.split(|c: char| c == '-' || c.is_whitespace()).filter(|p| !p.is_empty());
        let number = parts.next().ok_or(CodeError::Parts { found: 0 })?;
        let mailbox = number.parse().map_err(|_| CodeError::Number)?;
        let mut words = Zeroizing::new([0_u8; 3]);
        let mut found = 1;
        for slot in words.iter_mut() {
            let word = parts.next().ok_or(CodeError::Parts { found })?;
            found += 1;
            // The typed word is not quoted in the error: it may be one slip away from a secret.
            let place = WORDS
                .iter()
                .position(|known| known.eq_ignore_ascii_case(word))
                .ok_or(CodeError::UnknownWord { place: found - 1 })?;
            *slot = u8::try_from(place).map_err(|_| CodeError::UnknownWord { place: found - 1 })?;
        }
        match parts.count() {
            0 => Ok(Self { mailbox: MailboxNumber(mailbox), words: Words(words) }),
            more => Err(CodeError::Parts { found: found + more }),
        }
    }
}

/// What was typed is no pairing code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// A code has a number and three words.
    #[error(
        "a code is a number and three words, such as 417-lemon-otter-anvil; this has {found} parts"
    )]
    Parts {
        /// How many parts there are.
        found: usize,
    },
    /// The first part is not a number.
    #[error("a code begins with its number, such as 417")]
    Number,
    /// Not one of the words that codes are made of.
    #[error("word {place} is none that a code can have; ask for it to be spelled")]
    UnknownWord {
        /// First, second or third.
        place: usize,
    },
}
