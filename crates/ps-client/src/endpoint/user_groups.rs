//! Groups of users, and what they may do.

use super::declare::calls;
use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::body::{Body, Json, Value};
use crate::error::Error;
use crate::model::{
    AccessLevel, GroupPermission, NewActiveDirectoryGroup, NewEntraGroup, NewLdapGroup,
    NewLocalGroup, PermissionGrant, RoleGrants, RoleOfGroup, SmartRuleId, UserGroup, UserGroupId,
    UserGroupKind,
};
use crate::repeat::Repeat;

/// Makes a group. 201. *Seen.*
///
/// Call: `POST UserGroups`. Permission: User Account Management (Read/Write).
#[derive(Clone, Debug)]
pub struct CreateUserGroup {
    /// The group.
    pub new: NewUserGroup,
}

/// A group that is to be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NewUserGroup {
    /// One that the vault alone knows.
    Local(NewLocalGroup),
    /// One of Entra.
    Entra(NewEntraGroup),
    /// One of an Active Directory.
    ActiveDirectory(NewActiveDirectoryGroup),
    /// One of another directory.
    Ldap(NewLdapGroup),
}

impl Endpoint for CreateUserGroup {
    type Answer = UserGroup;
    const NAME: &'static str = "POST UserGroups";

    fn request(&self) -> ApiRequest {
        let body = Json::of_members(|members| match &self.new {
            NewUserGroup::Local(group) => {
                members.put("groupType", &UserGroupKind::Local);
                group.members(members);
            }
            NewUserGroup::Entra(group) => {
                members.put("groupType", &UserGroupKind::Entra);
                group.members(members);
            }
            NewUserGroup::ActiveDirectory(group) => {
                members.put("groupType", &UserGroupKind::ActiveDirectory);
                group.members(members);
            }
            NewUserGroup::Ldap(group) => {
                members.put("groupType", &UserGroupKind::Ldap);
                group.members(members);
            }
        });
        ApiRequest::new(http::Method::POST, &["UserGroups"]).json(body)
    }

    fn read(&self, answer: &ApiAnswer) -> Result<UserGroup, Error> {
        answer.object(Self::NAME)
    }

    fn check(&self) -> Result<(), Error> {
        let rule = match &self.new {
            NewUserGroup::Local(group) => group.check(),
            NewUserGroup::Entra(group) => group.check(),
            NewUserGroup::ActiveDirectory(group) => group.check(),
            NewUserGroup::Ldap(group) => group.check(),
        };
        rule.map_err(|rule| Error::misuse(Self::NAME, rule))
    }

    fn repeat(&self) -> Repeat {
        Repeat::Unsafe
    }
}

/// Sets permissions of a group. 204. *Seen.*
///
/// Call: `POST UserGroups/{group}/Permissions`. Permission: User Account Management (Read/Write).
#[derive(Clone, Debug)]
pub struct SetPermissionsOfGroup {
    /// The group.
    pub group: UserGroupId,
    /// What it may do.
    pub grants: Vec<PermissionGrant>,
}

impl Endpoint for SetPermissionsOfGroup {
    type Answer = ();
    const NAME: &'static str = "POST UserGroups/{group}/Permissions";

    fn request(&self) -> ApiRequest {
        let path = ["UserGroups", &self.group.to_string(), "Permissions"];
        ApiRequest::new(http::Method::POST, &path).json(Json::of(&self.grants))
    }

    fn read(&self, answer: &ApiAnswer) -> Result<(), Error> {
        answer.body(Self::NAME).map(|_| ())
    }

    fn check(&self) -> Result<(), Error> {
        self.grants.check_value().map_err(|rule| Error::misuse(Self::NAME, rule))
    }
}

calls! {
    @also [
        CreateUserGroup "User Account Management (Read/Write)" Seen Unsafe,
        SetPermissionsOfGroup "User Account Management (Read/Write)" Seen Safe,
    ]

    /// All groups.
    ListUserGroups {}
        GET "UserGroups"
        => list(UserGroup), Seen, "User Account Management (Read)";

    /// One group. 404: there is none.
    GetUserGroup {
        /// The group.
        group: UserGroupId,
    }
        GET "UserGroups" / group
        => object(UserGroup), Seen, "User Account Management (Read)";

    /// The group of this name. 404: there is none.
    FindUserGroup {
        /// Its name.
        name: String,
    }
        GET "UserGroups" query { "name" = name }
        => object(UserGroup), Seen, "User Account Management (Read)";

    /// Deletes a group.
    DeleteUserGroup {
        /// The group.
        group: UserGroupId,
    }
        DELETE "UserGroups" / group
        => nothing, Seen, "User Account Management (Read/Write)";

    /// Deletes the group of this name.
    DeleteUserGroupNamed {
        /// Its name.
        name: String,
    }
        DELETE "UserGroups" query { "name" = name }
        => nothing, Seen, "User Account Management (Read/Write)";

    /// What a group may do.
    ListPermissionsOfGroup {
        /// The group.
        group: UserGroupId,
    }
        GET "UserGroups" / group / "Permissions"
        => list(GroupPermission), Seen, "User Account Management (Read)";

    /// Takes all permissions from a group.
    DeletePermissionsOfGroup {
        /// The group.
        group: UserGroupId,
    }
        DELETE "UserGroups" / group / "Permissions"
        => nothing, Seen, "User Account Management (Read/Write)";

    /// The roles that a group has on a rule.
    ListRolesOfGroup {
        /// The group.
        group: UserGroupId,
        /// The rule.
        rule: SmartRuleId,
    }
        GET "UserGroups" / group / "SmartRules" / rule / "Roles"
        => list(RoleOfGroup), Seen, "Role Management (Read)";

    /// Replaces the roles that a group has on a rule. 204.
    SetRolesOfGroup {
        /// The group.
        group: UserGroupId,
        /// The rule.
        rule: SmartRuleId,
        /// The roles, and the access policy that goes with Requestor roles.
        grants: RoleGrants,
    }
        POST "UserGroups" / group / "SmartRules" / rule / "Roles" json (grants)
        => nothing, Seen, "Role Management (Read/Write)", Safe;

    /// Takes all roles on a rule from a group.
    DeleteRolesOfGroup {
        /// The group.
        group: UserGroupId,
        /// The rule.
        rule: SmartRuleId,
    }
        DELETE "UserGroups" / group / "SmartRules" / rule / "Roles"
        => nothing, Seen, "Role Management (Read/Write)";

    /// Sets what a group may do with a rule.
    SetAccessLevelOfGroup {
        /// The group.
        group: UserGroupId,
        /// The rule.
        rule: SmartRuleId,
        /// How far.
        level: AccessLevel,
    }
        POST "UserGroups" / group / "SmartRules" / rule / "AccessLevels"
        json { "AccessLevelID" = level }
        => nothing, Seen, "User Account Management (Read/Write)", Safe;
}
