//! Directory accounts that are linked to a system.

use super::declare::calls;
use crate::model::{AccountId, ManagedAccount, SystemId};

calls! {
    /// Definitions of the directory accounts that are linked to a system. Their own system is the
    /// directory, not the system they are linked to.
    ListLinkedAccounts {
        /// The system.
        system: SystemId,
    }
        GET "ManagedSystems" / system / "LinkedAccounts"
        => list(ManagedAccount), Confirmed, "Password Safe System Management (Read)";

    /// Links a directory account to a managed asset or database; other systems can have none.
    /// 201, or 200 when it was linked already.
    LinkAccount {
        /// The system.
        system: SystemId,
        /// The directory account.
        account: AccountId,
    }
        POST "ManagedSystems" / system / "LinkedAccounts" / account
        => object(ManagedAccount), Seen, "Password Safe System Management (Read/Write)", Safe;

    /// Unlinks an account.
    UnlinkAccount {
        /// The system.
        system: SystemId,
        /// The directory account.
        account: AccountId,
    }
        DELETE "ManagedSystems" / system / "LinkedAccounts" / account
        => nothing, Confirmed, "Password Safe System Management (Read/Write)";

    /// Unlinks all accounts of a system.
    UnlinkAccounts {
        /// The system.
        system: SystemId,
    }
        DELETE "ManagedSystems" / system / "LinkedAccounts"
        => nothing, Confirmed, "Password Safe System Management (Read/Write)";
}
