//! Starting other programs: `cargo`, `git`, `apt-get`.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// The cargo that started us, so that a `+toolchain` choice holds for what we start.
pub(crate) fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(root).stdin(Stdio::null());
    command
}

/// Runs with output passed through; says whether it ended with exit code 0.
pub(crate) fn succeeds(command: &mut Command) -> anyhow::Result<bool> {
    let status = command.status().with_context(|| format!("cannot start {}", line(command)))?;
    Ok(status.success())
}

/// As [`succeeds`], but a program that is not done within the limit is ended with everything it
/// started, so that a run says what hung instead of being cut off without a word.
///
/// It runs in a process group of its own: for a machine, where no Ctrl-C has to reach it.
pub(crate) fn succeeds_within(command: &mut Command, limit: Duration) -> anyhow::Result<bool> {
    in_own_group(command);
    let begun = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {}", line(command)))?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if begun.elapsed() > limit {
            end_group(&mut child);
            bail!("{} was not done after {} s; it hangs", line(command), limit.as_secs());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[cfg(unix)]
fn in_own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn in_own_group(_command: &mut Command) {}

/// The group is killed as a whole: what hangs is a child of a child.
fn end_group(child: &mut Child) {
    if cfg!(unix) {
        let group = format!("-{}", child.id());
        let _ = Command::new("sh").args(["-c", "kill -KILL -- \"$1\"", "sh", &group]).status();
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Runs and returns what it wrote to stdout; anything but exit code 0 is an error with its stderr.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", line(command)))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("{} ended with {}: {}", line(command), output.status, complaint.trim());
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("{} did not write UTF-8", line(command)))
}

/// The command as one would type it, for progress lines and errors.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
    command.get_args().fold(name.into_owned(), |mut text, argument| {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_an_error_that_quotes_its_complaint() {
        let error = output(Command::new("sh").args(["-c", "echo no such thing >&2; exit 3"]))
            .expect_err("exit code 3");
        let text = format!("{error:#}");
        assert!(text.contains("no such thing") && text.contains('3'), "{text}");
        assert!(!succeeds(Command::new("sh").args(["-c", "exit 3"])).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_hangs_is_ended_with_what_it_started_and_named() {
        let mut hangs = Command::new("sh");
        hangs.args(["-c", "sleep 600 & sleep 600"]);
        let error = succeeds_within(&mut hangs, Duration::from_millis(300)).expect_err("it hangs");
        assert!(format!("{error:#}").contains("it hangs"), "{error:#}");
        let limit = Duration::from_secs(60);
        assert!(succeeds_within(&mut Command::new("true"), limit).unwrap());
        assert!(!succeeds_within(&mut Command::new("false"), limit).unwrap());
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = output(&mut Command::new("/nowhere/frobnicate")).expect_err("not there");
        assert!(format!("{error:#}").contains("frobnicate"));
    }
}
