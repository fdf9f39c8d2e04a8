//! The broker, from the outside.
#![expect(unreachable_pub, reason = "helpers of one test binary, used across its modules")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test that cannot go on shall stop; a paper clock starts at a real instant"
)]

mod audit_chain;
mod credential_ids;
mod fake_vault;
mod giving_back;
mod house;
mod killed;
mod ledger_lines;
mod lending;
mod paper;
mod password_safe;
mod problems;
mod questions;
mod reasons;
mod search_keys;
mod searching;
mod secrecy_kept;
mod sharing;
mod spellings;
mod vault_errors;
