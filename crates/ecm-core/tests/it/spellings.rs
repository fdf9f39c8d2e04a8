//! Several spellings of one vault user: which one is used, and when none is.

use std::sync::Arc;

use ecm_core::source::{SourceError, SourceFailure};
use ecm_protocol::message::{Category, Find, Problem};

use crate::fake_vault::FakeVault;
use crate::house::{House, PaperRules, find, user};

fn asks(name: &str) -> Find {
    Find { user: user(name), ..find("app01") }
}

fn found_as(house: &House, vaults: Vec<FakeVault>, name: &str) -> Result<String, Category> {
    let broker = house.open_with(vaults);
    let found = house.find(&broker, &asks(name));
    found.map(|found| found.mapped_user.unwrap()).map_err(|problem: Problem| problem.category)
}

fn unknown(vault: &FakeVault, names: &[&str]) {
    vault.with(|state| state.unknown.extend(names.iter().map(|name| (*name).to_owned())));
}

const FIRST: &str = r"ACME\spelled";
const SECOND: &str = "spelled@acme.test";

#[test]
fn the_first_spelling_that_a_vault_knows_is_used() {
    let table: [(&[&str], &str); 4] = [
        (&[], FIRST),
        (&[FIRST], SECOND),
        (&[FIRST, SECOND], "spelled"),
        // Nobody is let in: the vault says so itself when it is asked as the first one.
        (&[FIRST, SECOND, "spelled"], FIRST),
    ];
    for (names, expected) in table {
        let house = House::new();
        unknown(&house.vault, names);
        let got = found_as(&house, vec![house.vault.clone()], FIRST);
        assert_eq!(got, Ok(expected.to_owned()), "{names:?}");
        assert!(house.vault.calls("knows") <= 3);
    }
}

#[test]
fn one_vault_of_several_suffices() {
    let house = House::new();
    let other = FakeVault::new("other", &house.clock);
    unknown(&house.vault, &[FIRST, SECOND]);
    unknown(&other, &[FIRST]);
    let got = found_as(&house, vec![house.vault.clone(), other], FIRST);
    assert_eq!(got, Ok(SECOND.to_owned()));
}

#[test]
fn a_vault_that_cannot_say_stops_the_search_for_a_spelling() {
    let house = House::new();
    let down = SourceError::new(SourceFailure::Unreachable, "no way");
    house.vault.fail("knows", down);
    let got = found_as(&house, vec![house.vault.clone()], FIRST);
    assert_eq!(got, Err(Category::VaultUnreachable));
    assert_eq!((house.vault.calls("knows"), house.vault.calls("find")), (1, 0));
}

#[test]
fn where_exactly_one_may_be_known_two_are_nobody() {
    let name = r"ACME\spelled-once";
    let house = House::new();
    let got = found_as(&house, vec![house.vault.clone()], name);
    assert_eq!(got, Err(Category::UserAmbiguous));
    assert_eq!(house.vault.calls("find"), 0);

    let house = House::new();
    unknown(&house.vault, &[FIRST, "spelled"]);
    let got = found_as(&house, vec![house.vault.clone()], name);
    assert_eq!(got, Ok(SECOND.to_owned()));
}

#[test]
fn a_single_spelling_is_not_tried_out() {
    let house = House::new();
    let got = found_as(&house, vec![house.vault.clone()], r"ACME\joe.user");
    assert_eq!(got, Ok(r"ACME\joe.user".to_owned()));
    assert_eq!(house.vault.calls("knows"), 0);
}

#[test]
fn a_second_person_does_not_get_the_vault_user_of_the_first() {
    let house = House::new();
    let broker = house.open();
    let ask = |name: &str| house.find(&broker, &asks(name)).map_err(|problem| problem.category);
    assert_eq!(ask(r"BETA\joe").unwrap().mapped_user.as_deref(), Some(r"ACME\joe"));
    assert_eq!(ask(r"BETA\jane"), Err(Category::UserAmbiguous));
    assert!(ask(r"BETA\joe").is_ok());
    let told = house.clock.run(broker.find(&asks(r"BETA\jane"), None)).explanation;
    assert_eq!(told.decided_by.as_deref(), Some("collision"));

    // New rules are for somebody who has looked at it.
    broker.replace_rules(Arc::new(PaperRules));
    assert!(ask(r"BETA\jane").is_ok());
    assert_eq!(ask(r"BETA\joe"), Err(Category::UserAmbiguous));
}

#[test]
fn whom_no_vault_knows_shuts_nobody_out() {
    let house = House::new();
    let broker = house.open();
    let ask = |name: &str| house.find(&broker, &asks(name)).map_err(|problem| problem.category);
    house.vault.fail("find", SourceError::new(SourceFailure::SignInRefused, "401"));
    assert_eq!(ask(r"BETA\jane"), Err(Category::VaultAuth));
    house.vault.heal();
    assert!(ask(r"BETA\joe").is_ok());
    assert_eq!(ask(r"BETA\jane"), Err(Category::UserAmbiguous));
}
