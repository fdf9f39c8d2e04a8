//! Which address does what.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderName, HeaderValue, StatusCode, header};
use maud::Markup;
use serde::Deserialize;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::doctor_routes::{doctor, examination};
use super::door::Refused;
use super::fields::Input;
use super::pages::{self, CaseLine, Frame, Problems, Saved, Shown};
use super::plugin_routes::{plugins, use_plugin};
use super::posted::Posted;
use super::{App, Draft};
use crate::trial::{Case, CaseFile, Expected, JumpItem, Record, Trial, TrialError, TrialQuestion};

/// The token of the session that a request belongs to.
#[derive(Clone)]
pub(super) struct Token(Arc<Zeroizing<String>>);

pub(super) fn router(app: Arc<App>) -> Router {
    let inside = Router::new()
        .route("/", get(settings))
        .route("/settings", post(change))
        .route("/review", get(review))
        .route("/save", post(save))
        .route("/test", get(ask).post(test))
        .route("/test/cases", get(cases).post(run_cases))
        .route("/doctor", get(doctor).post(examination))
        .route("/plugins", get(plugins).post(use_plugin))
        .route("/versions", get(versions))
        .route("/versions/{name}", get(version).post(take_up))
        .route("/status", get(status))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&app), let_in));
    inside
        .route("/enter", get(enter))
        .route("/style.css", get(style))
        .fallback(async || refused(StatusCode::NOT_FOUND, "There is no such page."))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
}

pub(super) type Answer = Result<Markup, Response>;

/// For every request: only our own name, and headers that keep the page to itself.
async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = match app.door.check_host(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(reason) => turned_away(reason),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'",
        ),
        // Without any referrer a browser calls the origin of our own forms `null`.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// For every page: only the browser that brought the link.
async fn let_in(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    match app.door.check(request.method(), request.headers()) {
        Ok(token) => {
            *app.last_used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            request.extensions_mut().insert(Token(Arc::new(token)));
            next.run(request).await
        }
        Err(reason) => turned_away(reason),
    }
}

pub(super) fn turned_away(reason: Refused) -> Response {
    refused(reason.status(), &reason.to_string())
}

fn refused(status: StatusCode, words: &str) -> Response {
    (status, pages::refusal("Not here", words)).into_response()
}

pub(super) fn see_other(address: &'static str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}

#[derive(Deserialize)]
struct Key {
    #[serde(default)]
    key: String,
}

async fn enter(State(app): State<Arc<App>>, Query(Key { key }): Query<Key>) -> Response {
    let key = Zeroizing::new(key);
    let line = match app.door.enter(&key) {
        Ok(line) => line,
        Err(reason) => return turned_away(reason),
    };
    let mut response = see_other("/");
    if let Ok(mut value) = HeaderValue::from_str(&line) {
        value.set_sensitive(true);
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("style.css"))
}

pub(super) fn frame<'t>(draft: &Draft, Token(token): &'t Token) -> Frame<'t> {
    Frame {
        file: draft.path().display().to_string(),
        is_changed: draft.is_changed(),
        form_check: token,
    }
}

/// The inputs of a form that brought its token.
pub(super) async fn posted(app: &App, request: Request) -> Result<(Posted, Token), Response> {
    let (parts, body): (_, Body) = request.into_parts();
    let posted = Posted::read(&parts.headers, body)
        .await
        .map_err(|status| refused(status, "The form cannot be read."))?;
    app.door.check_token(posted.get("csrf").unwrap_or_default()).map_err(turned_away)?;
    let token = parts.extensions.get::<Token>().cloned();
    token.map(|token| (posted, token)).ok_or_else(|| turned_away(Refused::Session))
}

pub(super) fn token_of(request: &Request) -> Result<Token, Refused> {
    request.extensions().get::<Token>().cloned().ok_or(Refused::Session)
}

async fn settings(State(app): State<Arc<App>>, request: Request) -> Answer {
    let token = token_of(&request).map_err(turned_away)?;
    let draft = app.draft.lock().await;
    Ok(pages::settings(&frame(&draft, &token), &draft, &Problems::default()))
}

async fn change(State(app): State<Arc<App>>, request: Request) -> Result<Response, Response> {
    let (posted, token) = posted(&app, request).await?;
    let mut draft = app.draft.lock().await;
    let mut problems = take(&mut draft, &posted);
    let action = posted.get("action").unwrap_or("check").to_owned();
    let mut words = action.split(' ');
    match (words.next(), words.next(), words.next().map(str::parse)) {
        (Some("add"), Some(table), _) => draft.add_table(table),
        (Some("remove"), Some(table), Some(Ok(number))) => draft.remove_table(table, number),
        (Some("test"), ..) if problems.told.is_empty() => return Ok(see_other("/test")),
        (Some(what), ..) => {
            problems.is_asked = true;
            if let Err(wrong) = draft.check(false) {
                for (path, problem) in wrong {
                    let sentence = format!("{}; {}", problem.message, problem.advice);
                    problems.told.entry(path).or_default().push(sentence);
                }
            }
            if what == "review" && problems.told.is_empty() {
                return Ok(see_other("/review"));
            }
        }
        _ => {}
    }
    Ok(pages::settings(&frame(&draft, &token), &draft, &problems).into_response())
}

/// Takes every input of the form that there is into the draft.
fn take(draft: &mut Draft, posted: &Posted) -> Problems {
    let mut problems = Problems::default();
    for section in draft.sections() {
        for field in &section.fields {
            if let Some(secret) = posted.secret(&field.path) {
                draft.set_secret(field, secret.clone());
                continue;
            }
            let Some(typed) = posted.get(&field.path) else { continue };
            if let Err(words) = draft.set(field, typed) {
                problems.told.entry(field.path.clone()).or_default().push(words);
                // What was typed as the place of a secret may be the secret itself.
                let shown = if field.input == Input::Secret { "" } else { typed };
                problems.typed.insert(field.path.clone(), shown.to_owned());
            }
        }
    }
    if let Some(typed) = posted.get("mapping")
        && let Err(words) = draft.set_mapping(typed)
    {
        problems.told.entry("mapping".to_owned()).or_default().push(words);
        problems.typed.insert("mapping".to_owned(), typed.to_owned());
    }
    problems
}

async fn review(State(app): State<Arc<App>>, request: Request) -> Answer {
    let token = token_of(&request).map_err(turned_away)?;
    let draft = app.draft.lock().await;
    Ok(pages::review(&frame(&draft, &token), &draft))
}

async fn save(State(app): State<Arc<App>>, request: Request) -> Answer {
    let (_, token) = posted(&app, request).await?;
    let mut draft = app.draft.lock().await;
    let how = match draft.check(false) {
        Err(wrong) => {
            Saved::Failed(format!("{} settings are wrong; nothing was saved", wrong.len()))
        }
        Ok(_) => match draft.save() {
            Ok(()) => Saved::Done,
            Err(error) => Saved::Failed(error.to_string()),
        },
    };
    Ok(pages::saved(&frame(&draft, &token), &how))
}

async fn versions(State(app): State<Arc<App>>, request: Request) -> Answer {
    let token = token_of(&request).map_err(turned_away)?;
    let draft = app.draft.lock().await;
    Ok(pages::versions(&frame(&draft, &token), &draft))
}

async fn version(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Answer {
    let token = token_of(&request).map_err(turned_away)?;
    let draft = app.draft.lock().await;
    let text = draft.version_text(&name);
    let text = text.ok_or_else(|| refused(StatusCode::NOT_FOUND, "There is no such version."))?;
    Ok(pages::version(&frame(&draft, &token), &draft, &name, &text))
}

async fn take_up(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    posted(&app, request).await?;
    let mut draft = app.draft.lock().await;
    let text = draft.version_text(&name);
    let text = text.ok_or_else(|| refused(StatusCode::NOT_FOUND, "There is no such version."))?;
    match draft.replace(&text) {
        Ok(()) => Ok(see_other("/review")),
        Err(error) => Err(refused(StatusCode::CONFLICT, &error.to_string())),
    }
}

#[derive(Deserialize)]
struct Begun {
    #[serde(default)]
    item: JumpItem,
    #[serde(default)]
    user: String,
    dn: Option<String>,
}

async fn ask(
    State(app): State<Arc<App>>,
    Query(Begun { item, user, dn }): Query<Begun>,
    request: Request,
) -> Answer {
    let token = token_of(&request).map_err(turned_away)?;
    let draft = app.draft.lock().await;
    let question = TrialQuestion { item, user, dn, ..TrialQuestion::default() };
    Ok(pages::trial(&frame(&draft, &token), &question, &Shown::Nothing))
}

async fn test(State(app): State<Arc<App>>, request: Request) -> Answer {
    let (posted, token) = posted(&app, request).await?;
    let draft = app.draft.lock().await;
    let question = TrialQuestion {
        user: posted.get("user").unwrap_or_default().to_owned(),
        dn: posted.filled("dn"),
        provider: None,
        item: posted.get("item").and_then(JumpItem::of_name).unwrap_or_default(),
        host: posted.filled("host"),
        additional_ip: posted.filled("additional-ip"),
        url: posted.filled("url"),
        application: posted.filled("application"),
    };
    let shown = match open(&app, &draft).await {
        Err(words) => Shown::Broken(words),
        Ok((trial, record)) => {
            let shown = try_out(&trial, &record, &draft, &question, &posted).await;
            trial.close().await;
            shown
        }
    };
    Ok(pages::trial(&frame(&draft, &token), &question, &shown))
}

/// The settings as they are typed, ready to be tried.
async fn open(app: &App, draft: &Draft) -> Result<(Trial, Record), String> {
    let config = draft.check(true).map_err(|wrong| {
        let lines = wrong.iter().map(|(path, problem)| format!("{path}: {}", problem.message));
        lines.collect::<Vec<_>>().join("\n")
    })?;
    let trial = Trial::open(&config, &app.roots).await;
    let trial = trial.map_err(|error: TrialError| error.to_string())?;
    Ok((trial, Record::of(&config.state_dir)))
}

async fn try_out(
    trial: &Trial,
    record: &Record,
    draft: &Draft,
    question: &TrialQuestion,
    posted: &Posted,
) -> Shown {
    if posted.get("action") == Some("retrieve") {
        let [id, name] = ["credential", "name"].map(|name| posted.get(name).unwrap_or_default());
        return match trial.retrieve(question, id, name).await {
            Ok(told) => {
                record.add_or_warn("retrieval", &told);
                Shown::Retrieved(told)
            }
            Err(problems) => Shown::Wrong(problems),
        };
    }
    let report = match trial.find(question).await {
        Ok(report) => report,
        Err(problems) => return Shown::Wrong(problems),
    };
    record.add_or_warn("search", &report);
    let name = posted.filled("case").unwrap_or_default();
    if posted.get("action") != Some("save") || name.is_empty() {
        return Shown::Found(Box::new(report));
    }
    let expect = Expected::of(&report);
    let case = Case { name: name.clone(), ask: question.clone(), expect };
    match CaseFile::add(&cases_path(draft), case) {
        Ok(()) => Shown::SavedAs(name),
        Err(error) => Shown::Broken(error.to_string()),
    }
}

fn cases_path(draft: &Draft) -> PathBuf {
    draft.path().with_file_name("test-cases.toml")
}

async fn cases(State(app): State<Arc<App>>, request: Request) -> Answer {
    let token = token_of(&request).map_err(turned_away)?;
    let draft = app.draft.lock().await;
    let frame = frame(&draft, &token);
    Ok(match CaseFile::read(&cases_path(&draft)) {
        Ok(file) => {
            let lines = file.cases.into_iter();
            let lines: Vec<_> =
                lines.map(|case| CaseLine { name: case.name, differences: None }).collect();
            pages::cases(&frame, &lines, None)
        }
        Err(error) => pages::cases(&frame, &[], Some(&error.to_string())),
    })
}

async fn run_cases(State(app): State<Arc<App>>, request: Request) -> Answer {
    let (_, token) = posted(&app, request).await?;
    let draft = app.draft.lock().await;
    let frame = frame(&draft, &token);
    let file = match CaseFile::read(&cases_path(&draft)) {
        Ok(file) => file,
        Err(error) => return Ok(pages::cases(&frame, &[], Some(&error.to_string()))),
    };
    let (trial, record) = match open(&app, &draft).await {
        Ok(opened) => opened,
        Err(words) => return Ok(pages::cases(&frame, &[], Some(&words))),
    };
    let mut lines = Vec::new();
    for case in file.cases {
        let differences = case.run(&trial, &record).await;
        lines.push(CaseLine { name: case.name, differences: Some(differences) });
    }
    trial.close().await;
    Ok(pages::cases(&frame, &lines, None))
}

async fn status(State(app): State<Arc<App>>, request: Request) -> Answer {
    let token = token_of(&request).map_err(turned_away)?;
    let draft = app.draft.lock().await;
    let (told, users) = match draft.check(true) {
        Ok(config) => {
            let users = crate::control::seen_users_of(config.state_dir.clone()).await;
            (crate::control::status_of(config.state_dir).await, users)
        }
        Err(_) => {
            let words = "The settings are not complete, so it is unknown where the service is.";
            (Err(words.to_owned()), Vec::new())
        }
    };
    Ok(pages::status(&frame(&draft, &token), &told, &users))
}
