//! What a credential is wanted for: the Jump Item.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The Jump Item a credential is wanted for. Only `kind` and one address-like member are certain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// What it is.
    pub kind: TargetKind,
    /// Its name on the site, at most 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Machine name or address, possibly with `:port`, at most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Fully qualified name, at most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fqdn: Option<String>,
    /// Further addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Address>,
    /// Port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Web Jump and Kubernetes tunnel: the address, at most 256 characters, without user-info.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Web Jump: the shape in which the page wants the user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_format: Option<UsernameFormat>,
    /// Shell Jump: SSH or telnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<ShellProtocol>,
    /// RDP with an application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<Application>,
    /// Tunnels: the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// What the item itself says about who logs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// Operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Who is logged on there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console_user: Option<String>,
    /// Tag, at most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The Jump Group it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jump_group: Option<JumpGroup>,
}

impl Target {
    /// A target of which only the kind is known.
    #[must_use]
    pub fn of_kind(kind: TargetKind) -> Self {
        Self {
            kind,
            name: None,
            hostname: None,
            fqdn: None,
            addresses: Vec::new(),
            port: None,
            url: None,
            username_format: None,
            protocol: None,
            application: None,
            database: None,
            preset: None,
            os: None,
            console_user: None,
            tag: None,
            jump_group: None,
        }
    }
}

/// Kinds of Jump Items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// An installed agent.
    JumpClient,
    /// A machine in the user's own network.
    LocalJump,
    /// A machine behind a proxy, reached by pushing an agent.
    RemoteJump,
    /// Remote desktop.
    Rdp,
    /// Remote desktop that starts one application.
    RdpRemoteApp,
    /// Remote desktop with an agent that starts an application and types its credentials.
    RdpAgent,
    /// VNC.
    Vnc,
    /// SSH or telnet.
    Shell,
    /// A web page.
    Web,
    /// TCP tunnel.
    TunnelTcp,
    /// SQL Server tunnel.
    TunnelMssql,
    /// PostgreSQL tunnel.
    TunnelPostgres,
    /// MySQL tunnel.
    TunnelMysql,
    /// Kubernetes tunnel.
    TunnelK8s,
    /// Network tunnel.
    TunnelNetwork,
    /// A session that the customer began.
    SupportSession,
    /// An external Jump Item.
    External,
}

/// An address of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// Where it is valid. Public addresses are shared by many machines behind one router.
    pub scope: AddressScope,
}

/// Where an address is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressScope {
    /// In the target's own network.
    Private,
    /// As the site sees it.
    Public,
}

/// The shape in which a web page wants the user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsernameFormat {
    /// As it is.
    Default,
    /// Without domain.
    UsernameOnly,
    /// `user@suffix`.
    ForceUpnFormat,
    /// `DOMAIN\user`.
    ForceDllnFormat,
}

/// How a shell is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShellProtocol {
    /// SSH.
    Ssh,
    /// Telnet.
    Telnet,
}

/// The application behind an RDP item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Application {
    /// Published name, at most 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_app: Option<String>,
    /// Path of the program, at most 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exe: Option<String>,
    /// The system whose credential the application wants, at most 250 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_system: Option<String>,
    /// The kind of credential it wants, at most 250 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_type: Option<String>,
}

/// Who logs on by the item's own settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preset {
    /// User name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}

/// The Jump Group of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JumpGroup {
    /// `shared` or `personal`.
    pub kind: String,
    /// Its code name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_name: Option<String>,
}
