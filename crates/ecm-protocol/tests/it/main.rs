//! The protocol from outside: golden files, limits, conversations, framing, redaction.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets something unexpected should stop there and say where"
)]

mod fixture;
mod golden;
