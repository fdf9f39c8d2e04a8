//! Requests as they are listed.

use super::words::word_values;
use super::{
    AccountId, AliasId, ApplicationId, NewRequest, RequestId, SystemId, UserId, VaultTime,
};
use crate::answer::{Fields, Readable, RowError};

/// Which requests are listed, by state. The vault lists approved and waiting ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatusFilter {
    /// Approved and waiting ones.
    #[default]
    All,
    /// Approved ones.
    Active,
    /// Waiting ones.
    Pending,
}

impl StatusFilter {
    /// The word of the query.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Active => "active",
            Self::Pending => "pending",
        }
    }
}

/// Whose requests are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Queue {
    /// Mine.
    #[default]
    Requestor,
    /// Those I may approve, or have.
    Approver,
}

impl Queue {
    /// The word of the query.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requestor => "req",
            Self::Approver => "app",
        }
    }
}

word_values!(StatusFilter, Queue);

/// A request as it is listed. One that is not listed any more is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRequest {
    /// The request.
    pub request: RequestId,
    /// The system.
    pub system: SystemId,
    /// Its name.
    pub system_name: Option<String>,
    /// The alias, in requests by one.
    pub alias: Option<AliasId>,
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub account_name: Option<String>,
    /// Its domain.
    pub domain: Option<String>,
    /// Application, in requests for one.
    pub application: Option<ApplicationId>,
    /// When it begins.
    pub release: Option<VaultTime>,
    /// When it was approved.
    pub approved: Option<VaultTime>,
    /// When it ends.
    pub expires: Option<VaultTime>,
    /// Its state.
    pub status: RequestStatus,
    /// Kind of access.
    pub access_type: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When it was cancelled, on newer servers.
    pub cancelled: Option<VaultTime>,
    /// Who asked, on newer servers.
    pub requestor: Option<String>,
    /// The same by number.
    pub requestor_user: Option<UserId>,
    /// Whether it is for the API only, on newer servers.
    pub is_api_only: bool,
    /// Name of the managed system, on newer servers.
    pub managed_system_name: Option<String>,
    /// Whether the account has time-based one-time passwords, on newer servers.
    pub has_totp: bool,
}

/// A request's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestStatus {
    /// Approved.
    Active,
    /// Waiting for approval.
    Pending,
    /// Another word of the vault, kept.
    Other(String),
    /// The vault did not say.
    Unsaid,
}

impl ReleaseRequest {
    /// Whether this is what making `new` would come to: the same system, account, application,
    /// kind of access as far as it is told, and reason, and not made by alias. The vault may have taken spaces off the
    /// reason's ends.
    #[must_use]
    pub fn answers(&self, new: &NewRequest) -> bool {
        let trimmed = |text: &Option<String>| text.as_deref().unwrap_or("").trim().to_owned();
        self.system == new.system
            && self.account == new.account
            && self.alias.is_none()
            && self.application == new.application
            && self.access_type.as_ref().is_none_or(|word| new.access_type.is_called(word))
            && trimmed(&self.reason) == trimmed(&new.reason)
    }
}

impl Readable for ReleaseRequest {
    const HOLDS_SECRET: bool = false;

    fn read(row: &Fields<'_>) -> Result<Self, RowError> {
        let status = match row.word("Status")? {
            Some(status) if status.eq_ignore_ascii_case("active") => RequestStatus::Active,
            Some(status) if status.eq_ignore_ascii_case("pending") => RequestStatus::Pending,
            Some(status) => RequestStatus::Other(status),
            None => RequestStatus::Unsaid,
        };
        let time = |name| Ok::<_, RowError>(row.word(name)?.map(VaultTime::from_text));
        Ok(Self {
            request: RequestId::new(row.id("RequestID")?),
            system: SystemId::new(row.id("SystemID")?),
            system_name: row.word("SystemName")?,
            alias: row.some_id("AliasID")?.map(AliasId::new),
            account: AccountId::new(row.id("AccountID")?),
            account_name: row.word("AccountName")?,
            domain: row.word("DomainName")?,
            application: row.some_id("ApplicationID")?.map(ApplicationId::new),
            release: time("RequestReleaseDate")?,
            approved: time("ApprovedDate")?,
            expires: time("ExpiresDate")?,
            status,
            access_type: row.word("AccessType")?,
            reason: row.word("Reason")?,
            cancelled: time("CanceledDate")?,
            requestor: row.word("RequestorName")?,
            requestor_user: row.some_id("RequestorUserID")?.map(UserId::new),
            is_api_only: row.flag("APIOnlyAccess")?,
            managed_system_name: row.word("ManagedSystemName")?,
            has_totp: row.flag("TotpEnabled")?,
        })
    }
}
