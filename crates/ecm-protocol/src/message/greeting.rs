//! The greeting: who we are, what we can, what holds on this link.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::de::value::{Error as Unknown, StringDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::lease::CredentialKind;

/// `ecm.hello`: the ECM's first message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Versions of this protocol that the ECM speaks.
    pub protocol: ProtocolRange,
    /// The program.
    pub product: Product,
    /// This running instance of it.
    pub instance: Instance,
    /// What answers behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<Plugin>,
    /// What the ECM insists on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expectation>,
    /// What the ECM can.
    pub capabilities: Capabilities,
    /// What the ECM can bear.
    pub limits: Limits,
}

/// Lowest and highest version, each `major.minor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtocolRange {
    /// Lowest.
    pub min: String,
    /// Highest.
    pub max: String,
}

/// A program and what it was built for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The revision it was built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// Operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
}

/// One running ECM. A newer link with the same `id` replaces the older one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Stays over restarts.
    pub id: String,
    /// New at each start.
    pub boot_id: String,
    /// Name of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// When the program started.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "super::wire_time::write_if_any"
    )]
    pub started_at: Option<Timestamp>,
}

/// What answers behind an ECM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plugin {
    /// Its name, such as `password-safe`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its vaults.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vaults: Vec<VaultStatus>,
}

/// One vault, by the name it has in the ECM's configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultStatus {
    /// Its name. Never its address.
    pub name: String,
    /// Whether it answers.
    pub state: VaultState,
}

/// Whether a vault answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VaultState {
    /// It answers.
    Up,
    /// It does not.
    Down,
    /// Nobody has asked it yet.
    Unknown,
}

/// What the ECM insists on; else it is refused rather than serving the wrong tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// The ECM group its account must be in, compared without regard to ASCII case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// What an ECM can. Everything absent is "no".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// Sends parts of a search before its end.
    pub partial_results: bool,
    /// Wants `credentials.release`.
    pub release: bool,
    /// Wants `credentials.used`.
    pub credentials_used: bool,
    /// Kinds of external Jump Items that `endpoints.find` may ask for.
    #[serde(deserialize_with = "known_only")]
    pub endpoint_search: Vec<EndpointKind>,
    /// Answers `session.start`.
    pub session_start: bool,
    /// Wants `session.started` and `session.completed`.
    pub session_events: bool,
    /// Answers `health.check`.
    pub health_check: bool,
    /// Kinds of credentials it can hand over.
    #[serde(deserialize_with = "known_only")]
    pub credential_kinds: Vec<CredentialKind>,
}

/// What both sides can: the intersection. Same members as [`Capabilities`].
pub type Accepted = Capabilities;

impl Capabilities {
    /// What `self` and `other` both can.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let both = |mine: bool, theirs: bool| mine && theirs;
        Self {
            partial_results: both(self.partial_results, other.partial_results),
            release: both(self.release, other.release),
            credentials_used: both(self.credentials_used, other.credentials_used),
            endpoint_search: common(&self.endpoint_search, &other.endpoint_search),
            session_start: both(self.session_start, other.session_start),
            session_events: both(self.session_events, other.session_events),
            health_check: both(self.health_check, other.health_check),
            credential_kinds: common(&self.credential_kinds, &other.credential_kinds),
        }
    }
}

fn common<T: Copy + PartialEq>(mine: &[T], theirs: &[T]) -> Vec<T> {
    mine.iter().copied().filter(|kind| theirs.contains(kind)).collect()
}

/// A kind of external Jump Item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointKind {
    /// Remote desktop.
    Rdp,
    /// Shell.
    Ssh,
}

/// What one side can bear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Requests that may be open towards it at once.
    pub in_flight: u32,
    /// Bytes in one message.
    pub message_bytes: u32,
}

impl Default for Limits {
    /// 64 requests, 256 KiB.
    fn default() -> Self {
        Self { in_flight: 64, message_bytes: 262_144 }
    }
}

/// The answer to [`Hello`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version chosen, `major.minor`.
    pub protocol: String,
    /// This link.
    pub link_id: String,
    /// The site.
    pub site: SiteIdentity,
    /// The ECM group this link serves.
    pub group: Group,
    /// Its place among its peers; a site that cannot know says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<Rank>,
    /// How life is checked.
    pub heartbeat: Heartbeat,
    /// How long the token lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenLife>,
    /// What the site can bear, and how long it waits.
    pub limits: SiteLimits,
    /// What both can.
    pub accepted: Accepted,
    /// The site's clock.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "super::wire_time::write_if_any"
    )]
    pub clock: Option<Timestamp>,
}

/// Either half of the greeting, for code that handles both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// From the ECM.
    Hello(Box<Hello>),
    /// From the site.
    Welcome(Box<Welcome>),
}

/// Which site this is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteIdentity {
    /// The site's company name or other stable id.
    pub id: String,
    /// Its product, such as `rs` or `pra`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its role in a fail-over pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// An ECM group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its name; `Default` is the one that always exists.
    pub name: String,
}

/// Place among the ECMs of one group. Position 1 is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rank {
    /// 1 for the one that is asked.
    pub position: u32,
    /// How many are connected, this one included.
    pub peers: u32,
    /// How many may be.
    pub max_peers: u32,
}

/// How life is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Idle time after which a ping is sent, in milliseconds.
    pub interval_ms: u64,
    /// Silence after which the link is dead, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for Heartbeat {
    /// 20 and 50 seconds.
    fn default() -> Self {
        Self { interval_ms: 20_000, timeout_ms: 50_000 }
    }
}

/// How long the link's token lives, and how it may be renewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLife {
    /// Seconds left.
    pub expires_in_s: u64,
    /// `in_band` when `ecm.reauth` works on this site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reauth: Option<String>,
}

/// What the site can bear, and how long it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteLimits {
    /// Requests that may be open at once, per direction.
    pub in_flight: u32,
    /// Bytes in one message.
    pub message_bytes: u32,
    /// How long a search may take where the question does not say, in milliseconds.
    pub find_deadline_ms: u64,
    /// How long a retrieval may take where the question does not say, in milliseconds.
    pub retrieve_deadline_ms: u64,
    /// How many credentials a search may answer.
    pub max_results: u32,
}

impl Default for SiteLimits {
    /// 64 requests, 256 KiB, 15 s, 30 s, 200 results.
    fn default() -> Self {
        Self {
            in_flight: 64,
            message_bytes: 262_144,
            find_deadline_ms: 15_000,
            retrieve_deadline_ms: 30_000,
            max_results: 200,
        }
    }
}

/// `ecm.reauth`: a new bearer token for a live link. The answer is an empty object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reauth {
    /// The token: visible ASCII characters. Printed redacted; on the wire in base64, as every
    /// secret of this protocol.
    #[serde(rename = "token_b64", with = "super::secret_text")]
    pub token: SecretString,
}

/// Reads the kinds that this version knows and leaves the others out: a newer peer may have
/// more, and only what both know is ever used.
fn known_only<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let names = Vec::<String>::deserialize(deserializer)?;
    let known = |name: String| {
        let name: StringDeserializer<Unknown> = name.into_deserializer();
        T::deserialize(name).ok()
    };
    Ok(names.into_iter().filter_map(known).collect())
}
