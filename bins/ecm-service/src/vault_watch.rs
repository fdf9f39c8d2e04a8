//! Whether the vaults can be reached, and what the sites are told about it.
//!
//! Questions alone would not show it: a site asks whoever is connected longest, and once we have
//! left that place, nobody asks us any more. So each vault's address is tried in intervals, as far
//! as a TLS handshake and no further.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ecm_protocol::message::{Health, HealthState, VaultState, VaultStatus};
use rustls::ClientConfig;
use service_host::outbound::{ProxyAddress, ReachError, reach_securely};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::event_code::Event;
use crate::site_link::wire::ConnectError;

/// How often a vault that answers is tried.
const WHILE_UP: Duration = Duration::from_secs(30);
/// How often one that does not.
const WHILE_DOWN: Duration = Duration::from_secs(10);
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Shorter outages are not told: links break, and come back.
const OUTAGE: Duration = Duration::from_secs(30);

/// One vault's address.
#[derive(Debug, Clone)]
pub struct WatchedVault {
    /// Its name in the configuration.
    pub name: String,
    /// Host, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Proxy to go through.
    pub proxy: Option<ProxyAddress>,
    /// Whom to trust.
    pub tls: Arc<ClientConfig>,
}

/// What is known about each vault; cheap to share.
#[derive(Debug, Clone)]
pub struct VaultBoard {
    states: Arc<Mutex<BTreeMap<String, Known>>>,
    health: watch::Sender<Health>,
}

#[derive(Debug, Clone, Copy)]
enum Known {
    /// Not tried yet.
    Nothing,
    Up,
    /// It does not answer, since then.
    Silent(Instant),
    /// For so long that it was told.
    Down,
}

impl VaultBoard {
    /// A board for these vaults, none of which has been tried yet.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let states = names.into_iter().map(|name| (name, Known::Nothing)).collect();
        let health = watch::Sender::new(Health { state: HealthState::Up, detail: None });
        Self { states: Arc::new(Mutex::new(states)), health }
    }

    /// Follows what the sites are told.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// The vaults as a greeting names them.
    #[must_use]
    pub fn statuses(&self) -> Vec<VaultStatus> {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = |known: &Known| match known {
            Known::Nothing => VaultState::Unknown,
            Known::Up | Known::Silent(_) => VaultState::Up,
            Known::Down => VaultState::Down,
        };
        states
            .iter()
            .map(|(name, known)| VaultStatus { name: name.clone(), state: state(known) })
            .collect()
    }

    /// Notes the outcome of one try. Answers what the operator should hear.
    pub fn tried(&self, name: &str, outcome: &Result<(), Trouble>) -> Option<Event> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let known = states.get_mut(name)?;
        let (next, event) = match (&outcome, *known) {
            (Ok(()), Known::Down) => (Known::Up, Some(Event::vault_back(name))),
            (Ok(()), _) => (Known::Up, None),
            (Err(error), Known::Silent(since)) if since.elapsed() >= OUTAGE => {
                (Known::Down, Some(error.event(name)))
            }
            (Err(_), silent @ (Known::Silent(_) | Known::Down)) => (silent, None),
            (Err(_), Known::Nothing | Known::Up) => (Known::Silent(Instant::now()), None),
        };
        *known = next;
        let down = states.values().filter(|known| matches!(known, Known::Down)).count();
        let state = match down {
            0 => HealthState::Up,
            _ if down == states.len() => HealthState::Down,
            _ => HealthState::Degraded,
        };
        let detail = (down > 0).then(|| format!("{down} of {} vaults do not answer", states.len()));
        self.health.send_if_modified(|health| {
            let told = health.state;
            *health = Health { state, detail };
            told != state
        });
        event
    }
}

/// What keeps a vault from answering, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Its certificate is not trusted.
    Untrusted(String),
    /// Anything else.
    Unreachable(String),
}

impl Trouble {
    fn event(&self, vault: &str) -> Event {
        match self {
            Self::Untrusted(words) => Event::vault_untrusted(vault, words),
            Self::Unreachable(words) => Event::vault_unreachable(vault, words),
        }
    }
}

impl From<ConnectError> for Trouble {
    fn from(error: ConnectError) -> Self {
        match &error {
            ConnectError::NotReached(ReachError::Untrusted { .. }) => {
                Self::Untrusted(error.to_string())
            }
            _ => Self::Unreachable(error.to_string()),
        }
    }
}

/// Tries one vault for ever.
pub async fn keep_watch(vault: WatchedVault, board: VaultBoard) {
    loop {
        let reached =
            reach_securely(&vault.host, vault.port, vault.proxy.as_ref(), Arc::clone(&vault.tls));
        let outcome = match timeout(PATIENCE, reached).await {
            Ok(outcome) => outcome.map(drop).map_err(ConnectError::from),
            Err(_) => Err(ConnectError::TimedOut { waited: PATIENCE }),
        };
        if let Err(error) = &outcome {
            tracing::debug!(vault = vault.name, %error, "vault does not answer");
        }
        let outcome = outcome.map_err(Trouble::from);
        if let Some(event) = board.tried(&vault.name, &outcome) {
            event.log();
        }
        sleep(if outcome.is_ok() { WHILE_UP } else { WHILE_DOWN }).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_long_outages_are_told_and_only_all_vaults_together_mean_down() {
        let board = VaultBoard::new(["a".to_owned(), "b".to_owned()]);
        let health = board.health();
        let dark = Err(Trouble::from(ConnectError::TimedOut { waited: PATIENCE }));
        assert_eq!(board.statuses()[0].state, VaultState::Unknown);
        assert!(board.tried("a", &Ok(())).is_none());
        assert!(board.tried("a", &dark).is_none());
        sleep(Duration::from_secs(29)).await;
        assert!(board.tried("a", &dark).is_none());
        assert!(board.tried("a", &Ok(())).is_none(), "nobody was told of it");
        assert!(board.tried("a", &dark).is_none());
        sleep(OUTAGE).await;
        assert_eq!(board.tried("a", &dark).unwrap().code().number, 301);
        assert!(board.tried("a", &dark).is_none(), "told once");
        assert_eq!(health.borrow().state, HealthState::Degraded);
        board.tried("b", &dark);
        sleep(OUTAGE).await;
        board.tried("b", &dark);
        assert_eq!(health.borrow().state, HealthState::Down);
        assert_eq!(board.tried("b", &Ok(())).unwrap().code().number, 304);
        assert_eq!(health.borrow().state, HealthState::Degraded);
    }
}
