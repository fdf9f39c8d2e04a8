//! Who asks, for what, and what is offered.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::greeting::EndpointKind;
use super::lease::CredentialKind;

/// What travels with each question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// The short code that a person can read out and every log line carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_ref: Option<String>,
    /// How long the asker waits, in milliseconds from receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// W3C Trace Context, passed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// W3C Trace Context, passed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracestate: Option<String>,
}

/// The session a question is asked in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRef {
    /// The site's id of the session, 32 hexadecimal digits as seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lsid: Option<String>,
    /// Where in its life the session is.
    pub phase: Phase,
    /// Custom session attributes, such as an external ticket number.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub custom: std::collections::BTreeMap<String, String>,
}

/// Where in its life a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not begun yet.
    BeforeSession,
    /// Running.
    InSession,
    /// About an external Jump Item.
    ExternalItem,
    /// No real session: a test of the settings.
    Test,
}

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

/// What the credential will be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A log-on screen.
    Logon,
    /// A prompt of User Account Control.
    Uac,
    /// Raising the rights of the session's agent.
    Elevate,
    /// Running a program as somebody else.
    RunAs,
    /// A special action.
    SpecialAction,
    /// Installing the agent.
    Push,
    /// Remote desktop log-on.
    Rdp,
    /// SSH log-on.
    Ssh,
    /// A web form.
    Web,
    /// An application's log-on.
    Application,
    /// A database log-on.
    Database,
    /// A cluster.
    Kubernetes,
}

/// `credentials.find`: which credentials may this user use there?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Find {
    /// Reference, deadline, trace.
    #[serde(default)]
    pub meta: Meta,
    /// The session.
    pub session: SessionRef,
    /// Who asks.
    pub user: User,
    /// For what.
    pub target: Target,
    /// What for.
    pub purpose: Purpose,
    /// What the asker can use.
    #[serde(default)]
    pub want: Want,
}

/// What the asker can use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Want {
    /// Kinds; empty means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<CredentialKind>,
    /// How many, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<u32>,
}

/// `credentials.partial`: part of a running search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partial {
    /// The id of the question.
    #[serde(rename = "for")]
    pub for_id: String,
    /// 1, 2, 3 and so on.
    pub seq: u32,
    /// Found since the last part.
    pub items: Vec<CredentialSummary>,
}

/// One row of the list a user picks from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialSummary {
    /// Opaque, stable over time for the same account, at most 1024 characters.
    pub id: String,
    /// What the user sees, at most 256 characters.
    pub display: String,
    /// What it is.
    pub kind: CredentialKind,
    /// Account name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Its domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Where the account lives.
    pub scope: Scope,
    /// The managed system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Whether somebody must approve.
    pub approval: ApprovalNeed,
    /// Sort key; rows are shown in its ASCII order.
    pub sort: String,
}

/// Where an account lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// On the system itself.
    Local,
    /// In a directory, linked to the system.
    Linked,
    /// Tied to an application.
    Application,
    /// In a directory, not tied to a system.
    Shared,
}

/// Whether somebody must approve before the credential can be handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalNeed {
    /// No.
    Automatic,
    /// Yes.
    Needed,
    /// The source cannot tell before it is asked.
    Unknown,
}

/// The final answer to [`Find`]. Items already sent as [`Partial`] are not repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindResult {
    /// The rest.
    pub items: Vec<CredentialSummary>,
    /// Whether every source was heard.
    pub complete: bool,
    /// Whether there was more than could be answered.
    pub truncated: bool,
    /// The vault user that the console user stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped_user: Option<String>,
    /// What each source did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceReport>,
    /// Why nothing is offered, if nothing is.
    #[serde(default)]
    pub empty_reason: Option<EmptyReason>,
}

/// What one source did for a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// The vault's name in the ECM's configuration.
    pub vault: String,
    /// How it ended.
    pub status: SourceStatus,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// The search key that hit first: `host`, `short_name`, `fqdn`, `address`, `url`, `application`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_on: Option<String>,
    /// Systems that matched.
    #[serde(default)]
    pub systems: u32,
    /// Accounts seen.
    #[serde(default)]
    pub seen: u32,
    /// Accounts offered.
    #[serde(default)]
    pub offered: u32,
}

/// How a source's part of a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceStatus {
    /// Everything was asked and answered.
    Ok,
    /// Some questions failed or were not answered in time.
    Partial,
    /// It could not be asked.
    Failed,
}

/// Why an answer holds nothing. A result, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyReason {
    /// No system goes by any of the target's names.
    NoSystem,
    /// The system has no account for this user.
    NoAccount,
    /// There are accounts, but this user may request none.
    NotRequestable,
    /// A rule of the ECM hid all there were.
    PolicyHidAll,
    /// There are accounts, none of a wanted kind.
    KindNotWanted,
    /// The user is mapped to nobody, which the configuration allows.
    UserUnmappedAllowed,
}

/// `endpoints.find`: which external Jump Items are there?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointsFind {
    /// Reference, deadline, trace.
    #[serde(default)]
    pub meta: Meta,
    /// Who asks.
    pub user: User,
    /// Kinds wanted.
    pub kinds: Vec<EndpointKind>,
    /// Search text, at most 256 characters.
    #[serde(default)]
    pub text: String,
    /// Only so many of those used last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent: Option<u32>,
}

/// The answer to [`EndpointsFind`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointsFound {
    /// What was found.
    pub items: Vec<Endpoint>,
    /// Whether there was more.
    pub truncated: bool,
}

/// An external Jump Item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Opaque id.
    pub id: String,
    /// What the user sees.
    pub display: String,
    /// RDP or SSH.
    pub kind: EndpointKind,
    /// Machine name or address.
    pub hostname: String,
    /// Port, where it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The network it is in: the vault's workgroup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_id: Option<String>,
}
