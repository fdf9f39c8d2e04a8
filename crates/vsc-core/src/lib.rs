#![doc = include_str!("../README.md")]

pub mod apdu;
pub mod atr;
pub mod cards;
pub mod customer;
pub mod guard;
pub mod handshake;
pub mod link;
pub mod mailbox;
pub mod pairing;
pub mod relay;
pub mod rep;
pub mod sensitive;
pub mod session;
mod shown_text;
pub mod vpcd;
