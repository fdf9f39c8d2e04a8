//! `cargo xtask demo`: the shipped programs at work over real sockets, every promise checked.

mod card;
mod control_surface;
mod credentials;
mod household;
pub(crate) mod janitor;
mod names;
mod private_file;
mod programs;
mod story;
mod sweep;

use crate::Verdict;
use crate::cli::{DemoName, DemoOptions};

/// Runs one demo, or all of them one after the other.
pub(crate) fn run(options: &DemoOptions) -> anyhow::Result<Verdict> {
    let names = match options.name {
        Some(name) => vec![name],
        None => DemoName::ALL.to_vec(),
    };
    let mut verdict = Verdict::Passed;
    for name in names {
        let passed = match name {
            DemoName::Credentials => credentials::run(options)?,
            DemoName::Sources => credentials::sources::run(options)?,
            DemoName::Names => names::run(options)?,
            DemoName::Card => card::run(options)?,
        };
        if !passed {
            verdict = Verdict::Failed;
        }
    }
    Ok(verdict)
}
