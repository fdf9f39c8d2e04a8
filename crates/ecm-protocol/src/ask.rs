//! What a site can ask an ECM, and what can be answered: the vocabulary of both ends.

use std::collections::HashSet;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::codec::{Frame, FrameError, RequestId, encode_request, read_as};
use crate::link::TextLimits;
use crate::message::{
    Accepted, EndpointsFind, EndpointsFound, Find, FindResult, Health, Meta, Ping, Release,
    ReleaseResult, Retrieve, RetrieveResult, SessionStart, SiteLimits,
};

/// Longest deadline that is believed: an hour.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// What a site can ask.
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

/// What can be answered; each fits one [`Ask`]. Items of a search that were sent as parts are not
/// among those of its answer.
#[derive(Debug)]
pub enum Answer {
    /// To [`Ask::Find`].
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

/// The methods, for those who must remember what was asked and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Find,
    Retrieve,
    Release,
    Health,
    Endpoints,
    SessionStart,
}

impl Kind {
    const fn method(self) -> &'static str {
        match self {
            Self::Find => "credentials.find",
            Self::Retrieve => "credentials.retrieve",
            Self::Release => "credentials.release",
            Self::Health => "health.check",
            Self::Endpoints => "endpoints.find",
            Self::SessionStart => "session.start",
        }
    }
}

impl Ask {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Find(_) => Kind::Find,
            Self::Retrieve(_) => Kind::Retrieve,
            Self::Release(_) => Kind::Release,
            Self::HealthCheck => Kind::Health,
            Self::EndpointsFind(_) => Kind::Endpoints,
            Self::SessionStart(_) => Kind::SessionStart,
        }
    }

    /// The method's name.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.kind().method()
    }

    fn meta(&self) -> Option<&Meta> {
        match self {
            Self::Find(find) => Some(&find.meta),
            Self::Retrieve(retrieve) => Some(&retrieve.meta),
            Self::EndpointsFind(find) => Some(&find.meta),
            Self::SessionStart(start) => Some(&start.meta),
            Self::Release(_) | Self::HealthCheck => None,
        }
    }

    /// How many rows the answer may have.
    pub(crate) fn room(&self, limits: &SiteLimits) -> usize {
        let wanted = match self {
            Self::Find(find) => find.want.max_results,
            _ => None,
        };
        let room = wanted.map_or(limits.max_results, |wanted| wanted.min(limits.max_results));
        usize::try_from(room).unwrap_or(usize::MAX)
    }

    /// How long the site waits: as it says, else as the greeting says.
    pub(crate) fn wait(&self, limits: &SiteLimits) -> Duration {
        let default = match self.kind() {
            Kind::Find | Kind::Endpoints | Kind::Health => limits.find_deadline_ms,
            Kind::Retrieve | Kind::Release | Kind::SessionStart => limits.retrieve_deadline_ms,
        };
        let wanted = self.meta().and_then(|meta| meta.deadline_ms).unwrap_or(default);
        Duration::from_millis(wanted).min(LONGEST_WAIT)
    }

    /// Whether the ECM said that it serves this.
    pub(crate) fn is_served(&self, accepted: &Accepted) -> bool {
        is_served(self.kind(), accepted)
    }

    pub(crate) fn encode(&self, id: &RequestId) -> Frame {
        let method = self.method();
        match self {
            Self::Find(find) => encode_request(id, method, &**find),
            Self::Retrieve(retrieve) => encode_request(id, method, &**retrieve),
            Self::Release(release) => encode_request(id, method, release),
            Self::HealthCheck => encode_request(id, method, &Ping {}),
            Self::EndpointsFind(find) => encode_request(id, method, &**find),
            Self::SessionStart(start) => encode_request(id, method, &**start),
        }
    }

    /// Reads a question and counts the members it does not know; none if the method is not
    /// served.
    pub(crate) fn read(
        method: &str,
        params: Option<&RawValue>,
        accepted: &Accepted,
    ) -> Result<Option<(Self, usize)>, FrameError> {
        const ALL: [Kind; 6] = [
            Kind::Find,
            Kind::Retrieve,
            Kind::Release,
            Kind::Health,
            Kind::Endpoints,
            Kind::SessionStart,
        ];
        let asked = ALL.into_iter().find(|kind| kind.method() == method);
        let Some(kind) = asked.filter(|kind| is_served(*kind, accepted)) else { return Ok(None) };
        Ok(Some(match kind {
            Kind::Find => checked(params, |find| Self::Find(Box::new(find)))?,
            Kind::Retrieve => checked(params, |retrieve| Self::Retrieve(Box::new(retrieve)))?,
            Kind::Release => checked(params, Self::Release)?,
            Kind::Health => (Self::HealthCheck, 0),
            Kind::Endpoints => checked(params, |find| Self::EndpointsFind(Box::new(find)))?,
            Kind::SessionStart => checked(params, |start| Self::SessionStart(Box::new(start)))?,
        }))
    }
}

fn is_served(kind: Kind, accepted: &Accepted) -> bool {
    match kind {
        Kind::Find | Kind::Retrieve => true,
        Kind::Release => accepted.release,
        Kind::Health => accepted.health_check,
        Kind::Endpoints => !accepted.endpoint_search.is_empty(),
        Kind::SessionStart => accepted.session_start,
    }
}

fn checked<T: DeserializeOwned + TextLimits>(
    params: Option<&RawValue>,
    ask: impl FnOnce(T) -> Ask,
) -> Result<(Ask, usize), FrameError> {
    let typed = read_as::<T>(params)?;
    typed.value.check_texts()?;
    Ok((ask(typed.value), typed.unknown_members))
}

impl Answer {
    /// The method it answers.
    #[must_use]
    pub fn method(&self) -> &'static str {
        let kind = match self {
            Self::Find(_) => Kind::Find,
            Self::Retrieve(_) => Kind::Retrieve,
            Self::Release(_) => Kind::Release,
            Self::Health(_) => Kind::Health,
            Self::Endpoints(_) => Kind::Endpoints,
            Self::SessionStart => Kind::SessionStart,
        };
        kind.method()
    }

    /// Reads what answers a question of this kind.
    pub(crate) fn read(kind: Kind, raw: &RawValue) -> Result<Self, FrameError> {
        let raw = Some(raw);
        Ok(match kind {
            Kind::Find => Self::Find(read_as(raw)?.value),
            Kind::Retrieve => Self::Retrieve(Box::new(read_as(raw)?.value)),
            Kind::Release => Self::Release(read_as(raw)?.value),
            Kind::Health => Self::Health(read_as(raw)?.value),
            Kind::Endpoints => Self::Endpoints(read_as(raw)?.value),
            Kind::SessionStart => Self::SessionStart,
        })
    }

    /// Leaves out items that came before as parts, and what is more than the site takes.
    pub(crate) fn without_repeated(self, seen: &mut HashSet<String>, max_results: usize) -> Self {
        let Self::Find(mut result) = self else { return self };
        let offered = result.items.len();
        result.items.retain(|item| seen.len() < max_results && seen.insert(item.id.clone()));
        result.truncated |= result.items.len() < offered && seen.len() == max_results;
        Self::Find(result)
    }
}
