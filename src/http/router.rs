//! The routes, but for `/graphql`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Json, Router, middleware, routing};
use serde_json::{Value, json};

use super::assets::Asset;
use super::error::RequestError;
use super::request_info::RequestInfo;
use super::state::AppState;
use super::{MessageList, SchemaText};
use super::{assets, backpressure, endpoint, health, mailbox, page_settings, pages, sdl};

/// The account console.
const ACCOUNT: &str = "/account";
/// Its other pages.
const ACCOUNT_PAGES: &str = "/account/{*page}";

/// The paths that have a name in the log and in metrics; all others are files, or do not exist.
const ROUTES: [&str; 13] = [
    "/",
    "/.well-known/webauthn",
    ACCOUNT,
    "/cancel-deletion",
    "/dev/mailbox",
    "/favicon.ico",
    endpoint::PATH,
    "/healthz",
    "/plain/pages.json",
    "/readyz",
    "/reset-password",
    "/schema.graphql",
    "/undo-email-change",
];

/// The name of the route of a path: the path of the route, `/{file}`, or nothing.
pub(super) fn name_of_route(path: &str) -> &'static str {
    match ROUTES.iter().find(|route| **route == path) {
        Some(route) => route,
        None if path.strip_prefix(ACCOUNT).is_some_and(|rest| rest.starts_with('/')) => ACCOUNT_PAGES,
        None if assets::find(path).is_some() => "/{file}",
        None => "",
    }
}

/// All routes.
pub(super) fn routes(state: &Arc<AppState>, schema: Option<SchemaText>, messages: Option<MessageList>) -> Router {
    let console = if state.settings.has_console {
        Router::new()
            .route(ACCOUNT, routing::get(pages::account))
            .route("/account/", routing::get(pages::account))
            .route(ACCOUNT_PAGES, routing::get(pages::account))
    } else {
        Router::new()
    };
    messages
        .map_or_else(Router::new, mailbox::routes)
        .layer(middleware::from_fn_with_state(Arc::clone(state), limit_unread_responses))
        .merge(console)
        .merge(sdl::routes(schema))
        .merge(page_settings::routes(state.settings.pages.clone()))
        .route("/", routing::get(redirect_to_api))
        .route("/.well-known/webauthn", routing::get(webauthn_origins))
        .route("/cancel-deletion", routing::get(pages::cancel_deletion))
        .route("/favicon.ico", routing::get(pages::favicon))
        .route("/healthz", routing::get(health::alive))
        .route("/readyz", routing::get(health::ready))
        .route("/reset-password", routing::get(pages::reset_password))
        .route("/undo-email-change", routing::get(pages::undo_email_change))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(other)
        .with_state(Arc::clone(state))
}

async fn limit_unread_responses(
    State(state): State<Arc<AppState>>,
    Extension(info): Extension<RequestInfo>,
    request: Request,
    next: Next,
) -> Response {
    backpressure::limit_unread_responses(&state, &info, request, |request| next.run(request)).await
}

async fn redirect_to_api(State(state): State<Arc<AppState>>) -> Redirect {
    Redirect::temporary(&format!("{}{}", state.public_path, endpoint::PATH))
}

/// The origins that may use passkeys of this site (WebAuthn, section 5.11).
async fn webauthn_origins(State(state): State<Arc<AppState>>) -> Json<Value> {
    // Browsers look for their own origins here, not for those of apps.
    let of_web = state.settings.webauthn_origins.iter().filter(|origin| matches!(origin.scheme(), "http" | "https"));
    let origins = of_web.map(|origin| origin.origin().ascii_serialization());
    Json(json!({ "origins": origins.collect::<Vec<_>>() }))
}

/// A file for the pages, or 404.
async fn other(State(state): State<Arc<AppState>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let path = parts.uri.path();
    match assets::find(path).filter(|asset| !asset.is_page()) {
        Some(asset) if matches!(parts.method, Method::GET | Method::HEAD) => asset.respond(&parts.headers).await,
        Some(_) => ([(header::ALLOW, Asset::METHODS)], RequestError::MethodNotAllowed).into_response(),
        None if pages::is_wanted(&parts) => pages::not_found(path),
        None => RequestError::NotFound(format!("{}{}", state.public_path, endpoint::PATH)).into_response(),
    }
}

/// The router adds the header `Allow`, as it knows the methods of each route.
async fn method_not_allowed() -> RequestError {
    RequestError::MethodNotAllowed
}
