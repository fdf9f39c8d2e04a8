//! Accounts that share one password: a parent and those that are synced to it.

use super::declare::calls;
use crate::model::{AccountId, ManagedAccount};

calls! {
    /// The accounts that are synced to a parent.
    ListSyncedAccounts {
        /// The parent.
        parent: AccountId,
    }
        GET "ManagedAccounts" / parent / "SyncedAccounts"
        => list(ManagedAccount), Confirmed, "Password Safe Account Management (Read)";

    /// Syncs an account to a parent, which changes both passwords. 201 or 200.
    ///
    /// A parent cannot itself be synced, nor a synced account be a parent.
    SyncAccount {
        /// The parent.
        parent: AccountId,
        /// The account that takes the parent's password.
        account: AccountId,
    }
        POST "ManagedAccounts" / parent / "SyncedAccounts" / account
        => object(ManagedAccount), Confirmed, "Password Safe Account Management (Full)", Safe;

    /// Lets a synced account have a password of its own again.
    UnsyncAccount {
        /// The parent.
        parent: AccountId,
        /// The synced account.
        account: AccountId,
    }
        DELETE "ManagedAccounts" / parent / "SyncedAccounts" / account
        => nothing, Confirmed, "Password Safe Account Management (Full)";

    /// The same for all accounts that are synced to a parent.
    UnsyncAccounts {
        /// The parent.
        parent: AccountId,
    }
        DELETE "ManagedAccounts" / parent / "SyncedAccounts"
        => nothing, Confirmed, "Password Safe Account Management (Full)";
}
