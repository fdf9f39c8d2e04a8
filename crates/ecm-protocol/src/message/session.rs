//! Life of sessions and of the link itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::question::{Meta, SessionRef};
use super::target::Target;
use super::user::User;

/// `session.start`: the vault side opens the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStart {
    /// Reference, deadline, trace.
    #[serde(default)]
    pub meta: Meta,
    /// The session.
    pub session: SessionRef,
    /// Who.
    pub user: User,
    /// Where.
    pub target: Target,
    /// With which credential.
    pub credential_id: String,
}

/// `session.started`: with a link to its recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStarted {
    /// The session.
    pub session: SessionRef,
    /// Where its recording can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_url: Option<String>,
    /// For how many seconds that link works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_url_expires_in_s: Option<u64>,
}

/// `session.completed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCompleted {
    /// The session.
    pub session: SessionRef,
    /// When it ended.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "super::wire_time::write_if_any"
    )]
    pub ended_at: Option<Timestamp>,
}

/// `ecm.health`, and the answer to `health.check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// How the ECM is.
    pub state: HealthState,
    /// Why, in words without addresses or secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// How an ECM is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// Everything answers.
    Up,
    /// Some vault does not answer.
    Degraded,
    /// No vault answers.
    Down,
}

/// `ecm.drain`: no new work from me, or to me; what runs is finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drain {
    /// How long what runs may take, in milliseconds.
    pub grace_ms: u64,
    /// Why.
    pub reason: String,
}

/// `ecm.rank`: the place among the peers changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankChanged {
    /// 1 for the one that is asked.
    pub position: u32,
    /// How many are connected.
    pub peers: u32,
}

/// `$/cancel`: nobody waits any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel {
    /// The id of the question.
    pub id: String,
}

/// `$/ping`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {}

/// The answer to [`Ping`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    /// The answerer's clock.
    #[serde(serialize_with = "super::wire_time::write")]
    pub at: Timestamp,
}
