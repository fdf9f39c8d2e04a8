//! Credential sources that are programs of their own: found in a folder, started, asked, held to
//! what they were asked, and ended.
//!
//! The protocol is `source-plugin`'s; processes and time are here. Nothing a plugin does reaches
//! further than its own vault: it may hang, die, flood or lie, and costs its part of an answer.

pub mod backoff;
pub mod caller;
pub mod conform;
pub mod folder;
pub mod keeper;
pub mod launch;
pub mod life;
pub mod plugin_settings;
pub mod source;
pub mod stderr;
pub mod visit;
pub mod watch;
