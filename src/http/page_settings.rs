//! `/plain/pages.json`: what the product's own pages need to know of the server. It holds nothing that may not be public.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::router::Shared;

/// What the product's own pages need to know of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageSettings {
    /// The application that users come from, to link to when a page is done.
    pub app_url: Option<String>,
    /// The fewest characters of a new password.
    pub password_min_length: usize,
    /// The users of a demo; `None` on every other server.
    pub demo: Option<SampleUsers>,
}

/// The users of a demo that are worth signing in as.
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
    /// What the user shows, to stand behind the user id.
    pub about: String,
}

pub(super) async fn show<A>(State(shared): State<Arc<Shared<A>>>) -> Response {
    match serde_json::to_string(&shared.settings.pages) {
        Ok(json) => {
            ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], json).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the settings of the pages could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
