//! Identifiers that cannot be mixed up: a type for each kind of thing.

/// Kinds that are numbered.
macro_rules! numbered {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(i64);

        impl $name {
            /// The identifier with this number.
            #[must_use]
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// Its number.
            #[must_use]
            pub const fn number(self) -> i64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl $crate::answer::FromNumber for $name {
            fn from_number(number: i64) -> Self {
                Self(number)
            }
        }

        $crate::answer::number_property!($name);

        impl $crate::body::Value for $name {
            fn write(&self, json: &mut $crate::body::Json) {
                json.scalar(&self.0);
            }
        }
    )+};
}

/// Kinds that are known by a GUID, or a text that serves as one. Compared without case.
macro_rules! named_by_guid {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(String);

        impl $name {
            /// The identifier with this GUID, as the vault wrote it.
            #[must_use]
            pub fn new(guid: &str) -> Self {
                Self(guid.to_owned())
            }

            /// Its GUID as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $name {}

        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.0.to_ascii_lowercase().hash(state);
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl $crate::answer::FromText for $name {
            fn from_text(text: String) -> Self {
                Self(text)
            }
        }

        $crate::answer::text_property!($name);

        impl $crate::body::Value for $name {
            fn write(&self, json: &mut $crate::body::Json) {
                json.scalar(self.0.as_str());
            }
        }
    )+};
}

numbered! {
    /// An access level: what a permission or a rule allows.
    AccessLevelId;
    /// An access policy.
    AccessPolicyId;
    /// A managed account.
    AccountId;
    /// A list of addresses.
    AddressGroupId;
    /// An address in such a list.
    AddressId;
    /// An alias: a name that leads to one of several accounts.
    AliasId;
    /// An application.
    ApplicationId;
    /// A system that applications run on.
    ApplicationHostId;
    /// An asset: a machine as the vault's inventory knows it.
    AssetId;
    /// An attribute that assets and accounts can carry.
    AttributeId;
    /// A kind of attribute.
    AttributeTypeId;
    /// A cloud service.
    CloudId;
    /// A custom platform.
    CustomPlatformId;
    /// A database.
    DatabaseId;
    /// A directory.
    DirectoryId;
    /// A rule of how SSH keys are made.
    DssKeyRuleId;
    /// A kind of managed system.
    EntityTypeId;
    /// An account that the vault itself uses to manage others.
    FunctionalAccountId;
    /// An import.
    ImportId;
    /// A recorded keystroke.
    KeystrokeId;
    /// An operating system.
    OperatingSystemId;
    /// A rule of how passwords are made.
    PasswordRuleId;
    /// A permission.
    PermissionId;
    /// A platform: a kind of target with its way to change passwords.
    PlatformId;
    /// A propagation action: what follows a password change.
    PropagationActionId;
    /// A kind of propagation action.
    PropagationActionTypeId;
    /// An API registration.
    RegistrationId;
    /// A release request.
    RequestId;
    /// A role.
    RoleId;
    /// A schedule of an access policy.
    ScheduleId;
    /// A recorded session to a managed system.
    SessionId;
    /// A Smart Rule or Quick Rule: a collection of systems, accounts or assets.
    SmartRuleId;
    /// A delivery of a subscribed report.
    SubscriptionDeliveryId;
    /// A managed system.
    SystemId;
    /// A ticket system.
    TicketSystemId;
    /// An entry of the audit of users.
    UserAuditId;
    /// A group of users of the vault.
    UserGroupId;
    /// A user of the vault.
    UserId;
    /// A workgroup.
    WorkgroupId;
}

named_by_guid! {
    /// A policy of endpoint privilege management.
    EpmPolicyId;
    /// A folder of Secrets Safe.
    FolderId;
    /// A node: a machine of the vault that proxies sessions.
    NodeId;
    /// An Oracle internet directory.
    OracleInternetDirectoryId;
    /// An organization.
    OrganizationId;
    /// A set of requests made together.
    RequestSetId;
    /// A safe of Secrets Safe.
    SafeId;
    /// A secret of Secrets Safe.
    SecretId;
}
