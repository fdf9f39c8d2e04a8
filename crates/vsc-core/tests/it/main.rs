//! What vsc-core promises, as sentences.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "helpers of tests may fail loudly, and a paper clock must begin somewhere"
)]

mod any_bytes;
mod apdu;
mod atr;
mod away;
mod guard_policy;
mod guard_properties;
mod guard_share;
mod guard_table;
mod guard_world;
mod handshake;
mod hostile;
mod link;
mod malice;
mod other_implementation;
mod redaction;
mod relay;
mod sensitive;
mod session;
mod share_world;
mod shares;
mod vpcd;
mod wire_page;
mod world;
