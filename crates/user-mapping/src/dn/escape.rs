//! What a backslash stands for, and pairs of hexadecimal digits.

use super::DnProblem;

/// Reads what follows a backslash: a special character or two hexadecimal digits. Gives the octet
/// and how many were read.
pub(super) fn read_escape(after: &[u8]) -> Result<(u8, usize), DnProblem> {
    match *after {
        [] => Err(DnProblem::DanglingEscape),
        [special, ..] if is_escapable(special) => Ok((special, 1)),
        [high, ..] if !high.is_ascii_hexdigit() => Err(DnProblem::BadEscape),
        [high, low, ..] => match hex_pair(high, low) {
            Some(octet) => Ok((octet, 2)),
            None => Err(DnProblem::BadHexEscape),
        },
        [_] => Err(DnProblem::BadHexEscape),
    }
}

/// The octets that pairs of hexadecimal digits stand for.
pub(super) fn hex_octets(digits: &str) -> impl Iterator<Item = u8> + Clone + use<'_> {
    let (pairs, _) = digits.as_bytes().as_chunks::<2>();
    pairs.iter().filter_map(|&[high, low]| hex_pair(high, low))
}

/// The characters that RFC 4514 lets stand after a backslash.
fn is_escapable(octet: u8) -> bool {
    matches!(octet, b' ' | b'"' | b'#' | b'+' | b',' | b';' | b'<' | b'=' | b'>' | b'\\')
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |octet: u8| match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        _ => None,
    };
    Some(digit(high)? << 4 | digit(low)?)
}
