//! What people wait for: everyday tasks with a relayed card, over networks of several lengths.
//!
//! Real `pcscd` and reader drivers at both desks, the shipped program as relay and both agents,
//! programs of others; only the card is played. The network between the customer's agent and the
//! relay is a wire that holds everything back for half a round trip. At 0 ms the time is that of
//! the programs themselves; what is more at 100 ms is round trips.
//!
//! ```sh
//! cargo bench -p vsc-agent --bench tasks
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a bench prints its table and may fail loudly"
)]
#![expect(dead_code, reason = "the house is the tests'; not everything in it is used here")]

#[path = "../../tests/it/house.rs"]
mod house;
#[path = "../../tests/it/programs.rs"]
mod programs;
#[path = "../../tests/it/recording.rs"]
mod recording;
#[path = "../../tests/it/wire.rs"]
mod wire;

use std::time::{Duration, Instant};

use house::{House, Plan, Side};
use wire::Kind;

const TASKS: [&[&str]; 7] = [
    &["opensc-tool", "--name"],
    &["pkcs15-tool", "--read-certificate", "01"],
    &["pkcs15-tool", "--dump"],
    &["pkcs11-tool", "--list-objects"],
    &[
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
    ],
    &["yubico-piv-tool", "--reader", "Yubico", "-a", "status"],
    &["yubico-piv-tool", "--reader", "Yubico", "-a", "verify-pin", "-P", "123456"],
];

fn main() {
    let full = std::env::args().any(|argument| argument == "--bench");
    let (round_trips, rounds): (&[u64], u64) =
        if full { (&[0, 10, 50, 100], 3) } else { (&[0], 1) };
    let packages = || vec!["opensc", "opensc-pkcs11", "yubico-piv-tool"];
    let mut rows: Vec<Vec<String>> = TASKS.iter().map(|task| vec![name_of(task)]).collect();
    for (place, milliseconds) in round_trips.iter().enumerate() {
        let plan = Plan {
            packages: packages(),
            wire: Some(Kind::Forwarder),
            round_trip: Duration::from_millis(*milliseconds),
            log_level: "info",
            ..Plan::default()
        };
        let Some(house) = House::with_shared_card("the bench of tasks", plan) else { return };
        std::fs::write(house.customer.folder().join("text"), "to be signed").unwrap();
        for (task, row) in TASKS.iter().zip(&mut rows) {
            let before = counted(&house);
            let mut times: Vec<_> = (0..rounds).map(|_| time_of(&house, task)).collect();
            times.sort();
            let after = counted(&house);
            if place == 0 {
                for (after, before) in after.iter().zip(before) {
                    row.push(((after - before) / rounds).to_string());
                }
            }
            row.push(format!("{:.2}", times[times.len() / 2].as_secs_f64()));
        }
    }
    let heads = round_trips.iter().map(|milliseconds| format!("{milliseconds} ms"));
    let head: Vec<_> =
        ["task", "APDUs", "round trips"].map(str::to_owned).into_iter().chain(heads).collect();
    println!("seconds for a task by round-trip time of the network, medians of {rounds}\n");
    for row in [head].iter().chain(&rows) {
        let cells = row.iter().skip(1).map(|cell| format!("{cell:>11}"));
        println!("{:34}{}", row[0], cells.collect::<String>());
    }
}

fn name_of(task: &[&str]) -> String {
    let words =
        task.iter().filter(|word| !["--reader", "Yubico", "--pin", "-P", "123456"].contains(word));
    words.take(4).copied().collect::<Vec<_>>().join(" ")
}

fn time_of(house: &House, task: &[&str]) -> Duration {
    let begun = Instant::now();
    let finished = house.tool(Side::Customer, task[0], &task[1..]);
    let took = begun.elapsed();
    assert!(finished.succeeded(), "{task:?}: {finished:?}\n{}", house.logs());
    took
}

/// Commands and round trips so far.
fn counted(house: &House) -> [u64; 2] {
    let counted = &house.status(Side::Customer)["sessions"][0]["shares"][0]["counted"];
    ["commands", "round-trips"].map(|what| counted[what].as_u64().unwrap())
}
