//! Who asks.

use serde::{Deserialize, Serialize};

/// The console user, as the site knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user name in whatever form the security provider uses, at most 256 characters.
    pub username: String,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Distinguished name, at most 2048 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dn: Option<String>,
    /// Who vouches for the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// The site's own ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<UserIds>,
}

/// The security provider that authenticated the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Its kind.
    pub kind: ProviderKind,
    /// Its name on the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its id on the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Kinds of security providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// The site's own accounts.
    Local,
    /// A directory.
    Ldap,
    /// Kerberos.
    Kerberos,
    /// RADIUS.
    Radius,
    /// SAML.
    Saml,
    /// OpenID Connect.
    Oidc,
    /// Provisioned by SCIM.
    Scim,
    /// A vendor's user.
    Vendor,
    /// Anything else, also what a later version may add.
    #[serde(other)]
    Unknown,
}

/// The site's own ids of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserIds {
    /// Its user id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}
