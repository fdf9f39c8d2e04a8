//! What users did.

use secrecy::SecretString;

use super::rows::models;
use super::{UserAuditId, UserId, VaultTime};

models! {
    /// Something that a user did.
    UserAudit {
        /// The entry.
        audit: UserAuditId = "AuditID",
        /// What kind of thing.
        action: Option<String> = "ActionType",
        /// Where in the vault.
        section: Option<String> = "Section",
        /// The user.
        user: Option<UserId> = "UserID",
        /// Its name.
        user_name: Option<String> = "UserName",
        /// Address that the user came from.
        ip_address: Option<String> = "IPAddress",
        /// When.
        created: Option<VaultTime> = "CreateDate",
    }

    /// What was changed, of one such entry.
    UserAuditDetail {
        /// Number of the detail.
        id: i64 = "Id",
        /// The entry.
        audit: Option<UserAuditId> = "AuditID",
        /// What was changed.
        field: Option<String> = "FieldName",
        /// Before.
        before: Option<SecretString> = "OldValue",
        /// After.
        after: Option<SecretString> = "NewValue",
    }
}
