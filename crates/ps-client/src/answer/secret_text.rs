//! A bare JSON string that is a secret.

use secrecy::SecretString;
use zeroize::Zeroizing;

/// Decodes `"p\"ä"` (RFC 8259, 7) without leaving a copy that is not wiped, and without an error
/// that quotes what it read: `None` is all there is to say.
///
/// A general JSON reader gathers escaped strings in a buffer of its own, which nobody wipes;
/// hence this one.
pub(crate) fn secret_text(json: &[u8]) -> Option<SecretString> {
    let text = std::str::from_utf8(json).ok()?.trim_start_matches('\u{feff}');
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    // Unescaping never makes a string longer, so this never grows.
    let mut secret = Zeroizing::new(String::with_capacity(inner.len()));
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => secret.push(escaped(&mut rest)?),
            '"' | '\0'..='\x1F' => return None,
            plain => secret.push(plain),
        }
    }
    Some(SecretString::from(secret.as_str()))
}

fn escaped(rest: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match rest.next()? {
        c @ ('"' | '\\' | '/') => c,
        'b' => '\u{8}',
        'f' => '\u{C}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let high = unit(rest)?;
            if !(0xD800..0xDC00).contains(&high) {
                return char::from_u32(high);
            }
            if (rest.next()?, rest.next()?) != ('\\', 'u') {
                return None;
            }
            let low = unit(rest)?.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
            return char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + low);
        }
        _ => return None,
    })
}

/// Four hexadecimal digits.
fn unit(rest: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |unit, _| Some(unit * 16 + rest.next()?.to_digit(16)?))
}
