//! Managed accounts as their requestors see them.

use super::rows::models;
use super::words::{codes, word_values};
use super::{AccountId, ApplicationId, NodeId, PlatformId, SystemId, VaultTime};

models! {
    /// An account as its requestors see it (the role-based model).
    ///
    /// A linked directory account comes once for each system it is linked to; a row is known by
    /// system and account together, and so must a request be made.
    #[derive(PartialEq, Eq)]
    RequestableAccount {
        /// The system to name in a request.
        system: SystemId = "SystemId",
        /// Its name.
        system_name: String = "SystemName",
        /// The account.
        account: AccountId = "AccountId",
        /// Its name.
        account_name: String = "AccountName",
        /// Its domain, for directory accounts.
        domain: Option<String> = "DomainName",
        /// Its user principal name.
        user_principal_name: Option<String> = "UserPrincipalName",
        /// Database instance.
        instance: Option<String> = "InstanceName",
        /// Application, in rows of that kind.
        application: Option<ApplicationId> = "ApplicationID",
        /// The application's display name.
        application_name: Option<String> = "ApplicationDisplayName",
        /// Platform.
        platform: Option<PlatformId> = "PlatformID",
        /// Usual length of a release, in minutes.
        default_release_minutes: Option<u32> = "DefaultReleaseDuration",
        /// Longest release, in minutes.
        maximum_release_minutes: Option<u32> = "MaximumReleaseDuration",
        /// When the password was last changed.
        last_change: Option<VaultTime> = "LastChangeDate",
        /// When it will be.
        next_change: Option<VaultTime> = "NextChangeDate",
        /// Whether a change is queued or running.
        is_changing: bool = "IsChanging",
        /// Which of the two.
        change_state: Option<ChangeState> = "ChangeState",
        /// Whether this user has ISA access.
        is_isa: bool = "IsISAAccess",
        /// The node that sessions to it go through, if one is preferred.
        preferred_node: Option<NodeId> = "PreferredNodeID",
        /// Whether it has time-based one-time passwords, on newer servers.
        has_totp: bool = "TotpEnabled",
        /// Description.
        description: Option<String> = "AccountDescription",
    }
}

codes! {
    /// Whether an account's secret is being changed.
    ChangeState {
        /// No.
        Idle = 0,
        /// Now.
        Changing = 1,
        /// Soon.
        Queued = 2,
    }
}

/// Which accounts are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountKind {
    /// Local accounts of systems.
    System,
    /// Used recently.
    Recent,
    /// Directory accounts linked to systems.
    DomainLinked,
    /// Accounts of databases.
    Database,
    /// Accounts of cloud services.
    Cloud,
    /// Accounts tied to applications.
    Application,
}

impl AccountKind {
    /// The word of the query.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Recent => "recent",
            Self::DomainLinked => "domainlinked",
            Self::Database => "database",
            Self::Cloud => "cloud",
            Self::Application => "application",
        }
    }
}

word_values!(AccountKind);

/// Filters of `GET ManagedAccounts`. Everything empty means every account the user may request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManagedAccountQuery {
    /// Kind.
    pub kind: Option<AccountKind>,
    /// System by name; a database as `DatabaseName/InstanceName`.
    pub system_name: Option<String>,
    /// Account by name; a directory account must be given as `DOMAIN\name` or UPN.
    pub account_name: Option<String>,
    /// System by id.
    pub system: Option<SystemId>,
    /// Workgroup by name.
    pub workgroup_name: Option<String>,
    /// Application by display name; only with [`AccountKind::Application`].
    pub application_name: Option<String>,
    /// System by address; only with the kinds system, domain-linked and database.
    pub ip_address: Option<String>,
}
