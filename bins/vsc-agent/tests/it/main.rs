//! `vsc-agent` as shipped, between real PC/SC services and reader drivers on both desks.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod documentation;
mod faults;
mod foreign;
mod full_driver;
mod guard;
mod guard_pin;
mod house;
mod life;
mod logins;
mod outsiders;
mod played;
mod programs;
mod push;
mod recording;
mod secrets;
mod ssh_server;
mod wire;
mod wrong_address;
