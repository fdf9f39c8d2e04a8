//! What saving would change, and what it did change.

use maud::{Markup, html};

use super::Frame;
use crate::configurator::Draft;

pub(in crate::configurator) fn review(frame: &Frame<'_>, draft: &Draft) -> Markup {
    let difference = draft.difference();
    let files = draft.secret_files();
    let content = html! {
        @if difference.is_empty() && files.is_empty() {
            p { "Nothing has been changed." }
        } @else {
            @if !difference.is_empty() { (lines(&difference)) }
            @if !files.is_empty() {
                h2 { "Secrets that will be written" }
                ul { @for file in &files { li { code { (file.display()) } } } }
            }
            form method="post" action="/save" {
                (frame.token())
                div.actions {
                    button.main { "Save" }
                    a.button href="/" { "Back" }
                }
            }
        }
    };
    frame.page("/review", "Review", &content)
}

/// A difference with its marks; colours only repeat what the marks say.
pub(super) fn lines(difference: &str) -> Markup {
    html! {
        pre.diff tabindex="0" aria-label="Difference" {
            @for line in difference.lines() {
                @match line.as_bytes().first() {
                    Some(b'+') => { ins { (line) } }
                    Some(b'-') => { del { (line) } }
                    _ => { (line) }
                }
                "\n"
            }
        }
    }
}

/// How saving went.
pub(in crate::configurator) enum Saved {
    Done,
    Failed(String),
}

pub(in crate::configurator) fn saved(frame: &Frame<'_>, how: &Saved) -> Markup {
    let content = html! {
        @match how {
            Saved::Done => {
                p.good role="status" { "Saved. The text before is kept among the versions." }
                p {
                    "A running service reads mapping and directories anew at SIGHUP \
                     (" code { "systemctl reload ecm-service" } "); everything else takes a restart."
                }
            }
            Saved::Failed(words) => { p.bad role="alert" { (words) } }
        }
        p { a href="/" { "Back to the settings" } }
    };
    frame.page("/save", "Save", &content)
}
