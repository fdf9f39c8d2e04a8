//! The canonical form of a distinguished name.

use std::fmt::{self, Write as _};

use super::value::Meaning;
use super::{Ava, Dn, Rdn};

impl fmt::Display for Dn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rdn) in self.rdns().enumerate() {
            if index > 0 {
                f.write_char(',')?;
            }
            write!(f, "{rdn}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Rdn<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [ava] = self.avas() {
            return write!(f, "{ava}");
        }
        let mut avas: Vec<String> = self.avas().iter().map(Ava::to_string).collect();
        avas.sort_unstable();
        f.write_str(&avas.join("+"))
    }
}

impl fmt::Display for Ava<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.attribute.comparable().chars() {
            f.write_char(character.to_ascii_lowercase())?;
        }
        f.write_char('=')?;
        match self.meaning() {
            Meaning::Text(text) => write_escaped(f, text),
            Meaning::Ber(octets) => {
                f.write_char('#')?;
                octets.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
            }
        }
    }
}

/// Writes a value with the fewest escapes of RFC 4514, control characters as hex pairs.
pub(crate) fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for (at, character) in text.char_indices() {
        let is_first = at == 0;
        let is_last = at + character.len_utf8() == text.len();
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{character}")?,
            '#' if is_first => f.write_str("\\#")?,
            ' ' if is_first || is_last => f.write_str("\\ ")?,
            control if control.is_ascii_control() => write!(f, "\\{:02X}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    Ok(())
}
