//! Users.

use secrecy::SecretString;

use super::rows::models;
use super::words::words;
use super::{AccessPolicyId, UserId, VaultTime};
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
}

bodies! {
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
