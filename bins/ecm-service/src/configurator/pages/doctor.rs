//! What the doctor found.

use maud::{Markup, html};

use super::Frame;
use crate::doctor::{Examination, Finding, Level};

/// What was asked of the doctor, and what came of it.
#[derive(Default)]
pub(in crate::configurator) struct Visited {
    /// The console user whose search is tried; empty for none.
    pub(in crate::configurator) user: String,
    /// The endpoint of that search.
    pub(in crate::configurator) host: String,
    /// The findings, or how many settings are wrong. `None` before the first examination.
    pub(in crate::configurator) outcome: Option<Result<Examination, usize>>,
}

pub(in crate::configurator) fn doctor(frame: &Frame<'_>, visited: &Visited) -> Markup {
    let content = html! {
        p {
            "Every check of the troubleshooting tables, with the settings as they are typed, saved "
            "or not: names, ways, certificates, sign-ins, permissions, clocks, the running service. "
            "Nothing is changed, and nothing is borrowed."
        }
        form method="post" action="/doctor" {
            (frame.token())
            div.field {
                label for="user" { "Console user" }
                p.hint id="user-hint" { "To try a search as well; may stay empty." }
                input id="user" name="user" value=(visited.user) aria-describedby="user-hint"
                    autocomplete="off" spellcheck="false";
            }
            div.field {
                label for="host" { "Hostname or IP address" }
                input id="host" name="host" value=(visited.host) autocomplete="off"
                    spellcheck="false";
            }
            div.actions { button.main { "Examine" } }
        }
        @match &visited.outcome {
            None => {}
            Some(Err(wrong)) => {
                p.bad role="status" {
                    (wrong) " settings are wrong: the page Settings says which. There is nothing "
                    "to examine before that."
                }
            }
            Some(Ok(seen)) => { (findings(seen)) }
        }
    };
    frame.page("/doctor", "Doctor", &content)
}

fn findings(seen: &Examination) -> Markup {
    let of = |level| seen.findings().iter().filter(|one| one.level == level).count();
    let (errors, warnings) = (of(Level::Error), of(Level::Warning));
    html! {
        p.bad[errors > 0].good[errors + warnings == 0] role="status" {
            @if errors + warnings == 0 { "All is well." }
            @else { (errors) " things do not work, " (warnings) " should be looked at." }
        }
        table {
            thead { tr { th scope="col" { "Check" } th scope="col" { "Of" }
                th scope="col" { "Result" } th scope="col" { "Found, and what to do" } } }
            tbody { @for finding in seen.findings() { (row(finding)) } }
        }
    }
}

fn row(finding: &Finding) -> Markup {
    let (class, word) = match finding.level {
        Level::Good => ("good", "good"),
        Level::Skipped => ("", "left out"),
        Level::Warning => ("told", "look at it"),
        Level::Error => ("told", "does not work"),
    };
    html! {
        tr {
            td { (finding.id) }
            td { (finding.about.as_deref().unwrap_or("this machine")) }
            td class=(class) { (word) }
            td {
                (finding.found)
                @if let Some(advice) = &finding.advice { br; "Advice: " (advice) "." }
            }
        }
    }
}
