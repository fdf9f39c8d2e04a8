#![doc = include_str!("../README.md")]

mod address;
mod answer;
pub mod auth;
mod body;
mod client;
mod cookies;
pub mod endpoint;
mod error;
pub mod model;
mod percent;
mod repeat;
mod runtime;
mod session;
pub mod transport;

pub use self::address::{AddressError, VaultAddress};
pub use self::auth::{Auth, RunAs, RunAsError};
pub use self::client::{Challenge, Client, Limits, SignedIn};
pub use self::error::{Error, ErrorKind, ReasonCode};
pub use self::repeat::Repeat;
pub use self::runtime::{Runtime, Task};
pub use self::session::{Paged, Pages, Session};
pub use self::transport::{Transport, TransportError};
