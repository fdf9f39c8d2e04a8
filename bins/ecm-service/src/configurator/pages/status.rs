//! What the running service says of itself.

use maud::{Markup, html};

use super::Frame;
use crate::status::Status;

pub(in crate::configurator) fn status(frame: &Frame<'_>, told: &Result<Status, String>) -> Markup {
    let content = html! {
        @match told {
            Err(words) => { p { (words) } }
            Ok(status) => {
                p {
                    "ecm-service " (status.version) ", process " (status.pid) ", since "
                    (status.started_at) ", log level " code { (status.log_level) } ", "
                    (status.open_leases) " open leases."
                }
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
