//! The first exchange: who speaks, which version, what a plugin can do.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretSlice;
use serde::{Deserialize, Serialize};

/// The version of the protocol that this crate speaks.
pub const PROTOCOL: u32 = 1;

/// Method of the first call.
pub const HELLO: &str = "hello";

/// The service's first call.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Hello {
    /// Versions of the protocol the service speaks, best first.
    pub protocol: Vec<u32>,
    /// Who asks.
    pub host: HostIdentity,
    /// What the vault is called in the service's configuration.
    pub vault: String,
    /// What the plugin must keep to.
    pub limits: Limits,
    /// Settings that are no secrets: texts, whole numbers, true or false.
    #[serde(default)]
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Settings that are secrets.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretSetting>,
}

/// A secret setting; `Debug` does not show it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecretSetting {
    /// Its bytes.
    #[serde(rename = "b64", with = "ecm_protocol::message::secret_bytes")]
    pub bytes: SecretSlice<u8>,
}

/// Who asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HostIdentity {
    /// Name of the program.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What a plugin must keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Limits {
    /// Longest line in bytes, its line feed not counted.
    pub line_bytes: usize,
    /// How many calls are open at once, at most.
    pub in_flight: usize,
    /// Most accounts in one batch.
    pub batch_accounts: usize,
}

/// The answer to [`Hello`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Welcome {
    /// The version that is spoken from here on.
    pub protocol: u32,
    /// Who answers.
    pub plugin: PluginIdentity,
    /// What it can do beyond what every plugin must. Words that this version does not know are
    /// kept out by [`Capability::known`].
    #[serde(default)]
    pub capabilities: Vec<String>,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginIdentity {
    /// The name of its `plugin.toml`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What a plugin may be able to do. Every plugin can find, show an account, borrow, look up, read,
/// give back and tell its health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Says whether it lets a vault user in (`knows`).
    Knows,
    /// Says whether it knows a system at all (`presence`).
    Presence,
    /// Approves requests (`approve`).
    Approve,
    /// Has private keys.
    SshKeys,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Knows, Self::Presence, Self::Approve, Self::SshKeys];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Knows => "knows",
            Self::Presence => "presence",
            Self::Approve => "approve",
            Self::SshKeys => "ssh-keys",
        }
    }

    /// Those of a list of words that this version knows.
    #[must_use]
    pub fn known(words: &[String]) -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|known| words.iter().any(|word| word == known.word()))
            .collect()
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
