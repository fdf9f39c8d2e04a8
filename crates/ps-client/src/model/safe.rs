//! Safes of Secrets Safe.

use super::rows::models;
use super::words::codes;
use super::{PrincipalId, SafeId, VaultTime};
use crate::body::bodies;

models! {
    /// A safe.
    Safe {
        /// The safe.
        safe: SafeId = "Id",
        /// Its name.
        name: String = "Name",
        /// Description.
        description: Option<String> = "Description",
    }

    /// A permission that can be given on a safe.
    SafePermissionName {
        /// Its name.
        name: String = "PermissionName",
    }

    /// What somebody may do with a safe.
    SafePermission {
        /// User or group.
        principal_kind: PrincipalKind = "PrincipalType",
        /// The user or group.
        principal: PrincipalId = "PrincipalID",
        /// The permissions' names.
        flags: Vec<String> = "PermissionFlags",
        /// Until when.
        expires: Option<VaultTime> = "ExpiresOn",
    }
}

codes! {
    /// User or group.
    PrincipalKind {
        /// A user.
        User = 0,
        /// A group.
        Group = 1,
    }
}

bodies! {
    /// What a safe is to be.
    SafeSettings (
        /// Its name, at most 256 characters.
        name: text(256) = "Name",
    ) {
        /// Description, at most 256 characters.
        description: text(256) = "Description",
    };

    /// What somebody is to be allowed on a safe.
    SafeGrant (
        /// User or group.
        principal_kind: of(PrincipalKind) = "PrincipalType",
        /// The user or group.
        principal: of(PrincipalId) = "PrincipalID",
        /// The permissions' names.
        flags: of(Vec<String>) = "PermissionFlags",
    ) {
        /// Until when, ISO 8601.
        expires: text(40) = "ExpiresOn",
    };
}
