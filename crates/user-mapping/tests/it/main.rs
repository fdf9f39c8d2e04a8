//! What names are, and whom they stand for, seen from outside the crate.

#![expect(clippy::unwrap_used, reason = "helpers of tests may end the test")]

mod dn_properties;
mod dn_vectors;
mod names;
