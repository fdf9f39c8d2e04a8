//! Managed systems.

use http::Method;

use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::answer::{Fields, rows};
use crate::error::Error;
use crate::model::{ManagedSystem, ManagedSystemQuery, SystemId};

/// `GET ManagedSystems`: one page. *Confirmed*; shapes *seen*.
///
/// Permission: Password Safe System Management (Read). Answers an array, or an envelope when a
/// limit is given. [`crate::Session::managed_systems`] pages.
#[derive(Clone, Debug)]
pub struct ListManagedSystems {
    /// Filters.
    pub query: ManagedSystemQuery,
    /// Rows to answer.
    pub limit: u32,
    /// Rows to skip first.
    pub offset: u32,
}

impl Endpoint for ListManagedSystems {
    type Answer = Vec<ManagedSystem>;
    const NAME: &'static str = "GET ManagedSystems";

    fn request(&self) -> ApiRequest {
        ApiRequest::new(Method::GET, &["ManagedSystems"])
            .query_if_some("type", self.query.entity_type.map(|kind| kind.to_string()))
            .query_if_some("name", self.query.name.clone())
            .query_if_some("limit", Some(self.limit.to_string()))
            .query_if_some("offset", Some(self.offset.to_string()))
            .list()
    }

    fn read(&self, answer: &ApiAnswer) -> Result<Self::Answer, Error> {
        rows(answer.text(Self::NAME)?, ManagedSystem::read)
            .map_err(|error| answer.unreadable(Self::NAME, error))
    }
}

/// `GET ManagedSystems/{id}`: one system. *Seen.* Permission: System Management (Read).
#[derive(Clone, Copy, Debug)]
pub struct GetManagedSystem {
    /// The system.
    pub system: SystemId,
}

impl Endpoint for GetManagedSystem {
    type Answer = ManagedSystem;
    const NAME: &'static str = "GET ManagedSystems/{id}";

    fn request(&self) -> ApiRequest {
        ApiRequest::new(Method::GET, &["ManagedSystems", &self.system.to_string()])
    }

    fn read(&self, answer: &ApiAnswer) -> Result<ManagedSystem, Error> {
        let fields = Fields::read(answer.text(Self::NAME)?);
        fields
            .and_then(|fields| ManagedSystem::read(&fields))
            .map_err(|error| answer.unreadable(Self::NAME, error))
    }
}
