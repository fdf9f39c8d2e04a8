//! What a server may send before the LDAP library reads it.
//!
//! The library recurses as deep as a message is nested, buffers as much as a length announces, and
//! panics on what is no answer. A verified certificate limits who can do that; a server that was
//! taken over, or one that is broken, is not to take the service with it. So messages are checked
//! here first: whole, of definite length (RFC 4511, 5.1), not too long, not too deep, of the shape of
//! an answer, and an answer to what was asked ([`Questions`]). What is not ends the connection.

mod shape;

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use shape::Elements;
pub(super) use shape::{check, result_of};

/// The longest message, in octets. An entry with our attributes has some hundreds; a user in a
/// thousand groups has 30,000.
const MAX_MESSAGE: usize = 1024 * 1024;

/// What one search may bring: a user's groups are asked for by the hundred, all else one by one.
const MAX_ENTRIES: usize = 2_000;
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// More questions than this are not under way on one connection.
const MAX_QUESTIONS: usize = 4_096;

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const BIND_REQUEST: u8 = 0x60;
const BIND_RESPONSE: u8 = 0x61;
const SEARCH_REQUEST: u8 = 0x63;
const SEARCH_ENTRY: u8 = 0x64;
const SEARCH_DONE: u8 = 0x65;
const SEARCH_REFERENCE: u8 = 0x73;
const EXTENDED_REQUEST: u8 = 0x77;
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
    let bad = |what| io::Error::new(ErrorKind::InvalidData, what);
    let questions = Mutex::new(Questions::default());
    let questions = || questions.lock().unwrap_or_else(PoisonError::into_inner);
    let asking = async {
        while let Some(message) = read_message(&mut from_client).await? {
            questions().ask(&message).map_err(bad)?;
            to_server.write_all(&message).await?;
        }
        to_server.shutdown().await
    };
    let answering = async {
        while let Some(message) = read_message(&mut from_server).await? {
            check(&message).and_then(|()| questions().answer(&message)).map_err(bad)?;
            to_client.write_all(&message).await?;
        }
        Ok(())
    };
    tokio::select! {
        ended = asking => ended,
        ended = answering => ended,
    }
}

/// What was asked on a connection and has no answer yet, by message id.
#[derive(Debug, Default)]
struct Questions(HashMap<u32, UnderWay>);

#[derive(Debug)]
struct UnderWay {
    operation: u8,
    entries: usize,
    octets: usize,
}

impl Questions {
    /// Notes what the library asks.
    fn ask(&mut self, message: &[u8]) -> Result<(), &'static str> {
        let (id, operation) = head_of(message).ok_or("a question of another shape")?;
        if matches!(operation, BIND_REQUEST | SEARCH_REQUEST | EXTENDED_REQUEST) {
            if self.0.len() >= MAX_QUESTIONS {
                return Err("too many questions without an answer");
            }
            self.0.insert(id, UnderWay { operation, entries: 0, octets: 0 });
        }
        Ok(())
    }

    /// Whether this answers what was asked: the library waits for one kind of answer, and takes
    /// as many entries as it is sent.
    fn answer(&mut self, message: &[u8]) -> Result<(), &'static str> {
        let (id, operation) = head_of(message).ok_or("an answer of another shape")?;
        if id == 0 {
            return Err("the server says that it ends the connection");
        }
        let asked = self.0.get_mut(&id).ok_or("an answer to no question")?;
        let is_last = match (asked.operation, operation) {
            (BIND_REQUEST, BIND_RESPONSE)
            | (SEARCH_REQUEST, SEARCH_DONE)
            | (EXTENDED_REQUEST, EXTENDED_RESPONSE) => true,
            (SEARCH_REQUEST, SEARCH_ENTRY | SEARCH_REFERENCE) => false,
            _ => return Err("an answer to another kind of question"),
        };
        asked.entries += 1;
        asked.octets = asked.octets.saturating_add(message.len());
        if asked.entries > MAX_ENTRIES || asked.octets > MAX_ANSWER {
            return Err("more entries than were asked for");
        }
        if is_last {
            self.0.remove(&id);
        }
        Ok(())
    }
}

/// The id and the operation of a message.
fn head_of(message: &[u8]) -> Option<(u32, u8)> {
    let mut parts = Elements(Elements(message).take(SEQUENCE)?);
    let id = parts.take(INTEGER)?;
    if id.is_empty() || id.len() > 4 {
        return None;
    }
    let id = id.iter().fold(0, |sum, &octet| (sum << 8) | u32::from(octet));
    Some((id, parts.next()?.0))
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

#[cfg(test)]
mod tests {
    use super::shape::*;
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

    /// A good answer with something behind its operation.
    fn parted(behind: &[u8]) -> Vec<u8> {
        let members =
            [element(ENUMERATED, &[0]), element(OCTET_STRING, b""), element(OCTET_STRING, b"")];
        let parts = [element(INTEGER, &[1]), element(SEARCH_DONE, &members.concat())];
        element(SEQUENCE, &[&parts.concat(), behind].concat())
    }

    /// A good result with something behind its three members.
    fn tailed(behind: &[u8]) -> Vec<u8> {
        let members =
            [element(ENUMERATED, &[0]), element(OCTET_STRING, b""), element(OCTET_STRING, b"")];
        message(SEARCH_DONE, &[&members.concat(), behind].concat())
    }

    #[test]
    fn results_may_have_what_the_standard_adds() {
        let uri = element(OCTET_STRING, b"ldap://dc2.acme.test");
        let control = [
            element(OCTET_STRING, b"1.2.840.113556.1.4.319"),
            element(BOOLEAN, &[0xff]),
            element(OCTET_STRING, b"\x30"),
        ];
        for whole in [
            tailed(&element(REFERRAL, &uri)),
            tailed(&element(SASL_CREDENTIALS, b"\xff")),
            tailed(&[element(RESPONSE_NAME, b"1.3"), element(RESPONSE_VALUE, b"\xff")].concat()),
            parted(&element(CONTROLS, b"")),
            parted(&element(CONTROLS, &element(SEQUENCE, &control.concat()))),
            parted(&element(CONTROLS, &element(SEQUENCE, &control[0]))),
        ] {
            assert_eq!(check(&whole), Ok(()), "{whole:x?}");
        }
    }

    #[test]
    fn only_what_was_asked_for_is_answered() {
        let request = |operation| message(operation, b"");
        let asked = |operation| {
            let mut questions = Questions::default();
            questions.ask(&request(operation)).unwrap();
            questions
        };
        let found = entry(b"uid=joe", b"uid", OCTET_STRING);
        let bound = message(BIND_RESPONSE, b"");
        let table: [(u8, &[u8], bool); 6] = [
            (SEARCH_REQUEST, &found, true),
            (SEARCH_REQUEST, &done(b""), true),
            (SEARCH_REQUEST, &bound, false),
            (BIND_REQUEST, &bound, true),
            (BIND_REQUEST, &found, false),
            (EXTENDED_REQUEST, &done(b""), false),
        ];
        for (operation, answer, passes) in table {
            let answered = asked(operation).answer(answer);
            assert_eq!(answered.is_ok(), passes, "{operation:x} {answer:x?}");
        }
        assert!(Questions::default().answer(&found).is_err());
        let mut questions = asked(SEARCH_REQUEST);
        assert!(questions.answer(&done(b"")).is_ok());
        assert!(questions.answer(&found).is_err(), "it is over");
        // An id of zero is nobody's question: the server's notice of disconnection.
        let notice = element(SEQUENCE, &[element(INTEGER, &[0]), element(0x78, b"")].concat());
        assert!(questions.answer(&notice).is_err());
    }

    #[test]
    fn a_search_brings_only_so_much() {
        let mut questions = Questions::default();
        questions.ask(&message(SEARCH_REQUEST, b"")).unwrap();
        let found = entry(b"uid=joe", b"uid", OCTET_STRING);
        let passed = (0..MAX_ENTRIES + 1).take_while(|_| questions.answer(&found).is_ok()).count();
        assert_eq!(passed, MAX_ENTRIES);
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
            ("a second message after it", [done(b"a"), done(b"b")].concat()),
            ("a third part", parted(&element(INTEGER, &[1]))),
            ("a fourth part", parted(&[element(CONTROLS, b""), element(CONTROLS, b"")].concat())),
            ("another answer behind it", {
                let last = [element(INTEGER, &[1]), element(SEARCH_DONE, b"")];
                parted(&last.concat())
            }),
            ("a control without a name", parted(&element(CONTROLS, &element(SEQUENCE, b"")))),
            ("a control of no octet", {
                let control = [element(OCTET_STRING, b"1.2"), element(BOOLEAN, b"")];
                parted(&element(CONTROLS, &element(SEQUENCE, &control.concat())))
            }),
            ("a referral that is none", tailed(&element(0x83, b"\0"))),
            (
                "a referral that is no text",
                tailed(&element(REFERRAL, &element(OCTET_STRING, b"\xff"))),
            ),
            ("credentials with parts", tailed(&element(0xa7, b""))),
            ("a name that is no text", tailed(&element(RESPONSE_NAME, b"\xff"))),
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
