//! Tests of the client: tables and properties on paper first, then a vault that plays a script,
//! then real TLS connections, then a simulated vault.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may stop where they stand"
)]

mod bank;
mod behaviour;
mod breaker;
mod cancelled;
mod checkout;
mod coverage;
mod create;
mod edges;
mod end_to_end;
mod ended;
mod errors;
mod examples;
mod families;
mod fault;
mod header;
mod keeper;
mod lanes;
mod lending;
mod misuse;
mod names;
mod odd;
mod paging;
mod paper;
mod reads;
mod recorded;
mod redaction;
mod scripted;
mod sent;
mod session;
mod simulated;
mod spans;
mod spoilt_tls;
mod tls;
mod tower;
mod wire;
mod written_back;
