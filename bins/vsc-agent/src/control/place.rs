//! Where a control socket is when nobody says.

use std::path::PathBuf;

use crate::status::ServiceRole;

/// The socket of this user's service: in the runtime folder of the user, or of the system when
/// the user is root and has none.
#[must_use]
pub fn of(role: ServiceRole) -> PathBuf {
    let name = match role {
        ServiceRole::Rep => "rep.sock",
        ServiceRole::Customer => "customer.sock",
    };
    folder().join(name)
}

#[cfg(unix)]
fn folder() -> PathBuf {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty());
    runtime.map_or_else(|| PathBuf::from("/run"), PathBuf::from).join("vsc-agent")
}

/// Named pipes live in one place for the whole machine; the path becomes the pipe's name.
#[cfg(windows)]
fn folder() -> PathBuf {
    PathBuf::from(r"vsc-agent")
}
