//! What a running service says about itself: the data behind `ecm-service status`.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::metrics::Latencies;

/// A snapshot of the running service. Holds no secrets and no user names.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Status {
    /// Version of the program.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// When it started.
    pub started_at: Timestamp,
    /// What is logged now.
    pub log_level: String,
    /// The sites it serves.
    pub sites: Vec<SiteStatus>,
    /// The vaults it asks.
    pub vaults: Vec<VaultStatus>,
    /// Release requests that are still to be given back.
    pub open_leases: usize,
    /// How many searches took how long.
    #[serde(default)]
    pub latencies: Latencies,
}

/// One site.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SiteStatus {
    /// Its name in the configuration.
    pub name: String,
    /// Its address.
    pub address: String,
    /// What the link is doing.
    pub state: LinkState,
    /// Since when.
    pub since: Timestamp,
    /// ECM group the site put us into.
    pub group: Option<String>,
    /// Place in the site's queue of ECMs; 1 is asked first.
    pub position: Option<u32>,
    /// How many ECMs are connected to that group.
    pub peers: Option<u32>,
    /// Why the last link ended or was not made.
    pub last_problem: Option<String>,
    /// Questions answered since start.
    pub answered: u64,
}

/// One vault.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VaultStatus {
    /// Its name in the configuration.
    pub name: String,
    /// Its address.
    pub url: String,
    /// Vault users signed in now.
    pub sessions: usize,
}

/// What a link is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// Waiting before the next try.
    Waiting,
    /// Fetching a token, dialling, greeting.
    Connecting,
    /// Serving.
    Ready,
    /// Finishing what runs, taking nothing new.
    Draining,
    /// Ended.
    Stopped,
}

/// The part of the status one site writes; cheap to share.
#[derive(Debug, Clone)]
pub struct SiteBoard(Arc<Mutex<SiteStatus>>);

impl SiteBoard {
    /// A board for a site that is not connected yet.
    #[must_use]
    pub fn new(name: String, address: String, now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(SiteStatus {
            name,
            address,
            state: LinkState::Connecting,
            since: now,
            group: None,
            position: None,
            peers: None,
            last_problem: None,
            answered: 0,
        })))
    }

    /// Changes the state; `since` moves only when the state really changes.
    pub fn enter(&self, state: LinkState, now: Timestamp) {
        self.edit(|status| {
            if status.state != state {
                status.state = state;
                status.since = now;
            }
            if state != LinkState::Ready && state != LinkState::Draining {
                status.position = None;
                status.peers = None;
            }
        });
    }

    /// Edits the status.
    pub fn edit(&self, edit: impl FnOnce(&mut SiteStatus)) {
        edit(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A copy of it.
    #[must_use]
    pub fn snapshot(&self) -> SiteStatus {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
