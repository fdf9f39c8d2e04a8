//! The parts of `vsc-agent`: sockets, PC/SC, time and a command line around `vsc-core`.
//!
//! | module | what it holds |
//! |---|---|
//! | `cli`, `command`, `exit` | what can be typed, and what each command does |
//! | `rep` | the desk with the card: readers, one thread per card, sessions |
//! | `customer` | the other desk: slots of the virtual reader driver, sessions |
//! | `relay` | the blind rendezvous |
//! | `way`, `connection`, `websocket`, `link_driver` | from a link to the network |
//! | `meeting`, `session_link`, `pairing`, `identity` | how two agents come together |
//! | `control`, `status` | what commands and consoles ask, and what they see |

pub mod cli;
pub mod command;
pub mod connection;
pub mod control;
pub mod customer;
pub mod exit;
pub mod identity;
pub mod link_driver;
pub mod meeting;
pub mod pairing;
pub mod relay;
pub mod rep;
pub mod session_link;
pub mod status;
mod table;
pub mod way;
pub mod websocket;
