//! Managed accounts: the ones a user may request, and definitions.

use crate::answer::{Fields, RowError};

use super::{AccountId, ApplicationId, SystemId, VaultTime, WorkgroupId};

/// An account as its requestors see it (the role-based model).
///
/// A linked directory account comes once for each system it is linked to; a row is known by
/// system and account together, and so must a request be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestableAccount {
    /// The system to name in a request.
    pub system: SystemId,
    /// Its name.
    pub system_name: String,
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub account_name: String,
    /// Its domain, for directory accounts.
    pub domain: Option<String>,
    /// Its user principal name.
    pub user_principal_name: Option<String>,
    /// Database instance.
    pub instance: Option<String>,
    /// Application, in rows of that kind.
    pub application: Option<ApplicationId>,
    /// The application's display name.
    pub application_name: Option<String>,
    /// Platform number.
    pub platform: Option<i64>,
    /// Usual length of a release, in minutes.
    pub default_release_minutes: Option<u32>,
    /// Longest release, in minutes.
    pub maximum_release_minutes: Option<u32>,
    /// When the password was last changed.
    pub last_change: Option<VaultTime>,
    /// When it will be.
    pub next_change: Option<VaultTime>,
    /// Whether a change is queued or running.
    pub is_changing: bool,
    /// Whether this user has ISA access.
    pub is_isa: bool,
    /// Description.
    pub description: Option<String>,
}

impl RequestableAccount {
    pub(crate) fn read(row: &Fields<'_>) -> Result<Self, RowError> {
        Ok(Self {
            system: SystemId::new(row.id("SystemId")?),
            system_name: row.required("SystemName")?,
            account: AccountId::new(row.id("AccountId")?),
            account_name: row.required("AccountName")?,
            domain: row.text("DomainName")?,
            user_principal_name: row.text("UserPrincipalName")?,
            instance: row.text("InstanceName")?,
            application: row.some_id("ApplicationID")?.map(ApplicationId::new),
            application_name: row.text("ApplicationDisplayName")?,
            platform: row.number("PlatformID")?,
            default_release_minutes: row.minutes("DefaultReleaseDuration")?,
            maximum_release_minutes: row.minutes("MaximumReleaseDuration")?,
            last_change: row.text("LastChangeDate")?.map(VaultTime::from_text),
            next_change: row.text("NextChangeDate")?.map(VaultTime::from_text),
            is_changing: row.flag("IsChanging")?,
            is_isa: row.flag("IsISAAccess")?,
            description: row.text("AccountDescription")?,
        })
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

/// An account's definition (the permission-based model), as far as a broker needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedAccount {
    /// The account.
    pub account: AccountId,
    /// The system or directory it belongs to. For a linked account this is the directory, not
    /// the system it is linked to.
    pub system: SystemId,
    /// Its domain.
    pub domain: Option<String>,
    /// Its name.
    pub name: String,
    /// Distinguished name.
    pub distinguished_name: Option<String>,
    /// User principal name.
    pub user_principal_name: Option<String>,
    /// SAM account name.
    pub sam_account_name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Whether requestors see it through the API at all.
    pub is_api_enabled: bool,
    /// Usual length of a release, in minutes.
    pub release_minutes: Option<u32>,
    /// Longest release, in minutes.
    pub maximum_release_minutes: Option<u32>,
    /// Requests at the same time; 0 is unlimited.
    pub maximum_concurrent_requests: Option<u32>,
    /// Whether the password is changed after a release.
    pub changes_after_release: bool,
    /// Whether a change is queued or running.
    pub is_changing: bool,
    /// Workgroup.
    pub workgroup: Option<WorkgroupId>,
}

impl ManagedAccount {
    pub(crate) fn read(row: &Fields<'_>) -> Result<Self, RowError> {
        Ok(Self {
            account: AccountId::new(row.id("ManagedAccountID")?),
            system: SystemId::new(row.id("ManagedSystemID")?),
            domain: row.text("DomainName")?,
            name: row.required("AccountName")?,
            distinguished_name: row.text("DistinguishedName")?,
            user_principal_name: row.text("UserPrincipalName")?,
            sam_account_name: row.text("SAMAccountName")?,
            description: row.text("Description")?,
            is_api_enabled: row.flag("ApiEnabled")?,
            release_minutes: row.minutes("ReleaseDuration")?,
            maximum_release_minutes: row.minutes("MaxReleaseDuration")?,
            maximum_concurrent_requests: row.minutes("MaxConcurrentRequests")?,
            changes_after_release: row.flag("ChangePasswordAfterAnyReleaseFlag")?,
            is_changing: row.flag("IsChanging")?,
            workgroup: row.some_id("WorkgroupID")?.map(WorkgroupId::new),
        })
    }
}
