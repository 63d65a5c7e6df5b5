//! The routes, and the layers around them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Router, middleware, routing};
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;

use super::assets::Asset;
use super::connection::Phase;
use super::error::RequestError;
use super::state::{AppState, ServerOptions};
use super::{
    assets, backpressure, cors, graphql, health, loopback, mailbox, page_settings, pages, public_path, request_info,
    sdl, security,
};
use crate::low_priority::LowPriorityThreads;

/// All routes. If a request carries its peer's address as a `ConnectInfo<SocketAddr>`, that address is trusted.
pub fn router(options: ServerOptions) -> Router {
    routes(options, TaskTracker::new(), Phase::default())
}

/// All routes; operations run as `tasks`.
pub(super) fn routes(options: ServerOptions, tasks: TaskTracker, phase: Phase) -> Router {
    let ServerOptions { api, settings, schema, mailbox, random } = options;
    let public_path = public_path::of(settings.public_url.as_deref());
    let low_priority = LowPriorityThreads::default();
    let state = Arc::new(AppState { api, settings, public_path, random, tasks, low_priority, phase });
    let settings = &state.settings;

    let api = Router::new()
        .route("/graphql", routing::get(graphql::get).post(graphql::post))
        // Before the layers, which must see preflight requests: no route has their method.
        .method_not_allowed_fallback(method_not_allowed)
        .layer(cors::layer(&settings.cors_origins))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), cors::check_origin));
    let built_per_request = api
        .merge(mailbox.map_or_else(Router::new, mailbox::routes))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), backpressure::limit_unread_responses));
    let mut all = built_per_request
        .merge(sdl::routes(schema))
        .merge(page_settings::routes(settings.pages.clone()))
        .route("/", routing::get(redirect_to_api))
        .route("/favicon.ico", routing::get(pages::favicon))
        .route("/healthz", routing::get(health::alive))
        .route("/readyz", routing::get(health::ready))
        .route("/reset-password", routing::get(pages::reset_password))
        .route("/undo-email-change", routing::get(pages::undo_email_change))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(other);
    if settings.loopback_only {
        all = all.layer(middleware::from_fn(loopback::check_host));
    }
    let all = all
        .layer(CatchPanicLayer::custom(request_info::respond_to_panic))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), request_info::add_request_info))
        .layer(security::headers(settings.public_url.as_deref()))
        .with_state(Arc::clone(&state));
    public_path::serve_below(&state.public_path, all)
}

async fn redirect_to_api(State(state): State<Arc<AppState>>) -> Redirect {
    Redirect::temporary(&format!("{}/graphql", state.public_path))
}

/// A file for the pages, or 404.
async fn other(State(state): State<Arc<AppState>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let path = parts.uri.path();
    match assets::find(path).filter(|asset| !asset.is_page()) {
        Some(asset) if matches!(parts.method, Method::GET | Method::HEAD) => asset.respond(&parts.headers).await,
        Some(_) => ([(header::ALLOW, Asset::METHODS)], RequestError::MethodNotAllowed).into_response(),
        None if pages::is_wanted(&parts) => pages::not_found(path),
        None => RequestError::NotFound(format!("{}/graphql", state.public_path)).into_response(),
    }
}

/// The router adds the header `Allow`, as it knows the methods of each route.
async fn method_not_allowed() -> RequestError {
    RequestError::MethodNotAllowed
}
