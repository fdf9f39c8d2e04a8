//! Percent-encoding (RFC 3986): every path part and every query value by itself.

use std::borrow::Cow;

use zeroize::Zeroizing;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends `text` with every byte encoded that is not a letter, a digit or one of `- . _ ~`.
fn encode_into(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for half in [byte >> 4, byte & 0x0F] {
                out.push(HEX.get(usize::from(half)).copied().map_or('0', char::from));
            }
        }
    }
}

/// Whether `part` arrives as itself. `.` and `..` are folders to every reader of addresses, in any
/// encoding, and an empty part disappears.
pub(crate) fn can_be_path_part(part: &str) -> bool {
    !matches!(part, "" | "." | "..")
}

/// `base` and the parts behind it.
pub(crate) fn path(base: &str, parts: &[String]) -> String {
    let mut path = base.trim_end_matches('/').to_owned();
    for part in parts {
        path.push('/');
        encode_into(&mut path, part);
    }
    path
}

/// `a=b&c=d`.
pub(crate) fn query(pairs: &[(Cow<'static, str>, String)]) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        encode_into(&mut query, name);
        query.push('=');
        encode_into(&mut query, value);
    }
    query
}

/// A form (`application/x-www-form-urlencoded`) with secrets in it: sized first, because a text
/// that grows leaves copies behind, and wiped.
pub(crate) fn secret_form(fields: &[(&str, &str)]) -> Zeroizing<Vec<u8>> {
    let length = fields.iter().map(|(name, value)| (name.len() + value.len()) * 3 + 2).sum();
    let mut form = Zeroizing::new(String::with_capacity(length));
    for (name, value) in fields {
        if !form.is_empty() {
            form.push('&');
        }
        encode_into(&mut form, name);
        form.push('=');
        encode_into(&mut form, value);
    }
    Zeroizing::new(form.as_bytes().to_vec())
}
