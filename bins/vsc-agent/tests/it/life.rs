//! From the spoken code to the last goodbye, and everything that breaks in between.

use std::time::Duration;

use card_sim::{Fault, When};
use serde_json::json;

use crate::house::{House, Plan, Side};
use crate::programs::{LIMIT, until};

const SELECT_PIV: &str = "00:A4:04:00:05:A0:00:00:03:08";

fn one_command(house: &House) -> bool {
    house.tool(Side::Customer, "opensc-tool", &["--send-apdu", SELECT_PIV]).succeeded()
}

#[test]
fn unsharing_takes_the_card_away_and_gives_the_reader_back() {
    let test = "unsharing_takes_the_card_away_and_gives_the_reader_back";
    let Some(house) = House::with_shared_card(test, Plan::default()) else { return };
    let readers = house.ask_json(Side::Rep, &["readers"]);
    let shared = &readers["readers"][0];
    assert_eq!(shared["sharing"], "here", "{readers}");
    assert_eq!(shared["session"], 1);
    assert_eq!(shared["card"], "present");
    assert_eq!(house.status(Side::Rep)["button"], "enabled");
    assert_eq!(house.status(Side::Customer)["driver"]["taken"], 1);

    // Nobody at the desk can use the card meanwhile.
    let local = house.tool(Side::Rep, "opensc-tool", &["--send-apdu", SELECT_PIV]);
    assert!(!local.succeeded(), "{local:?}");

    let unshared = house.ask(Side::Rep, &["unshare", "00 00"]);
    assert!(unshared.succeeded(), "{unshared:?}");
    house.wait_for_no_card();
    let readers = house.ask_json(Side::Rep, &["readers"]);
    assert_eq!(readers["readers"][0]["sharing"], "none", "{readers}");
    assert_eq!(house.status(Side::Customer)["driver"]["taken"], 0);
    until("the desk has its card back", || {
        house.tool(Side::Rep, "opensc-tool", &["--send-apdu", SELECT_PIV]).succeeded()
    });

    // And it can be shared again.
    house.share();
    assert!(one_command(&house), "{}", house.logs());
}

#[test]
fn a_card_comes_and_goes_with_the_real_one() {
    let test = "a_card_comes_and_goes_with_the_real_one";
    let Some(house) = House::open(test, Plan::default()) else { return };
    house.card.pull();
    until("the desk sees no card", || !house.desk.wait_for_card(0, Duration::ZERO).unwrap());
    house.pair();
    // Sharing an empty reader is allowed.
    let shared = house.ask(Side::Rep, &["share", "00 00"]);
    assert!(shared.succeeded(), "{shared:?}");
    house.wait_for_no_card();
    for _ in 0..2 {
        house.card.put_back();
        house.wait_for_card();
        assert!(one_command(&house), "{}", house.logs());
        house.card.pull();
        house.wait_for_no_card();
    }
}

#[test]
fn a_card_pulled_in_the_midst_of_a_command_leaves_no_answer_behind() {
    let test = "a_card_pulled_in_the_midst_of_a_command_leaves_no_answer_behind";
    let Some(house) = House::with_shared_card(test, Plan::default()) else { return };
    house.card.with_faults(|faults| faults.arm(When::Instruction(0xA4), Fault::PullAfter));
    let asked = house.tool(Side::Customer, "opensc-tool", &["--send-apdu", SELECT_PIV]);
    assert!(!asked.stdout_text().contains("SW1=0x90"), "{asked:?}");
    house.wait_for_no_card();
    house.card.with_faults(card_sim::Faults::disarm);
    house.card.put_back();
    house.wait_for_card();
    assert!(one_command(&house), "{}", house.logs());
}

#[test]
fn a_restarted_pcsc_service_finds_the_card_again_on_either_desk() {
    let test = "a_restarted_pcsc_service_finds_the_card_again_on_either_desk";
    let Some(mut house) = House::with_shared_card(test, Plan::default()) else { return };
    house.customer.restart().unwrap();
    house.wait_for_card();
    assert!(one_command(&house), "{}", house.logs());

    house.desk.restart().unwrap();
    assert!(house.desk.wait_for_card(0, LIMIT).unwrap());
    until("the card is back at the customer's desk", || one_command(&house));
}

#[test]
fn a_relay_that_comes_back_is_found_again_and_nothing_is_lost() {
    let test = "a_relay_that_comes_back_is_found_again_and_nothing_is_lost";
    let Some(mut house) = House::with_shared_card(test, Plan::default()) else { return };
    assert!(one_command(&house));
    house.stop_relay();
    until("the service notices", || house.status(Side::Rep)["sessions"][0]["state"] == "suspended");
    // The new relay knows nothing of the old one's mailboxes: the session ends, and says so.
    house.start_relay();
    until("the session is over", || house.status(Side::Rep)["sessions"] == json!([]));
    house.wait_for_no_card();
    house.pair();
    house.share();
    assert!(one_command(&house), "{}", house.logs());
}

#[test]
fn a_wrong_code_is_good_for_nothing_and_the_next_one_is_a_new_one() {
    let test = "a_wrong_code_is_good_for_nothing_and_the_next_one_is_a_new_one";
    let Some(house) = House::open(test, Plan::default()) else { return };
    let invitation = house.invite();
    let (number, _) = invitation.code.split_once('-').unwrap();
    let wrong = house.ask(Side::Customer, &["pair", number, "acorn", "acorn", "acorn"]);
    assert_eq!(wrong.status.unwrap().code(), Some(76), "{wrong:?}");
    let code = invitation.code.clone();
    let told = invitation.wait();
    assert_eq!(told.status.unwrap().code(), Some(76), "{told:?}");
    // The right words come too late.
    let late = house.ask(Side::Customer, &["pair", &code]);
    assert_eq!(late.status.unwrap().code(), Some(76), "{late:?}");
    house.pair();
}

#[test]
fn a_pairing_that_its_asker_leaves_is_called_off_and_its_code_good_for_nothing() {
    let test = "a_pairing_that_its_asker_leaves_is_called_off_and_its_code_good_for_nothing";
    let Some(house) = House::open(test, Plan::default()) else { return };
    let invitation = house.invite();
    assert_eq!(house.status(Side::Rep)["sessions"][0]["state"], "waiting");
    let code = invitation.code.clone();
    invitation.leave();
    until("the session is over", || house.status(Side::Rep)["sessions"] == json!([]));
    let late = house.ask(Side::Customer, &["pair", &code]);
    assert_eq!(late.status.unwrap().code(), Some(76), "{late:?}");

    // At the other desk, somebody stops waiting for an agent that does not react.
    let invitation = house.invite();
    house.rep.signal(rustix::process::Signal::STOP);
    let mut joining = house.begin(Side::Customer, &["pair", &invitation.code]);
    until("the session is there", || house.status(Side::Customer)["sessions"] != json!([]));
    joining.kill().unwrap();
    joining.wait().unwrap();
    until("the session is over", || house.status(Side::Customer)["sessions"] == json!([]));
    house.rep.signal(rustix::process::Signal::CONT);
    invitation.leave();
    until("no session is left", || house.status(Side::Rep)["sessions"] == json!([]));
    house.pair();
}

#[test]
fn a_desk_that_stops_takes_its_card_along() {
    let test = "a_desk_that_stops_takes_its_card_along";
    let Some(mut house) = House::with_shared_card(test, Plan::default()) else { return };
    assert_eq!(house.rep.stop().code(), Some(0), "{}", house.logs());
    house.wait_for_no_card();
    assert_eq!(house.status(Side::Customer)["sessions"], json!([]));
    house.restart_rep();
    house.pair();
    house.share();
    assert_eq!(house.customer_agent.stop().code(), Some(0), "{}", house.logs());
    until("the session is over", || house.status(Side::Rep)["sessions"] == json!([]));
    until("the desk has its card back", || {
        house.tool(Side::Rep, "opensc-tool", &["--send-apdu", SELECT_PIV]).succeeded()
    });
}

#[test]
fn agents_meet_without_a_relay_when_one_of_them_listens() {
    let test = "agents_meet_without_a_relay_when_one_of_them_listens";
    let plan = Plan { direct: true, ..Plan::default() };
    let Some(house) = House::with_shared_card(test, plan) else { return };
    assert!(one_command(&house), "{}", house.logs());
}

#[test]
fn a_card_held_in_shared_mode_is_free_for_the_desk_between_bursts() {
    let test = "a_card_held_in_shared_mode_is_free_for_the_desk_between_bursts";
    let plan = Plan { hold: "shared", ..Plan::default() };
    let Some(house) = House::with_shared_card(test, plan) else { return };
    let local = || house.tool(Side::Rep, "opensc-tool", &["--send-apdu", SELECT_PIV]);
    assert!(local().succeeded());
    assert!(one_command(&house), "{}", house.logs());
    until("the burst is over", || local().succeeded());
    assert!(one_command(&house), "{}", house.logs());
}
