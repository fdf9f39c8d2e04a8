//! Values written as `#` and hexadecimal digits: one complete element in BER (X.690).

use super::utf8::OneCharacter;

/// A BER element and the text it holds, if it is a string.
#[derive(Debug, Clone)]
pub(super) struct Ber {
    pub(super) octets: Vec<u8>,
    pub(super) text: Option<String>,
}

/// What stands before the content of a BER element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    tag: u8,
    length: usize,
}

const TAG_NUMBER: u8 = 0x1f;
const MORE: u8 = 0x80;

impl Header {
    /// Takes exactly one element of definite length, with nothing after it: `octets` are `total`.
    pub(super) fn read(octets: impl Iterator<Item = u8>, total: usize) -> Option<Self> {
        let mut length = 0;
        let mut octets = octets.inspect(|_| length += 1);
        let tag = octets.next()?;
        if tag == 0 {
            // The mark of the end of an indefinite length is no value.
            return None;
        }
        if tag & TAG_NUMBER == TAG_NUMBER {
            while octets.next()? & MORE != 0 {}
        }
        let first = octets.next()?;
        let content = if first & MORE == 0 {
            usize::from(first)
        } else {
            // 0x80 announces an indefinite length. More than four octets of length cannot fit.
            let count = first & !MORE;
            if !(1..=4).contains(&count) {
                return None;
            }
            let mut content = 0;
            for _ in 0..count {
                content = content << 8 | usize::from(octets.next()?);
            }
            content
        };
        (total - length == content).then_some(Self { tag, length })
    }

    /// Writes the text of the string types (OCTET STRING, UTF8String, NumericString,
    /// PrintableString, IA5String, BMPString) and says whether it is one.
    pub(super) fn text_into(self, octets: impl Iterator<Item = u8>, buffer: &mut String) -> bool {
        let content = octets.skip(self.length);
        let before = buffer.len();
        let is_text = match self.tag {
            0x04 | 0x0c => utf8_into(content, buffer),
            0x12 | 0x13 | 0x16 => ascii_into(content, buffer),
            0x1e => bmp_into(content, buffer),
            _ => false,
        };
        if !is_text {
            buffer.truncate(before);
        }
        is_text
    }
}

fn utf8_into(content: impl Iterator<Item = u8>, buffer: &mut String) -> bool {
    let mut character = OneCharacter::default();
    for octet in content {
        match character.push(octet) {
            Ok(complete) => buffer.extend(complete),
            Err(_) => return false,
        }
    }
    character.is_complete()
}

fn ascii_into(mut content: impl Iterator<Item = u8>, buffer: &mut String) -> bool {
    content.all(|octet| {
        buffer.push(char::from(octet));
        octet.is_ascii()
    })
}

fn bmp_into(mut content: impl Iterator<Item = u8>, buffer: &mut String) -> bool {
    let mut has_odd = false;
    let units = std::iter::from_fn(|| {
        let high = content.next()?;
        let low = content.next();
        has_odd = low.is_none();
        Some(u16::from_be_bytes([high, low?]))
    });
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => buffer.push(character),
            Err(_) => return false,
        }
    }
    !has_odd
}

#[cfg(test)]
mod tests {
    use super::Header;

    fn read(octets: &[u8]) -> Option<Option<String>> {
        let header = Header::read(octets.iter().copied(), octets.len())?;
        let mut text = String::from("before ");
        let is_text = header.text_into(octets.iter().copied(), &mut text);
        let text = text.strip_prefix("before ").unwrap().to_owned();
        assert!(is_text || text.is_empty(), "half of {octets:02x?}");
        Some(is_text.then_some(text))
    }

    #[test]
    fn one_complete_element_is_taken() {
        let long = [&[0x04, 0x81, 200][..], &[b'a'; 200]].concat();
        let table: [(&[u8], Option<&str>); 12] = [
            (&[0x04, 0x02, 0x48, 0x69], Some("Hi")),
            (&[0x0c, 0x02, 0xc4, 0x8d], Some("č")),
            (&[0x0c, 0x02, 0x48, 0xc4], None),
            (&[0x0c, 0x02, 0xc4, 0x48], None),
            (&[0x16, 0x00], Some("")),
            (&[0x1e, 0x04, 0x00, 0x48, 0x01, 0x0d], Some("Hč")),
            (&[0x1e, 0x03, 0x00, 0x48, 0x01], None),
            (&[0x1e, 0x04, 0x00, 0x48, 0xd8, 0x00], None),
            (&[0x16, 0x02, 0x48, 0xe9], None),
            (&[0x02, 0x01, 0x05], None),
            (&[0x9f, 0x81, 0x01, 0x01, 0x05], None),
            (&long, Some(&"a".repeat(200))),
        ];
        for (octets, text) in table {
            assert_eq!(read(octets), Some(text.map(str::to_owned)), "{octets:02x?}");
        }
    }

    #[test]
    fn anything_but_one_complete_element_is_refused() {
        let table: [&[u8]; 10] = [
            &[],
            &[0x04],
            &[0x04, 0x02, 0x48],
            &[0x04, 0x01, 0x48, 0x69],
            &[0x30, 0x80, 0x00, 0x00],
            &[0x00, 0x00],
            &[0x1f, 0x81],
            &[0x04, 0x85, 0, 0, 0, 0, 0],
            &[0x04, 0xff],
            &[0x04, 0x82, 0x01],
        ];
        for octets in table {
            assert!(read(octets).is_none(), "{octets:02x?}");
        }
    }
}
