//! The PIN stays at its desk: what the other one gets works there, once, and is worth nothing
//! afterwards.

use card_sim::Profile;
use pcsc_rig::ForeignKind;
use secrecy::SecretString;
use serde_json::Value;

use crate::foreign::Visit;
use crate::guard::{guard_status, personalise, signs};
use crate::house::{House, Plan, Side};
use crate::programs::until;
use crate::secrets::{holding, memory, watch, written};

/// Digits that turn up by themselves nowhere.
const PIN: &str = "83150927";

/// Shares with the PIN typed at the desk; answers with the one for the other desk.
fn share(house: &House, pin: &str) -> String {
    let arguments = ["share", "00 00", "--own-pin", "--json"];
    let typed = house.begin_typing(&arguments, &format!("{pin}\n"));
    let finished = typed.wait_with_output().unwrap();
    assert!(finished.status.success(), "{finished:?}\n{}", house.logs());
    let shared: Value = serde_json::from_slice(&finished.stdout).unwrap();
    house.wait_for_card();
    shared["one-time-pin"].as_str().unwrap().to_owned()
}

fn login(house: &House, pin: &str) -> bool {
    std::fs::write(house.customer.folder().join("text"), "to be signed").unwrap();
    let arguments = ["--login", "--pin", pin, "--sign", "--id", "01", "--mechanism"];
    let files = ["SHA256-RSA-PKCS", "--input-file", "text", "--output-file", "out"];
    house.tool(Side::Customer, "pkcs11-tool", &[&arguments[..], &files].concat()).succeeded()
}

#[test]
fn a_one_time_pin_signs_and_the_real_one_is_nowhere_at_the_other_desk() {
    let test = "a_one_time_pin_signs_and_the_real_one_is_nowhere_at_the_other_desk";
    let profile = Profile { pin: SecretString::from(PIN), ..Profile::default() };
    let packages = vec!["opensc", "opensc-pkcs11"];
    let plan = Plan { packages, profile, log_level: "trace", ..Plan::default() };
    let Some(house) = House::open(test, plan) else { return };
    for side in [Side::Rep, Side::Customer] {
        watch(&house, side);
    }
    house.pair();
    let one_time = share(&house, PIN);
    assert_eq!(one_time.len(), PIN.len());
    assert_ne!(one_time, PIN);
    assert!(login(&house, &one_time), "{}", house.logs());
    assert_eq!(guard_status(&house)["own-pin"], true);

    // At the card the owner's PIN arrived, and the other one never.
    let crossed = house.recording.take().concat();
    let hex = |digits: &str| digits.bytes().map(|b| format!("{b:02X}")).collect::<String>();
    assert!(crossed.contains(&hex(PIN)));
    assert!(!crossed.contains(&hex(&one_time)));
    // Nothing that anybody wrote or told has either; nor has the memory of the other desk's
    // agent, of the relay, or of the other desk's PC/SC service the real one.
    let texts = written(&house);
    for pin in [PIN, &one_time] {
        assert_eq!(holding(&texts, pin.as_bytes()), Vec::<String>::new());
    }
    let holds = |memory: &[u8]| memory.windows(PIN.len()).any(|window| window == PIN.as_bytes());
    assert!(!holds(&memory(&house.customer_agent)));
    assert!(!holds(&memory(house.relay.as_ref().unwrap())));
    // The same search finds it where it is kept for as long as the share lasts.
    assert!(holds(&memory(&house.rep)));
    assert!(house.ask(Side::Rep, &["unshare", "--all"]).succeeded());
    house.wait_for_no_card();
    assert!(!holds(&memory(&house.rep)), "and not longer");

    // A thief has nothing: neither with the PIN at home nor without.
    let next = share(&house, PIN);
    assert!(!login(&house, &one_time) || next == one_time);
    assert_eq!(house.card.with_card(|card| card.snapshot().pin_tries_left), 3);
    assert!(login(&house, &next), "{}", house.logs());
    assert!(house.ask(Side::Rep, &["unshare", "--all"]).succeeded());
    house.wait_for_no_card();
    house.share();
    assert!(!login(&house, &one_time));
    assert!(login(&house, PIN));
}

#[test]
fn a_card_that_others_wrote_signs_by_a_one_time_pin() {
    let test = "a_card_that_others_wrote_signs_by_a_one_time_pin";
    let packages = vec!["opensc", "opensc-pkcs11", "yubico-piv-tool"];
    let plan = Plan { packages, ..Plan::default() };
    let Some(visit) = Visit::with(test, ForeignKind::Piv, plan) else { return };
    personalise(&visit);
    visit.house.pair();
    let one_time = share(&visit.house, "123456");
    assert!(!signs(&visit, "123456"), "the real one is not for the other desk");
    assert!(signs(&visit, &one_time), "{}", visit.house.logs());
}

#[test]
fn an_openpgp_card_that_others_wrote_is_guarded_alike() {
    let test = "an_openpgp_card_that_others_wrote_is_guarded_alike";
    let plan = Plan { packages: vec!["opensc"], ..Plan::default() };
    let Some(visit) = Visit::with(test, ForeignKind::OpenPgp, plan) else { return };
    let house = &visit.house;
    let verify = |side, pin: &str| {
        house.tool(side, "openpgp-tool", &["--verify", "CHV1", "--pin", pin]).succeeded()
    };
    assert!(verify(Side::Rep, "123456"), "{}", house.desk.log());
    house.pair();
    let one_time = share(house, "123456");
    assert!(verify(Side::Customer, &one_time), "{}", house.logs());
    assert!(!verify(Side::Customer, "123456"));
    let made = ["--gen-key", "1", "--verify", "CHV3", "--pin", "12345678"];
    assert!(!house.tool(Side::Customer, "openpgp-tool", &made).succeeded());
    let decisions = guard_status(house)["decisions"].to_string();
    assert!(decisions.contains("administer the card with PIN 83"), "{decisions}");
    assert!(house.ask(Side::Rep, &["unshare", "--all"]).succeeded());
    house.wait_for_no_card();
    house.share();
    for _ in 0..5 {
        assert!(!verify(Side::Customer, "999999"));
    }
    let decisions = guard_status(house)["decisions"].to_string();
    assert!(decisions.contains("the PIN has 1 tries left"), "{decisions}");
    assert!(house.ask(Side::Rep, &["unshare", "--all"]).succeeded());
    until("the desk has its card back", || verify(Side::Rep, "123456"));
}

#[test]
fn a_wrong_pin_typed_at_home_costs_one_try_and_no_more() {
    let test = "a_wrong_pin_typed_at_home_costs_one_try_and_no_more";
    let plan = Plan { packages: vec!["opensc", "opensc-pkcs11"], ..Plan::default() };
    let Some(house) = House::open(test, plan) else { return };
    house.pair();
    let one_time = share(&house, "999999");
    for _ in 0..3 {
        assert!(!login(&house, &one_time));
    }
    assert_eq!(house.card.with_card(|card| card.snapshot().pin_tries_left), 2);
    let decisions = guard_status(&house)["decisions"].to_string();
    assert!(
        decisions.contains("the card refused the PIN that was typed at its desk"),
        "{decisions}"
    );
}

/// The prompt at a terminal: a pseudo-terminal shows what a person would see.
#[test]
fn a_pin_typed_at_a_terminal_is_not_shown() {
    use std::fs::File;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::process::{Command, Stdio};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let path = ptsname(&person, Vec::new()).unwrap();
    let terminal = File::options().read(true).write(true).open(path.to_str().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_vsc-agent"))
        .args(["share", "acme", "--own-pin", "--control"])
        .arg(folder.path().join("nobody.sock"))
        .stdin(terminal.try_clone().unwrap())
        .stdout(terminal.try_clone().unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(terminal);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut prompt = Vec::new();
    stderr.read_until(b':', &mut prompt).unwrap();
    assert_eq!(String::from_utf8(prompt).unwrap(), "PIN of the card in acme:");
    let mut person = File::from(person);
    person.write_all(format!("99{}{PIN}\r", '\u{15}').as_bytes()).unwrap();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("no vsc-agent service answers"), "{rest}");
    assert_eq!(child.wait().unwrap().code(), Some(69));
    let mut seen = Vec::new();
    // When the other end is closed, reading fails on Linux; what was shown came before.
    let _ = person.read_to_end(&mut seen);
    let seen = String::from_utf8_lossy(&seen).into_owned() + &rest;
    assert!(!seen.contains(PIN) && !seen.contains("99"), "{seen:?}");
}
