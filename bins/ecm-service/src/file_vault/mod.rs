//! A vault that is one age-encrypted file: entries with hosts, users and secrets.
//!
//! For a handful of credentials that no Password Safe keeps. It lends like any other source;
//! requests live in memory, and the service's ledger gives everything back before it ends.

pub mod entries;
pub mod hosts;
pub mod loans;
pub mod sealed;
pub mod shelf;
pub mod source;
