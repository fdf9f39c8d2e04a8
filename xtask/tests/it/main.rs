//! The program as it is typed: exit codes, results on stdout, and the janitor's last duty.

#![expect(clippy::unwrap_used, reason = "a test helper that cannot start its program has failed")]

mod command_line;
mod janitor;

use std::process::Command;

fn xtask() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env("NO_COLOR", "1").env_remove("CI");
    command
}
