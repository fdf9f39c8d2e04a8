//! No body of a command or response in any text this crate makes.

use vsc_core::apdu::{Command, Response};
use vsc_core::vpcd::{Ask, AskReader, Reply};

const PLANTED: &[u8] = b"secret-pin-31337";

/// The planted bytes as text, as hex in the usual spellings, and as a list of numbers.
fn spellings() -> Vec<String> {
    let hex = |gap: &str, upper: bool| {
        let digits: Vec<_> = PLANTED
            .iter()
            .map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") })
            .collect();
        digits.join(gap)
    };
    let numbers: Vec<_> = PLANTED.iter().map(u8::to_string).collect();
    vec![
        String::from_utf8(PLANTED.to_vec()).unwrap(),
        hex("", true),
        hex(" ", true),
        hex("", false),
        hex(" ", false),
        numbers.join(", "),
    ]
}

#[test]
fn a_planted_pin_is_in_no_debug_output() {
    let mut bytes = vec![0x00, 0x20, 0x00, 0x80, 16];
    bytes.extend(PLANTED);
    let command = Command::new(bytes.clone()).unwrap();
    let response = Response::new([PLANTED, &[0x90, 0x00]].concat()).unwrap();
    let mut reader = AskReader::new();
    reader.handle_bytes(&[0x00, 0x30]);
    reader.handle_bytes(&bytes);
    let shown = [
        format!("{command:?} {command:#?}"),
        format!("{response:?} {response:#?}"),
        format!("{:?} {:#?}", Ask::Transmit(command.clone()), Ask::Transmit(command.clone())),
        format!("{:?} {:#?}", Reply::Response(&response), Reply::Response(&response)),
        format!("{reader:?} {reader:#?}"),
    ];
    for text in shown {
        for spelling in spellings() {
            assert!(!text.contains(&spelling), "{spelling} shown in {text}");
        }
    }
}

#[test]
fn debug_shows_what_an_operator_needs() {
    let command = Command::new(vec![0x00, 0x20, 0x00, 0x80, 0x01, 0x31]).unwrap();
    assert_eq!(format!("{command:?}"), "Command(00 20 00 80, 6 bytes)");
    let response = Response::new(vec![1, 2, 3, 0x63, 0xC2]).unwrap();
    assert_eq!(
        format!("{response:?}"),
        "Response(3 bytes, 63C2 verification failed, tries left in the last digit)"
    );
}
