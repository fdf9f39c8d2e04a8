//! What a remote-support site and an Endpoint Credential Manager say to each other, without I/O.
//!
//! This is Keyferry's own, open protocol. It is not the protocol that the vendor of Remote
//! Support uses between its appliance and its ECM, which is not public.

pub mod backoff;
pub mod codec;
pub mod ecm;
pub mod framed;
pub mod link;
pub mod message;
pub mod site;
pub mod version;
