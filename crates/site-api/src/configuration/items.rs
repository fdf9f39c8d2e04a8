//! What the lists hold: the members an ECM or its doctor can use. Unknown members are skipped, and
//! all but id and name may be missing: sites differ by product and version.

use serde::Deserialize;

use super::Item;

/// An API account of the site, such as our own. Needs the right to the Configuration API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ApiAccount {
    /// Id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// OAuth client id.
    pub client_id: Option<String>,
    /// Whether it gets tokens.
    pub enabled: Option<bool>,
    /// Networks it may come from, as the site writes them; empty for everywhere.
    pub ip_addresses: Option<String>,
    /// Whether Endpoint Credential Managers may connect with it.
    pub perm_ecm: Option<bool>,
    /// `deny`, `read_only` or `full_access`.
    pub perm_command: Option<String>,
    /// Whether it may read session reports.
    pub perm_reporting_support: Option<bool>,
    /// Whether it may use the Configuration API.
    pub perm_configuration: Option<bool>,
    /// ECM group its ECMs join; none is the default group.
    pub ecm_group_id: Option<u32>,
}

impl Item for ApiAccount {
    const NAME: &'static str = "API account";
    const PATH: &'static str = "api-account";
    const FILTERS: &'static [&'static str] = &["name"];
}

/// A console user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// Id.
    pub id: u32,
    /// Name to sign in with.
    pub username: String,
    /// The provider that vouches for them.
    pub security_provider_id: Option<u32>,
    /// Name customers see.
    pub public_display_name: Option<String>,
    /// E-mail address.
    pub email_address: Option<String>,
    /// Whether they may sign in.
    pub enabled: Option<bool>,
}

impl Item for User {
    const NAME: &'static str = "user";
    const PATH: &'static str = "user";
    const FILTERS: &'static [&'static str] = &["username", "email_address", "security_provider_id"];
}

/// Where users come from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SecurityProvider {
    /// Id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Kind, such as `local`, `ldap` or `saml`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Whether it is in use.
    pub enabled: Option<bool>,
    /// Directory server (LDAP).
    pub hostname: Option<String>,
    /// Its port (LDAP).
    pub port: Option<u16>,
    /// Where people are searched (LDAP).
    pub search_base_dn: Option<String>,
    /// Attribute names are taken from (LDAP).
    pub display_name: Option<String>,
    /// Attribute people are known by (LDAP).
    pub unique_id: Option<String>,
    /// Attribute of e-mail addresses (LDAP).
    pub email: Option<String>,
}

impl Item for SecurityProvider {
    const NAME: &'static str = "security provider";
    const PATH: &'static str = "security-provider";
    const FILTERS: &'static [&'static str] = &[];
}

/// A group of Jump Items.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct JumpGroup {
    /// Id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Name for programs.
    pub code_name: Option<String>,
    /// Comments.
    pub comments: Option<String>,
    /// ECM group that is asked for its items; none is the default group.
    pub ecm_group_id: Option<u32>,
}

impl Item for JumpGroup {
    const NAME: &'static str = "Jump Group";
    const PATH: &'static str = "jump-group";
    const FILTERS: &'static [&'static str] = &[];
}

/// An endpoint with a client installed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct JumpClient {
    /// Id.
    pub id: u32,
    /// Name people gave it.
    pub name: String,
    /// The machine's own name.
    pub hostname: Option<String>,
    /// Its full name; not all systems tell it.
    pub fqdn: Option<String>,
    /// Address in its own network.
    pub private_ip: Option<String>,
    /// Address the site sees.
    pub public_ip: Option<String>,
    /// Its system.
    pub operating_system: Option<String>,
    /// Who is signed in at it.
    pub console_user: Option<String>,
    /// Tag.
    pub tag: Option<String>,
    /// Comments.
    pub comments: Option<String>,
    /// Its group.
    pub jump_group_id: Option<u32>,
}

impl Item for JumpClient {
    const NAME: &'static str = "Jump Client";
    const PATH: &'static str = "jump-client";
    const FILTERS: &'static [&'static str] = &[
        "name",
        "hostname",
        "fqdn",
        "private_ip",
        "public_ip",
        "console_user",
        "tag",
        "jump_group_id",
    ];
}

/// A host reached by SSH or Telnet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ShellJump {
    /// Id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Host.
    pub hostname: Option<String>,
    /// `ssh` or `telnet`.
    pub protocol: Option<String>,
    /// Port.
    pub port: Option<u16>,
    /// User it is opened as when nobody injects one.
    pub username: Option<String>,
    /// Tag.
    pub tag: Option<String>,
    /// Comments.
    pub comments: Option<String>,
    /// Its Jumpoint.
    pub jumpoint_id: Option<u32>,
    /// Its group.
    pub jump_group_id: Option<u32>,
}

impl Item for ShellJump {
    const NAME: &'static str = "Shell Jump item";
    const PATH: &'static str = "jump-item/shell-jump";
    const FILTERS: &'static [&'static str] =
        &["name", "hostname", "tag", "jumpoint_id", "jump_group_id"];
}

/// A host reached by RDP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RemoteRdp {
    /// Id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Host, perhaps with `:port`.
    pub hostname: Option<String>,
    /// User it is opened as.
    pub rdp_username: Option<String>,
    /// That user's domain.
    pub domain: Option<String>,
    /// `none`, or how an application is started.
    pub secure_app_type: Option<String>,
    /// The application's name.
    pub remote_app_name: Option<String>,
    /// What the application needs credentials for.
    pub target_system: Option<String>,
    /// Which kind of credentials.
    pub credential_type: Option<String>,
    /// Tag.
    pub tag: Option<String>,
    /// Comments.
    pub comments: Option<String>,
    /// Its Jumpoint.
    pub jumpoint_id: Option<u32>,
    /// Its group.
    pub jump_group_id: Option<u32>,
}

impl Item for RemoteRdp {
    const NAME: &'static str = "Remote RDP item";
    const PATH: &'static str = "jump-item/remote-rdp";
    const FILTERS: &'static [&'static str] =
        &["name", "hostname", "tag", "jumpoint_id", "jump_group_id"];
}

/// A web page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct WebJump {
    /// Id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Address.
    pub url: Option<String>,
    /// How the user name is to be written.
    pub username_format: Option<String>,
    /// Tag.
    pub tag: Option<String>,
    /// Comments.
    pub comments: Option<String>,
    /// Its Jumpoint.
    pub jumpoint_id: Option<u32>,
    /// Its group.
    pub jump_group_id: Option<u32>,
}

impl Item for WebJump {
    const NAME: &'static str = "Web Jump item";
    const PATH: &'static str = "jump-item/web-jump";
    const FILTERS: &'static [&'static str] = &["name", "tag", "jumpoint_id", "jump_group_id"];
}

/// A machine through which hosts in its network are reached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Jumpoint {
    /// Id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// `windows-x86` or `linux-x86`.
    pub platform: Option<String>,
    /// Whether it is connected.
    pub connected: Option<bool>,
    /// Whether it is several machines.
    pub clustered: Option<bool>,
    /// Id of its network for items from outside.
    pub external_jump_item_network_id: Option<String>,
}

impl Item for Jumpoint {
    const NAME: &'static str = "Jumpoint";
    const PATH: &'static str = "jumpoint";
    const FILTERS: &'static [&'static str] = &[];
}
