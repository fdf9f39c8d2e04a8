//! The running service, and what it has borrowed.

use super::{Examination, Level};
use crate::books::ledger_of;
use crate::config::Config;
use crate::control::{seen_users_of, status_of};
use crate::status::{LinkState, SiteStatus};

pub(super) async fn examine(config: &Config, seen: &mut Examination) {
    let status = match status_of(config.state_dir.clone()).await {
        Ok(status) => status,
        Err(words) => {
            seen.add(
                "D24",
                None,
                Level::Warning,
                words,
                Some("start it, if it should run".to_owned()),
            );
            seen.add("D26", None, Level::Skipped, "the service does not run", None);
            left_behind(config, seen);
            return;
        }
    };
    let words = format!("version {}, since {}", status.version, status.started_at);
    seen.add("D24", None, Level::Good, words, None);
    for site in &status.sites {
        link(site, seen);
    }
    users(config, seen).await;
    let words = format!("{} leases are open", status.open_leases);
    seen.add("D30", None, Level::Good, words, None);
}

/// D26: a name that nobody expected is found among those that came.
async fn users(config: &Config, seen: &mut Examination) {
    let users = seen_users_of(config.state_dir.clone()).await;
    let nobody: Vec<&str> = users
        .iter()
        .filter(|user| user.vault_user.is_none())
        .map(|user| user.username.as_str())
        .collect();
    if nobody.is_empty() {
        let words = format!("{} users were seen, all of them known to the vault", users.len());
        seen.add("D26", None, Level::Good, words, None);
        return;
    }
    let found =
        format!("{} of {} users got nothing: {}", nobody.len(), users.len(), nobody.join(", "));
    let advice = "`ecm-service status --users` shows how each name really came, `ecm-service \
                  explain-name` why it is nobody";
    seen.add("D26", None, Level::Warning, found, Some(advice.to_owned()));
}

/// What a service that does not run has left open.
fn left_behind(config: &Config, seen: &mut Examination) {
    match ledger_of(&config.state_dir) {
        Ok(book) if book.is_empty() => {
            seen.add("D30", None, Level::Good, "nothing is borrowed", None);
        }
        Ok(book) => seen.add(
            "D30",
            None,
            Level::Error,
            format!("{} leases are open, and no service runs that gives them back", book.len()),
            Some(
                "start the service, or run `ecm-service ledger reconcile`; `ecm-service ledger \
                 list` shows them"
                    .to_owned(),
            ),
        ),
        Err(error) => {
            let advice = "something may be borrowed that nobody gives back: look at the vault";
            seen.add("D30", None, Level::Error, error.to_string(), Some(advice.to_owned()));
        }
    }
}

fn link(site: &SiteStatus, seen: &mut Examination) {
    let name = site.name.as_str();
    let since = site.since;
    if site.state != LinkState::Ready {
        let why = site.last_problem.as_deref().unwrap_or("no problem was told yet");
        let found = format!("the running service is not linked since {since}: {why}");
        seen.bad("D24", name, found, "the checks D20 and D21 of this site say what is wrong");
        return;
    }
    seen.good("D24", name, format!("linked since {since}, {} answered", site.answered));
    match (site.position, site.peers) {
        (Some(position), Some(peers)) if position > 1 => seen.doubt(
            "D27",
            name,
            format!("place {position} of {peers}: the ECM that is connected longest is asked"),
            "nothing is wrong with this one; it is asked when those before it are gone",
        ),
        (Some(_), Some(peers)) => {
            seen.good("D27", name, format!("this service is asked; {peers} connected"));
        }
        _ => seen.skip("D27", name, "the site does not tell"),
    }
}
