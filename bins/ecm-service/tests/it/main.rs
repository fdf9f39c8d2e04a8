//! Behaviour of `ecm-service`, from its configuration file to whole conversations.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail the test they serve"
)]

mod approvals;
mod beside_link;
mod books;
mod broker_api;
mod browser;
mod command_line;
mod configuration;
mod configurator;
mod control_socket;
mod conversation;
mod credential_flow;
mod doctor;
mod documentation;
mod house;
mod leases;
mod log_lines;
mod name_mapping;
mod other_vaults;
mod planted_secrets;
mod plugin_commands;
mod plugin_lives;
mod provision;
mod site_dialling;
mod stand_in;
mod takeover;
mod traces;
mod trials;
mod trouble;
mod vault_watching;
mod watching;
