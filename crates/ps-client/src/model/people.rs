//! Users, user groups, and what they may do.

use secrecy::SecretString;

use super::rows::models;
use super::words::words;
use super::{
    AccessLevel, AccessPolicyId, AzureInstance, PermissionId, RegistrationId, RoleId, SmartRuleId,
    UserAuditId, UserGroupId, UserId, VaultTime,
};
use crate::body::{Rule, bodies};

models! {
    /// A user of the vault.
    User {
        /// The user.
        user: UserId = "UserID",
        /// Name.
        name: String = "UserName",
        /// Domain, of directory users.
        domain: Option<String> = "DomainName",
        /// Distinguished name, of directory users.
        distinguished_name: Option<String> = "DistinguishedName",
        /// First name.
        first_name: Option<String> = "FirstName",
        /// Last name.
        last_name: Option<String> = "LastName",
        /// E-mail address.
        email: Option<String> = "EmailAddress",
        /// When the user was here last.
        last_login: Option<VaultTime> = "LastLoginDate",
        /// How the user signed in then.
        last_login_by: Option<String> = "LastLoginAuthenticationType",
        /// By which configuration of it.
        last_login_configuration: Option<String> = "LastLoginConfigurationName",
        /// At which identity provider, of SAML.
        last_login_saml_provider: Option<String> = "LastLoginSAMLIDPURL",
        /// At which single sign-on.
        last_login_sso: Option<String> = "LastLoginSSOURL",
        /// Whether the user is shut out.
        is_quarantined: bool = "IsQuarantined",
        /// Whether the user may sign in.
        is_active: bool = "IsActive",
        /// Client id, of application users.
        client_id: Option<String> = "ClientID",
        /// Client secret of an application user: told once, when it was made.
        client_secret: Option<SecretString> = "ClientSecret",
        /// Access policy, of application users.
        access_policy: Option<AccessPolicyId> = "AccessPolicyID",
        /// What kind of user.
        kind: Option<UserKind> = "UserType",
    }

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

    /// A role.
    Role {
        /// The role.
        role: RoleId = "RoleID",
        /// Its name.
        name: Option<String> = "Name",
    }

    /// The roles that a user group has on a rule.
    RoleOfGroup {
        /// The role.
        role: RoleId = "RoleID",
        /// Its name.
        name: Option<String> = "Name",
        /// Under which access policy.
        access_policy: Option<AccessPolicyId> = "AccessPolicyID",
    }

    /// A permission.
    Permission {
        /// The permission.
        permission: PermissionId = "PermissionID",
        /// Its name.
        name: String = "Name",
    }

    /// What a user group may do.
    GroupPermission {
        /// The permission.
        permission: PermissionId = "PermissionID",
        /// How far.
        level: AccessLevel = "AccessLevelID",
    }

    /// A level of access.
    NamedAccessLevel {
        /// The level.
        level: AccessLevel = "AccessLevelID",
        /// Its name.
        name: String = "Name",
    }

    /// What somebody may do on something, and through which group and rule.
    Entitlement {
        /// The group.
        group: Option<UserGroupId> = "GroupID",
        /// Its name.
        group_name: Option<String> = "Name",
        /// The rule.
        rule: Option<SmartRuleId> = "SmartRuleId",
        /// Its title.
        rule_title: Option<String> = "Title",
        /// What it collects.
        rule_kind: Option<String> = "SmartRuleType",
        /// The access level.
        access_level: Option<String> = "AccessLevel",
        /// The role.
        role: Option<RoleId> = "RoleId",
        /// Its name.
        role_name: Option<String> = "RoleName",
        /// Whether the group is of administrators.
        is_administrators: bool = "IsAdministratorGroup",
        /// The user.
        user: Option<UserId> = "UserID",
        /// Its name.
        user_name: Option<String> = "UserName",
        /// The account.
        account: Option<super::AccountId> = "ManagedAccountId",
        /// Its name.
        account_name: Option<String> = "AccountName",
        /// The system's name.
        system_name: Option<String> = "RationalizedSystemName",
        /// The system.
        system: Option<super::SystemId> = "ManagedSystemID",
        /// The application.
        application: Option<super::ApplicationId> = "ApplicationID",
        /// Its name.
        application_name: Option<String> = "ApplicationName",
        /// The access policy.
        access_policy_name: Option<String> = "AccessPolicyName",
        /// Whether a dedicated account's own permissions come first.
        is_dedicated_override: bool = "DedicatedAccountPermissionOverride",
        /// The application user that the account is dedicated to.
        dedicated_to: Option<UserId> = "DedicatedToAppUserID",
        /// Its name.
        dedicated_to_name: Option<String> = "DedicatedToAppUserName",
    }

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

words! {
    /// What kind of user.
    UserKind {
        /// Known to the vault alone.
        Local = "BeyondInsight",
        /// Of an Active Directory.
        ActiveDirectory = "ActiveDirectory",
        /// Of another directory.
        Ldap = "LdapDirectory",
        /// Of Entra.
        Entra = "EntraId",
        /// A program.
        Application = "Application",
    }

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
    /// A permission that a group is given.
    PermissionGrant (
        /// The permission.
        permission: of(PermissionId) = "PermissionID",
        /// How far.
        level: of(AccessLevel) = "AccessLevelID",
    ) {};

    /// A rule that a group is given.
    RuleGrant (
        /// The rule.
        rule: of(SmartRuleId) = "SmartRuleID",
        /// How far.
        level: of(AccessLevel) = "AccessLevelID",
    ) {};

    /// A role, in a list of them.
    RoleGrant (
        /// The role.
        role: of(RoleId) = "RoleID",
    ) {};

    /// The roles that a group is given on a rule; they replace those that it has.
    RoleGrants (
        /// The roles.
        roles: of(Vec<RoleGrant>) = "Roles",
    ) {
        /// Under which access policy; wanted with the roles Requestor and Requestor/Approver.
        access_policy: of(AccessPolicyId) = "AccessPolicyID",
    };

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

    /// A user that the vault alone knows.
    LocalUser (
        /// Name, at most 64 characters.
        name: text(64) = "UserName",
        /// First name, at most 64 characters.
        first_name: text(64) = "FirstName",
        /// E-mail address, at most 255 characters.
        email: text(255) = "EmailAddress",
        /// Password.
        password: secret(1000) = "Password",
    ) {
        /// Last name, at most 64 characters.
        last_name: text(64) = "LastName",
        /// Active or not: yes.
        active: flag = "IsActive",
    };

    /// A user of an Active Directory.
    ActiveDirectoryUser (
        /// Name, at most 64 characters.
        name: text(64) = "UserName",
        /// Forest, at most 300 characters.
        forest: text(300) = "ForestName",
    ) {
        /// Domain, at most 250 characters.
        domain: text(250) = "DomainName",
        /// Who asks the directory.
        bind_user: text(255) = "BindUser",
        /// That user's password.
        bind_password: secret(1000) = "BindPassword",
        /// Whether by TLS.
        use_tls: flag = "UseSSL",
    };

    /// A user of another directory.
    LdapUser (
        /// The directory's host.
        host: text(255) = "HostName",
        /// Distinguished name, at most 255 characters.
        distinguished_name: text(255) = "DistinguishedName",
        /// The attribute that names the user.
        account_name_attribute: text(255) = "AccountNameAttribute",
    ) {
        /// Who asks the directory.
        bind_user: text(255) = "BindUser",
        /// That user's password.
        bind_password: secret(1000) = "BindPassword",
        /// Port.
        port: number(1, 65_535) = "Port",
        /// Whether by TLS.
        use_tls: flag = "UseSSL",
    };

    /// A user that is a program.
    ApplicationUser (
        /// Name, at most 64 characters.
        name: text(64) = "UserName",
    ) {
        /// Its access policy.
        access_policy: of(AccessPolicyId) = "AccessPolicyID",
        /// Active or not: yes.
        active: flag = "IsActive",
    };

    /// What a local or application user becomes.
    UserUpdate (
        /// What kind of user.
        kind: of(UserKind) = "UserType",
        /// Name, at most 64 characters.
        name: text(64) = "UserName",
    ) {
        /// First name, at most 64 characters.
        first_name: text(64) = "FirstName",
        /// Last name, at most 64 characters.
        last_name: text(64) = "LastName",
        /// E-mail address, at most 255 characters.
        email: text(255) = "EmailAddress",
        /// A new password of a local user.
        password: secret(1000) = "Password",
        /// Access policy of an application user.
        access_policy: of(AccessPolicyId) = "AccessPolicyID",
        /// Active or not.
        active: flag = "IsActive",
    } rules only_local_users_are_changed;
}

fn only_local_users_are_changed(update: &UserUpdate) -> Result<(), Rule> {
    match update.kind {
        UserKind::Local | UserKind::Application => Ok(()),
        _ => Err("only local and application users can be changed; others are their directory's"),
    }
}
