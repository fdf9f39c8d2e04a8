//! `cargo xtask demo credentials`: a password reaches a session, and goes back.
//!
//! Password Safe and the site are simulators, `ecm-service` is the program that is shipped. The
//! demo plays the representative through the site's control surface, looks into the vault through
//! the vault's, and believes neither: what was handed over is proven equal by a keyed hash that
//! both sides compute.

mod aftermath;
mod answers;
mod items;
mod lending;
mod searching;
mod service_files;
pub(super) mod sources;
mod stage;

use std::time::Instant;

use crate::cli::DemoOptions;
use crate::console::short;
use crate::workspace;

use super::programs::Programs;
use super::story::{Format, Story};
use service_files::Further;
use stage::Stage;

/// The crates whose programs are shown.
const PROGRAMS: [&str; 3] = ["ps-sim", "site-sim", "ecm-service"];

/// Whether everything was as promised.
pub(super) fn run(options: &DemoOptions) -> anyhow::Result<bool> {
    let root = workspace::root();
    eprintln!("building {}", PROGRAMS.join(", "));
    let programs = Programs::build(&root, &PROGRAMS)?;

    let begun = Instant::now();
    let format = if options.json { Format::Json } else { Format::Text };
    let mut story = Story::new("credentials", format);
    let mut stage = Stage::build(&root, &programs, &Further::default())?;
    if let Err(error) = play(&mut stage, &mut story, options.keep) {
        story.break_off(&error);
        story.tell(stage.service_says());
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

fn play(stage: &mut Stage, story: &mut Story, keep: bool) -> anyhow::Result<()> {
    stage.raise(story)?;
    let found = searching::tell(stage, story)?;
    lending::tell(stage, story, &found)?;
    searching::tell_of_a_stranger(stage, story)?;
    aftermath::tell(stage, story, keep)
}
