//! What users did in the vault.

use super::declare::{calls, paged};
use crate::model::{UserAudit, UserAuditDetail, UserAuditId};

calls! {
    /// One page of what users did.
    ListUserAudits {
        /// Only of this user.
        username: Option<String>,
        /// Only this kind of thing.
        action: Option<String>,
        /// Only there in the vault.
        section: Option<String>,
        /// From this time on, ISO 8601.
        from: Option<String>,
        /// Up to this time.
        to: Option<String>,
        /// Rows to answer.
        limit: u32,
        /// Rows to skip first.
        offset: u32,
    }
        GET "UserAudits"
        query {
            "username" = username, "actionType" = action, "section" = section,
            "startDate" = from, "endDate" = to, "limit" = limit, "offset" = offset,
        }
        => list(UserAudit), Recalled, "User Audits Management (Read)";

    /// One page of what was changed, of one entry.
    ListUserAuditDetails {
        /// The entry.
        audit: UserAuditId,
        /// Rows to answer.
        limit: u32,
        /// Rows to skip first.
        offset: u32,
    }
        GET "UserAudits" / audit / "UserAuditDetails"
        query { "limit" = limit, "offset" = offset }
        => list(UserAuditDetail), Recalled, "User Audits Management (Read)";
}

impl Default for ListUserAudits {
    /// The first thousand of all.
    fn default() -> Self {
        Self {
            username: None,
            action: None,
            section: None,
            from: None,
            to: None,
            limit: 1_000,
            offset: 0,
        }
    }
}

paged! {
    ListUserAudits of UserAudit by audit: UserAuditId;
    ListUserAuditDetails of UserAuditDetail by id: i64;
}
