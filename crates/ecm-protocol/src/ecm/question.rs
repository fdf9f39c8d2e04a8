//! What a site asks an ECM, and what can be answered.

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::codec::{FrameError, RequestId, read_as};
use crate::link::TextLimits;
use crate::message::{
    Accepted, EndpointsFind, EndpointsFound, Find, FindResult, Health, Meta, Release,
    ReleaseResult, Retrieve, RetrieveResult, SessionStart, SiteLimits,
};

/// Longest deadline that is believed: an hour.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// A question that is owed an answer.
#[derive(Debug)]
pub struct Question {
    /// To be repeated in the answer.
    pub id: RequestId,
    /// What is asked.
    pub ask: Ask,
    /// When it came.
    pub received: Instant,
    /// When to answer with what there is: nine tenths of the deadline.
    pub answer_by: Instant,
    /// When nobody waits any more.
    pub deadline: Instant,
}

/// What a site can ask.
#[derive(Debug)]
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

/// What can be answered; each fits one [`Ask`].
#[derive(Debug)]
pub enum Answer {
    /// To [`Ask::Find`]. Items already sent as parts are left out by the link.
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

impl Answer {
    /// The method it answers.
    #[must_use]
    pub fn method(&self) -> &'static str {
        match self {
            Self::Find(_) => "credentials.find",
            Self::Retrieve(_) => "credentials.retrieve",
            Self::Release(_) => "credentials.release",
            Self::Health(_) => "health.check",
            Self::Endpoints(_) => "endpoints.find",
            Self::SessionStart => "session.start",
        }
    }
}

/// Whether an answer goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is on its way.
    Queued,
    /// Nobody waits for it any more.
    Late,
}

impl Ask {
    /// The method's name.
    #[must_use]
    pub fn method(&self) -> &'static str {
        match self {
            Self::Find(_) => "credentials.find",
            Self::Retrieve(_) => "credentials.retrieve",
            Self::Release(_) => "credentials.release",
            Self::HealthCheck => "health.check",
            Self::EndpointsFind(_) => "endpoints.find",
            Self::SessionStart(_) => "session.start",
        }
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
    pub(super) fn room(&self, limits: &SiteLimits) -> usize {
        let wanted = match self {
            Self::Find(find) => find.want.max_results,
            _ => None,
        };
        let room = wanted.map_or(limits.max_results, |wanted| wanted.min(limits.max_results));
        usize::try_from(room).unwrap_or(usize::MAX)
    }

    /// How long the site waits: as it says, else as the greeting says.
    pub(super) fn wait(&self, limits: &SiteLimits) -> Duration {
        let default = match self {
            Self::Find(_) | Self::EndpointsFind(_) | Self::HealthCheck => limits.find_deadline_ms,
            Self::Retrieve(_) | Self::Release(_) | Self::SessionStart(_) => {
                limits.retrieve_deadline_ms
            }
        };
        let wanted = self.meta().and_then(|meta| meta.deadline_ms).unwrap_or(default);
        Duration::from_millis(wanted).min(LONGEST_WAIT)
    }
}

/// Reads a question and counts the members it does not know; none if the method is not served.
pub(super) fn read(
    method: &str,
    params: Option<&RawValue>,
    accepted: &Accepted,
) -> Result<Option<(Ask, usize)>, FrameError> {
    Ok(Some(match method {
        "credentials.find" => checked(params, |find| Ask::Find(Box::new(find)))?,
        "credentials.retrieve" => checked(params, |retrieve| Ask::Retrieve(Box::new(retrieve)))?,
        "credentials.release" if accepted.release => checked(params, Ask::Release)?,
        "health.check" if accepted.health_check => (Ask::HealthCheck, 0),
        "endpoints.find" if !accepted.endpoint_search.is_empty() => {
            checked(params, |find| Ask::EndpointsFind(Box::new(find)))?
        }
        "session.start" if accepted.session_start => {
            checked(params, |start| Ask::SessionStart(Box::new(start)))?
        }
        _ => return Ok(None),
    }))
}

fn checked<T: DeserializeOwned + TextLimits>(
    params: Option<&RawValue>,
    ask: impl FnOnce(T) -> Ask,
) -> Result<(Ask, usize), FrameError> {
    let typed = read_as::<T>(params)?;
    typed.value.check_texts()?;
    Ok((ask(typed.value), typed.unknown_members))
}
