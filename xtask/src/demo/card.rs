//! `cargo xtask demo card`: a card in a reader at one desk is used by programs at another.
//!
//! Two PC/SC worlds of this machine are the two desks. The card is a simulator, everything in
//! between is the shipped `vsc-agent`, and the programs that use the card know nothing of it. Each
//! step is done twice: at the desk with the card, then through the relay. Whatever a program
//! printed and whatever the card was asked must be the same.

mod stage;
mod steps;

use std::time::Instant;

use anyhow::bail;

use super::programs::Programs;
use super::story::{Format, Story, table};
use super::sweep::Planted;
use crate::cli::DemoOptions;
use crate::console::short;
use crate::tools::{self, Group, Missing};
use crate::workspace;
use stage::{Desk, Stage};
use steps::{Done, STEPS};

/// The crates whose programs are shown.
const PROGRAMS: [&str; 3] = ["pcsc-rig", "card-sim", "vsc-agent"];

/// The packages without which it cannot be played. The tests of the smart-card half need others
/// too, and those are installed along if they can be.
const NEEDED: [&str; 7] = [
    "pcscd",
    "vsmartcard-vpcd",
    "opensc",
    "opensc-pkcs11",
    "openssl",
    "libpcsclite-dev",
    "pkg-config",
];

/// Whether everything was as promised.
pub(super) fn run(options: &DemoOptions) -> anyhow::Result<bool> {
    let root = workspace::root();
    let missing = tools::prepare(&root, &[Group::SmartCards], true)?;
    let needed = needed_of(&missing);
    if !needed.is_empty() {
        bail!("the card demo needs {}", needed.join(", "));
    }
    eprintln!("building {}", PROGRAMS.join(", "));
    let programs = Programs::build(&root, &PROGRAMS)?;

    let begun = Instant::now();
    let format = if options.json { Format::Json } else { Format::Text };
    let mut story = Story::new("card", format);
    let mut stage = Stage::build(&programs)?;
    if let Err(error) = play(&mut stage, &mut story, options.keep) {
        story.break_off(&error);
        story.tell(stage.programs_say());
    }
    let passed = story.passed();
    story.end()?;
    eprintln!("told in {}", short(begun.elapsed()));
    if options.keep {
        let help = stage.keep()?;
        if options.json { eprintln!("{help}") } else { println!("{help}") }
    }
    Ok(passed)
}

fn needed_of(missing: &[Missing]) -> Vec<&'static str> {
    NEEDED.into_iter().filter(|package| missing.iter().any(|one| one.is(package))).collect()
}

fn play(stage: &mut Stage, story: &mut Story, keep: bool) -> anyhow::Result<()> {
    story.chapter("Two desks, and a card at one of them");
    stage.insert_card()?;
    story.tell("Each desk has a PC/SC service and a reader of its own; the customer's is empty.");
    story.tell(stage.readers(Desk::Representative)?);
    story.tell(stage.readers(Desk::Customer)?);
    story.claim(
        "the card is in the desk's reader",
        "present",
        &stage.card_at(Desk::Representative)?,
    );
    story.claim("the customer's reader is empty", "absent", &stage.card_at(Desk::Customer)?);

    story.chapter("At the desk: what programs do with the card, directly");
    let direct = all_steps(stage, story, Desk::Representative)?;

    story.chapter("A relay, two agents, and a code that is spoken");
    stage.start_agents()?;
    story.tell("started: vsc-agent relay (TLS), vsc-agent rep, vsc-agent customer");
    let code = stage.pair()?;
    story.tell(format!("the representative's desk:  vsc-agent pair            -> {}-...", code.0));
    story.tell(format!("the customer's desk:        vsc-agent pair {}-...  -> {}", code.0, code.1));
    let relay = stage.relay_says()?;
    story.tell(format!("all that the relay knows to say of it: {}", relay.trim()));
    story.claim("the button of a console is active", "enabled", &stage.button()?);

    story.chapter("The reader is shared, and appears");
    let shared = stage.share()?;
    story.tell(shared.trim());
    story.tell(stage.readers_of_service()?);
    story.claim("the customer's reader has the card", "present", &stage.card_at(Desk::Customer)?);

    story.chapter("At the customer's desk: the same programs, through the relay");
    let relayed = all_steps(stage, story, Desk::Customer)?;
    compare(story, &direct, &relayed);
    let round_trip = stage.round_trip_us()?;
    story.tell(format!("one round trip between the two agents, measured by them: {round_trip} us"));

    story.chapter("Unshared: the card is gone");
    story.tell(stage.unshare()?.trim());
    stage.wait_until(Desk::Customer, "absent")?;
    story.claim("the customer's reader is empty", "absent", &stage.card_at(Desk::Customer)?);
    let again = all_steps(stage, story, Desk::Representative)?;
    let printed =
        |steps: &[Done]| steps.iter().map(|step| step.printed.clone()).collect::<String>();
    story.claim("the desk has its card back", &printed(&direct), &printed(&again));

    if keep {
        return Ok(());
    }
    story.chapter("Nothing secret was left anywhere");
    let ended = stage.stop_agents()?;
    story.claim("all three programs end with exit code 0 when told to stop", "0 0 0", &ended);
    let pin = [Planted::new("the card's PIN", stage.pin())];
    let mut swept = stage.sweep(&pin)?;
    swept.look_at("this story", story.so_far()?.as_bytes(), &pin);
    story.tell(format!(
        "searched this story, both PC/SC services' folders and all logs: {} texts, {} bytes",
        swept.texts, swept.bytes
    ));
    story.claim_that("the PIN is in none of them", swept.found.is_empty(), swept.found.join("; "));
    let harmless = stage.sweep(&[Planted::new("the reader's name", "Desk reader")])?;
    story.claim_that(
        "the search finds what is no secret",
        !harmless.found.is_empty(),
        "the reader's name",
    );
    Ok(())
}

fn all_steps(stage: &Stage, story: &mut Story, desk: Desk) -> anyhow::Result<Vec<Done>> {
    let mut done = Vec::new();
    for step in &STEPS {
        let result = steps::run(step, stage, desk)?;
        let (name, time) = (step.name, result.time());
        story.claim(format!("{name} ({time})"), "", result.complaint.as_str());
        done.push(result);
    }
    Ok(done)
}

fn compare(story: &mut Story, direct: &[Done], relayed: &[Done]) {
    let mut rows = Vec::new();
    for (step, (direct, relayed)) in STEPS.iter().zip(direct.iter().zip(relayed)) {
        rows.push(vec![
            step.name.to_owned(),
            direct.time(),
            relayed.time(),
            relayed.commands.to_string(),
            relayed.round_trips.to_string(),
            if direct.is_like(relayed) { "yes" } else { "NO" }.to_owned(),
        ]);
    }
    story.tell(table(&["step", "at the desk", "relayed", "APDUs", "round trips", "same"], &rows));
    for (step, (direct, relayed)) in STEPS.iter().zip(direct.iter().zip(relayed)) {
        let claim = format!("{}: the same was printed", step.name);
        story.claim(claim, &direct.printed, &relayed.printed);
        let claim = format!("{}: the card was asked and answered the same", step.name);
        story.claim(claim, &direct.exchanges, &relayed.exchanges);
    }
    let (commands, round_trips): (u64, u64) =
        relayed.iter().fold((0, 0), |sum, step| (sum.0 + step.commands, sum.1 + step.round_trips));
    story.claim_that("there were commands to count", commands > 0, commands);
    let seen = format!("{round_trips} round trips for {commands} commands");
    // A reset that a command waits for travels like a command.
    let most = commands + relayed.iter().map(|step| step.resets).sum::<u64>();
    story.claim_that("no command took more than one round trip", round_trips <= most, seen);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_only_tests_use_does_not_stop_the_demo() {
        let missing = |names: &[&str]| {
            names.iter().map(|name| Missing::package(name, false)).collect::<Vec<_>>()
        };
        assert!(needed_of(&missing(&["yubico-piv-tool", "scdaemon", "libclang-dev"])).is_empty());
        assert_eq!(needed_of(&missing(&["gnupg", "opensc", "pcscd"])), ["pcscd", "opensc"]);
    }
}
