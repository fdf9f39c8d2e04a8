//! What vsc-core promises, as sentences.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod apdu;
mod atr;
mod redaction;
mod sensitive;
mod vpcd;
