//! What a site asks, and how the answers are read.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::codec::{Frame, FrameError, RequestId, encode_request, read_as};
use crate::message::{
    Accepted, EndpointsFind, EndpointsFound, Find, FindResult, Health, Ping, Release,
    ReleaseResult, Retrieve, RetrieveResult, SessionStart, SiteLimits,
};

/// A question to an ECM.
#[derive(Clone, Debug)]
pub enum Ask {
    /// `credentials.find`.
    Find(Box<Find>),
    /// `credentials.retrieve`.
    Retrieve(Box<Retrieve>),
    /// `credentials.release`.
    Release(Release),
    /// `health.check`.
    HealthCheck,
    /// `endpoints.find`.
    EndpointsFind(Box<EndpointsFind>),
    /// `session.start`.
    SessionStart(Box<SessionStart>),
}

/// An answer, of the kind that fits the question.
#[derive(Debug)]
pub enum Answered {
    /// To [`Ask::Find`], without items that came before as parts.
    Find(FindResult),
    /// To [`Ask::Retrieve`].
    Retrieve(Box<RetrieveResult>),
    /// To [`Ask::Release`].
    Release(ReleaseResult),
    /// To [`Ask::HealthCheck`].
    Health(Health),
    /// To [`Ask::EndpointsFind`].
    Endpoints(EndpointsFound),
    /// To [`Ask::SessionStart`].
    SessionStart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Find,
    Retrieve,
    Release,
    Health,
    Endpoints,
    SessionStart,
}

impl Ask {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Find(_) => Kind::Find,
            Self::Retrieve(_) => Kind::Retrieve,
            Self::Release(_) => Kind::Release,
            Self::HealthCheck => Kind::Health,
            Self::EndpointsFind(_) => Kind::Endpoints,
            Self::SessionStart(_) => Kind::SessionStart,
        }
    }

    /// Whether the ECM said that it serves this.
    pub(super) fn is_served(&self, accepted: &Accepted) -> bool {
        match self {
            Self::Find(_) | Self::Retrieve(_) => true,
            Self::Release(_) => accepted.release,
            Self::HealthCheck => accepted.health_check,
            Self::EndpointsFind(_) => !accepted.endpoint_search.is_empty(),
            Self::SessionStart(_) => accepted.session_start,
        }
    }

    pub(super) fn encode(&self, id: &RequestId) -> Frame {
        match self {
            Self::Find(find) => encode_request(id, "credentials.find", &**find),
            Self::Retrieve(retrieve) => encode_request(id, "credentials.retrieve", &**retrieve),
            Self::Release(release) => encode_request(id, "credentials.release", release),
            Self::HealthCheck => encode_request(id, "health.check", &Ping {}),
            Self::EndpointsFind(find) => encode_request(id, "endpoints.find", &**find),
            Self::SessionStart(start) => encode_request(id, "session.start", &**start),
        }
    }

    pub(super) fn wait(&self, limits: &SiteLimits) -> Duration {
        let (own, default) = match self {
            Self::Find(find) => (find.meta.deadline_ms, limits.find_deadline_ms),
            Self::EndpointsFind(find) => (find.meta.deadline_ms, limits.find_deadline_ms),
            Self::HealthCheck => (None, limits.find_deadline_ms),
            Self::Retrieve(retrieve) => (retrieve.meta.deadline_ms, limits.retrieve_deadline_ms),
            Self::SessionStart(start) => (start.meta.deadline_ms, limits.retrieve_deadline_ms),
            Self::Release(_) => (None, limits.retrieve_deadline_ms),
        };
        Duration::from_millis(own.unwrap_or(default))
    }
}

impl Answered {
    /// Leaves out items that came before as parts, and what is more than the site takes.
    pub(super) fn without_repeated(self, seen: &mut HashSet<String>, max_results: usize) -> Self {
        let Self::Find(mut result) = self else { return self };
        let offered = result.items.len();
        result.items.retain(|item| seen.len() < max_results && seen.insert(item.id.clone()));
        result.truncated |= result.items.len() < offered && seen.len() == max_results;
        Self::Find(result)
    }
}

pub(super) fn read(kind: Kind, raw: &RawValue) -> Result<Answered, FrameError> {
    let raw = Some(raw);
    Ok(match kind {
        Kind::Find => Answered::Find(read_as(raw)?.value),
        Kind::Retrieve => Answered::Retrieve(Box::new(read_as(raw)?.value)),
        Kind::Release => Answered::Release(read_as(raw)?.value),
        Kind::Health => Answered::Health(read_as(raw)?.value),
        Kind::Endpoints => Answered::Endpoints(read_as(raw)?.value),
        Kind::SessionStart => Answered::SessionStart,
    })
}
