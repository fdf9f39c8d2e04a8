//! One character, put together from octets that come one by one.

/// The octets of a character of which not all are there yet.
///
/// RFC 4514 lets one character be written as several hex pairs, and only pairs that follow each
/// other can be one: raw text starts and ends between two characters.
#[derive(Debug, Default)]
pub(super) struct OneCharacter {
    octets: [u8; 4],
    count: usize,
}

/// The octets are not UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotUtf8;

impl OneCharacter {
    /// Takes the next octet and gives the character that it completes.
    pub(super) fn push(&mut self, octet: u8) -> Result<Option<char>, NotUtf8> {
        if self.count == 0 && octet.is_ascii() {
            return Ok(Some(char::from(octet)));
        }
        if let Some(place) = self.octets.get_mut(self.count) {
            *place = octet;
            self.count += 1;
        }
        match str::from_utf8(self.octets.get(..self.count).unwrap_or_default()) {
            Ok(text) => {
                self.count = 0;
                Ok(text.chars().next())
            }
            // No four octets are the start of something longer, so there is a place for the next.
            Err(error) if error.error_len().is_none() => Ok(None),
            Err(_) => Err(NotUtf8),
        }
    }

    /// Whether no character is waiting for more octets.
    pub(super) fn is_complete(&self) -> bool {
        self.count == 0
    }
}
