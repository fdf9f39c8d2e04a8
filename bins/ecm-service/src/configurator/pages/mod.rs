//! The pages, made on the server. No script: everything works with a keyboard and a text browser.

mod doctor;
mod plugins;
mod review;
mod settings;
mod status;
mod trial;
mod versions;

use maud::{DOCTYPE, Markup, html};

pub(super) use doctor::{Visited, doctor};
pub(super) use plugins::{Shelf, plugins};
pub(super) use review::{Saved, review, saved};
pub(super) use settings::{Problems, settings};
pub(super) use status::status;
pub(super) use trial::{CaseLine, Shown, cases, trial};
pub(super) use versions::{version, versions};

/// What every page shows beside its own.
pub(super) struct Frame<'a> {
    /// The configuration file.
    pub(super) file: String,
    /// Whether there is something to save.
    pub(super) is_changed: bool,
    /// The token for forms.
    pub(super) form_check: &'a str,
}

/// The pages of the navigation: address, name.
const PAGES: [(&str, &str); 6] = [
    ("/", "Settings"),
    ("/test", "Test Settings"),
    ("/doctor", "Doctor"),
    ("/plugins", "Plugins"),
    ("/versions", "Versions"),
    ("/status", "Status"),
];

impl Frame<'_> {
    fn page(&self, here: &str, title: &str, content: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) " – Keyferry ECM" }
                    link rel="stylesheet" href="/style.css";
                    link rel="icon" href="data:,";
                }
                body {
                    a.skip href="#main" { "Skip to content" }
                    header {
                        p.brand { "Keyferry ECM" }
                        nav aria-label="Pages" {
                            ul {
                                @for (address, name) in PAGES {
                                    li {
                                        @if address == here {
                                            a href=(address) aria-current="page" { (name) }
                                        } @else {
                                            a href=(address) { (name) }
                                        }
                                    }
                                }
                            }
                        }
                        p.file {
                            code { (self.file) }
                            @if self.is_changed { " " strong { "not saved" } }
                        }
                    }
                    main id="main" tabindex="-1" {
                        h1 { (title) }
                        (content)
                    }
                    footer {
                        p {
                            "An open Endpoint Credential Manager. It speaks an open protocol; the \
                             vendor's appliance protocol is not public."
                        }
                    }
                }
            }
        }
    }

    /// The hidden input of every form.
    fn token(&self) -> Markup {
        html! { input type="hidden" name="csrf" value=(self.form_check); }
    }
}

/// A page for whoever is not let in, or for what went wrong.
pub(super) fn refusal(title: &str, words: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Keyferry ECM" }
                link rel="stylesheet" href="/style.css";
                link rel="icon" href="data:,";
            }
            body { main { h1 { (title) } p { (words) } } }
        }
    }
}

/// The address of an input on its page.
fn id_of(path: &str) -> String {
    path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
