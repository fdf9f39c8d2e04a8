//! The wire to the reader driver.

use proptest::prelude::*;
use vsc_core::apdu::{Command, Response};
use vsc_core::atr::Atr;
use vsc_core::vpcd::{Ask, AskReader, Reply, VpcdError, encode_ask};

fn asks(chunks: &[&[u8]]) -> Result<Vec<Ask>, VpcdError> {
    let mut reader = AskReader::new();
    let mut asks = Vec::new();
    for chunk in chunks {
        reader.handle_bytes(chunk);
        while let Some(ask) = reader.poll_ask()? {
            asks.push(ask);
        }
    }
    Ok(asks)
}

#[test]
fn a_recorded_conversation_is_understood() {
    let select = [0x00, 0xA4, 0x04, 0x00, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08];
    let mut stream = vec![0, 1, 4, 0, 1, 1, 0, 1, 4, 0, 10];
    stream.extend(select);
    stream.extend([0, 1, 2, 0, 1, 0]);
    let select = Ask::Transmit(Command::new(select.to_vec()).unwrap());
    let expected = [Ask::Atr, Ask::PowerOn, Ask::Atr, select, Ask::Reset, Ask::PowerOff];
    assert_eq!(asks(&[&stream]).unwrap(), expected);
    let single_bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(asks(&single_bytes).unwrap(), expected);
}

#[test]
fn answers_are_one_frame_each() {
    let atr = Atr::new(&[0x3B, 0x80, 0x80, 0x01, 0x01]).unwrap();
    assert_eq!(*Reply::Atr(&atr).to_frame().unwrap(), [0, 5, 0x3B, 0x80, 0x80, 0x01, 0x01]);
    assert_eq!(*Reply::NoCard.to_frame().unwrap(), [0, 0]);
    let done = Response::new(vec![0x90, 0x00]).unwrap();
    assert_eq!(*Reply::Response(&done).to_frame().unwrap(), [0, 2, 0x90, 0x00]);
}

#[test]
fn a_response_the_length_bytes_cannot_tell_is_refused() {
    let fits = Response::new(vec![0x55; 65_535]).unwrap();
    assert_eq!(Reply::Response(&fits).to_frame().unwrap().len(), 65_537);
    let too_long = Response::new(vec![0x55; 65_536]).unwrap();
    let error = Reply::Response(&too_long).to_frame().unwrap_err();
    assert!(matches!(error, VpcdError::ResponseDoesNotFit { len: 65_536 }));
}

#[test]
fn one_byte_commands_of_applications_are_not_answered() {
    assert!(matches!(asks(&[&[0, 1, 9]]), Err(VpcdError::UnknownControl { code: 9 })));
    assert!(matches!(asks(&[&[0, 0]]), Err(VpcdError::EmptyFrame)));
}

#[test]
fn a_frame_that_stops_half_way_is_noticed() {
    let mut reader = AskReader::new();
    assert!(!reader.is_mid_frame());
    reader.handle_bytes(&[0, 4, 0xAA]);
    assert!(reader.poll_ask().unwrap().is_none());
    assert!(reader.is_mid_frame());
}

proptest! {
    #[test]
    fn what_a_driver_encodes_arrives_in_any_pieces(
        commands in prop::collection::vec(prop::collection::vec(any::<u8>(), 2..300), 0..6),
        cut in 1_usize..50,
    ) {
        let sent: Vec<Ask> =
            commands.into_iter().map(|bytes| Ask::Transmit(Command::new(bytes).unwrap())).collect();
        let mut stream = Vec::new();
        for ask in &sent {
            stream.extend(encode_ask(ask).unwrap().iter());
        }
        let pieces: Vec<&[u8]> = stream.chunks(cut).collect();
        prop_assert_eq!(asks(&pieces).unwrap(), sent);
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = asks(&[&bytes]);
    }
}
