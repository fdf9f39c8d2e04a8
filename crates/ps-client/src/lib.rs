//! A typed client for the Password Safe public REST API, version 3.

mod address;
mod answer;
pub mod auth;
mod client;
mod cookies;
pub mod endpoint;
mod error;
pub mod model;
mod session;
pub mod transport;

pub use self::address::{AddressError, VaultAddress};
pub use self::auth::{Auth, RunAs, RunAsError};
pub use self::client::{Challenge, Client, SignedIn};
pub use self::error::{Error, ErrorKind, ReasonCode};
pub use self::session::Session;
pub use self::transport::{Transport, TransportError};
