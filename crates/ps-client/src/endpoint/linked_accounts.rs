//! Directory accounts that are linked to a system.

use http::Method;

use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::answer::{Fields, rows};
use crate::error::Error;
use crate::model::{AccountId, ManagedAccount, SystemId};

/// `GET ManagedSystems/{systemId}/LinkedAccounts`. *Confirmed.*
///
/// Permission: System Management (Read). Answers an array of definitions, whose system is the
/// directory, not the system they are linked to.
#[derive(Clone, Copy, Debug)]
pub struct ListLinkedAccounts {
    /// The system.
    pub system: SystemId,
}

impl Endpoint for ListLinkedAccounts {
    type Answer = Vec<ManagedAccount>;
    const NAME: &'static str = "GET ManagedSystems/{id}/LinkedAccounts";

    fn request(&self) -> ApiRequest {
        let path = ["ManagedSystems", &self.system.to_string(), "LinkedAccounts"];
        ApiRequest::new(Method::GET, &path).list()
    }

    fn read(&self, answer: &ApiAnswer) -> Result<Self::Answer, Error> {
        rows(answer.text(Self::NAME)?, ManagedAccount::read)
            .map_err(|error| answer.unreadable(Self::NAME, error))
    }
}

/// `POST ManagedSystems/{systemId}/LinkedAccounts/{accountId}`: links an account. *Confirmed*;
/// status *recalled*: 201, or 200 when it was linked already.
///
/// Permission: System Management (Read/Write).
#[derive(Clone, Copy, Debug)]
pub struct LinkAccount {
    /// The system.
    pub system: SystemId,
    /// The directory account.
    pub account: AccountId,
}

impl Endpoint for LinkAccount {
    type Answer = ManagedAccount;
    const NAME: &'static str = "POST ManagedSystems/{id}/LinkedAccounts/{accountId}";

    fn request(&self) -> ApiRequest {
        let (system, account) = (self.system.to_string(), self.account.to_string());
        ApiRequest::new(Method::POST, &["ManagedSystems", &system, "LinkedAccounts", &account])
    }

    fn read(&self, answer: &ApiAnswer) -> Result<ManagedAccount, Error> {
        let fields = Fields::read(answer.text(Self::NAME)?);
        fields
            .and_then(|fields| ManagedAccount::read(&fields))
            .map_err(|error| answer.unreadable(Self::NAME, error))
    }
}

/// `DELETE ManagedSystems/{systemId}/LinkedAccounts/{accountId}`: unlinks an account.
/// *Confirmed.* Permission: System Management (Read/Write).
#[derive(Clone, Copy, Debug)]
pub struct UnlinkAccount {
    /// The system.
    pub system: SystemId,
    /// The directory account.
    pub account: AccountId,
}

impl Endpoint for UnlinkAccount {
    type Answer = ();
    const NAME: &'static str = "DELETE ManagedSystems/{id}/LinkedAccounts/{accountId}";

    fn request(&self) -> ApiRequest {
        let (system, account) = (self.system.to_string(), self.account.to_string());
        ApiRequest::new(Method::DELETE, &["ManagedSystems", &system, "LinkedAccounts", &account])
    }

    fn read(&self, answer: &ApiAnswer) -> Result<(), Error> {
        answer.body(Self::NAME).map(|_| ())
    }
}
