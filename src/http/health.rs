//! Health checks for monitoring: whether the server is alive, and whether it can respond.

use std::sync::Arc;

use axum::{Extension, extract::State, http::StatusCode};
use tokio::time::timeout_at;

use super::{Execute, exchange::Exchange, router::Shared};

/// `/healthz`: the process is alive. It checks nothing else, so that a database outage does not restart servers.
pub(super) async fn alive() -> &'static str {
    "ok"
}

/// `/readyz`: the server can respond to requests and will for a while; not ready once it was told to stop.
pub(super) async fn ready<A: Execute>(
    State(shared): State<Arc<Shared<A>>>,
    Extension(exchange): Extension<Exchange>,
) -> (StatusCode, &'static str) {
    if shared.phase.draining.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    match timeout_at(exchange.deadline, shared.api.is_ready()).await {
        Ok(true) => (StatusCode::OK, "ok"),
        Ok(false) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    }
}
