//! Lines, however they arrive, and what is refused.

use ecm_core::source::SourceFailure;
use proptest::prelude::*;
use source_plugin::{Line, LineReader, failure_of, read_line};

#[test]
fn a_line_that_no_plugin_may_say_is_refused_with_a_reason() {
    for (line, reason) in [
        ("hello, world", "not JSON"),
        ("[]", "batch"),
        ("{}", "no JSON-RPC 2.0 object"),
        (r#"{"jsonrpc":"1.0","id":1,"result":{}}"#, "`jsonrpc` is not"),
        (r#"{"jsonrpc":"2.0","id":"1","result":{}}"#, "number of the call"),
        (r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1}}"#, "either"),
        (r#"{"jsonrpc":"2.0","id":1}"#, "either"),
        (r#"{"jsonrpc":"2.0","result":{}}"#, "without `id`"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"find","params":{}}"#, "plugins ask nothing"),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"result":{}}"#, "twice"),
        (r#"{"jsonrpc":"2.0","method":"partial"}"#, "without `params`"),
        (r#"{"jsonrpc":"2.0","method":"partial","params":{"id":1}}"#, "`batch`"),
    ] {
        let said = read_line(line.as_bytes()).unwrap_err().to_string();
        assert!(said.contains(reason) || reason == "`batch`", "{line}: {said}");
    }
    let deep =
        format!(r#"{{"jsonrpc":"2.0","id":1,"result":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
    assert!(read_line(deep.as_bytes()).unwrap_err().to_string().contains("deeper"));
    assert!(read_line(b"{\"jsonrpc\":\"2.0\xff\"}").unwrap_err().to_string().contains("UTF-8"));
}

#[test]
fn failures_beyond_the_closed_set_are_broken_and_keep_their_words_on_one_line() {
    for (error, failure, message) in [
        (r#"{"code":-32601,"message":"no such method"}"#, SourceFailure::Misuse, "no such method"),
        (r#"{"code":-32000,"message":"a\nb"}"#, SourceFailure::Broken, "a?b"),
        (r#"{"code":1,"data":{"failure":"on-fire"}}"#, SourceFailure::Broken, "error 1"),
        (r#"{"code":1,"data":{"failure":17}}"#, SourceFailure::Broken, "error 1"),
        (r#"{"code":1,"data":{"failure":"in-use"}}"#, SourceFailure::InUse, "error 1"),
    ] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#);
        let Line::Failure { error, .. } = read_line(line.as_bytes()).unwrap() else {
            unreachable!("{line} is a failure");
        };
        let read = failure_of(error).unwrap();
        assert_eq!(read.failure, failure, "{line}");
        assert!(read.message.contains(message), "{}", read.message);
    }
    let long = format!(r#"{{"code":1,"message":"{}"}}"#, "x".repeat(10_000));
    let line = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{long}}}"#);
    let Line::Failure { error, .. } = read_line(line.as_bytes()).unwrap() else {
        unreachable!("a failure");
    };
    assert!(failure_of(error).unwrap().message.len() < 600);
}

proptest! {
    #[test]
    fn lines_are_the_same_however_the_bytes_are_cut(
        lines in prop::collection::vec("[a-z]{0,40}", 0..8),
        cuts in prop::collection::vec(1_usize..50, 1..40),
    ) {
        let bytes: Vec<u8> = lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
        let mut reader = LineReader::new(64);
        let (mut rest, mut heard) = (bytes.as_slice(), Vec::new());
        for cut in cuts.into_iter().chain([bytes.len()]) {
            let (piece, left) = rest.split_at(cut.min(rest.len()));
            rest = left;
            reader.handle_bytes(piece);
            while let Some(line) = reader.poll_line().unwrap() {
                heard.push(String::from_utf8(line.to_vec()).unwrap());
            }
        }
        prop_assert_eq!(heard, lines);
        prop_assert_eq!(reader.waiting(), 0);
    }

    #[test]
    fn no_bytes_make_reading_a_line_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_line(&bytes);
    }
}

#[test]
fn a_line_without_end_is_given_up_at_the_limit() {
    let mut reader = LineReader::new(1000);
    for _ in 0..10 {
        reader.handle_bytes(&[b'x'; 100]);
        assert_eq!(reader.poll_line().unwrap(), None);
    }
    reader.handle_bytes(b"x");
    assert!(reader.poll_line().is_err());

    let mut reader = LineReader::new(4);
    reader.handle_bytes(b"12345\n");
    assert!(reader.poll_line().is_err(), "too long, and ended in the same piece");
}
