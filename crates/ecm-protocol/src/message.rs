//! What site and ECM say to each other: data only, named as it lies in JSON.
//!
//! How these become frames is [`crate::codec`]'s affair, and when which of them may be said is
//! that of the two links. Members that the wire calls optional are [`Option`]s here: a real site
//! may know little, and absent is not empty.

mod base64;
mod endpoint;
mod greeting;
mod lease;
mod problem;
mod question;
pub mod secret_bytes;
mod secret_text;
mod session;
mod target;
mod user;
mod wire_time;

pub use self::endpoint::{Endpoint, EndpointsFind, EndpointsFound};
pub use self::greeting::{
    Accepted, Capabilities, EndpointKind, Expectation, Greeting, Group, Heartbeat, Hello, Instance,
    Limits, Plugin, Product, ProtocolRange, Rank, Reauth, SiteIdentity, SiteLimits, TokenLife,
    VaultState, VaultStatus, Welcome,
};
pub use self::lease::{
    Credential, CredentialKind, Lease, Release, ReleaseOutcome, ReleaseResult, Retrieve,
    RetrieveResult, Rotation, Ticket, Used,
};
pub use self::problem::{Category, ConsoleText, Problem, Retry};
pub use self::question::{
    ApprovalNeed, CredentialSummary, EmptyReason, Find, FindResult, Meta, Partial, Phase, Purpose,
    Scope, SessionRef, SourceReport, SourceStatus, Want,
};
pub use self::session::{
    Cancel, Drain, Health, HealthState, Ping, Pong, RankChanged, SessionCompleted, SessionStart,
    SessionStarted,
};
pub use self::target::{
    Address, AddressScope, Application, JumpGroup, Preset, ShellProtocol, Target, TargetKind,
    UsernameFormat,
};
pub use self::user::{Provider, ProviderKind, User, UserIds};
