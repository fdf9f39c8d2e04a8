//! Frames without WebSocket.

use ecm_protocol::framed::{FrameReader, FrameTooLong, Opening, length_prefix};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};

const MAX: usize = 4096;

fn write(frame: &[u8]) -> Vec<u8> {
    [length_prefix(frame).unwrap().as_slice(), frame].concat()
}

/// Feeds the pieces one by one and gathers what comes out.
fn read_in_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let mut reader = FrameReader::new(MAX);
    let mut frames = Vec::new();
    for piece in pieces {
        reader.handle_bytes(piece);
        while let Some(frame) = reader.poll_frame().unwrap() {
            frames.push(frame.to_vec());
        }
    }
    frames
}

#[test]
fn the_length_is_four_bytes_with_the_highest_first() {
    assert_eq!(length_prefix(b"{}").unwrap(), [0, 0, 0, 2]);
    assert_eq!(length_prefix(&[b' '; 0x0102]).unwrap(), [0, 0, 1, 2]);
}

#[test]
fn two_frames_are_read_whole_when_split_at_every_byte() {
    let stream = b"\x00\x00\x00\x02{}\x00\x00\x00\x07{\"a\":1}";
    for split in 0..=stream.len() {
        let (head, tail) = stream.split_at(split);
        assert_eq!(read_in_pieces([head, tail]), [b"{}".to_vec(), b"{\"a\":1}".to_vec()]);
    }
    assert_eq!(read_in_pieces(stream.chunks(1)).len(), 2);
}

#[test]
fn an_empty_frame_is_a_frame() {
    assert_eq!(read_in_pieces([b"\0\0\0\0".as_slice()]), [Vec::<u8>::new()]);
}

#[test]
fn a_frame_of_the_limit_passes_and_one_byte_more_is_refused_before_its_body() {
    assert_eq!(read_in_pieces([write(&[b' '; MAX]).as_slice()]).len(), 1);
    let mut reader = FrameReader::new(MAX);
    reader.handle_bytes(&4097_u32.to_be_bytes());
    let refused = FrameTooLong { announced: 4097, max: 4096 };
    assert_eq!(reader.poll_frame().unwrap_err(), refused);
    assert_eq!(
        refused.to_string(),
        "a frame of 4097 bytes was announced, at most 4096 were agreed"
    );
    // What follows cannot be a frame any more: nobody knows where one would begin.
    reader.handle_bytes(b"\x00\x00\x00\x02{}");
    assert_eq!(reader.poll_frame().unwrap_err(), refused);
}

#[test]
fn the_first_frame_carries_the_token() {
    let frame = Opening::bearer(&SecretString::from("abc.def")).to_frame();
    assert_eq!(*frame, *br#"{"authorization":"Bearer abc.def"}"#);
    let token = Opening::from_frame(&frame).unwrap().token().unwrap();
    assert_eq!(token.expose_secret(), "abc.def");
    let lower = Opening::from_frame(br#"{"authorization":"bearer abc"}"#).unwrap();
    assert_eq!(lower.token().unwrap().expose_secret(), "abc");
}

#[test]
fn a_first_frame_without_a_token_is_refused() {
    for frame in [
        r#"{"authorization":"Basic cGxhbnRlZA=="}"#,
        r#"{"authorization":"Bearer "}"#,
        r#"{"authorization":"Bearer two words"}"#,
        r#"{"authorization":["Bearer x"]}"#,
        r#"{"authorization":"Bearer a","authorization":"Bearer b"}"#,
        r#"{"token":"x"}"#,
        "Bearer x",
        "",
    ] {
        let token = Opening::from_frame(frame.as_bytes()).and_then(|opening| opening.token());
        assert!(token.is_none(), "{frame}");
    }
}

proptest! {
    #[test]
    fn any_frames_survive_any_split(
        frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..6),
        cuts in proptest::collection::vec(1_usize..40, 1..20),
    ) {
        let stream: Vec<u8> = frames.iter().flat_map(|frame| write(frame)).collect();
        let mut rest = stream.as_slice();
        let mut cut = cuts.iter().cycle();
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, left) = rest.split_at(rest.len().min(*cut.next().unwrap()));
            pieces.push(piece);
            rest = left;
        }
        prop_assert_eq!(read_in_pieces(pieces), frames);
    }

    #[test]
    fn arbitrary_bytes_never_give_a_frame_beyond_the_limit(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut reader = FrameReader::new(64);
        reader.handle_bytes(&bytes);
        while let Ok(Some(frame)) = reader.poll_frame() {
            prop_assert!(frame.len() <= 64);
        }
    }
}
