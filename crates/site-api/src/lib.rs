#![doc = include_str!("../README.md")]

mod budget;
mod call;
mod client;
pub mod command;
pub mod configuration;
mod error;
mod login;
mod lsid;
pub mod reporting;
mod text;
mod token;
mod transport;
pub mod xml;

pub use budget::Budget;
pub use call::{Answer, Call, Request};
pub use client::{Client, SiteAddress};
pub use error::{Error, Input};
pub use login::LoginPage;
pub use lsid::Lsid;
pub use text::SiteText;
pub use token::{AccessToken, Clock, Granted, TokenError, Tokens, read_granted, token_request};
pub use transport::{HttpAnswer, HttpRequest, Transport, TransportError};
