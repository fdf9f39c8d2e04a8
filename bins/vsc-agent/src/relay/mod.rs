//! The blind rendezvous as a server: sockets around [`vsc_core::relay::Relay`].

mod hub;
pub mod listener;
mod seat;
mod upgrade;

pub use hub::{Counts, Hub};
pub use upgrade::HEALTH_PATH;
