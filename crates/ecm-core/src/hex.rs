//! Bytes as lower-case hexadecimal text.

/// Two digits per byte.
pub(crate) fn encode<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.into_iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect()
}
