//! Test Settings: a question as an appliance would ask it, with the settings as they are typed.

use maud::{Markup, html};

use super::Frame;
use crate::trial::{
    Field, FieldProblem, JumpItem, Offered, Outcome, RetrieveReport, TrialQuestion, TrialReport,
    empty_meaning,
};

/// What is shown below the form.
pub(in crate::configurator) enum Shown {
    Nothing,
    Wrong(Vec<FieldProblem>),
    /// The settings themselves are wrong, or something unforeseen happened: the words as they are.
    Broken(String),
    Found(Box<TrialReport>),
    Retrieved(RetrieveReport),
    SavedAs(String),
}

pub(in crate::configurator) fn trial(
    frame: &Frame<'_>,
    question: &TrialQuestion,
    shown: &Shown,
) -> Markup {
    let wrong: &[FieldProblem] = match shown {
        Shown::Wrong(problems) => problems,
        _ => &[],
    };
    let content = html! {
        p.hint {
            "The settings are used as they are typed, saved or not. Neither the site nor a running \
             service is needed, and the site is not contacted."
        }
        form method="get" action="/test" {
            div.field {
                label for="item" { "Jump Item type" }
                select id="item" name="item" {
                    @for item in JumpItem::ALL {
                        option value=(item.name()) selected[item == question.item] { (item.title()) }
                    }
                }
                button { "Show its fields" }
            }
        }
        form method="post" action="/test" novalidate {
            (frame.token())
            input type="hidden" name="item" value=(question.item.name());
            (text(Field::User, "SRA console user name", true, &question.user, wrong))
            (text(Field::Dn, "Distinguished name", false, given(&question.dn), wrong))
            @for (field, is_required) in question.item.fields() {
                (text(*field, title(*field), *is_required, value(question, *field), wrong))
            }
            div.actions {
                button.main name="action" value="search" { "Test" }
                a.button href="/test/cases" { "Saved cases" }
            }
        }
        (result(frame, question, shown))
    };
    frame.page("/test", "Test Settings", &content)
}

fn title(field: Field) -> &'static str {
    match field {
        Field::User => "SRA console user name",
        Field::Dn => "Distinguished name",
        Field::Host => "Host name or IP address",
        Field::AdditionalIp => "Additional IP address",
        Field::Url => "Website URL",
        Field::Application => "Application name",
    }
}

fn given(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

fn value(question: &TrialQuestion, field: Field) -> &str {
    match field {
        Field::User => &question.user,
        Field::Dn => given(&question.dn),
        Field::Host => given(&question.host),
        Field::AdditionalIp => given(&question.additional_ip),
        Field::Url => given(&question.url),
        Field::Application => given(&question.application),
    }
}

fn text(
    field: Field,
    title: &str,
    is_required: bool,
    value: &str,
    wrong: &[FieldProblem],
) -> Markup {
    let problem = wrong.iter().find(|problem| problem.field == field);
    let name = field.name();
    html! {
        div.field {
            label for=(name) {
                (title)
                @if is_required { " " span.needed { "required" } }
            }
            input id=(name) name=(name) value=(value) autocomplete="off" spellcheck="false"
                aria-required=[is_required.then_some("true")]
                aria-invalid=[problem.map(|_| "true")]
                aria-describedby=[problem.map(|_| format!("{name}-told"))];
            @if let Some(problem) = problem {
                p.told id={ (name) "-told" } { (problem.message) }
            }
        }
    }
}

fn result(frame: &Frame<'_>, question: &TrialQuestion, shown: &Shown) -> Markup {
    html! {
        @match shown {
            Shown::Nothing => {}
            Shown::Wrong(problems) => {
                p.bad role="alert" { (problems.len()) " fields to correct" }
            }
            Shown::Broken(words) => {
                section.bad role="alert" { h2 { "The test could not be made" } pre { (words) } }
            }
            Shown::SavedAs(name) => {
                p.good role="status" { "Saved as the case “" (name) "”." }
            }
            Shown::Retrieved(report) => { (retrieved(report)) }
            Shown::Found(report) => { (found(frame, question, report)) }
        }
    }
}

fn retrieved(report: &RetrieveReport) -> Markup {
    html! {
        section role="status" {
            h2 { "Retrieve " (report.name) }
            @match &report.refused {
                None if report.given_back => {
                    p.good {
                        "Success in " (report.elapsed_ms) " ms. The secret is shown to nobody; \
                         the release request was given back."
                    }
                }
                None => {
                    p.bad {
                        "Success, but the release request could not be given back yet. A later \
                         test tries again."
                    }
                }
                Some(refused) => {
                    p.bad { "Failure: " code { (refused.kind) } }
                    @for words in [&refused.detail, &refused.advice].into_iter().flatten() {
                        p { (words) }
                    }
                }
            }
            @if !report.notes.is_empty() {
                ul { @for note in &report.notes { li { (note) } } }
            }
        }
    }
}

fn found(frame: &Frame<'_>, question: &TrialQuestion, report: &TrialReport) -> Markup {
    html! {
        section aria-labelledby="result" {
            h2 id="result" { "Result" }
            @match &report.outcome {
                Outcome::Refused(refused) => {
                    div.bad role="alert" {
                        p { "Error: " code { (refused.kind) } }
                        @for words in [&refused.detail, &refused.advice].into_iter().flatten() {
                            p { (words) }
                        }
                    }
                }
                Outcome::Found { credentials, empty_reason, complete } => {
                    p role="status" {
                        (credentials.len()) " credentials in " (report.elapsed_ms) " ms"
                        @if let Some(user) = &report.vault_user { " for " code { (user) } }
                        @if !complete { ". Not every vault answered in time" }
                        "."
                    }
                    @if let Some(reason) = empty_reason {
                        p { "An empty list is a valid answer: " (empty_meaning(*reason)) "." }
                    }
                    @if !credentials.is_empty() {
                        (table(frame, question, credentials))
                    }
                }
            }
            form method="post" action="/test" {
                (frame.token())
                (repeat(question))
                div.field {
                    label for="case" { "Save this question, with what came of it, as a case named" }
                    input id="case" name="case" autocomplete="off";
                    button name="action" value="save" { "Save case" }
                }
            }
            h2 { "Who the user is" }
            @match &report.explanation.mapping {
                Some(trace) => { pre tabindex="0" aria-label="Mapping" { (trace) } }
                None => { p { "The mapping was not asked." } }
            }
            h2 { "How it was searched" }
            @if !report.explanation.questions.is_empty() {
                table {
                    thead { tr { th scope="col" { "Vault" } th scope="col" { "Key" }
                        th scope="col" { "Kind" } th scope="col" { "Rows" }
                        th scope="col" { "Offered" } th scope="col" { "Problem" } } }
                    tbody {
                        @for question in &report.explanation.questions {
                            tr {
                                td { (question.vault) } td { code { (question.key) } }
                                td { (question.kind) } td { (question.seen) }
                                td { (question.offered) }
                                td { (question.failure.as_deref().unwrap_or("")) }
                            }
                        }
                    }
                }
            }
            ul {
                @for source in &report.sources {
                    li { "Vault " (source.vault) ": " (source.elapsed_ms) " ms" }
                }
                @for note in &report.explanation.notes { li { (note) } }
            }
            h2 { "Why not others" }
            @if report.withheld.is_empty() && report.withheld_unknown.is_empty() {
                p { "Every account of the endpoint is offered, or nothing is known of others." }
            }
            ul {
                @for one in &report.withheld {
                    li { code { (one.system) "\\" (one.account) } ": " (one.why.advice()) }
                }
                @for vault in &report.withheld_unknown {
                    li {
                        "Vault " (vault) ": this vault user may not read systems, so accounts \
                         that are not offered cannot be told."
                    }
                }
            }
        }
    }
}

fn table(frame: &Frame<'_>, question: &TrialQuestion, credentials: &[Offered]) -> Markup {
    html! {
        table {
            thead { tr { th scope="col" { "Credential name" }
                th scope="col" { "Credential ID (assigned by the ECM)" }
                th scope="col" { "Retrieve" } } }
            tbody {
                @for one in credentials {
                    tr {
                        td { (one.name) }
                        td { code.id { (one.id) } }
                        td {
                            form method="post" action="/test" {
                                (frame.token())
                                (repeat(question))
                                input type="hidden" name="credential" value=(one.id);
                                input type="hidden" name="name" value=(one.name);
                                button name="action" value="retrieve"
                                    aria-label={ "Retrieve " (one.name) } { "Retrieve" }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The question again, for a form that goes on from it.
fn repeat(question: &TrialQuestion) -> Markup {
    html! {
        input type="hidden" name="item" value=(question.item.name());
        input type="hidden" name="user" value=(question.user);
        input type="hidden" name="dn" value=(given(&question.dn));
        @for (field, _) in question.item.fields() {
            input type="hidden" name=(field.name()) value=(value(question, *field));
        }
    }
}

/// How a saved case went.
pub(in crate::configurator) struct CaseLine {
    pub(in crate::configurator) name: String,
    /// `None` when it was not run.
    pub(in crate::configurator) differences: Option<Vec<String>>,
}

pub(in crate::configurator) fn cases(
    frame: &Frame<'_>,
    lines: &[CaseLine],
    broken: Option<&str>,
) -> Markup {
    let content = html! {
        @if let Some(words) = broken {
            section.bad role="alert" { h2 { "The cases could not be run" } pre { (words) } }
        }
        @if lines.is_empty() {
            p { "There are none yet. A test that was made can be saved as a case." }
        } @else {
            table {
                thead { tr { th scope="col" { "Case" } th scope="col" { "Outcome" } } }
                tbody {
                    @for line in lines {
                        tr {
                            td { (line.name) }
                            td {
                                @match &line.differences {
                                    None => { "not run yet" }
                                    Some(told) if told.is_empty() => { "as expected" }
                                    Some(told) => { ul { @for one in told { li { (one) } } } }
                                }
                            }
                        }
                    }
                }
            }
            form method="post" action="/test/cases" {
                (frame.token())
                div.actions { button.main { "Run all" } }
            }
        }
        p { a href="/test" { "Back to the test" } }
    };
    frame.page("/test/cases", "Saved cases", &content)
}
