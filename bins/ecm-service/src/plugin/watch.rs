//! Whether a plugin is there, for what the sites are told.

use std::sync::Arc;
use std::time::Duration;

use source_plugin::HealthState;
use tokio::time::sleep;

use super::caller::State;
use super::keeper::Kept;
use crate::vault_watch::{Trouble, VaultBoard};

/// How often it is looked at. The plugin itself is asked by its keeper, more seldom.
const LOOK: Duration = Duration::from_secs(5);

/// Looks for ever.
pub async fn keep_watch(vault: String, kept: Arc<Kept>, board: VaultBoard) {
    loop {
        let outcome = match (kept.caller().state(), kept.health()) {
            (State::Ready(_), HealthState::Up | HealthState::Degraded { .. }) => Ok(()),
            (State::Ready(_), HealthState::Down { detail }) => {
                let said = detail.as_deref().map(source_plugin::words_for_a_log);
                let said = said.unwrap_or_else(|| "it does not say why".to_owned());
                Err(format!("the plugin cannot serve: {said}"))
            }
            (State::Waiting { why }, _) => Err(format!("the plugin is not there: {why}")),
            // It is about to be the one or the other.
            (State::Starting, _) => {
                sleep(Duration::from_secs(1)).await;
                continue;
            }
            (State::Stopped, _) => return,
        };
        let outcome = outcome.map_err(Trouble::Unreachable);
        if let Some(event) = board.tried(&vault, &outcome) {
            event.log();
        }
        sleep(LOOK).await;
    }
}
