//! What the running service says of itself.

use maud::{Markup, html};

use super::Frame;
use crate::metrics::Latencies;
use crate::seen::SeenUser;
use crate::status::Status;

pub(in crate::configurator) fn status(
    frame: &Frame<'_>,
    told: &Result<Status, String>,
    users: &[SeenUser],
) -> Markup {
    let content = html! {
        @match told {
            Err(words) => { p { (words) } }
            Ok(status) => {
                p {
                    "ecm-service " (status.version) ", process " (status.pid) ", since "
                    (status.started_at) ", log level " code { (status.log_level) } ", "
                    (status.open_leases) " open leases."
                }
                h2 { "How long searches took" }
                (picture(&status.latencies))
                (seen(users))
                h2 { "Sites" }
                table {
                    thead { tr { th scope="col" { "Site" } th scope="col" { "State" }
                        th scope="col" { "Since" } th scope="col" { "Group" }
                        th scope="col" { "Place" } th scope="col" { "Answered" }
                        th scope="col" { "Last problem" } } }
                    tbody {
                        @for site in &status.sites {
                            tr {
                                td { (site.name) br; code { (site.address) } }
                                td { (format!("{:?}", site.state).to_lowercase()) }
                                td { (site.since) }
                                td { (site.group.as_deref().unwrap_or("")) }
                                td {
                                    @if let (Some(place), Some(peers)) = (site.position, site.peers) {
                                        (place) " of " (peers)
                                    }
                                }
                                td { (site.answered) }
                                td { (site.last_problem.as_deref().unwrap_or("")) }
                            }
                        }
                    }
                }
                h2 { "Vaults" }
                table {
                    thead { tr { th scope="col" { "Vault" } th scope="col" { "Address" }
                        th scope="col" { "Signed in" } } }
                    tbody {
                        @for vault in &status.vaults {
                            tr { td { (vault.name) } td { code { (vault.url) } }
                                td { (vault.sessions) } }
                        }
                    }
                }
            }
        }
    };
    frame.page("/status", "Status", &content)
}

/// How long searches took, as bars; the numbers stand beside them.
fn picture(latencies: &Latencies) -> Markup {
    const WIDTH: u64 = 400;
    const ROW: usize = 22;
    let most = latencies.counts.iter().copied().max().unwrap_or(0).max(1);
    let rows: Vec<(String, u64)> = latencies
        .counts
        .iter()
        .enumerate()
        .map(|(place, count)| {
            let label = match latencies.bounds_ms.get(place) {
                Some(bound) => format!("up to {bound} ms"),
                None => "longer".to_owned(),
            };
            (label, *count)
        })
        .collect();
    let height = rows.len() * ROW;
    html! {
        svg.bars role="img" aria-label="How long searches took" viewBox=(format!("0 0 640 {height}")) {
            @for (place, (label, count)) in rows.iter().enumerate() {
                text x="0" y=(place * ROW + 15) { (label) }
                rect x="120" y=(place * ROW + 4) width=(count * WIDTH / most) height="14" {}
                text x=(128 + count * WIDTH / most) y=(place * ROW + 15) { (count) }
            }
        }
    }
}

fn seen(users: &[SeenUser]) -> Markup {
    html! {
        h2 { "Console users seen last" }
        @if users.is_empty() { p { "None yet." } }
        @else {
            table {
                thead { tr { th scope="col" { "When" } th scope="col" { "Site" }
                    th scope="col" { "Name as it came" } th scope="col" { "Vault user" }
                    th scope="col" { "Decided by" } th scope="col" { "Test" } } }
                tbody {
                    @for user in users {
                        tr {
                            td { (user.at.strftime("%Y-%m-%d %H:%M:%S")) }
                            td { (user.site) }
                            td {
                                code { (user.username) }
                                @if let Some(dn) = &user.dn { br; code { (dn) } }
                            }
                            td { (user.vault_user.as_deref().unwrap_or("nobody")) }
                            td { (user.decided_by.as_deref().unwrap_or("")) }
                            td {
                                a href={ "/test?" (query(user)) } { "Test as " (user.username) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn query(user: &SeenUser) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("user", &user.username);
    if let Some(dn) = &user.dn {
        query.append_pair("dn", dn);
    }
    query.finish()
}
