//! Groups of users.

use super::rows::models;
use super::words::words;
use super::{AzureInstance, PermissionGrant, RegistrationId, RuleGrant, UserGroupId};
use crate::body::bodies;

models! {
    /// A group of users.
    UserGroup {
        /// The group.
        group: UserGroupId = "GroupID",
        /// What kind of group.
        kind: Option<UserGroupKind> = "GroupType",
        /// Its name.
        name: String = "Name",
        /// Distinguished name, of directory groups.
        distinguished_name: Option<String> = "DistinguishedName",
        /// Where members are looked for, of LDAP groups.
        base_distinguished_name: Option<String> = "BaseDistinguishedName",
        /// Description.
        description: Option<String> = "Description",
        /// The attribute that names a member, of LDAP groups.
        account_attribute: Option<String> = "AccountAttribute",
        /// The attribute that lists members, of LDAP groups.
        membership_attribute: Option<String> = "MembershipAttribute",
        /// The API registrations that its members may use.
        registrations: Vec<RegistrationId> = "ApplicationRegistrationIDs",
        /// Whether it is in use.
        is_active: bool = "IsActive",
    }
}

words! {
    /// What kind of group.
    UserGroupKind {
        /// Known to the vault alone.
        Local = "BeyondInsight",
        /// Of an Active Directory.
        ActiveDirectory = "ActiveDirectory",
        /// Of another directory.
        Ldap = "LdapDirectory",
        /// Of Entra.
        Entra = "EntraId",
    }
}

bodies! {
    /// A group that the vault alone knows.
    NewLocalGroup (
        /// Its name, at most 200 characters.
        name: text(200) = "groupName",
        /// Description, at most 255 characters.
        description: text(255) = "description",
    ) {
        /// Whether it is in use.
        active: flag = "isActive",
        /// What its members may do.
        permissions: of(Vec<PermissionGrant>) = "Permissions",
        /// The rules that it is given.
        rules: of(Vec<RuleGrant>) = "SmartRuleAccess",
        /// The API registrations that its members may use.
        registrations: of(Vec<RegistrationId>) = "ApplicationRegistrationIDs",
    };

    /// A group of Entra.
    NewEntraGroup (
        /// Its name, at most 200 characters.
        name: text(200) = "groupName",
        /// Client id.
        client_id: text(255) = "ClientId",
        /// Tenant.
        tenant_id: text(255) = "TenantId",
        /// Client secret.
        client_secret: secret(255) = "ClientSecret",
        /// Which cloud.
        azure_instance: of(AzureInstance) = "AzureInstance",
    ) {
        /// Description.
        description: text(255) = "description",
        /// Whether it is in use.
        active: flag = "isActive",
        /// What its members may do.
        permissions: of(Vec<PermissionGrant>) = "Permissions",
        /// The rules that it is given.
        rules: of(Vec<RuleGrant>) = "SmartRuleAccess",
        /// The API registrations that its members may use.
        registrations: of(Vec<RegistrationId>) = "ApplicationRegistrationIDs",
    };

    /// A group of an Active Directory.
    NewActiveDirectoryGroup (
        /// Its name, at most 200 characters.
        name: text(200) = "groupName",
        /// Forest, at most 300 characters.
        forest: text(300) = "forestName",
        /// Domain, at most 250 characters.
        domain: text(250) = "domainName",
    ) {
        /// Description.
        description: text(255) = "description",
        /// Who asks the directory.
        bind_user: text(255) = "bindUser",
        /// That user's password.
        bind_password: secret(1000) = "bindPassword",
        /// Whether by TLS.
        use_tls: flag = "useSSL",
        /// Whether it is in use.
        active: flag = "isActive",
        /// Whether it is left out when all groups are synchronised.
        excluded_from_sync: flag = "ExcludedFromGlobalSync",
        /// Whether it is synchronised by settings of its own.
        own_sync_settings: flag = "OverrideGlobalSyncSettings",
        /// What its members may do.
        permissions: of(Vec<PermissionGrant>) = "Permissions",
        /// The rules that it is given.
        rules: of(Vec<RuleGrant>) = "SmartRuleAccess",
        /// The API registrations that its members may use.
        registrations: of(Vec<RegistrationId>) = "ApplicationRegistrationIDs",
    };

    /// A group of another directory.
    NewLdapGroup (
        /// Its name, at most 200 characters.
        name: text(200) = "groupName",
        /// Distinguished name, at most 500 characters.
        distinguished_name: text(500) = "groupDistinguishedName",
        /// The directory's host, at most 50 characters.
        host: text(50) = "hostName",
        /// The attribute that lists members, at most 255 characters.
        membership_attribute: text(255) = "membershipAttribute",
        /// The attribute that names a member, at most 255 characters.
        account_attribute: text(255) = "accountAttribute",
    ) {
        /// Who asks the directory.
        bind_user: text(255) = "bindUser",
        /// That user's password.
        bind_password: secret(1000) = "bindPassword",
        /// Port.
        port: number(1, 65_535) = "port",
        /// Whether by TLS.
        use_tls: flag = "useSSL",
        /// Whether it is in use.
        active: flag = "isActive",
        /// What its members may do.
        permissions: of(Vec<PermissionGrant>) = "Permissions",
        /// The rules that it is given.
        rules: of(Vec<RuleGrant>) = "SmartRuleAccess",
        /// The API registrations that its members may use.
        registrations: of(Vec<RegistrationId>) = "ApplicationRegistrationIDs",
    };
}
