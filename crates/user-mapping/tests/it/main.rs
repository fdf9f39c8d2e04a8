//! What names are, and whom they stand for, seen from outside the crate.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may end the test"
)]

mod any_bytes;
mod directories;
mod dn_properties;
mod dn_vectors;
mod dn_view;
mod escaping;
mod hostile;
mod identifiers;
#[cfg(feature = "ldap")]
mod ldap;
mod letters_rules;
mod lookalikes;
mod mapping_file;
mod matching;
mod names;
mod recipes;
mod reconciling;
mod resolve_properties;
mod rule_conditions;
mod rules;
mod setting;
mod traces;
