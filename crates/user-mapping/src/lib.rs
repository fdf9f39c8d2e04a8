#![doc = include_str!("../README.md")]

mod account;
mod directory;
mod dn;
mod domains;
mod escape;
mod findings;
mod fold;
mod guid;
#[cfg(feature = "ldap")]
pub mod ldap;
mod letters;
mod lookalike;
mod mapping_file;
mod matching;
mod name;
mod pattern;
mod persons;
mod pointer;
mod preparation;
mod problem;
mod reconcile;
mod refusal;
mod resolution;
mod resolve;
mod rule;
mod rule_set;
mod runas;
mod search;
mod sid;
mod template;
pub mod trace;

pub use directory::{AccountState, Answer, Answers, Entry, Key, Progress, Question};
pub use dn::{
    AttributeType, Ava, AvaView, Dn, DnError, DnProblem, DnView, EscapedText, HexText, LeafUser,
    NoDnsDomain, NotAPerson, Rdn, ValueView,
};
pub use escape::{DnValue, FilterValue};
pub use fold::{Folded, fold, is_same};
pub use guid::{Guid, NotAGuid};
pub use letters::{CharacterProblem, letters_policy};
pub use lookalike::{Collision, may_collide, skeleton};
pub use mapping_file::{
    AllowTable, Characters, DenyTable, DirectoryUse, DomainTable, ExceptionTable, FormKey, FromKey,
    LocalAccounts, MappingFile, PolicyTable, Probe, RuleTable, RunasTemplates,
};
pub use matching::{DirectoryAnswer, MatchingRule};
pub use name::{BareName, DownLevelName, Name, NameError, NameProblem, Upn};
pub use pointer::Pointed;
pub use problem::{MappingProblem, Warning};
pub use refusal::Refusal;
pub use resolution::{DecidedBy, DomainId, Outcome, Resolution, StatedUser, VaultUser};
pub use rule_set::{DomainNames, RuleSet};
pub use runas::{Runas, RunasError};
pub use sid::{Sid, SidError, SidProblem};
pub use trace::Trace;
