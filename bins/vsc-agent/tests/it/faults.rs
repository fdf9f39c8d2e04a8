//! Broken connections, sleeping machines, missing parts: what then.

use std::time::Duration;

use card_sim::{Card, Fault, Profile, Reader, When};
use serde_json::json;

use crate::house::{House, Plan, Side};
use crate::programs::{LIMIT, until};
use crate::wire::Kind;

const NAME: [&str; 1] = ["--name"];
const DUMP: [&str; 1] = ["--dump"];

/// Presents a wrong PIN, without a question before it.
const WRONG_PIN: &str = "printf '00 A4 04 00 05 A0 00 00 03 08 00\\n\
    00 20 00 80 08 39 39 39 39 39 39 FF FF\\n' | scriptor";

fn tries(house: &House) -> u8 {
    house.card.with_card(|card| card.snapshot().pin_tries_left)
}

fn presented(house: &House) -> u64 {
    house.card.with_card(|card| card.counters().pins_presented)
}

/// What the card was asked and answered while a tool ran.
fn exchanges_of(house: &House, side: Side, program: &str, arguments: &[&str]) -> Vec<String> {
    house.recording.take();
    let finished = house.tool(side, program, arguments);
    assert!(finished.succeeded(), "{finished:?}\n{}", house.logs());
    house.recording.take()
}

#[test]
fn a_wire_that_is_cut_again_and_again_loses_and_repeats_nothing() {
    let test = "a_wire_that_is_cut_again_and_again_loses_and_repeats_nothing";
    let plan = Plan { wire: Some(Kind::Forwarder), ..Plan::default() };
    let Some(house) = House::open(test, plan) else { return };
    let direct = exchanges_of(&house, Side::Rep, "pkcs15-tool", &DUMP);
    house.pair();
    house.share();
    // Slow enough for many cuts within one run.
    house.card.with_faults(|f| f.arm(When::Every, Fault::Slow(Duration::from_millis(40))));
    let wire = house.wire.as_ref().unwrap();
    let before = wire.carried();
    let relayed = std::thread::scope(|scope| {
        let run = scope.spawn(|| exchanges_of(&house, Side::Customer, "pkcs15-tool", &DUMP));
        while !run.is_finished() {
            std::thread::sleep(Duration::from_millis(300));
            wire.cut();
        }
        run.join().unwrap()
    });
    assert_eq!(relayed, direct, "{}", house.logs());
    until("the agent came back", || wire.carried() > before + 1);
}

#[test]
fn a_relay_killed_in_the_midst_of_a_command_leaves_it_done_once_and_unanswered() {
    let test = "a_relay_killed_in_the_midst_of_a_command_leaves_it_done_once_and_unanswered";
    let Some(mut house) = House::with_shared_card(test, Plan::default()) else { return };
    // The card does what it is asked and keeps the answer until it is pulled.
    assert_eq!((tries(&house), presented(&house)), (3, 0));
    // Before it there are a SELECT, and the guard's question how many tries are left.
    let verify = |f: &card_sim::Faults| When::Nth(f.seen() + 3);
    house.card.with_faults(|f| f.arm(verify(f), Fault::Slow(LIMIT * 10)));
    let mut command = house.customer.command("sh");
    command.args(["-c", WRONG_PIN]);
    let run = std::thread::spawn(move || pcsc_rig::tool::run(&mut command, LIMIT).unwrap());
    until("the card has done it", || presented(&house) == 1);
    house.stop_relay();
    house.start_relay();
    until("the session is over", || house.status(Side::Customer)["sessions"] == json!([]));
    house.wait_for_no_card();
    let finished = run.join().unwrap();
    assert!(!finished.stdout_text().contains("63 C"), "nobody could answer: {finished:?}");
    house.card.pull();
    assert!(house.desk.wait_for_no_card(0, LIMIT).unwrap());
    house.card.with_faults(card_sim::Faults::disarm);
    house.card.put_back();
    assert!(house.desk.wait_for_card(0, LIMIT).unwrap());
    house.pair();
    house.share();
    assert!(house.tool(Side::Customer, "opensc-tool", &NAME).succeeded(), "{}", house.logs());
    assert_eq!((tries(&house), presented(&house)), (2, 1));
    // The same, with nobody in the way, is answered, and costs the next try.
    let again = house.tool(Side::Customer, "sh", &["-c", WRONG_PIN]);
    assert!(again.stdout_text().contains("63 C1"), "{again:?}");
    assert_eq!((tries(&house), presented(&house)), (1, 2));
}

#[test]
fn a_sleeping_desk_answers_when_it_wakes() {
    let test = "a_sleeping_desk_answers_when_it_wakes";
    let Some(house) = House::open(test, Plan::default()) else { return };
    let direct = exchanges_of(&house, Side::Rep, "opensc-tool", &NAME);
    house.pair();
    house.share();
    let relayed = std::thread::scope(|scope| {
        house.rep.signal(rustix::process::Signal::STOP);
        let run = scope.spawn(|| exchanges_of(&house, Side::Customer, "opensc-tool", &NAME));
        std::thread::sleep(Duration::from_secs(2));
        assert!(!run.is_finished(), "nobody could have answered");
        house.rep.signal(rustix::process::Signal::CONT);
        run.join().unwrap()
    });
    assert_eq!(relayed, direct);
}

#[test]
fn the_answer_to_somebody_who_gave_up_is_not_given_to_the_next() {
    let test = "the_answer_to_somebody_who_gave_up_is_not_given_to_the_next";
    let Some(house) = House::with_shared_card(test, Plan::default()) else { return };
    let name = |house: &House| house.tool(Side::Customer, "opensc-tool", &NAME).stdout_text();
    let expected = name(&house);
    house.card.with_faults(|f| f.arm(When::Every, Fault::Slow(Duration::from_secs(1))));
    let mut hasty = house.customer.command("opensc-tool");
    let given_up = pcsc_rig::tool::run(hasty.args(NAME), Duration::from_millis(1500)).unwrap();
    assert!(given_up.status.is_none(), "it was killed in the midst: {given_up:?}");
    house.card.with_faults(card_sim::Faults::disarm);
    assert_eq!(name(&house), expected, "{}", house.logs());
}

#[test]
fn another_card_takes_the_place_of_the_first() {
    let test = "another_card_takes_the_place_of_the_first";
    let Some(house) = House::with_shared_card(test, Plan::default()) else { return };
    house.card.pull();
    house.wait_for_no_card();
    let atr = vsc_core::atr::Atr::new(&card_sim::EXTENDED_LENGTH_ATR).unwrap();
    let other = Card::new(Profile { atr, ..Profile::default() }).unwrap();
    let _other = Reader::insert(other, house.desk.slot(0).unwrap().address);
    house.wait_for_card();
    let seen = house.tool(Side::Customer, "opensc-tool", &["--atr"]).stdout_text();
    let expected: Vec<_> =
        card_sim::EXTENDED_LENGTH_ATR.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(seen.trim(), expected.join(":"));
}

#[test]
fn a_card_that_was_exchanged_while_the_connection_was_away_is_found_exchanged() {
    let test = "a_card_that_was_exchanged_while_the_connection_was_away_is_found_exchanged";
    let plan = Plan { wire: Some(Kind::Forwarder), ..Plan::default() };
    let Some(house) = House::with_shared_card(test, plan) else { return };
    let wire = house.wire.as_ref().unwrap();
    wire.tear();
    for side in [Side::Rep, Side::Customer] {
        until("it is noticed", || house.status(side)["sessions"][0]["state"] == "suspended");
    }
    until("the agent says what is wrong", || {
        house.status(Side::Customer)["sessions"][0]["relay-problem"].is_string()
    });
    house.card.pull();
    assert!(house.desk.wait_for_no_card(0, LIMIT).unwrap(), "{}", house.logs());
    let atr = vsc_core::atr::Atr::new(&card_sim::EXTENDED_LENGTH_ATR).unwrap();
    let other = Card::new(Profile { atr, ..Profile::default() }).unwrap();
    let _other = Reader::insert(other, house.desk.slot(0).unwrap().address);
    assert!(house.desk.wait_for_card(0, LIMIT).unwrap(), "{}", house.logs());
    wire.mend();
    until("the connection is back", || {
        house.status(Side::Customer)["sessions"][0]["state"] == "connected"
    });
    let session = &house.status(Side::Customer)["sessions"][0];
    assert_eq!(session.get("relay-problem"), None, "{session}");
    let expected: Vec<_> =
        card_sim::EXTENDED_LENGTH_ATR.iter().map(|byte| format!("{byte:02x}")).collect();
    until("the other card is there", || {
        let seen = house.tool(Side::Customer, "opensc-tool", &["--atr"]).stdout_text();
        seen.trim() == expected.join(":")
    });
    assert!(house.tool(Side::Customer, "opensc-tool", &NAME).succeeded(), "{}", house.logs());
}

#[test]
fn two_readers_appear_in_two_slots_and_neither_is_shared_twice() {
    let test = "two_readers_appear_in_two_slots_and_neither_is_shared_twice";
    let Some(house) = House::with_shared_card(test, Plan::default()) else { return };
    let second = Card::new(Profile::default()).unwrap();
    let second = Reader::insert(second, house.desk.slot(1).unwrap().address);
    assert!(second.wait_inserted(LIMIT));
    assert!(house.desk.wait_for_card(1, LIMIT).unwrap());
    let shared = house.ask(Side::Rep, &["share", "00 01"]);
    assert!(shared.succeeded(), "{shared:?}");
    assert!(house.customer.wait_for_card(1, LIMIT).unwrap(), "{}", house.logs());
    for reader in ["0", "1"] {
        let name = house.tool(Side::Customer, "opensc-tool", &["--reader", reader, "--name"]);
        assert!(name.stdout_text().contains("Personal Identity"), "{name:?}");
    }
    let again = house.ask(Side::Rep, &["share", "00 01"]);
    assert_eq!(again.status.unwrap().code(), Some(75), "{again:?}");
    assert!(again.stderr_text().contains("shared in session 1"), "{again:?}");
    let unshared = house.ask_json(Side::Rep, &["unshare", "--all"]);
    assert_eq!(unshared["readers"].as_array().unwrap().len(), 2, "{unshared}");
}

#[test]
fn a_driver_with_one_slot_shows_one_reader() {
    let test = "a_driver_with_one_slot_shows_one_reader";
    let plan = Plan { slots: "1", ..Plan::default() };
    let Some(house) = House::with_shared_card(test, plan) else { return };
    let refused = house.ask(Side::Rep, &["share", "00 01"]);
    assert_eq!(refused.status.unwrap().code(), Some(69), "{refused:?}");
    assert!(refused.stderr_text().contains("slot"), "{refused:?}");
}

#[test]
fn a_reader_is_in_one_session_at_a_time() {
    let test = "a_reader_is_in_one_session_at_a_time";
    let Some(house) = House::with_shared_card(test, Plan::default()) else { return };
    let second = house.second_customer();
    let invitation = house.invite();
    let joined = second.ask(&["pair", &invitation.code]);
    assert!(joined.succeeded() && invitation.wait().succeeded(), "{joined:?}");
    let which = house.ask(Side::Rep, &["share", "00 01"]);
    assert_eq!(which.status.unwrap().code(), Some(64), "{which:?}");
    let refused = house.ask(Side::Rep, &["share", "00 00", "--session", "2"]);
    assert_eq!(refused.status.unwrap().code(), Some(75), "{refused:?}");
    let seen = house.ask_json(Side::Rep, &["readers", "--session", "2"]);
    assert_eq!(seen["readers"][0]["sharing"], "elsewhere", "{seen}");
    // Freed in the first, it can go to the second.
    assert!(house.ask(Side::Rep, &["unshare", "00 00"]).succeeded());
    let shared = house.ask(Side::Rep, &["share", "00 00", "--session", "2"]);
    assert!(shared.succeeded(), "{shared:?}\n{}", house.logs());
    assert!(house.customer.wait_for_card(1, LIMIT).unwrap());
    let ended = house.ask(Side::Rep, &["end", "--session", "2"]);
    assert!(ended.succeeded(), "{ended:?}");
    assert_eq!(house.status(Side::Rep)["sessions"].as_array().unwrap().len(), 1);
}

#[test]
fn a_missing_driver_is_named() {
    let test = "a_missing_driver_is_named";
    let Some(mut house) = House::open(test, Plan::default()) else { return };
    house.pair();
    house.customer.stop_daemon();
    let refused = house.ask(Side::Rep, &["share", "00 00"]);
    assert_eq!(refused.status.unwrap().code(), Some(69), "{refused:?}");
    assert!(refused.stderr_text().contains("no virtual reader driver answers"), "{refused:?}");
    let readers = house.ask_json(Side::Rep, &["readers"]);
    assert_eq!(readers["readers"][0]["sharing"], "none", "the reader is free again");
}

#[test]
fn a_desk_without_pcsc_says_so_and_recovers() {
    let test = "a_desk_without_pcsc_says_so_and_recovers";
    let Some(mut house) = House::with_shared_card(test, Plan::default()) else { return };
    house.desk.stop_daemon();
    house.wait_for_no_card();
    until("the service tells", || {
        house.status(Side::Rep)["readers-problem"].as_str().is_some_and(|p| p.contains("pcscd"))
    });
    house.desk.restart().unwrap();
    house.wait_for_card();
    assert!(house.tool(Side::Customer, "opensc-tool", &NAME).succeeded(), "{}", house.logs());
}

#[test]
fn an_untrusted_relay_is_not_used() {
    let test = "an_untrusted_relay_is_not_used";
    let plan = Plan { trusts_relay: false, ..Plan::default() };
    let Some(house) = House::open(test, plan) else { return };
    let refused = house.ask(Side::Rep, &["pair"]);
    assert_eq!(refused.status.unwrap().code(), Some(69), "{refused:?}");
    assert!(refused.stderr_text().contains("not trusted"), "{refused:?}");
    assert_eq!(house.status(Side::Rep)["sessions"], json!([]));
}

#[test]
fn agents_go_through_a_proxy() {
    let test = "agents_go_through_a_proxy";
    let plan = Plan { wire: Some(Kind::Proxy), ..Plan::default() };
    let Some(house) = House::with_shared_card(test, plan) else { return };
    assert!(house.tool(Side::Customer, "opensc-tool", &NAME).succeeded());
    assert!(house.wire.as_ref().unwrap().carried() >= 1);
}

#[test]
fn a_proxy_that_refuses_is_named() {
    let test = "a_proxy_that_refuses_is_named";
    let plan = Plan { wire: Some(Kind::RefusingProxy), ..Plan::default() };
    let Some(house) = House::open(test, plan) else { return };
    let refused = house.ask(Side::Customer, &["pair", "417-acorn-acorn-acorn"]);
    assert_eq!(refused.status.unwrap().code(), Some(69), "{refused:?}");
    assert!(refused.stderr_text().contains("proxy") && refused.stderr_text().contains("403"));
}

#[test]
fn machines_that_know_each_other_need_no_words_and_strangers_get_nowhere() {
    let test = "machines_that_know_each_other_need_no_words_and_strangers_get_nowhere";
    let plan = Plan { identities: true, ..Plan::default() };
    let Some(house) = House::open(test, plan) else { return };
    let invitation = house.invite_by(&["pair", "--peer", "pc-of-ann"]);
    let joined = house.ask(Side::Customer, &["pair", "--peer", "desk-7", &invitation.code]);
    assert!(joined.succeeded() && invitation.wait().succeeded(), "{joined:?}");
    house.share();
    assert!(house.tool(Side::Customer, "opensc-tool", &NAME).succeeded());

    // Both expect somebody else than who is there.
    let invitation = house.invite_by(&["pair", "--peer", "stranger"]);
    let joined = house.ask(Side::Customer, &["pair", "--peer", "desk-7", &invitation.code]);
    assert_eq!(joined.status.unwrap().code(), Some(76), "{joined:?}");
    assert_eq!(invitation.wait().status.unwrap().code(), Some(76));
    let unknown = house.ask(Side::Rep, &["pair", "--peer", "nobody"]);
    assert!(unknown.stderr_text().contains("not in the file of peers"), "{unknown:?}");
}
