//! Settings that are replaced while the service runs: mapping, directories, and the log's level.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ecm_core::Broker;
use rustls::pki_types::CertificateDer;
use service_host::logging::{Level, LogControl};
use toml_edit::DocumentMut;

use crate::config::{Config, Process};
use crate::directories::mapping_of;
use crate::event_code::Event;

/// Tables that can change while the service runs.
const LIVE: [&str; 2] = ["mapping", "directory"];

/// Reads the configuration file anew.
pub struct Reloader {
    path: PathBuf,
    broker: Arc<Broker>,
    roots: Vec<CertificateDer<'static>>,
    log: LogControl,
    /// The level that the file had last. What was set by hand since then stays until that changes.
    level: Mutex<Level>,
    /// What is in force until the next start, by its name at the top of the file.
    fixed: BTreeMap<String, String>,
}

impl Reloader {
    /// For the service that was started with `config`.
    #[must_use]
    pub fn new(
        config: &Config,
        broker: Arc<Broker>,
        roots: Vec<CertificateDer<'static>>,
        log: LogControl,
    ) -> Self {
        let fixed = std::fs::read_to_string(&config.path).map(|text| fixed_parts(&text));
        let fixed = fixed.unwrap_or_default();
        let level = Mutex::new(config.log.level.clone());
        Self { path: config.path.clone(), broker, roots, log, level, fixed }
    }

    /// Puts mapping, directories and log level of the file in force. If anything in the file is
    /// wrong, all that was in force stays. Answers the names of what else has changed, which takes
    /// a restart.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    pub fn reload(&self) -> Result<Vec<String>, String> {
        let outcome = Config::load(&self.path, &Process)
            .map_err(|problems| problems.to_string())
            .and_then(|config| {
                let mapping =
                    mapping_of(&config, &self.roots).map_err(|error| error.to_string())?;
                Ok((config, mapping))
            });
        let (config, mapping) = match outcome {
            Ok(read) => read,
            Err(words) => {
                Event::mapping_kept(&words).log();
                return Err(words);
            }
        };
        self.broker.replace_rules(Arc::new(mapping));
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        if *level != config.log.level {
            level.clone_from(&config.log.level);
            self.log.set(level.clone(), None);
        }
        drop(level);
        for warning in &config.warnings {
            tracing::warn!(line = warning.line, "configuration: {}", warning.message);
        }
        Event::mapping_replaced(&self.path.display().to_string()).log();
        let now = std::fs::read_to_string(&self.path).map(|text| fixed_parts(&text));
        let changed = now.map(|now| differences(&self.fixed, &now)).unwrap_or_default();
        if !changed.is_empty() {
            tracing::warn!(changed = changed.join(", "), "changes of these take a restart");
        }
        Ok(changed)
    }

    /// Waits for SIGHUP, again and again, and reloads.
    #[cfg(unix)]
    pub async fn on_signal(self: Arc<Self>) {
        use tokio::signal::unix::{SignalKind, signal};
        let mut hang_up = match signal(SignalKind::hangup()) {
            Ok(signal) => signal,
            Err(error) => {
                tracing::warn!(%error, "SIGHUP cannot be heard");
                return;
            }
        };
        while hang_up.recv().await.is_some() {
            // What went wrong has been told as an event.
            let _ = self.reload();
        }
    }
}

/// Everything at the top of a file but what can change in a running service; comments aside.
fn fixed_parts(text: &str) -> BTreeMap<String, String> {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return BTreeMap::new() };
    for name in LIVE {
        document.remove(name);
    }
    if let Some(log) = document.get_mut("log").and_then(|log| log.as_table_like_mut()) {
        log.remove("level");
    }
    let Ok(table) = toml::from_str::<toml::Table>(&document.to_string()) else {
        return BTreeMap::new();
    };
    table.into_iter().map(|(name, value)| (name, value.to_string())).collect()
}

fn differences(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> Vec<String> {
    let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
    names.filter(|name| one.get(*name) != other.get(*name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_a_restart_is_named_and_nothing_else() {
        let before =
            fixed_parts("a = 1\n[log]\nlevel = 'info'\n[[vault]]\nname = 'x'\n[mapping]\nv = 1");
        for (after, expected) in [
            (
                "# words\na = 1\n[[vault]]\nname = 'x' # x\n[log]\nlevel = 'debug'\n[mapping]\nv = 2",
                &[][..],
            ),
            ("a = 2\n[log]\n[[vault]]\nname = 'x'", &["a"]),
            (
                "a = 1\n[log]\nformat = 'json'\n[[vault]]\nname = 'y'\n[traces]\nb = 1",
                &["log", "vault", "traces"],
            ),
            ("[log]\n[[vault]]\nname = 'x'", &["a"]),
        ] {
            assert_eq!(differences(&before, &fixed_parts(after)), expected, "{after}");
        }
    }
}
