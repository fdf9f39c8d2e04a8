//! The texts that the file had before.

use maud::{Markup, html};

use super::Frame;
use super::review::lines;
use crate::configurator::Draft;
use crate::configurator::save::difference;

pub(in crate::configurator) fn versions(frame: &Frame<'_>, draft: &Draft) -> Markup {
    let versions = draft.versions();
    let content = html! {
        @if versions.is_empty() {
            p { "There are none yet. Each time the settings are saved, the text before is kept here." }
        } @else {
            ul {
                @for version in versions {
                    li {
                        "until " a href={ "/versions/" (version.name) } { (version.name) }
                    }
                }
            }
        }
    };
    frame.page("/versions", "Versions", &content)
}

pub(in crate::configurator) fn version(
    frame: &Frame<'_>,
    draft: &Draft,
    name: &str,
    text: &str,
) -> Markup {
    let difference = difference(&draft.text(), text);
    let content = html! {
        @if difference.is_empty() {
            p { "It is the same as the settings now." }
        } @else {
            p { "What taking it up would change in the settings now:" }
            (lines(&difference))
            form method="post" action={ "/versions/" (name) } {
                (frame.token())
                div.actions { button.main { "Take it up, without saving yet" } }
            }
        }
        p { a href="/versions" { "All versions" } }
    };
    frame.page("/versions/", &format!("Version of {name}"), &content)
}
