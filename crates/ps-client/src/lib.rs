#![doc = include_str!("../README.md")]

mod address;
mod answer;
pub mod auth;
mod body;
pub mod checkout;
mod client;
mod cookies;
pub mod endpoint;
mod error;
pub mod metrics;
pub mod model;
mod percent;
mod repeat;
mod runtime;
mod session;
pub mod transport;

pub use self::address::{AddressError, VaultAddress};
pub use self::auth::{Auth, RunAs, RunAsError};
pub use self::client::{
    BreakerPolicy, Challenge, Client, ClientBuilder, Limits, RetryPolicy, SignedIn,
};
pub use self::error::{Error, ErrorKind, ReasonCode};
pub use self::repeat::Repeat;
#[cfg(feature = "tokio-runtime")]
pub use self::runtime::TokioRuntime;
pub use self::runtime::{Runtime, Task};
pub use self::session::{Aged, Cached, FileStream, Paged, Pages, Session};
pub use self::transport::{Transport, TransportError};
