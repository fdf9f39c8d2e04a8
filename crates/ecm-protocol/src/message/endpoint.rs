//! External Jump Items: endpoints that the vault knows and the site does not.

use serde::{Deserialize, Serialize};

use super::greeting::EndpointKind;
use super::question::Meta;
use super::user::User;

/// `endpoints.find`: which external Jump Items are there?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointsFind {
    /// Reference, deadline, trace.
    #[serde(default)]
    pub meta: Meta,
    /// Who asks.
    pub user: User,
    /// Kinds wanted.
    pub kinds: Vec<EndpointKind>,
    /// Search text, at most 256 characters.
    #[serde(default)]
    pub text: String,
    /// Only so many of those used last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent: Option<u32>,
}

/// The answer to [`EndpointsFind`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointsFound {
    /// What was found.
    pub items: Vec<Endpoint>,
    /// Whether there was more.
    pub truncated: bool,
}

/// An external Jump Item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Opaque id.
    pub id: String,
    /// What the user sees.
    pub display: String,
    /// RDP or SSH.
    pub kind: EndpointKind,
    /// Machine name or address.
    pub hostname: String,
    /// Port, where it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The network it is in: the vault's workgroup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_id: Option<String>,
}
