//! Managed accounts: the ones the signed-in user may request, and definitions.

use http::Method;

use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::answer::{Fields, rows};
use crate::error::{Error, ErrorKind};
use crate::model::{
    AccountId, AccountKind, ManagedAccount, ManagedAccountQuery, RequestableAccount, SystemId,
};

/// `GET ManagedAccounts`: one page of the accounts that this user may request. *Confirmed*;
/// shapes *seen*.
///
/// Permission: Requestor, Requestor/Approver or ISA role on the accounts. Only accounts enabled
/// for the API appear. Answers an array; one object when system and account name are both
/// given, and then 404 for none; an envelope on some servers. Without a limit the vault stops at
/// 1000 rows without a word: use [`crate::Session::managed_accounts`], which pages.
#[derive(Clone, Debug)]
pub struct ListManagedAccounts {
    /// Filters.
    pub query: ManagedAccountQuery,
    /// Rows to answer.
    pub limit: u32,
    /// Rows to skip first.
    pub offset: u32,
}

impl Endpoint for ListManagedAccounts {
    type Answer = Vec<RequestableAccount>;
    const NAME: &'static str = "GET ManagedAccounts";

    fn request(&self) -> ApiRequest {
        let query = &self.query;
        ApiRequest::new(Method::GET, &["ManagedAccounts"])
            .query_if_some("type", query.kind.map(|kind| kind.as_str().to_owned()))
            .query_if_some("systemName", query.system_name.clone())
            .query_if_some("accountName", query.account_name.clone())
            .query_if_some("systemID", query.system.map(|id| id.to_string()))
            .query_if_some("workgroupName", query.workgroup_name.clone())
            .query_if_some("applicationDisplayName", query.application_name.clone())
            .query_if_some("ipAddress", query.ip_address.clone())
            .query_if_some("limit", Some(self.limit.to_string()))
            .query_if_some("offset", Some(self.offset.to_string()))
            .list()
    }

    fn read(&self, answer: &ApiAnswer) -> Result<Self::Answer, Error> {
        let both_names = self.query.system_name.is_some() && self.query.account_name.is_some();
        match answer.text(Self::NAME) {
            Ok(text) => rows(text, RequestableAccount::read)
                .map_err(|error| answer.unreadable(Self::NAME, error)),
            // How the vault says "none" when it would have answered one object.
            Err(error) if both_names && matches!(error.kind(), ErrorKind::NotFound) => {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }
}

impl ManagedAccountQuery {
    /// Accounts of one kind.
    #[must_use]
    pub fn of_kind(kind: AccountKind) -> Self {
        Self { kind: Some(kind), ..Self::default() }
    }

    /// On the system of this name.
    #[must_use]
    pub fn on_system(mut self, name: &str) -> Self {
        self.system_name = Some(name.to_owned());
        self
    }

    /// On the system with this address.
    #[must_use]
    pub fn at_address(mut self, address: &str) -> Self {
        self.ip_address = Some(address.to_owned());
        self
    }

    /// Of the application with this display name.
    #[must_use]
    pub fn of_application(mut self, name: &str) -> Self {
        self.application_name = Some(name.to_owned());
        self
    }
}

/// `GET ManagedAccounts/{id}`: a definition. *Confirmed.*
///
/// Permission: Password Safe Account Management (Read). 404 if there is none.
#[derive(Clone, Copy, Debug)]
pub struct GetManagedAccount {
    /// The account.
    pub account: AccountId,
}

impl Endpoint for GetManagedAccount {
    type Answer = ManagedAccount;
    const NAME: &'static str = "GET ManagedAccounts/{id}";

    fn request(&self) -> ApiRequest {
        ApiRequest::new(Method::GET, &["ManagedAccounts", &self.account.to_string()])
    }

    fn read(&self, answer: &ApiAnswer) -> Result<ManagedAccount, Error> {
        let fields = Fields::read(answer.text(Self::NAME)?);
        fields
            .and_then(|fields| ManagedAccount::read(&fields))
            .map_err(|error| answer.unreadable(Self::NAME, error))
    }
}

/// `GET ManagedSystems/{systemId}/ManagedAccounts`: definitions of a system's accounts.
/// *Confirmed.*
///
/// Permission: Password Safe Account Management (Read). Answers an array.
#[derive(Clone, Copy, Debug)]
pub struct ListAccountsOfSystem {
    /// The system.
    pub system: SystemId,
}

impl Endpoint for ListAccountsOfSystem {
    type Answer = Vec<ManagedAccount>;
    const NAME: &'static str = "GET ManagedSystems/{id}/ManagedAccounts";

    fn request(&self) -> ApiRequest {
        let path = ["ManagedSystems", &self.system.to_string(), "ManagedAccounts"];
        ApiRequest::new(Method::GET, &path).list()
    }

    fn read(&self, answer: &ApiAnswer) -> Result<Self::Answer, Error> {
        rows(answer.text(Self::NAME)?, ManagedAccount::read)
            .map_err(|error| answer.unreadable(Self::NAME, error))
    }
}
