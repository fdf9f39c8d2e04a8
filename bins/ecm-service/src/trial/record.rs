//! `configurator.log`: what was tried, and in more detail than a screen shows how it went.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use service_host::state_dir::{make_private, private_options};

/// File name in the state folder.
const FILE: &str = "configurator.log";
/// A file that has grown to this is kept as `configurator.log.1`, and a new one begun.
const FULL: u64 = 5 * 1024 * 1024;

/// The log of the trials.
#[derive(Debug, Clone)]
pub struct Record(PathBuf);

impl Record {
    /// The one in this state folder.
    #[must_use]
    pub fn of(state_dir: &Path) -> Self {
        Self(state_dir.join(FILE))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Adds what happened; a trial is useful without its log, so a failure is told and no more.
    pub fn add_or_warn(&self, what: &str, told: impl fmt::Display) {
        if let Err(error) = self.add(what, told) {
            tracing::warn!(path = %self.0.display(), %error, "the log of trials cannot be written");
        }
    }

    /// Adds what happened. Control characters of what was typed are shown, not obeyed.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn add(&self, what: &str, told: impl fmt::Display) -> io::Result<()> {
        if let Some(folder) = self.0.parent() {
            make_private(folder)?;
        }
        if fs::metadata(&self.0).is_ok_and(|found| found.len() > FULL) {
            fs::rename(&self.0, self.0.with_extension("log.1"))?;
        }
        let mut file = private_options().append(true).open(&self.0)?;
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
        let mut text = format!("{now} {what}\n");
        for line in told.to_string().lines() {
            let line: String =
                line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            text.push_str(&format!("    {line}\n"));
        }
        file.write_all(text.as_bytes())
    }
}
