//! The crate against recorded shapes, arbitrary bytes and a simulated site.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests may fail loudly"
)]

mod errors;
mod paper;
mod readers;
mod simulated;
mod tokens;
