//! Programs that know nothing of this project see the relayed card as if it were theirs.
//!
//! Each is run at the desk with the card first, then at the other desk through the relay. It must
//! print the same, write the same files and end the same way, and the card must have been asked
//! and have answered the same, byte for byte.

use card_sim::{EXTENDED_LENGTH_ATR, Profile};
use pcsc_rig::tool::run;
use vsc_core::atr::Atr;

use crate::house::{House, Plan, Side};
use crate::programs::LIMIT;

/// What a run left behind.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    stdout: String,
    stderr: String,
    code: Option<i32>,
    /// The file `out`, if it was written.
    written: Option<Vec<u8>>,
    /// What the card was asked and answered.
    exchanges: Vec<String>,
}

/// Runs all at the desk, shares the card, and runs all at the other desk.
fn are_the_same_at_both_desks(test: &str, plan: Plan, runs: &[&[&str]]) {
    let Some(house) = House::open(test, plan) else { return };
    for world in [&house.desk, &house.customer] {
        std::fs::write(world.folder().join("text"), "to be signed\n").unwrap();
        std::fs::write(world.folder().join("sealed"), sealed(&house)).unwrap();
    }
    let direct: Vec<_> = runs.iter().map(|run| one_run(&house, Side::Rep, run)).collect();
    house.pair();
    house.share();
    let mut commands = 0;
    for (run, at_the_desk) in runs.iter().zip(direct) {
        let relayed = one_run(&house, Side::Customer, run);
        assert_eq!(relayed, at_the_desk, "{run:?}\n{}", house.logs());
        // Two desks at which the same thing fails would be alike too.
        assert_eq!(relayed.code, Some(0), "{run:?}: {relayed:?}");
        commands += relayed.exchanges.len();
    }
    let counted = house.status(Side::Customer)["sessions"][0]["shares"][0]["counted"].clone();
    assert!(commands > 20, "the card was hardly used: {commands}");
    assert!(counted["commands"].as_u64().unwrap() >= commands as u64, "{counted}");
    let round_trips = counted["round-trips"].as_u64().unwrap();
    let most = counted["commands"].as_u64().unwrap() + counted["resets"].as_u64().unwrap();
    assert!(round_trips <= most, "{counted}");
}

fn one_run(house: &House, side: Side, run: &[&str]) -> Outcome {
    let world = if side == Side::Rep { &house.desk } else { &house.customer };
    let out = world.folder().join("out");
    let _ = std::fs::remove_file(&out);
    house.recording.take();
    let finished = house.tool(side, run[0], &run[1..]);
    // The two readers have names of their own.
    let nameless =
        |text: String| text.replace("YubiKey desk", "YubiKey").replace("YubiKey remote", "YubiKey");
    Outcome {
        stdout: nameless(finished.stdout_text()),
        stderr: nameless(finished.stderr_text()),
        code: finished.status.and_then(|status| status.code()),
        written: std::fs::read(out).ok(),
        exchanges: without_questions(house.recording.take()),
    }
}

/// The guard asks how many tries a PIN has left before one is spent, where the program has not
/// just asked itself. The other desk sees nothing of it.
fn without_questions(mut exchanges: Vec<String>) -> Vec<String> {
    let mut next_is_verify = false;
    for place in (0..exchanges.len()).rev() {
        if next_is_verify && exchanges[place].starts_with("00200080 -> ") {
            exchanges.remove(place);
        }
        next_is_verify = exchanges.get(place).is_some_and(|one| one.starts_with("0020008008"));
    }
    exchanges
}

/// A session key for the card's key-management key, made by OpenSSL.
fn sealed(house: &House) -> Vec<u8> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/data/card-sim");
    let script = format!(
        "openssl x509 -inform DER -in {data}/9d-rsa2048.cert.der -noout -pubkey > key.pem && \
         printf 'a session key' > clear && \
         openssl pkeyutl -encrypt -pubin -inkey key.pem -in clear -out sealed"
    );
    let folder = house.folder.path();
    let sealed = folder.join("sealed");
    if !sealed.exists() {
        let mut openssl = std::process::Command::new("sh");
        let made = run(openssl.args(["-c", &script]).current_dir(folder), LIMIT).unwrap();
        assert!(made.succeeded(), "{made:?}");
    }
    std::fs::read(sealed).unwrap()
}

#[test]
fn opensc_reads_the_same_at_both_desks() {
    are_the_same_at_both_desks(
        "opensc_reads_the_same_at_both_desks",
        Plan { packages: vec!["opensc"], ..Plan::default() },
        &[
            &["opensc-tool", "--atr"],
            &["opensc-tool", "--name"],
            &["pkcs15-tool", "--dump"],
            &["pkcs15-tool", "--list-certificates"],
            &["pkcs15-tool", "--read-certificate", "01", "--output", "out"],
            &["pkcs15-tool", "--read-certificate", "04"],
            &["opensc-tool", "--send-apdu", "00:CA:7F:FF:00"],
        ],
    );
}

const SIGN: [&str; 13] = [
    "pkcs11-tool",
    "--login",
    "--pin",
    "123456",
    "--sign",
    "--id",
    "01",
    "--mechanism",
    "SHA256-RSA-PKCS",
    "--input-file",
    "text",
    "--output-file",
    "out",
];

const DECRYPT: [&str; 13] = [
    "pkcs11-tool",
    "--login",
    "--pin",
    "123456",
    "--decrypt",
    "--id",
    "03",
    "--mechanism",
    "RSA-PKCS",
    "--input-file",
    "sealed",
    "--output-file",
    "out",
];

#[test]
fn opensc_signs_and_decrypts_the_same_at_both_desks() {
    are_the_same_at_both_desks(
        "opensc_signs_and_decrypts_the_same_at_both_desks",
        Plan { packages: vec!["opensc", "opensc-pkcs11"], ..Plan::default() },
        &[
            &["pkcs11-tool", "--list-slots"],
            &["pkcs11-tool", "--list-objects", "--type", "cert"],
            &SIGN,
            &DECRYPT,
            &["pkcs11-tool", "--login", "--pin", "123456", "--list-objects", "--type", "privkey"],
        ],
    );
}

#[test]
fn a_signature_through_the_relay_verifies_with_openssl() {
    let test = "a_signature_through_the_relay_verifies_with_openssl";
    let plan = Plan { packages: vec!["opensc", "opensc-pkcs11"], ..Plan::default() };
    let Some(house) = House::with_shared_card(test, plan) else { return };
    let folder = house.customer.folder();
    std::fs::write(folder.join("text"), "to be signed\n").unwrap();
    let signed = house.tool(Side::Customer, SIGN[0], &SIGN[1..]);
    assert!(signed.succeeded(), "{signed:?}");
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/data/card-sim");
    let verify = format!(
        "openssl x509 -inform DER -in {data}/9a-rsa2048.cert.der -noout -pubkey > key.pem && \
         openssl dgst -sha256 -verify key.pem -signature out text"
    );
    let mut openssl = std::process::Command::new("sh");
    let verified = run(openssl.args(["-c", &verify]).current_dir(folder), LIMIT).unwrap();
    assert!(verified.stdout_text().contains("Verified OK"), "{verified:?}");
}

#[test]
fn cards_with_extended_length_work_the_same_at_both_desks() {
    let atr = Atr::new(&EXTENDED_LENGTH_ATR).unwrap();
    are_the_same_at_both_desks(
        "cards_with_extended_length_work_the_same_at_both_desks",
        Plan {
            packages: vec!["opensc", "opensc-pkcs11"],
            profile: Profile { atr, ..Profile::default() },
            ..Plan::default()
        },
        &[&["pkcs15-tool", "--dump"], &SIGN, &DECRYPT],
    );
}

#[test]
fn long_answers_cross_in_one_piece_where_the_card_has_extended_length() {
    let test = "long_answers_cross_in_one_piece_where_the_card_has_extended_length";
    let atr = Atr::new(&EXTENDED_LENGTH_ATR).unwrap();
    let plan = Plan { profile: Profile { atr, ..Profile::default() }, ..Plan::default() };
    let Some(house) = House::open(test, plan) else { return };
    // The certificate of 9A, with lengths of three bytes; OpenSC would ask for it in parts.
    let script = "printf '00 A4 04 00 05 A0 00 00 03 08 00\\n\
                  00 CB 3F FF 00 00 05 5C 03 5F C1 05 00 00\\n' | scriptor";
    let direct = one_run(&house, Side::Rep, &["sh", "-c", script]);
    house.pair();
    house.share();
    let relayed = one_run(&house, Side::Customer, &["sh", "-c", script]);
    assert_eq!(relayed, direct, "{}", house.logs());
    let (asked, said) = relayed.exchanges.last().unwrap().split_once(" -> ").unwrap();
    assert_eq!(asked, "00CB3FFF0000055C035FC1050000");
    assert!(said.len() / 2 > 258 && said.ends_with("9000"), "{said}");
}

#[test]
fn long_commands_cross_in_one_piece_where_the_card_has_extended_length() {
    let test = "long_commands_cross_in_one_piece_where_the_card_has_extended_length";
    let atr = Atr::new(&EXTENDED_LENGTH_ATR).unwrap();
    let plan = Plan { profile: Profile { atr, ..Profile::default() }, ..Plan::default() };
    let Some(house) = House::open(test, plan) else { return };
    // GENERAL AUTHENTICATE with the key of 9D and 264 bytes of data, after the PIN.
    let data = "7C 82 01 04 82 00 81 82 00 FE".to_owned() + &" 5A".repeat(254);
    let script = format!(
        "printf '00 A4 04 00 05 A0 00 00 03 08 00\\n\
         00 20 00 80 08 31 32 33 34 35 36 FF FF\\n\
         00 87 07 9D 00 01 08 {data} 00 00\\n' | scriptor"
    );
    let direct = one_run(&house, Side::Rep, &["sh", "-c", &script]);
    house.pair();
    house.share();
    let relayed = one_run(&house, Side::Customer, &["sh", "-c", &script]);
    assert_eq!(relayed, direct, "{}", house.logs());
    let (asked, said) = relayed.exchanges.last().unwrap().split_once(" -> ").unwrap();
    let whole = format!("0087079D000108{}0000", data.replace(' ', ""));
    assert_eq!(asked, whole, "{said}");
}

#[test]
fn yubicos_tool_works_the_same_at_both_desks() {
    const TOOL: [&str; 3] = ["yubico-piv-tool", "--reader", "Yubico"];
    let with = |arguments: &[&'static str]| [&TOOL[..], arguments].concat();
    let runs = [
        with(&["-a", "status"]),
        with(&["-a", "read-certificate", "-s", "9a", "-o", "out"]),
        with(&["-a", "verify-pin", "-P", "123456"]),
    ];
    let runs: Vec<&[&str]> = runs.iter().map(Vec::as_slice).collect();
    are_the_same_at_both_desks(
        "yubicos_tool_works_the_same_at_both_desks",
        Plan { packages: vec!["yubico-piv-tool"], ..Plan::default() },
        &runs,
    );
}

#[test]
fn yubicos_tool_signs_through_the_relay() {
    let test = "yubicos_tool_signs_through_the_relay";
    let plan = Plan { packages: vec!["yubico-piv-tool"], ..Plan::default() };
    let Some(house) = House::with_shared_card(test, plan) else { return };
    let tool = |arguments: &[&str]| {
        let arguments = [&["--reader", "Yubico"], arguments].concat();
        let finished = house.tool(Side::Customer, "yubico-piv-tool", &arguments);
        assert!(finished.succeeded(), "{arguments:?}: {finished:?}");
        finished.stderr_text()
    };
    tool(&["-a", "read-certificate", "-s", "9a", "-o", "9a.pem"]);
    // It signs something else each time, so there is nothing to compare with.
    let sign = ["-a", "verify-pin", "-P", "123456", "-a", "test-signature"];
    let said = tool(&[&sign[..], &["-s", "9a", "-i", "9a.pem"]].concat());
    assert!(said.contains("Successful RSA verification"), "{said}");
}

#[test]
fn a_wrong_pin_costs_one_try_and_no_more() {
    let test = "a_wrong_pin_costs_one_try_and_no_more";
    let plan = Plan { packages: vec!["yubico-piv-tool"], ..Plan::default() };
    let Some(house) = House::with_shared_card(test, plan) else { return };
    let wrong = ["--reader", "Yubico", "-a", "verify-pin", "-P", "999999"];
    let refused = house.tool(Side::Customer, "yubico-piv-tool", &wrong);
    assert!(refused.stderr_text().contains("2 tries left"), "{refused:?}");
    let tries = house.card.with_card(|card| card.snapshot().pin_tries_left);
    assert_eq!(tries, 2);
}

/// Commands and answers in a PC/SC service's own log.
fn logged(log: &str) -> Vec<String> {
    let lines = log.lines().filter_map(|line| {
        let at = line.find("APDU: ").or_else(|| line.find("SW: "))?;
        line.get(at..).map(|said| said.trim().to_owned())
    });
    lines.collect()
}

#[test]
fn both_pcsc_services_saw_the_same_commands_and_answers() {
    let test = "both_pcsc_services_saw_the_same_commands_and_answers";
    let packages = vec!["opensc", "opensc-pkcs11"];
    let plan = Plan { packages, apdu_log: true, ..Plan::default() };
    let Some(house) = House::with_shared_card(test, plan) else { return };
    let folder = house.customer.folder();
    std::fs::write(folder.join("text"), "to be signed\n").unwrap();
    std::fs::write(folder.join("sealed"), sealed(&house)).unwrap();
    // The last command of each: GET DATA; and GENERAL AUTHENTICATE with the keys of 9A and 9D.
    for (run, holds) in
        [(&["pkcs15-tool", "--dump"][..], "CB 3F FF"), (&SIGN, "87 07 9A"), (&DECRYPT, "87 07 9D")]
    {
        let before = [logged(&house.desk.log()).len(), logged(&house.customer.log()).len()];
        let finished = house.tool(Side::Customer, run[0], &run[1..]);
        assert!(finished.succeeded(), "{finished:?}");
        let desk = logged(&house.desk.log()).split_off(before[0]);
        let customer = logged(&house.customer.log()).split_off(before[1]);
        assert!(desk.len() > 20, "{desk:?}");
        assert!(desk.iter().any(|line| line.contains(holds)), "{run:?}: {desk:?}");
        assert_eq!(customer, desk, "{run:?}");
    }
}

#[test]
fn pcsc_scan_sees_the_reader_and_its_card() {
    let test = "pcsc_scan_sees_the_reader_and_its_card";
    let Some(house) = House::with_shared_card(test, Plan::default()) else { return };
    let seen = house.tool(Side::Customer, "pcsc_scan", &["-r"]);
    assert!(seen.stdout_text().contains("Yubico YubiKey remote 00 00"), "{seen:?}");
    let desk = house.tool(Side::Rep, "pcsc_scan", &["-c", "-n"]).stdout_text();
    let customer = house.tool(Side::Customer, "pcsc_scan", &["-c", "-n"]).stdout_text();
    let atr = |text: &str| {
        let lines = text.lines().filter(|line| line.contains("ATR:"));
        lines.map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(atr(&customer), atr(&desk), "{customer}\n{desk}");
    assert!(!atr(&customer).is_empty(), "{customer}");
}
