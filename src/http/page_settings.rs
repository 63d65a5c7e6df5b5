//! `/plain/pages.json`: the server's settings for the product's own pages. All of them are public.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::router::Shared;

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
