//! The control socket: how `status` and `log-level` talk to the running service.
//!
//! A Unix socket in the state folder that only the service's own user may open. One line of JSON
//! asks, one line of JSON answers; `docs/operate/control-socket.md` describes both.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::seen::SeenUser;
use crate::status::Status;

#[cfg(unix)]
pub mod client;
#[cfg(unix)]
pub mod server;

/// Name of the socket in the state folder.
pub const SOCKET_NAME: &str = "control.sock";

/// The longest line either side accepts, in bytes.
pub const LINE_LIMIT: usize = 64 * 1024;

/// Where the socket of this state folder is.
#[must_use]
pub fn socket_path(state_dir: &Path) -> PathBuf {
    state_dir.join(SOCKET_NAME)
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// What the service is doing.
    Status,
    /// The console users seen last. Names of people, for the operator.
    SeenUsers,
    /// Read the configuration file anew.
    Reload,
    /// Change what is logged.
    LogLevel {
        /// Level or directives, as on the command line.
        level: String,
        /// After how many seconds the usual level comes back; absent means never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        for_s: Option<u64>,
    },
}

/// What is answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Reply {
    /// To [`Request::Status`].
    Status(Box<Status>),
    /// To [`Request::SeenUsers`].
    SeenUsers {
        /// Newest first.
        users: Vec<SeenUser>,
    },
    /// To [`Request::Reload`]: mapping, directories and log level are in force as the file has them.
    Reloaded {
        /// What else has changed in the file, by its name there; it takes a restart.
        restart: Vec<String>,
    },
    /// To [`Request::LogLevel`].
    LogLevel {
        /// The level in force now.
        level: String,
        /// The one before.
        former: String,
        /// After how many seconds the usual level comes back.
        for_s: Option<u64>,
    },
    /// The question was not understood or cannot be served.
    Refused {
        /// Why, for people.
        reason: String,
    },
}

/// What the service of this state folder says of itself, or why it does not.
///
/// # Errors
///
/// Words for people.
#[cfg(unix)]
pub async fn status_of(state_dir: PathBuf) -> Result<Status, String> {
    let asked = tokio::task::spawn_blocking(move || client::ask(&state_dir, &Request::Status));
    match asked.await {
        Ok(Ok(Reply::Status(status))) => Ok(*status),
        Ok(Ok(_)) => Err("the service answered something else".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// The console users that the service of this state folder saw last; none when it does not say.
#[cfg(unix)]
pub async fn seen_users_of(state_dir: PathBuf) -> Vec<SeenUser> {
    let asked = tokio::task::spawn_blocking(move || client::ask(&state_dir, &Request::SeenUsers));
    match asked.await {
        Ok(Ok(Reply::SeenUsers { users })) => users,
        _ => Vec::new(),
    }
}

/// There is no control socket on this system.
#[cfg(not(unix))]
#[expect(clippy::unused_async, reason = "the same signature everywhere")]
pub async fn seen_users_of(_: PathBuf) -> Vec<SeenUser> {
    Vec::new()
}

/// There is no control socket on this system.
///
/// # Errors
///
/// Always.
#[cfg(not(unix))]
#[expect(clippy::unused_async, reason = "the same signature everywhere")]
pub async fn status_of(_: PathBuf) -> Result<Status, String> {
    Err("the control socket needs a Unix system".to_owned())
}
