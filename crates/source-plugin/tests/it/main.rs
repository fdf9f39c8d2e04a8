//! Behaviour of the plugin protocol without a process.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail the test they serve"
)]

mod answers;
mod calls;
mod document;
mod lines;
mod manifest;
mod redaction;
