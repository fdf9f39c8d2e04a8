//! The page of plugins: listed, checked, chosen.

use std::path::Path;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};

use super::App;
use super::pages::{self, Shelf};
use super::routes::{Answer, frame, posted, see_other, token_of, turned_away};
use crate::plugin::folder::{discover, load_by_name};
use crate::plugin::visit::{to_visit, visit};

/// The plugins of a folder.
fn shelf(folder: &Path) -> Shelf {
    Shelf { folder: folder.display().to_string(), found: discover(folder), checked: None }
}

pub(super) async fn plugins(State(app): State<Arc<App>>, request: Request) -> Answer {
    let token = token_of(&request).map_err(turned_away)?;
    let draft = app.draft.lock().await;
    Ok(pages::plugins(&frame(&draft, &token), &shelf(&draft.plugins_folder())))
}

/// Checks one, or adds a vault that is one.
pub(super) async fn use_plugin(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, Response> {
    let (posted, token) = posted(&app, request).await?;
    let name = posted.get("plugin").unwrap_or_default().to_owned();
    let mut draft = app.draft.lock().await;
    let folder = draft.plugins_folder();
    let mut shelf = shelf(&folder);
    if let Ok(installed) = load_by_name(&folder, &name) {
        if posted.get("action") == Some("choose") {
            draft.add_plugin(&installed.manifest.name);
            return Ok(see_other("/"));
        }
        // With the settings as typed; while they are wrong, with those that it brings.
        let config = draft.check(true).ok();
        let mut visits = Vec::new();
        for plugin in to_visit(&installed, config.as_ref()) {
            visits.push(visit(&plugin).await);
        }
        shelf.checked = Some((name, visits));
    }
    Ok(pages::plugins(&frame(&draft, &token), &shelf).into_response())
}
