//! For whoever watches over the server: is it alive, and can it answer?

use std::sync::Arc;

use axum::{Extension, extract::State, http::StatusCode};
use tokio::time::timeout_at;

use super::{Execute, exchange::Exchange, router::Shared};

/// `/healthz`: the process lives. It asks nobody, so that a database that is down gets no server restarted.
pub(super) async fn alive() -> &'static str {
    "ok"
}

/// `/readyz`: requests can be answered, and will be for a while: not when the server was told to stop.
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
