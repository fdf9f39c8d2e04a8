//! What vsc-core promises, as sentences.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "helpers of tests may fail loudly"
)]

mod apdu;
mod atr;
mod link;
mod redaction;
mod sensitive;
mod shares;
mod vpcd;
mod world;
