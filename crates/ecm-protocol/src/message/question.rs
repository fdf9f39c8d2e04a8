//! A search: what is asked, and what is offered.

use serde::{Deserialize, Serialize};

use super::lease::CredentialKind;
use super::target::Target;
use super::user::User;

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
