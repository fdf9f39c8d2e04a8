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

    fn check(&self) -> Result<(), Error> {
        self.query.check().map_err(|rule| Error::new(Self::NAME, ErrorKind::Misuse { rule }))
    }
}

impl ManagedAccountQuery {
    /// The rules between filters that the vault answers with nothing at all.
    fn check(&self) -> Result<(), &'static str> {
        let texts =
            [&self.system_name, &self.account_name, &self.workgroup_name, &self.application_name];
        let texts = texts.into_iter().chain([&self.ip_address]);
        if texts.flatten().any(String::is_empty) {
            return Err("an empty filter finds everything: leave it out");
        }
        let has_domain = |name: &String| name.contains(['\\', '@']);
        if self.kind == Some(AccountKind::DomainLinked)
            && self.account_name.as_ref().is_some_and(|name| !has_domain(name))
        {
            return Err(r"a directory account is found by DOMAIN\name or UPN only");
        }
        if self.application_name.is_some() && self.kind != Some(AccountKind::Application) {
            return Err("an application's name is a filter of application accounts only");
        }
        let by_address = [AccountKind::System, AccountKind::DomainLinked, AccountKind::Database];
        if self.ip_address.is_some() && !self.kind.is_some_and(|kind| by_address.contains(&kind)) {
            return Err("an address is a filter of system, domain-linked and database accounts");
        }
        Ok(())
    }

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
