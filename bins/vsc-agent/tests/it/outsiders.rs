//! Programs that know nothing of this project see the relayed card as if it were theirs.

use crate::house::{House, Plan, Side};

/// Runs a program at the desk with the card, shares the card, and runs it at the other desk: it
/// must print the same, and the card must have been asked and have answered the same.
fn is_the_same_at_both_desks(test: &str, packages: &[&'static str], runs: &[&[&str]]) {
    let plan = Plan { packages: packages.to_vec(), ..Plan::default() };
    let Some(house) = House::open(test, plan) else { return };
    let direct: Vec<_> = runs.iter().map(|run| one_run(&house, Side::Rep, run)).collect();
    house.pair();
    house.share();
    house.recording.take();
    for (run, at_the_desk) in runs.iter().zip(direct) {
        let relayed = one_run(&house, Side::Customer, run);
        assert_eq!(relayed, at_the_desk, "{run:?}\n{}", house.logs());
    }
}

/// What it printed, how it ended, and what the card saw.
fn one_run(house: &House, side: Side, run: &[&str]) -> (String, String, Option<i32>, Vec<String>) {
    house.recording.take();
    let finished = house.tool(side, run[0], &run[1..]);
    let at =
        |text: String| text.replace("YubiKey desk", "YubiKey").replace("YubiKey remote", "YubiKey");
    (
        at(finished.stdout_text()),
        at(finished.stderr_text()),
        finished.status.and_then(|status| status.code()),
        house.recording.take(),
    )
}

#[test]
fn opensc_tool_and_pkcs15_tool_print_the_same_at_both_desks() {
    is_the_same_at_both_desks(
        "opensc_tool_and_pkcs15_tool_print_the_same_at_both_desks",
        &["opensc"],
        &[
            &["opensc-tool", "--list-readers"],
            &["opensc-tool", "--atr"],
            &["opensc-tool", "--name"],
            &["pkcs15-tool", "--dump"],
            &["pkcs15-tool", "--read-certificate", "01"],
        ],
    );
}
