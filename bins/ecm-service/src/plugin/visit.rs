//! A short visit: load a plugin, greet it, ask how it is, end it.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use source_plugin::HealthState;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::folder::Installed;
use super::keeper::Plugin;
use super::launch::Launch;
use super::life::{Introduction, Life, Pace};
use super::plugin_settings::{given_for_rehearsal, hello};
use crate::config::Config;
use crate::config::vault::VaultKind;
use crate::vaults::plugin_of;

/// What a visit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Visit {
    /// Name of the vault whose settings were used.
    pub vault: String,
    /// Whether it serves.
    pub serves: bool,
    /// Its version, when it was greeted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it can do beyond what every plugin must.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// What it says of its health.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthState>,
    /// Why it does not serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What it wrote to standard error last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<String>,
}

/// How a plugin is visited: with the settings of each vault that uses it, or else with those of its
/// rehearsal.
#[must_use]
pub fn to_visit(installed: &Installed, config: Option<&Config>) -> Vec<Plugin> {
    let vaults = config.map(|config| config.vaults.as_slice()).unwrap_or_default();
    let used = vaults.iter().filter_map(|vault| match &vault.kind {
        VaultKind::Plugin(used) if used.installed.folder == installed.folder => {
            Some(plugin_of(&vault.name, used))
        }
        _ => None,
    });
    let used: Vec<_> = used.collect();
    match &installed.manifest.rehearsal {
        Some(rehearsal) if used.is_empty() => {
            let given = given_for_rehearsal(&installed.manifest, rehearsal);
            vec![Plugin {
                vault: "rehearsal".to_owned(),
                launch: Launch::of(installed, Default::default()),
                introduction: Introduction {
                    hello: Arc::new(hello("rehearsal", &given)),
                    manifest: installed.manifest.clone(),
                },
                pace: Pace::with_calls_of(Duration::from_secs(10)),
            }]
        }
        _ => used,
    }
}

/// Visits a plugin.
pub async fn visit(plugin: &Plugin) -> Visit {
    let mut found = Visit {
        vault: plugin.vault.clone(),
        serves: false,
        version: None,
        capabilities: Vec::new(),
        health: None,
        problem: None,
        said: Vec::new(),
    };
    let mut life = match Life::begin(&plugin.vault, &plugin.launch, plugin.pace.write) {
        Ok(life) => life,
        Err(end) => {
            found.problem = Some(end.to_string());
            return found;
        }
    };
    let last_words = life.last_words();
    match life.greet(&plugin.introduction, plugin.pace.greeting).await {
        Ok(abilities) => {
            found.version = Some(abilities.version);
            found.capabilities = abilities.capabilities.iter().map(ToString::to_string).collect();
            match ask_health(&mut life, &plugin.pace).await {
                Ok(HealthState::Down { detail }) => {
                    let said = detail.unwrap_or_else(|| "it does not say why".to_owned());
                    found.problem = Some(format!("it says that it cannot serve: {said}"));
                }
                Ok(health) => {
                    found.serves = true;
                    found.health = Some(health);
                }
                Err(problem) => found.problem = Some(problem),
            }
        }
        Err(end) => found.problem = Some(end.to_string()),
    }
    let how = life.end().await;
    if let Some(problem) = found.problem.as_mut().filter(|words| words.starts_with("it ended")) {
        problem.push_str(&format!(" ({how})"));
    }
    if !found.serves {
        found.said = last_words.lines();
    }
    found
}

/// Serves nobody until the first question about health is answered.
async fn ask_health(life: &mut Life, pace: &Pace) -> Result<HealthState, String> {
    let at_once = Pace { look: Duration::ZERO, ..*pace };
    let (_nobody, mut orders) = mpsc::unbounded_channel();
    let (stop, mut stopped) = watch::channel(false);
    let mut heard = None;
    let serving = life.serve(&mut orders, &mut stopped, &at_once, |health| {
        heard = Some(health.clone());
        stop.send_replace(true);
    });
    match timeout(pace.call.saturating_mul(2), serving).await {
        Ok(end) => heard.ok_or_else(|| end.to_string()),
        Err(_) => Err("it does not answer when asked how it is".to_owned()),
    }
}
