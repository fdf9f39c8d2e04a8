//! The plugins there are, and why one cannot be loaded.

use maud::{Markup, html};

use super::Frame;
use crate::plugin::folder::{FolderError, Found, Installed};
use crate::plugin::visit::Visit;

/// What was found in the folder, or why it cannot be read.
pub(in crate::configurator) struct Shelf {
    /// The folder.
    pub(in crate::configurator) folder: String,
    /// What is in it.
    pub(in crate::configurator) found: Result<Vec<Found>, FolderError>,
    /// The plugin that was just checked, and how that went.
    pub(in crate::configurator) checked: Option<(String, Vec<Visit>)>,
}

pub(in crate::configurator) fn plugins(frame: &Frame<'_>, shelf: &Shelf) -> Markup {
    let content = html! {
        p { "Vaults that are programs of their own, in " code { (shelf.folder) } "." }
        @match &shelf.found {
            Err(error) => { p role="status" { (error) ". Advice: " (error.advice()) "." } }
            Ok(found) if found.is_empty() => { p { "There is none." } }
            Ok(found) => {
                @for (name, found) in found {
                    section aria-labelledby={ "plugin-" (name) } {
                        h2 id={ "plugin-" (name) } { (name) }
                        @match found {
                            Err(error) => {
                                p role="status" { strong { "Cannot be loaded: " } (error) "." }
                                p { "Advice: " (error.advice()) "." }
                            }
                            Ok(installed) => { (one(frame, shelf, name, installed)) }
                        }
                    }
                }
            }
        }
    };
    frame.page("/plugins", "Plugins", &content)
}

fn one(frame: &Frame<'_>, shelf: &Shelf, name: &str, installed: &Installed) -> Markup {
    let manifest = &installed.manifest;
    html! {
        p { (manifest.description) " Version " (manifest.version) "." }
        @if !manifest.settings.is_empty() {
            table {
                thead { tr { th scope="col" { "Setting" } th scope="col" { "Value" }
                    th scope="col" { "Meaning" } } }
                tbody {
                    @for setting in &manifest.settings {
                        tr {
                            td { code { (setting.name) }
                                @if setting.required { " " span.needed { "required" } } }
                            td { @if setting.secret { "secret reference" }
                                @else { (setting.kind.words()) } }
                            td { (setting.help) }
                        }
                    }
                }
            }
        }
        form method="post" action="/plugins" {
            (frame.token())
            input type="hidden" name="plugin" value=(name);
            div.actions {
                button.main name="action" value="check" { "Check " (name) }
                button name="action" value="choose" { "Add a vault with " (name) }
            }
        }
        @if let Some((checked, visits)) = &shelf.checked && checked == name { (outcome(visits)) }
    }
}

fn outcome(visits: &[Visit]) -> Markup {
    html! {
        div role="status" {
            @if visits.is_empty() {
                p { "No vault uses it yet, and it brings nothing to try: add a vault first." }
            }
            @for visit in visits {
                @match &visit.problem {
                    None => { p { "With the settings of " (visit.vault) ": it serves." } }
                    Some(problem) => {
                        p { "With the settings of " (visit.vault) ": " strong { "it does not serve" }
                            ", " (problem) "." }
                        @if !visit.said.is_empty() {
                            p { "It said:" }
                            pre { @for line in &visit.said { (line) "\n" } }
                        }
                    }
                }
            }
        }
    }
}
