//! What users and groups may do: roles, permissions, entitlements.

use super::rows::models;
use super::{
    AccessLevel, AccessPolicyId, AccountId, ApplicationId, PermissionId, RoleId, SmartRuleId,
    SystemId, UserGroupId, UserId,
};
use crate::body::bodies;

models! {
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
        account: Option<AccountId> = "ManagedAccountId",
        /// Its name.
        account_name: Option<String> = "AccountName",
        /// The system's name.
        system_name: Option<String> = "RationalizedSystemName",
        /// The system.
        system: Option<SystemId> = "ManagedSystemID",
        /// The application.
        application: Option<ApplicationId> = "ApplicationID",
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
}
