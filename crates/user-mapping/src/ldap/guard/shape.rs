//! The shapes that answers may have: every element looked at, and nothing beside them.

use super::{
    BIND_RESPONSE, EXTENDED_RESPONSE, INTEGER, SEARCH_DONE, SEARCH_ENTRY, SEARCH_REFERENCE,
    SEQUENCE,
};

/// The deepest nesting. A control inside of an entry has six levels.
pub(super) const MAX_DEPTH: usize = 32;
pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const SET: u8 = 0x31;
pub(super) const CONTROLS: u8 = 0xa0;
pub(super) const REFERRAL: u8 = 0xa3;
pub(super) const SASL_CREDENTIALS: u8 = 0x87;
pub(super) const RESPONSE_NAME: u8 = 0x8a;
pub(super) const RESPONSE_VALUE: u8 = 0x8b;

/// Whether a message is an answer that the library can read.
pub(in crate::ldap) fn check(message: &[u8]) -> Result<(), &'static str> {
    check_nesting(message)?;
    let mut outer = Elements(message);
    let mut parts = Elements(outer.take(SEQUENCE).ok_or("a message that is no sequence")?);
    // The library reads from the end, so there must be nothing but what is looked at here.
    if !outer.is_empty() {
        return Err("octets after the message");
    }
    parts.take(INTEGER).ok_or("a message without an id")?;
    let (operation, content) = parts.next().ok_or("a message without an operation")?;
    if !parts.is_empty() {
        let controls = parts.take(CONTROLS).ok_or("a third part that is no controls")?;
        check_controls(controls).ok_or("controls of another shape")?;
    }
    if !parts.is_empty() {
        return Err("a message of four parts");
    }
    match operation {
        SEARCH_ENTRY => check_entry(content).ok_or("an entry of another shape"),
        BIND_RESPONSE | SEARCH_DONE | EXTENDED_RESPONSE => {
            check_result(content).ok_or("a result of another shape")
        }
        SEARCH_REFERENCE => check_texts(content).ok_or("a reference of another shape"),
        _ => Err("an operation that is no answer to ours"),
    }
}

/// The result code of a message that was checked, and the server's own words.
pub(in crate::ldap) fn result_of(message: &[u8]) -> Option<(u8, String)> {
    let mut parts = Elements(Elements(message).take(SEQUENCE)?);
    parts.take(INTEGER)?;
    let (_, content) = parts.next()?;
    let mut members = Elements(content);
    let code = members.take(ENUMERATED)?.last().copied()?;
    members.take(OCTET_STRING)?;
    let words = std::str::from_utf8(members.take(OCTET_STRING)?).ok()?;
    Some((code, words.to_owned()))
}

/// `LDAPResult`: a code, the name that was matched, words, and what else there may be.
fn check_result(content: &[u8]) -> Option<()> {
    let mut members = Elements(content);
    let code = members.take(ENUMERATED)?;
    if code.is_empty() || code.len() > 4 {
        return None;
    }
    std::str::from_utf8(members.take(OCTET_STRING)?).ok()?;
    std::str::from_utf8(members.take(OCTET_STRING)?).ok()?;
    while !members.is_empty() {
        match members.next()? {
            (REFERRAL, uris) => check_texts(uris)?,
            (RESPONSE_NAME, name) => {
                std::str::from_utf8(name).ok()?;
            }
            (SASL_CREDENTIALS | RESPONSE_VALUE, _) => {}
            _ => return None,
        }
    }
    Some(())
}

/// `Controls`: a name each, whether it must be understood, and a value.
fn check_controls(content: &[u8]) -> Option<()> {
    let mut controls = Elements(content);
    while !controls.is_empty() {
        let mut control = Elements(controls.take(SEQUENCE)?);
        std::str::from_utf8(control.take(OCTET_STRING)?).ok()?;
        let mut next = control.next();
        if let Some((BOOLEAN, content)) = next {
            if content.len() != 1 {
                return None;
            }
            next = control.next();
        }
        if !matches!(next, None | Some((OCTET_STRING, _))) || !control.is_empty() {
            return None;
        }
    }
    Some(())
}

/// `SearchResultEntry`: a name, and attributes with their values.
fn check_entry(content: &[u8]) -> Option<()> {
    let mut members = Elements(content);
    std::str::from_utf8(members.take(OCTET_STRING)?).ok()?;
    let mut attributes = Elements(members.take(SEQUENCE)?);
    while !attributes.is_empty() {
        let mut attribute = Elements(attributes.take(SEQUENCE)?);
        std::str::from_utf8(attribute.take(OCTET_STRING)?).ok()?;
        let mut values = Elements(attribute.take(SET)?);
        while !values.is_empty() {
            values.take(OCTET_STRING)?;
        }
        if !attribute.is_empty() {
            return None;
        }
    }
    members.is_empty().then_some(())
}

fn check_texts(content: &[u8]) -> Option<()> {
    let mut texts = Elements(content);
    while !texts.is_empty() {
        std::str::from_utf8(texts.take(OCTET_STRING)?).ok()?;
    }
    Some(())
}

/// Every element ends where the one around it does, or before; none is too deep. One pass, and no
/// recursion.
fn check_nesting(message: &[u8]) -> Result<(), &'static str> {
    let mut open: Vec<&[u8]> = vec![message];
    while let Some(rest) = open.pop() {
        if rest.is_empty() {
            continue;
        }
        let mut elements = Elements(rest);
        let (tag, content) = elements.next().ok_or("an element that does not end")?;
        open.push(elements.0);
        if tag & 0x20 != 0 {
            open.push(content);
        }
        if open.len() > MAX_DEPTH {
            return Err("a message that is nested too deep");
        }
    }
    Ok(())
}

/// Elements one after the other: tag and content (X.690, definite lengths, tags of one octet).
pub(super) struct Elements<'a>(pub(super) &'a [u8]);

impl<'a> Elements<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (octets, rest) = rest.split_at_checked(usize::from(first & 0x0f))?;
                let length = octets.iter().fold(0, |sum, &octet| (sum << 8) | usize::from(octet));
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    pub(super) fn take(&mut self, wanted: u8) -> Option<&'a [u8]> {
        let (tag, content) = self.next()?;
        (tag == wanted).then_some(content)
    }
}
