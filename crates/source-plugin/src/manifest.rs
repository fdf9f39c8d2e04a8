//! `plugin.toml`: what a plugin says of itself before it is started.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::greeting::Capability;

/// Most settings one plugin may have.
const SETTINGS: usize = 64;

/// The description of a plugin.
///
/// ```
/// let manifest = source_plugin::Manifest::parse(r#"
///     name = "team-vault"
///     version = "1.0.0"
///     protocol = [1]
///     command = ["./team-vault"]
///
///     [[setting]]
///     name = "file"
///     kind = "text"
///     required = true
///     help = "Where the vault's file is."
/// "#)?;
/// assert_eq!(manifest.name, "team-vault");
/// assert!(!manifest.settings[0].secret);
/// # Ok::<(), source_plugin::ManifestError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// The name it is chosen by; that of its folder.
    pub name: String,
    /// Its version, for people.
    pub version: String,
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// Versions of the protocol it speaks.
    pub protocol: Vec<u32>,
    /// Program and arguments. A program with a slash counts from the plugin's folder; no shell is
    /// involved.
    pub command: Vec<String>,
    /// What it can do beyond what every plugin must.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    /// The settings it takes.
    #[serde(default, rename = "setting")]
    pub settings: Vec<SettingSpec>,
    /// With what the conformance test can try it.
    #[serde(default)]
    pub rehearsal: Option<Rehearsal>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SettingSpec {
    /// Its name.
    pub name: String,
    /// What it holds.
    #[serde(default)]
    pub kind: SettingKind,
    /// Whether a vault without it is refused.
    #[serde(default)]
    pub required: bool,
    /// Whether it is a secret: given by reference, and never shown.
    #[serde(default)]
    pub secret: bool,
    /// One line for people.
    #[serde(default)]
    pub help: String,
}

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingKind {
    /// Text.
    #[default]
    Text,
    /// A whole number.
    Number,
    /// True or false.
    Switch,
}

impl SettingKind {
    /// In words, with its article.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Number => "a whole number",
            Self::Switch => "true or false",
        }
    }
}

/// With what the conformance test tries a plugin: test data that comes with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rehearsal {
    /// A vault user who may borrow something.
    pub vault_user: String,
    /// A host on which they may.
    pub host: String,
    /// Settings, secrets included: they are for test data.
    #[serde(default)]
    pub settings: BTreeMap<String, toml::Value>,
}

/// What is wrong with a `plugin.toml`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Not TOML, or a key that does not fit.
    #[error("plugin.toml cannot be read: {words}")]
    Unreadable {
        /// The reader's words, on one line.
        words: String,
    },
    /// A value that cannot be.
    #[error("`{key}` in plugin.toml {why}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl Manifest {
    /// Reads and checks one.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| {
                let before = text.as_bytes().get(..span.start).unwrap_or_default();
                before.iter().filter(|byte| **byte == b'\n').count() + 1
            });
            ManifestError::Unreadable { words: format!("line {at}: {}", error.message()) }
        })?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let wrong = |key, why| Err(ManifestError::Value { key, why });
        if !is_name(&self.name) {
            return wrong("name", "must be 1 to 40 letters, digits, dots, dashes or underscores");
        }
        if self.version.is_empty() || self.version.len() > 40 {
            return wrong("version", "must have 1 to 40 characters");
        }
        if self.protocol.is_empty() {
            return wrong("protocol", "is an empty list");
        }
        if self.command.first().is_none_or(String::is_empty) {
            return wrong("command", "names no program");
        }
        if self.settings.len() > SETTINGS {
            return wrong("setting", "occurs more than 64 times");
        }
        for (at, setting) in self.settings.iter().enumerate() {
            if !is_name(&setting.name) {
                return wrong("setting.name", "must be 1 to 40 letters, digits, dots or dashes");
            }
            if setting.secret && setting.kind != SettingKind::Text {
                return wrong("setting.kind", "of a secret must be text");
            }
            let earlier = self.settings.get(..at).unwrap_or_default();
            if earlier.iter().any(|other| other.name == setting.name) {
                return wrong("setting.name", "is used twice");
            }
        }
        Ok(())
    }

    /// The setting of this name.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&SettingSpec> {
        self.settings.iter().find(|setting| setting.name == name)
    }
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (1..=40).contains(&text.len()) && text.chars().all(fits) && !text.starts_with('.')
}
