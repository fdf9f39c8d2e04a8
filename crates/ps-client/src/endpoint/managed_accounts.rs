//! Managed accounts: the ones the signed-in user may request, and definitions.

use http::Method;

use super::declare::calls;
use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::error::{Error, ErrorKind};
use crate::model::{
    AccountId, AccountKind, AccountUpdate, ManagedAccount, ManagedAccountQuery, NewManagedAccount,
    RequestableAccount, SystemId,
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
    const RELEASES_SECRET: bool = false;

    fn request(&self) -> ApiRequest {
        let query = &self.query;
        ApiRequest::new(Method::GET, &["ManagedAccounts"])
            .set("type", &query.kind)
            .set("systemName", &query.system_name)
            .set("accountName", &query.account_name)
            .set("systemID", &query.system)
            .set("workgroupName", &query.workgroup_name)
            .set("applicationDisplayName", &query.application_name)
            .set("ipAddress", &query.ip_address)
            .set("limit", &self.limit)
            .set("offset", &self.offset)
            .list()
    }

    fn read(&self, answer: &ApiAnswer) -> Result<Self::Answer, Error> {
        let both_names = self.query.system_name.is_some() && self.query.account_name.is_some();
        match answer.list(Self::NAME) {
            // How the vault says "none" when it would have answered one object.
            Err(error) if both_names && matches!(error.kind(), ErrorKind::NotFound) => {
                Ok(Vec::new())
            }
            outcome => outcome,
        }
    }

    fn check(&self) -> Result<(), Error> {
        self.query.check().map_err(|rule| Error::misuse(Self::NAME, rule))
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

calls! {
    @also [
        ListManagedAccounts "Requestor, Requestor/Approver or ISA role on the accounts"
            Confirmed Safe,
    ]

    /// A definition. 404: there is none.
    ///
    /// Some releases refuse it with 400, 404 or 405 to a user who has the Requestor role only.
    GetManagedAccount {
        /// The account.
        account: AccountId,
    }
        GET "ManagedAccounts" / account
        => object(ManagedAccount), Confirmed, "Password Safe Account Management (Read)";

    /// Definitions of a system's accounts.
    ListAccountsOfSystem {
        /// The system.
        system: SystemId,
    }
        GET "ManagedSystems" / system / "ManagedAccounts"
        => list(ManagedAccount), Confirmed, "Password Safe Account Management (Read)";

    /// The definition of a system's account of this name. 404: there is none.
    FindAccountOfSystem {
        /// The system.
        system: SystemId,
        /// The account's name.
        name: String,
    }
        GET "ManagedSystems" / system / "ManagedAccounts" query { "name" = name }
        => object(ManagedAccount), Seen, "Password Safe Account Management (Read)";

    /// Puts an account under management. 201. The version of the body is the oldest that knows what
    /// is set, and so is that of the answer.
    ///
    /// Requestors see it through the API only when [`crate::model::AccountSettings::api_enabled`] is set, and
    /// when a rule that they have a role on holds it and was processed since.
    CreateManagedAccount {
        /// The system it is on.
        system: SystemId,
        /// The account.
        new: NewManagedAccount,
    }
        POST "ManagedSystems" / system / "ManagedAccounts" query { "version" = (new.version) } json (new)
        => object(ManagedAccount), Confirmed, "Password Safe Account Management (Full)";

    /// Replaces a definition: what is left out takes its default. So read it, make an
    /// [`AccountUpdate`] of it, change that, and send it. The version of the body is the oldest that
    /// knows what is set, and so is that of the answer.
    UpdateManagedAccount {
        /// The account.
        account: AccountId,
        /// What it becomes.
        new: AccountUpdate,
    }
        PUT "ManagedAccounts" / account query { "version" = (new.version) } json (new)
        => object(ManagedAccount), Confirmed, "Password Safe Account Management (Full)";

    /// Takes an account out of management.
    DeleteManagedAccount {
        /// The account.
        account: AccountId,
    }
        DELETE "ManagedAccounts" / account
        => nothing, Seen, "Password Safe Account Management (Full)";

    /// Takes a system's account of this name out of management.
    DeleteAccountOfSystem {
        /// The system.
        system: SystemId,
        /// The account's name.
        name: String,
    }
        DELETE "ManagedSystems" / system / "ManagedAccounts" / name
        => nothing, Seen, "Password Safe Account Management (Full)";

    /// Takes all accounts of a system out of management.
    DeleteAccountsOfSystem {
        /// The system.
        system: SystemId,
    }
        DELETE "ManagedSystems" / system / "ManagedAccounts"
        => nothing, Seen, "Password Safe Account Management (Full)";
}
