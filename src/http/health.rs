//! Health checks for monitoring: whether the server is alive, and whether it can respond.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use tokio::time::timeout_at;

use super::request_info::RequestInfo;
use super::state::AppState;

/// `/healthz`: the process is alive. It checks nothing else, so that a database outage does not restart servers.
pub(super) async fn alive() -> &'static str {
    "ok"
}

/// `/readyz`: the server can respond to requests and will for a while; not ready once it was told to stop.
pub(super) async fn ready(
    State(state): State<Arc<AppState>>,
    Extension(info): Extension<RequestInfo>,
) -> (StatusCode, &'static str) {
    if state.phase.draining.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    match timeout_at(info.deadline, state.api.is_ready()).await {
        Ok(true) => (StatusCode::OK, "ok"),
        Ok(false) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    }
}
