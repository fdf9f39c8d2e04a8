//! Roles, permissions and access levels: what there is to be given.

use super::declare::calls;
use crate::model::{Entitlement, NamedAccessLevel, Permission, Role};

calls! {
    /// The roles.
    ListRoles {}
        GET "Roles"
        => list(Role), Seen, "any signed-in user";

    /// The permissions.
    ListPermissions {}
        GET "Permissions"
        => list(Permission), Seen, "User Account Management (Read)";

    /// The access levels.
    ListAccessLevels {}
        GET "AccessLevels"
        => list(NamedAccessLevel), Seen, "any signed-in user";

    /// Who may do what, group by group.
    ListEntitlements {
        /// Only of these groups: their numbers, with commas between.
        groups: Option<String>,
    }
        GET "Entitlements" query { "groupIDs" = groups }
        => list(Entitlement), Seen, "administrator";
}
