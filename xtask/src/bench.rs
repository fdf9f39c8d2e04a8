//! `cargo xtask bench`: every criterion benchmark, and nothing else.

use crate::{Verdict, run, workspace};

/// Runs the bench targets only: the libraries' test harness would not understand criterion's
/// arguments.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Verdict> {
    let root = workspace::root();
    let mut command = run::cargo(&root);
    command.args(["bench", "--workspace", "--bench", "*", "--"]).args(arguments);
    Ok(if run::succeeds(&mut command)? { Verdict::Passed } else { Verdict::Failed })
}
