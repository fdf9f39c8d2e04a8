//! The parts of `ecm-service`, reachable from its tests; `main.rs` only puts them in motion.
//!
//! This is the composition root of the credential flow: sockets, time, files and processes live
//! here and nowhere below. See `ARCHITECTURE.md` for the way of a question through the house.

pub mod beside_link;
pub mod books;
#[cfg(unix)]
pub mod broker_api;
pub mod cli;
pub mod command;
pub mod config;
pub mod configurator;
pub mod control;
pub mod desk;
pub mod directories;
pub mod doctor;
pub mod durable_file;
pub mod event_code;
pub mod exit;
pub mod file_vault;
pub mod giver;
pub mod greeting;
pub mod identity;
pub mod metrics;
pub mod plugin;
pub mod ports;
pub mod provision;
pub mod reload;
pub mod seen;
pub mod service;
pub mod site_link;
pub mod sites;
pub mod status;
pub mod traces;
pub mod trial;
pub mod vault_pool;
pub mod vault_watch;
pub mod vaults;
