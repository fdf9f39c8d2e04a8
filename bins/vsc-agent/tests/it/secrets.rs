//! What must be found nowhere: PINs in anything that is written or told, and anything at all of a
//! card in the relay.
//!
//! Every search has a positive control: the same search finds what is no secret.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use card_sim::Profile;
use secrecy::SecretString;

use crate::house::{House, Plan, Side};
use crate::programs::Program;

/// Digits that turn up by themselves nowhere.
const PIN: &str = "83150927";
const WRONG_PIN: &str = "60419283";

/// The identifier of the PIV application, in every SELECT.
const PIV: [u8; 9] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00];

/// What the card's certificate of 9A is, and what nobody but the two desks is to see of it.
const CERTIFICATE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/data/card-sim/9a-rsa2048.cert.der");

/// The ways in which bytes get into a text.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let join = |digits: fn(&u8) -> String, between: &str| {
        secret.iter().map(digits).collect::<Vec<_>>().join(between).into_bytes()
    };
    let upper = |byte: &u8| format!("{byte:02X}");
    let lower = |byte: &u8| format!("{byte:02x}");
    let mut spellings = vec![
        secret.to_vec(),
        join(|byte| byte.to_string(), ", "),
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD_NO_PAD, secret)
            .into_bytes(),
    ];
    for between in ["", " ", ":", ", 0x", "\\x"] {
        spellings.push(join(upper, between));
        spellings.push(join(lower, between));
    }
    spellings
}

fn stands_in(bytes: &[u8], secret: &[u8]) -> bool {
    let found = |text: Vec<u8>| bytes.windows(text.len()).any(|window| window == text);
    spellings(secret).into_iter().any(found)
}

/// Everything that our programs wrote or told, and what the system tells of them.
pub(crate) fn written(house: &House) -> Vec<(String, Vec<u8>)> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(house.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            texts.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    for side in [Side::Rep, Side::Customer] {
        for arguments in [&["status"][..], &["status", "--json"], &["readers"]] {
            let told = house.ask(side, arguments);
            texts.push((format!("{side:?} {arguments:?}"), [told.stdout, told.stderr].concat()));
        }
    }
    for program in [&house.rep, &house.customer_agent, house.relay.as_ref().unwrap()] {
        for file in ["cmdline", "environ"] {
            let path = PathBuf::from(format!("/proc/{}/{file}", program.id()));
            texts.push((path.display().to_string(), std::fs::read(path).unwrap()));
        }
    }
    texts
}

pub(crate) fn holding(texts: &[(String, Vec<u8>)], secret: &[u8]) -> Vec<String> {
    let holds = texts.iter().filter(|(_, bytes)| stands_in(bytes, secret));
    holds.map(|(place, _)| place.clone()).collect()
}

/// Keeps all that `watch` tells in a file next to the logs, until the service ends.
pub(crate) fn watch(house: &House, side: Side) {
    let mut told = UnixStream::connect(house.control(side)).unwrap();
    told.write_all(b"{\"command\":\"watch\"}\n").unwrap();
    let mut file = File::create(house.folder.path().join(format!("watched-{side:?}"))).unwrap();
    std::thread::spawn(move || std::io::copy(&mut told, &mut file));
}

/// A house whose programs tell as much as they can, after a flow with every kind of secret.
fn after_a_flow(test: &str) -> Option<(House, String)> {
    let profile = Profile { pin: SecretString::from(PIN), ..Profile::default() };
    let packages = vec!["opensc", "opensc-pkcs11"];
    let plan = Plan { packages, profile, log_level: "trace", ..Plan::default() };
    let house = House::open(test, plan)?;
    for side in [Side::Rep, Side::Customer] {
        watch(&house, side);
    }
    let invitation = house.invite();
    let code = invitation.code.clone();
    assert!(house.ask(Side::Customer, &["pair", &code]).succeeded());
    assert!(invitation.wait().succeeded());
    house.share();
    let login = |pin: &str| {
        let arguments = ["--login", "--pin", pin, "--sign", "--id", "01", "--mechanism"];
        let files = ["SHA256-RSA-PKCS", "--input-file", "text", "--output-file", "out"];
        std::fs::write(house.customer.folder().join("text"), "to be signed").unwrap();
        house.tool(Side::Customer, "pkcs11-tool", &[&arguments[..], &files].concat())
    };
    assert!(!login(WRONG_PIN).succeeded());
    let signed = login(PIN);
    assert!(signed.succeeded(), "{signed:?}");
    Some((house, code))
}

#[test]
fn pins_and_codes_are_in_nothing_that_is_written_or_told() {
    let test = "pins_and_codes_are_in_nothing_that_is_written_or_told";
    let Some((house, code)) = after_a_flow(test) else { return };
    let (_, words) = code.split_once('-').unwrap();
    let texts = written(&house);
    for secret in [PIN, WRONG_PIN, words] {
        assert_eq!(holding(&texts, secret.as_bytes()), Vec::<String>::new(), "{secret}");
    }
    // The data of commands and answers is not for logs either.
    let select = [&[0x00, 0xA4, 0x04, 0x00, 0x09][..], &PIV].concat();
    assert_eq!(holding(&texts, &select), Vec::<String>::new());
    let certificate = std::fs::read(CERTIFICATE).unwrap();
    assert_eq!(holding(&texts, &certificate[100..132]), Vec::<String>::new());
    // The same search finds what is no secret.
    assert!(holding(&texts, b"pc-of-ann").len() >= 3, "{:?}", holding(&texts, b"pc-of-ann"));
    // `watch` told what it tells: who is at the other desk, and what is shared.
    for (side, shown) in [(Side::Rep, "pc-of-ann"), (Side::Customer, "desk-7")] {
        let name = format!("watched-{side:?}");
        let (_, told) = texts.iter().find(|(place, _)| place.ends_with(&name)).unwrap();
        let told = String::from_utf8_lossy(told);
        assert!(told.contains(shown) && told.contains("shown-as"), "{name}: {told}");
    }
    let logs = house.logs();
    // VERIFY was logged, by its header.
    assert!(logs.contains("TRACE") && logs.contains("00 20 00 80"), "{logs}");
}

#[test]
fn a_service_that_is_aborted_prints_no_secret() {
    let test = "a_service_that_is_aborted_prints_no_secret";
    let Some((mut house, _)) = after_a_flow(test) else { return };
    for program in [&mut house.rep, &mut house.customer_agent] {
        program.signal(rustix::process::Signal::ABORT);
        program.wait();
        for pin in [PIN, WRONG_PIN] {
            assert!(!stands_in(program.log().as_bytes(), pin.as_bytes()));
        }
    }
}

/// All memory of a process that can be written, as it is now.
pub(crate) fn memory(program: &Program) -> Vec<u8> {
    let folder = PathBuf::from(format!("/proc/{}", program.id()));
    let maps = std::fs::read_to_string(folder.join("maps")).unwrap();
    let mut file = File::open(folder.join("mem")).unwrap();
    let mut memory = Vec::new();
    for line in maps.lines() {
        let mut columns = line.split_whitespace();
        let (range, rights) = (columns.next().unwrap(), columns.next().unwrap());
        if !rights.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let start = u64::from_str_radix(start, 16).unwrap();
        let end = u64::from_str_radix(end, 16).unwrap();
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        file.seek(SeekFrom::Start(start)).unwrap();
        // Some regions belong to the kernel and cannot be read.
        if file.read_exact(&mut bytes).is_ok() {
            memory.extend_from_slice(&bytes);
        }
    }
    assert!(memory.len() > 100_000, "no memory was read");
    memory
}

#[test]
fn the_relay_holds_nothing_of_the_card_in_all_its_memory() {
    let test = "the_relay_holds_nothing_of_the_card_in_all_its_memory";
    let Some((house, code)) = after_a_flow(test) else { return };
    let (_, words) = code.split_once('-').unwrap();
    let certificate = std::fs::read(CERTIFICATE).unwrap();
    let atr = Profile::default().atr;
    let relay = memory(house.relay.as_ref().unwrap());
    let holds =
        |memory: &[u8], bytes: &[u8]| memory.windows(bytes.len()).any(|window| window == bytes);
    for (what, bytes) in [
        ("the PIN", PIN.as_bytes()),
        ("the wrong PIN", WRONG_PIN.as_bytes()),
        ("the words", words.as_bytes()),
        ("the answer to reset", atr.bytes()),
        ("the application's identifier", &PIV[..]),
        ("a part of a certificate", &certificate[100..132]),
        ("the reader's name", b"Yubico YubiKey desk"),
        ("a machine's name", b"pc-of-ann"),
    ] {
        assert!(!holds(&relay, bytes), "the relay holds {what}");
    }
    // The same search finds what the relay must know, and in an agent what it must not.
    assert!(holds(&relay, b"vsc.link.v1"));
    let customer = memory(&house.customer_agent);
    assert!(holds(&customer, atr.bytes()));
    // What was searched for did cross the relay.
    let crossed = house.recording.take().concat();
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02X}")).collect::<String>();
    for bytes in [PIN.as_bytes(), WRONG_PIN.as_bytes(), &PIV[..], &certificate[100..132]] {
        assert!(crossed.contains(&hex(bytes)), "{}", hex(bytes));
    }
    assert!(holds(&customer, b"Yubico YubiKey desk"));
    // And what an agent has sent on, it does not keep: a PIN that was verified is wiped.
    for (program, name) in [(&house.rep, "rep"), (&house.customer_agent, "customer")] {
        assert!(!holds(&memory(program), PIN.as_bytes()), "{name} keeps the PIN");
    }
}
