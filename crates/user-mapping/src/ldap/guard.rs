//! What a server may send before the LDAP library reads it.
//!
//! The library recurses as deep as a message is nested, buffers as much as a length announces, and
//! panics on what is no answer. A verified certificate limits who can do that; a server that was
//! taken over, or one that is broken, is not to take the service with it. So messages are checked
//! here first: whole, of definite length (RFC 4511, 5.1), not too long, not too deep, and of the
//! shape of an answer. What is not ends the connection.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest message, in octets. An entry with our attributes has some hundreds; a user in a
/// thousand groups has 30,000.
const MAX_MESSAGE: usize = 1024 * 1024;

/// The deepest nesting. A control inside of an entry has six levels.
const MAX_DEPTH: usize = 32;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const BIND_RESPONSE: u8 = 0x61;
const SEARCH_ENTRY: u8 = 0x64;
const SEARCH_DONE: u8 = 0x65;
const SEARCH_REFERENCE: u8 = 0x73;
const EXTENDED_RESPONSE: u8 = 0x78;

/// Carries octets between a server and the library until one of them ends, or the server sends
/// what the library must not see.
pub(super) async fn relay<S, C>(server: S, client: C) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite,
    C: AsyncRead + AsyncWrite,
{
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let asking = async {
        tokio::io::copy(&mut from_client, &mut to_server).await?;
        to_server.shutdown().await
    };
    let answering = async {
        while let Some(message) = read_message(&mut from_server).await? {
            check(&message).map_err(|what| io::Error::new(ErrorKind::InvalidData, what))?;
            to_client.write_all(&message).await?;
        }
        Ok(())
    };
    tokio::select! {
        ended = asking => ended,
        ended = answering => ended,
    }
}

/// One whole message, `None` at the end of the stream.
pub(super) async fn read_message(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<Vec<u8>>> {
    let bad = |what| io::Error::new(ErrorKind::InvalidData, what);
    let mut head = [0; 6];
    let (first, rest) = head.split_at_mut(1);
    if stream.read(first).await? == 0 {
        return Ok(None);
    }
    let (second, rest) = rest.split_at_mut(1);
    stream.read_exact(second).await?;
    let mut head_length = 2;
    let length = match second.first().copied().unwrap_or_default() {
        short @ 0..=0x7f => usize::from(short),
        0x80 => return Err(bad("a message of indefinite length")),
        long @ 0x81..=0x84 => {
            let count = usize::from(long & 0x0f);
            let octets = rest.get_mut(..count).unwrap_or_default();
            stream.read_exact(octets).await?;
            head_length += count;
            octets.iter().fold(0, |sum, &octet| (sum << 8) | usize::from(octet))
        }
        _ => return Err(bad("a message whose length has too many octets")),
    };
    if length > MAX_MESSAGE {
        return Err(bad("a message that is too long"));
    }
    let mut message = head.get(..head_length).unwrap_or_default().to_vec();
    message.resize(head_length + length, 0);
    stream.read_exact(message.get_mut(head_length..).unwrap_or_default()).await?;
    Ok(Some(message))
}

/// Whether a message is an answer that the library can read.
pub(super) fn check(message: &[u8]) -> Result<(), &'static str> {
    check_nesting(message)?;
    let mut outer = Elements(message);
    let mut parts = Elements(outer.take(SEQUENCE).ok_or("a message that is no sequence")?);
    parts.take(INTEGER).ok_or("a message without an id")?;
    let (operation, content) = parts.next().ok_or("a message without an operation")?;
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
pub(super) fn result_of(message: &[u8]) -> Option<(u8, String)> {
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
    }
    Some(())
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
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
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

    fn take(&mut self, wanted: u8) -> Option<&'a [u8]> {
        let (tag, content) = self.next()?;
        (tag == wanted).then_some(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut octets = vec![tag, 0x82];
        octets.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        octets.extend(content);
        octets
    }

    fn message(operation: u8, content: &[u8]) -> Vec<u8> {
        element(SEQUENCE, &[element(INTEGER, &[1]), element(operation, content)].concat())
    }

    fn entry(dn: &[u8], name: &[u8], value_tag: u8) -> Vec<u8> {
        let values = element(SET, &element(value_tag, b"\xff\x00"));
        let attribute = element(SEQUENCE, &[element(OCTET_STRING, name), values].concat());
        let content = [element(OCTET_STRING, dn), element(SEQUENCE, &attribute)].concat();
        message(SEARCH_ENTRY, &content)
    }

    fn done(words: &[u8]) -> Vec<u8> {
        let words = element(OCTET_STRING, words);
        let members = [element(ENUMERATED, &[0]), element(OCTET_STRING, b""), words];
        message(SEARCH_DONE, &members.concat())
    }

    #[test]
    fn answers_pass() {
        assert_eq!(check(&entry(b"uid=joe,dc=acme", b"objectSid", OCTET_STRING)), Ok(()));
        assert_eq!(check(&done(b"fine")), Ok(()));
        assert_eq!(result_of(&done(b"fine")), Some((0, "fine".to_owned())));
        let short = [0x30, 0x0c, 2, 1, 7, 0x65, 7, 0x0a, 1, 0x20, 4, 0, 4, 0];
        assert_eq!(check(&short), Ok(()));
    }

    #[test]
    fn what_would_break_the_library_does_not_pass() {
        let deep = (0..40).fold(Vec::new(), |inside, _| element(SEQUENCE, &inside));
        let deep = message(SEARCH_ENTRY, &deep);
        let wide = [element(OCTET_STRING, b""), vec![SEQUENCE, 0x80, 0, 0]].concat();
        let table: Vec<(&str, Vec<u8>)> = vec![
            ("nested too deep", deep),
            ("an empty sequence", element(SEQUENCE, b"")),
            ("a request instead of an answer", message(0x63, b"")),
            ("a name that is no text", entry(b"\xff", b"uid", OCTET_STRING)),
            ("an attribute that is no text", entry(b"uid=joe", b"\xff", OCTET_STRING)),
            ("a value that is none", entry(b"uid=joe", b"uid", INTEGER)),
            ("words that are no text", done(b"\xff")),
            ("an indefinite length inside", message(SEARCH_ENTRY, &wide)),
            ("no result", message(SEARCH_DONE, b"")),
            ("cut off", done(b"fine").split_last().unwrap().1.to_vec()),
            ("nothing", Vec::new()),
            ("a tag of two octets", message(0x7f, b"\x01")),
        ];
        for (what, octets) in table {
            assert!(check(&octets).is_err(), "{what}");
        }
    }

    #[tokio::test]
    async fn lengths_are_not_believed() {
        for head in [&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff][..], &[0x30, 0x80], &[0x30, 0x85, 1]] {
            let mut stream = head;
            assert!(read_message(&mut stream).await.is_err(), "{head:?}");
        }
        let mut nothing = &b""[..];
        assert!(read_message(&mut nothing).await.unwrap().is_none());
        let whole = done(b"fine");
        let mut stream = &whole[..];
        assert_eq!(read_message(&mut stream).await.unwrap(), Some(whole.clone()));
    }
}
