//! The settings of one vault, held against what its plugin takes.

use std::collections::BTreeMap;

use secrecy::SecretSlice;
use serde_json::Value;
use source_plugin::{
    BATCH_ACCOUNTS, Hello, HostIdentity, LINE_LIMIT, Limits, Manifest, PROTOCOL, Rehearsal,
    SecretSetting, SettingKind,
};

use super::keeper::IN_FLIGHT;
use crate::config::reader::nearest;

/// One setting as it was given.
#[derive(Debug, Clone)]
pub enum Given {
    /// A value that may be shown.
    Plain(Value),
    /// The content of a secret reference.
    Secret(SecretSlice<u8>),
}

/// A setting that the plugin does not take, or one it misses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingProblem {
    /// Its name; empty when one is missing.
    pub setting: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub advice: String,
}

/// Checks the settings.
///
/// # Errors
///
/// Everything that is wrong.
pub fn check_settings(
    manifest: &Manifest,
    given: &BTreeMap<String, Given>,
) -> Result<(), Vec<SettingProblem>> {
    let mut problems = Vec::new();
    for (name, value) in given {
        let problem = |message: String, advice: String| SettingProblem {
            setting: name.clone(),
            message,
            advice,
        };
        let Some(spec) = manifest.setting(name) else {
            let known = manifest.settings.iter().map(|spec| spec.name.as_str());
            let advice = match nearest(name, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it takes: {}", known.collect::<Vec<_>>().join(", ")),
            };
            let message = format!("the plugin {} has no setting `{name}`", manifest.name);
            problems.push(problem(message, advice));
            continue;
        };
        let fits = match (value, spec.secret, spec.kind) {
            (Given::Secret(_), true, _) => continue,
            (Given::Secret(_), false, _) => false,
            (Given::Plain(_), true, _) => {
                problems.push(problem(
                    format!("`{name}` is a secret; this file must name its place"),
                    format!("write for example: {name} = {{ file = \"/etc/ecm-service/…\" }}"),
                ));
                continue;
            }
            (Given::Plain(value), false, SettingKind::Text) => value.is_string(),
            (Given::Plain(value), false, SettingKind::Number) => value.is_i64(),
            (Given::Plain(value), false, SettingKind::Switch) => value.is_boolean(),
        };
        if !fits {
            let message = format!("`{name}` must be {}", spec.kind.words());
            problems.push(problem(message, spec.help.clone()));
        }
    }
    for spec in manifest.settings.iter().filter(|spec| spec.required) {
        if !given.contains_key(&spec.name) {
            problems.push(SettingProblem {
                setting: String::new(),
                message: format!("the plugin {} needs the setting `{}`", manifest.name, spec.name),
                advice: if spec.help.is_empty() {
                    format!("add `{}` to [vault.settings]", spec.name)
                } else {
                    format!("add it to [vault.settings]: {}", spec.help)
                },
            });
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// The settings of a rehearsal. Its secrets are test data and stand there as they are.
#[must_use]
pub fn given_for_rehearsal(manifest: &Manifest, rehearsal: &Rehearsal) -> BTreeMap<String, Given> {
    let given = rehearsal.settings.iter().map(|(name, value)| {
        let is_secret = manifest.setting(name).is_some_and(|spec| spec.secret);
        let given = match value.as_str() {
            Some(text) if is_secret => Given::Secret(text.as_bytes().to_vec().into()),
            _ => Given::Plain(serde_json::to_value(value).unwrap_or_default()),
        };
        (name.clone(), given)
    });
    given.collect()
}

/// The greeting with these settings.
#[must_use]
pub fn hello(vault: &str, given: &BTreeMap<String, Given>) -> Hello {
    let (mut settings, mut secrets) = (BTreeMap::new(), BTreeMap::new());
    for (name, value) in given {
        match value {
            Given::Plain(value) => {
                settings.insert(name.clone(), value.clone());
            }
            Given::Secret(bytes) => {
                secrets.insert(name.clone(), SecretSetting { bytes: bytes.clone() });
            }
        }
    }
    Hello {
        protocol: vec![PROTOCOL],
        host: HostIdentity {
            name: "ecm-service".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        vault: vault.to_owned(),
        limits: Limits {
            line_bytes: LINE_LIMIT,
            in_flight: IN_FLIGHT,
            batch_accounts: BATCH_ACCOUNTS,
        },
        settings,
        secrets,
    }
}
