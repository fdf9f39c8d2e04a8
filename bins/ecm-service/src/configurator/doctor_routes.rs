//! The page of the doctor: why something does not work, with the settings as they are typed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};

use super::App;
use super::pages::{self, Visited};
use super::routes::{Answer, frame, posted, token_of, turned_away};
use crate::doctor::examine;
use crate::trial::TrialQuestion;

pub(super) async fn doctor(State(app): State<Arc<App>>, request: Request) -> Answer {
    let token = token_of(&request).map_err(turned_away)?;
    let draft = app.draft.lock().await;
    Ok(pages::doctor(&frame(&draft, &token), &Visited::default()))
}

/// Makes every check there is; with a user and a host the vaults are searched, too.
pub(super) async fn examination(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, Response> {
    let (posted, token) = posted(&app, request).await?;
    let typed = |name: &str| posted.get(name).unwrap_or_default().trim().to_owned();
    let mut visited = Visited { user: typed("user"), host: typed("host"), outcome: None };
    let draft = app.draft.lock().await;
    // Without a site that is complete, the rest can be looked at all the same.
    let config = draft.check(false).or_else(|_| draft.check(true));
    visited.outcome = Some(match config {
        Ok(config) => {
            let question = (!visited.user.is_empty()).then(|| TrialQuestion {
                user: visited.user.clone(),
                host: Some(visited.host.clone()).filter(|host| !host.is_empty()),
                ..TrialQuestion::default()
            });
            Ok(examine(&config, &app.roots, question.as_ref()).await)
        }
        Err(problems) => Err(problems.len()),
    });
    Ok(pages::doctor(&frame(&draft, &token), &visited).into_response())
}
