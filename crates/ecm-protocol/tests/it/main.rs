//! The protocol from outside: golden files, limits, conversations, framing, redaction.
//!
//! Where a case of the protocol needs more than two machines, it is proven elsewhere:
//!
//! | case | proven in |
//! |---|---|
//! | retrieve twice with the same key is one lease, with another key two | `ecm-core`, which keeps the leases |
//! | release twice, release of an unknown lease is no error | `ecm-core`; that the answer passes unchanged, here |
//! | link lost between the vault's answer and the socket: given back | `ecm-service`, whose pump knows what was written |
//! | write stall | `ecm-service`, whose pump owns the socket |
//! | an access token is renewed across a reconnect | `ecm-service`, end to end |
//! | a secret in no log line | `ecm-service`, end to end; Debug, Display and errors, here |
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets something unexpected should stop there and say where"
)]

mod conversation;
mod document;
mod fixture;
mod framing;
mod golden;
mod limits;
mod redaction;
mod routing;
