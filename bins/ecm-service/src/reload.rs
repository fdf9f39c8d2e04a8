//! Mapping rules and directories that are replaced while the service runs.

use std::path::Path;

use ecm_core::Broker;
use rustls::pki_types::CertificateDer;
use std::sync::Arc;

use crate::config::{Config, Process};
use crate::directories::mapping_of;
use crate::event_code::Event;

/// Reads the configuration file anew and puts its mapping and directories in force. If anything
/// in the file is wrong, what was in force stays. Everything else of the file takes a restart.
pub fn reload_mapping(path: &Path, broker: &Broker, roots: &[CertificateDer<'static>]) {
    let config = match Config::load(path, &Process) {
        Ok(config) => config,
        Err(problems) => return Event::mapping_kept(&problems.to_string()).log(),
    };
    match mapping_of(&config, roots) {
        Ok(mapping) => {
            broker.replace_rules(Arc::new(mapping));
            for warning in &config.warnings {
                tracing::warn!(line = warning.line, "configuration: {}", warning.message);
            }
            Event::mapping_replaced(&path.display().to_string()).log();
        }
        Err(error) => Event::mapping_kept(&error.to_string()).log(),
    }
}

/// Waits for SIGHUP, again and again, and reloads.
#[cfg(unix)]
pub async fn reload_on_signal(
    path: std::path::PathBuf,
    broker: Arc<Broker>,
    roots: Vec<CertificateDer<'static>>,
) {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hang_up = match signal(SignalKind::hangup()) {
        Ok(signal) => signal,
        Err(error) => {
            tracing::warn!(%error, "SIGHUP cannot be heard, so rules change by a restart only");
            return;
        }
    };
    while hang_up.recv().await.is_some() {
        reload_mapping(&path, &broker, &roots);
    }
}
