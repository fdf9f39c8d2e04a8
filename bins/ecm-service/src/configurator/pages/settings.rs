//! The settings: one form for the whole file.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{Frame, id_of};
use crate::config::key::Absent;
use crate::configurator::Draft;
use crate::configurator::fields::{Field, Input, REPEATED, Section};

/// What is wrong, by the path of the input; and what was typed there if it could not be taken.
#[derive(Default)]
pub(in crate::configurator) struct Problems {
    pub(in crate::configurator) told: BTreeMap<String, Vec<String>>,
    pub(in crate::configurator) typed: BTreeMap<String, String>,
    /// Whether somebody asked for a check: a form that is only begun is not scolded.
    pub(in crate::configurator) is_asked: bool,
}

pub(in crate::configurator) fn settings(
    frame: &Frame<'_>,
    draft: &Draft,
    problems: &Problems,
) -> Markup {
    let content = html! {
        (summary(problems))
        form method="post" action="/settings" novalidate {
            (frame.token())
            p.hint {
                "Fields marked " span.needed { "required" } " must be filled in. Secrets can be \
                 typed and are never shown again; they are kept in files of their own."
            }
            @for section in draft.sections() {
                (section_form(&section, draft, problems))
            }
            div.adders {
                @for name in REPEATED {
                    button name="action" value={ "add " (name) } { "Add a " (name) }
                }
            }
            fieldset {
                legend { "Mapping: who is who" }
                p.hint {
                    "Rules from the console's names to vault users, as TOML. The page \
                     “Test Settings” explains what they make of a name."
                }
                (told(problems, "mapping"))
                label for="mapping" { "[mapping]" }
                textarea id="mapping" name="mapping" rows="18" spellcheck="false"
                    aria-invalid=[problems.told.contains_key("mapping").then_some("true")]
                    aria-describedby=[problems.told.contains_key("mapping").then_some("mapping-told")] {
                    (problems.typed.get("mapping").cloned().unwrap_or_else(|| draft.mapping()))
                }
            }
            div.actions {
                button.main name="action" value="check" { "Check" }
                button name="action" value="test" { "Test without saving" }
                button name="action" value="review" { "Review and save" }
            }
        }
    };
    frame.page("/", "Settings", &content)
}

fn summary(problems: &Problems) -> Markup {
    if problems.told.is_empty() {
        return html! {
            @if problems.is_asked { p.good role="status" { "Everything is as it should be." } }
        };
    }
    let count: usize = problems.told.values().map(Vec::len).sum();
    html! {
        section.bad role="alert" aria-labelledby="summary" {
            h2 id="summary" { (count) " to correct" }
            ul {
                @for (path, sentences) in &problems.told {
                    @for sentence in sentences {
                        li {
                            @if path.is_empty() { (sentence) }
                            @else { a href={ "#" (id_of(path)) } { code { (path) } } ": " (sentence) }
                        }
                    }
                }
            }
        }
    }
}

fn section_form(section: &Section, draft: &Draft, problems: &Problems) -> Markup {
    let title = match (section.table.header, section.number) {
        ("", _) => "Service".to_owned(),
        (header, Some(number)) => format!("{header} {}", number + 1),
        (header, None) => header.to_owned(),
    };
    let is_used = draft.has(section);
    html! {
        fieldset id=[(!section.path.is_empty()).then(|| id_of(&section.path))] {
            legend { (title) }
            p.hint { (section.table.meaning) }
            (told(problems, &section.path))
            @for field in &section.fields {
                (input(field, is_used && field.is_required(), draft, problems))
            }
            @if let Some(number) = section.number {
                button name="action" value={ "remove " (section.table.name) " " (number) } {
                    "Remove this " (section.table.name)
                }
            }
        }
    }
}

fn told(problems: &Problems, path: &str) -> Markup {
    html! {
        @if let Some(sentences) = problems.told.get(path) {
            @for sentence in sentences {
                p.told id={ (id_of(path)) "-told" } { (sentence) }
            }
        }
    }
}

fn input(field: &Field, is_required: bool, draft: &Draft, problems: &Problems) -> Markup {
    let id = id_of(&field.path);
    let value = problems.typed.get(&field.path).cloned().unwrap_or_else(|| draft.value(field));
    let is_wrong = problems.told.contains_key(&field.path);
    let described = match is_wrong {
        true => format!("{id}-hint {id}-told"),
        false => format!("{id}-hint"),
    };
    let invalid = is_wrong.then_some("true");
    let required = is_required.then_some("true");
    let placeholder = match field.key.absent {
        Absent::Default(text) => text,
        _ => field.key.example.trim_matches(['"', '\'']),
    };
    html! {
        div.field {
            label for=(id) {
                (field.key.name)
                @if is_required { " " span.needed { "required" } }
            }
            @match &field.input {
                Input::Text | Input::Raw => {
                    input id=(id) name=(field.path) value=(value) placeholder=(placeholder)
                        autocomplete="off" spellcheck="false" aria-required=[required]
                        aria-invalid=[invalid] aria-describedby=(described);
                }
                Input::Lines => {
                    textarea id=(id) name=(field.path) rows="3" spellcheck="false"
                        aria-required=[required] aria-invalid=[invalid]
                        aria-describedby=(described) { (value) }
                }
                Input::Choice(choices) => {
                    select id=(id) name=(field.path) aria-required=[required]
                        aria-invalid=[invalid] aria-describedby=(described) {
                        option value="" selected[value.is_empty()] { "(not said)" }
                        @for choice in choices {
                            option value=(choice) selected[value == *choice] { (choice) }
                        }
                    }
                }
                Input::Flag => {
                    select id=(id) name=(field.path) aria-required=[required]
                        aria-invalid=[invalid] aria-describedby=(described) {
                        option value="" selected[value.is_empty()] { "(not said)" }
                        @for choice in ["true", "false"] {
                            option value=(choice) selected[value == choice] { (choice) }
                        }
                    }
                }
                Input::Secret => {
                    input id=(id) name=(field.path) value=(value) autocomplete="off"
                        spellcheck="false" placeholder="{ file = \"…\" }" aria-required=[required]
                        aria-invalid=[invalid] aria-describedby=(described);
                    label for={ (id) "-new" } { (field.key.name) ": a new one" }
                    input id={ (id) "-new" } name={ (field.path) ".new" } type="password"
                        autocomplete="new-password" aria-describedby={ (id) "-kept" };
                    p.hint id={ (id) "-kept" } {
                        @if value.is_empty() { "None is kept yet." }
                        @else { "One is kept. Leave this empty to keep it." }
                    }
                }
            }
            p.hint id={ (id) "-hint" } {
                (field.key.meaning) " Takes: " (field.key.value) ". "
                @match field.key.absent {
                    Absent::Refused => {}
                    Absent::Default(text) => { "Default: " code { (text) } "." }
                    Absent::Means(words) => { "Left empty: " (words) "." }
                }
            }
            (told(problems, &field.path))
        }
    }
}
