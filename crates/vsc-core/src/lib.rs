//! Carries a smart card from the reader at one desk to a machine elsewhere, without I/O.

pub mod apdu;
pub mod atr;
pub mod cards;
pub mod customer;
pub mod handshake;
pub mod link;
pub mod mailbox;
pub mod pairing;
pub mod relay;
pub mod rep;
pub mod sensitive;
pub mod session;
pub mod vpcd;
