#![doc = include_str!("../README.md")]

pub mod audit;
pub mod broker;
pub mod credential_id;
pub mod explanation;
mod hex;
pub mod ledger;
mod lending;
pub mod mapping;
mod offering;
pub mod ports;
pub mod problem;
pub mod reason;
pub mod search_key;
pub mod settings;
pub mod source;

pub use broker::{Answered, Broker, BrokerParts, HoldingSession, PartialSink, WhyNot, Withheld};
pub use explanation::Explanation;
pub use lending::{Ended, GiveBackReport, Vault};
