//! Aliases: names that lead to one of several accounts.

use super::rows::models;
use super::words::codes;
use super::{AccountId, AliasId, ChangeState, SystemId, VaultTime};

models! {
    /// An alias.
    Alias {
        /// The alias.
        alias: AliasId = "AliasId",
        /// Its name.
        name: String = "AliasName",
        /// Whether it leads anywhere.
        state: Option<AliasState> = "AliasState",
        /// The system it leads to now.
        system: Option<SystemId> = "SystemId",
        /// Its name.
        system_name: Option<String> = "SystemName",
        /// The account it leads to now.
        account: Option<AccountId> = "AccountId",
        /// Its name.
        account_name: Option<String> = "AccountName",
        /// Its domain.
        domain: Option<String> = "DomainName",
        /// Database instance.
        instance: Option<String> = "InstanceName",
        /// Usual length of a release, in minutes.
        default_release_minutes: Option<u32> = "DefaultReleaseDuration",
        /// Longest release, in minutes.
        maximum_release_minutes: Option<u32> = "MaximumReleaseDuration",
        /// When the password was changed last.
        last_change: Option<VaultTime> = "LastChangeDate",
        /// When it will be.
        next_change: Option<VaultTime> = "NextChangeDate",
        /// Whether a change is queued or running.
        is_changing: bool = "IsChanging",
        /// Which of the two.
        change_state: Option<ChangeState> = "ChangeState",
        /// All accounts that it may lead to.
        mapped: Vec<MappedAccount> = "MappedAccounts",
    }

    /// An account that an alias may lead to.
    MappedAccount {
        /// The alias.
        alias: Option<AliasId> = "AliasID",
        /// The system.
        system: SystemId = "ManagedSystemID",
        /// The account.
        account: AccountId = "ManagedAccountID",
        /// Its state, such as `Active` or `Inactive`.
        status: Option<String> = "Status",
    }
}

codes! {
    /// Whether an alias leads anywhere.
    AliasState {
        /// No.
        Unmapped = 0,
        /// To one account.
        Mapped = 1,
        /// To one of several.
        HighlyAvailable = 2,
    }
}
