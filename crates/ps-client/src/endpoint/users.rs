//! Users of the vault.

use super::declare::calls;
use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::body::{Body, Json};
use crate::error::Error;
use crate::model::{
    ActiveDirectoryUser, ApplicationUser, LdapUser, LocalUser, User, UserGroup, UserGroupId,
    UserId, UserKind, UserUpdate,
};
use crate::repeat::Repeat;

/// Makes a user. 201. *Seen.*
///
/// Call: `POST Users`. Permission: User Account Management (Read/Write). Of an application user the
/// answer holds the client secret, this once.
#[derive(Clone, Debug)]
pub struct CreateUser {
    /// The user.
    pub new: NewUser,
}

/// A user that is to be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NewUser {
    /// One that the vault alone knows.
    Local(LocalUser),
    /// One of an Active Directory.
    ActiveDirectory(ActiveDirectoryUser),
    /// One of another directory.
    Ldap(LdapUser),
    /// A program.
    Application(ApplicationUser),
}

impl Endpoint for CreateUser {
    type Answer = User;
    const NAME: &'static str = "POST Users";

    fn request(&self) -> ApiRequest {
        let body = Json::of_members(|members| match &self.new {
            NewUser::Local(user) => {
                members.put("UserType", &UserKind::Local);
                user.members(members);
            }
            NewUser::ActiveDirectory(user) => {
                members.put("UserType", &UserKind::ActiveDirectory);
                user.members(members);
            }
            NewUser::Ldap(user) => {
                members.put("UserType", &UserKind::Ldap);
                user.members(members);
            }
            NewUser::Application(user) => {
                members.put("UserType", &UserKind::Application);
                user.members(members);
            }
        });
        ApiRequest::new(http::Method::POST, &["Users"]).json(body)
    }

    fn read(&self, answer: &ApiAnswer) -> Result<User, Error> {
        answer.object(Self::NAME)
    }

    fn check(&self) -> Result<(), Error> {
        let rule = match &self.new {
            NewUser::Local(user) => user.check(),
            NewUser::ActiveDirectory(user) => user.check(),
            NewUser::Ldap(user) => user.check(),
            NewUser::Application(user) => user.check(),
        };
        rule.map_err(|rule| Error::misuse(Self::NAME, rule))
    }

    fn repeat(&self) -> Repeat {
        Repeat::Unsafe
    }
}

calls! {
    @also [CreateUser "User Account Management (Read/Write)" Seen Unsafe]

    /// Users, not paged.
    ListUsers {
        /// Only of this name: `name`, `DOMAIN\name` or UPN.
        username: Option<String>,
        /// Whether those that may not sign in come too.
        include_inactive: Option<bool>,
    }
        GET "Users" query { "username" = username, "includeInactive" = include_inactive }
        => list(User), Seen, "User Account Management (Read)";

    /// One user. 404: there is none.
    GetUser {
        /// The user.
        user: UserId,
    }
        GET "Users" / user
        => object(User), Seen, "User Account Management (Read)";

    /// The members of a group.
    ListUsersOfGroup {
        /// The group.
        group: UserGroupId,
    }
        GET "UserGroups" / group / "Users"
        => list(User), Seen, "User Account Management (Read)";

    /// The groups of a user.
    ListGroupsOfUser {
        /// The user.
        user: UserId,
    }
        GET "Users" / user / "UserGroups"
        => list(UserGroup), Seen, "User Account Management (Read)";

    /// Makes a local user in a group. 201.
    CreateUserInGroup {
        /// The group.
        group: UserGroupId,
        /// The user.
        new: LocalUser,
    }
        POST "UserGroups" / group / "Users" json (new)
        => object(User), Seen, "User Account Management (Read/Write)";

    /// Makes a user a member of a group. 201.
    AddUserToGroup {
        /// The user.
        user: UserId,
        /// The group.
        group: UserGroupId,
    }
        POST "Users" / user / "UserGroups" / group
        => object(UserGroup), Seen, "User Account Management (Read/Write)", Safe;

    /// Takes a user out of a group.
    RemoveUserFromGroup {
        /// The user.
        user: UserId,
        /// The group.
        group: UserGroupId,
    }
        DELETE "Users" / user / "UserGroups" / group
        => nothing, Seen, "User Account Management (Read/Write)";

    /// Changes a local or application user.
    UpdateUser {
        /// The user.
        user: UserId,
        /// What the user becomes.
        new: UserUpdate,
    }
        PUT "Users" / user json (new)
        => object(User), Seen, "User Account Management (Read/Write)";

    /// Shuts a user out.
    QuarantineUser {
        /// The user.
        user: UserId,
    }
        POST "Users" / user / "Quarantine"
        => object(User), Seen, "User Account Management (Read/Write)", Safe;

    /// Gives an application user a new client secret, which the answer holds; the old one is
    /// refused from then on.
    RecycleClientSecret {
        /// The user.
        user: UserId,
    }
        POST "Users" / user / "RecycleClientSecret"
        => object(User), Seen, "User Account Management (Read/Write)";

    /// Deletes a user.
    DeleteUser {
        /// The user.
        user: UserId,
    }
        DELETE "Users" / user
        => nothing, Seen, "User Account Management (Read/Write)";
}
