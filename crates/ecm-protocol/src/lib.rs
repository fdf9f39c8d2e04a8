#![doc = include_str!("../README.md")]

mod ask;
pub mod backoff;
pub mod codec;
pub mod ecm;
pub mod framed;
pub mod link;
pub mod message;
pub mod site;
pub mod version;
