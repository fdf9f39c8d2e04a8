#![doc = include_str!("../README.md")]

pub mod control;
pub mod logging;
pub mod outbound;
pub mod shutdown;
pub mod state_dir;
pub mod tls;
