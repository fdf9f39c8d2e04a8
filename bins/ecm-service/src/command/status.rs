//! `status`: what a running service is connected to.

use std::path::Path;

use super::{answer, answer_json, complain, state_dir_of};
use crate::cli::StatusArgs;
use crate::control::{Reply, Request};
use crate::exit::Exit;
use crate::seen::SeenUser;
use crate::status::Status;

pub(super) fn status(args: &StatusArgs) -> Exit {
    let state_dir = match state_dir_of(&args.service) {
        Ok(folder) => folder,
        Err(exit) => return exit,
    };
    if args.users {
        return match ask(&state_dir, &Request::SeenUsers) {
            Ok(Reply::SeenUsers { users }) if args.json => answer_json(&users),
            Ok(Reply::SeenUsers { users }) => answer(&users_page(&users)),
            Ok(_) => complain("the service answered something else", Exit::Internal),
            Err(exit) => exit,
        };
    }
    match ask(&state_dir, &Request::Status) {
        Ok(Reply::Status(status)) if args.json => answer_json(&status),
        Ok(Reply::Status(status)) => answer(&page(&status)),
        Ok(_) => complain("the service answered something else", Exit::Internal),
        Err(exit) => exit,
    }
}

/// Asks the running service; what goes wrong is told on stderr.
#[cfg(unix)]
pub(super) fn ask(state_dir: &Path, request: &Request) -> Result<Reply, Exit> {
    use crate::control::client::{self, AskError};
    client::ask(state_dir, request).map_err(|error| {
        let exit = match &error {
            AskError::NotRunning { .. } | AskError::NoAnswer(_) => Exit::Unavailable,
            AskError::NotAllowed { .. } => Exit::Permission,
            AskError::Refused { .. } if *request == Request::Reload => Exit::Config,
            AskError::Refused { .. } => Exit::Usage,
        };
        complain(&error.to_string(), exit)
    })
}

/// There is no control socket on this system.
#[cfg(not(unix))]
pub(super) fn ask(_: &Path, _: &Request) -> Result<Reply, Exit> {
    Err(complain("the control socket needs a Unix system", Exit::Unavailable))
}

/// Each user with the command that explains the name.
fn users_page(users: &[SeenUser]) -> String {
    let mut text = String::new();
    for user in users {
        let vault_user = user.vault_user.as_deref().unwrap_or("nobody");
        let decided_by = user.decided_by.as_deref().unwrap_or("unknown");
        text.push_str(&format!(
            "{}  {}: {}  ->  {vault_user}  ({decided_by})\n",
            user.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            user.site,
            user.username
        ));
        for (what, value) in [("dn", &user.dn), ("provider", &user.provider)] {
            if let Some(value) = value {
                text.push_str(&format!("    {what}: {value}\n"));
            }
        }
    }
    text.push_str(&format!("{} users\n", users.len()));
    text
}

fn page(status: &Status) -> String {
    let mut text = format!(
        "ecm-service {} (pid {}), started {}, log level {}\n",
        status.version, status.pid, status.started_at, status.log_level
    );
    for site in &status.sites {
        let state = serde_json::to_value(site.state).ok();
        let state = state.as_ref().and_then(|value| value.as_str()).unwrap_or("unknown");
        text.push_str(&format!(
            "site {}  {}  {state} since {}",
            site.name, site.address, site.since
        ));
        if let Some(group) = &site.group {
            text.push_str(&format!(", group {group}"));
        }
        if let (Some(position), Some(peers)) = (site.position, site.peers) {
            text.push_str(&format!(", place {position} of {peers}"));
        }
        text.push_str(&format!(", {} answered\n", site.answered));
        if let Some(problem) = &site.last_problem {
            text.push_str(&format!("  last problem: {problem}\n"));
        }
    }
    for vault in &status.vaults {
        text.push_str(&format!(
            "vault {}  {}  {} signed in\n",
            vault.name, vault.url, vault.sessions
        ));
    }
    text.push_str(&format!("open leases: {}\n", status.open_leases));
    text
}
