//! Safes.

use crate::endpoint::declare::calls;
use crate::model::{
    PrincipalId, PrincipalKind, Safe, SafeGrant, SafeId, SafePermission, SafePermissionName,
    SafeSettings,
};

calls! {
    /// All safes that the user sees.
    ListSafes {}
        GET "Secrets-Safe" / "Safes"
        => list(Safe), Confirmed, "Secrets-Safe (Read)";

    /// One safe. 404: there is none.
    GetSafe {
        /// The safe.
        safe: SafeId,
    }
        GET "Secrets-Safe" / "Safes" / safe
        => object(Safe), Confirmed, "Secrets-Safe (Read)";

    /// Makes a safe. 201. 409: there is one of this name.
    CreateSafe {
        /// The safe.
        new: SafeSettings,
    }
        POST "Secrets-Safe" / "Safes" json (new)
        => object(Safe), Confirmed, "Secrets-Safe (Read/Write)";

    /// Changes a safe. 204. 409: there is one of this name.
    UpdateSafe {
        /// The safe.
        safe: SafeId,
        /// What it becomes.
        new: SafeSettings,
    }
        PUT "Secrets-Safe" / "Safes" / safe json (new)
        => nothing, Confirmed, "Secrets-Safe (Read/Write)";

    /// Deletes a safe. 204.
    DeleteSafe {
        /// The safe.
        safe: SafeId,
    }
        DELETE "Secrets-Safe" / "Safes" / safe
        => nothing, Confirmed, "Secrets-Safe (Read/Write)";

    /// The permissions that can be given on a safe.
    ListSafePermissionNames {}
        GET "Secrets-Safe" / "Safes" / "safe-permissions"
        => list(SafePermissionName), Seen, "Secrets-Safe (Read)";

    /// Who may do what with a safe.
    ListSafePermissions {
        /// The safe.
        safe: SafeId,
    }
        GET "Secrets-Safe" / "Safes" / safe / "safe-permissions"
        => list(SafePermission), Seen, "Secrets-Safe (Read)";

    /// Sets what somebody may do with a safe. 204.
    SetSafePermissions {
        /// The safe.
        safe: SafeId,
        /// Who may do what.
        grant: SafeGrant,
    }
        PUT "Secrets-Safe" / "Safes" / safe / "safe-permissions" json (grant)
        => nothing, Seen, "Secrets-Safe (Read/Write)";

    /// Takes everything on a safe from somebody. 204.
    DeleteSafePermissions {
        /// The safe.
        safe: SafeId,
        /// User or group.
        principal_kind: PrincipalKind,
        /// The user or group.
        principal: PrincipalId,
    }
        DELETE "Secrets-Safe" / "Safes" / safe / "safe-permissions"
        json { "PrincipalType" = principal_kind, "PrincipalID" = principal }
        => nothing, Seen, "Secrets-Safe (Read/Write)";
}
