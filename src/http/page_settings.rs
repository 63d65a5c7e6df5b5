//! `/plain/pages.json`: the server's settings for the product's own pages. All of them are public.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use serde::{Deserialize, Serialize};

/// The server's settings for the product's own pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageSettings {
    /// The application that users come from; a page links to it when it is done.
    pub app_url: Option<String>,
    /// The minimum length of a new password in characters.
    pub password_min_length: usize,
    /// The sample users of a demo; `None` on every other server.
    pub demo: Option<SampleUsers>,
}

/// The sample users of a demo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleUsers {
    /// The password of all of them.
    pub password: String,
    /// The users.
    pub users: Vec<SampleUser>,
}

/// A user of a demo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleUser {
    /// The domain to sign in to.
    pub domain_id: String,
    /// The user id to sign in with.
    pub user_id: String,
    /// What the user demonstrates, shown after the user id.
    pub about: String,
}

/// The route to the settings.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(settings: PageSettings) -> Router<S> {
    Router::new().route("/plain/pages.json", routing::get(show).with_state(Arc::new(settings)))
}

async fn show(State(settings): State<Arc<PageSettings>>) -> Response {
    ([(header::CACHE_CONTROL, "no-cache")], Json(&*settings)).into_response()
}
