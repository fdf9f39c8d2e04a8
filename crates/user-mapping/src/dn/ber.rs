//! Values written as `#` and hexadecimal digits: one complete element in BER (X.690).

/// A BER element and the text it holds, if it is a string.
#[derive(Debug, Clone)]
pub(super) struct Ber {
    pub(super) octets: Vec<u8>,
    pub(super) text: Option<String>,
}

impl Ber {
    /// Takes exactly one element of definite length, with nothing after it.
    pub(super) fn read(octets: Vec<u8>) -> Option<Self> {
        let (&tag, mut rest) = octets.split_first()?;
        if tag == 0 {
            // The mark of the end of an indefinite length is no value.
            return None;
        }
        if tag & TAG_NUMBER == TAG_NUMBER {
            let last = rest.iter().position(|octet| octet & MORE == 0)?;
            rest = rest.get(last + 1..)?;
        }
        let content = content(rest)?;
        let text = text(tag, content);
        Some(Self { octets, text })
    }
}

const TAG_NUMBER: u8 = 0x1f;
const MORE: u8 = 0x80;

/// What follows the length octets, if it is exactly as long as they say.
fn content(octets: &[u8]) -> Option<&[u8]> {
    let (&first, rest) = octets.split_first()?;
    let (length, content) = if first & MORE == 0 {
        (usize::from(first), rest)
    } else {
        // 0x80 announces an indefinite length. More than four octets of length cannot fit.
        let count = usize::from(first & !MORE);
        if !(1..=4).contains(&count) {
            return None;
        }
        let (length, content) = rest.split_at_checked(count)?;
        (length.iter().fold(0, |sum, &octet| sum << 8 | usize::from(octet)), content)
    };
    (content.len() == length).then_some(content)
}

/// The text of the string types: OCTET STRING, UTF8String, NumericString, PrintableString,
/// IA5String, BMPString.
fn text(tag: u8, content: &[u8]) -> Option<String> {
    match tag {
        0x04 | 0x0c => String::from_utf8(content.to_vec()).ok(),
        0x12 | 0x13 | 0x16 if content.is_ascii() => String::from_utf8(content.to_vec()).ok(),
        0x1e => {
            let (pairs, odd) = content.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().copied().map(u16::from_be_bytes).collect();
            String::from_utf16(&units).ok().filter(|_| odd.is_empty())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Ber;

    #[test]
    fn one_complete_element_is_taken() {
        let long = [&[0x04, 0x81, 200][..], &[b'a'; 200]].concat();
        let table: [(&[u8], Option<&str>); 8] = [
            (&[0x04, 0x02, 0x48, 0x69], Some("Hi")),
            (&[0x0c, 0x02, 0xc4, 0x8d], Some("č")),
            (&[0x16, 0x00], Some("")),
            (&[0x1e, 0x04, 0x00, 0x48, 0x01, 0x0d], Some("Hč")),
            (&[0x16, 0x01, 0xe9], None),
            (&[0x02, 0x01, 0x05], None),
            (&[0x9f, 0x81, 0x01, 0x01, 0x05], None),
            (&long, Some(&"a".repeat(200))),
        ];
        for (octets, text) in table {
            let ber = Ber::read(octets.to_vec()).unwrap_or_else(|| panic!("{octets:02x?}"));
            assert_eq!((ber.text.as_deref(), &*ber.octets), (text, octets));
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
            assert!(Ber::read(octets.to_vec()).is_none(), "{octets:02x?}");
        }
    }
}
