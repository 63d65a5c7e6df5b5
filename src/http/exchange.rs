//! The layer for every request, whatever its path: a request id, the client's address, a deadline, a span in the log,
//! and a response even if a handler panics.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderValue,
    middleware::Next,
    response::Response,
};
use futures_util::FutureExt;
use tokio::time::Instant;
use tracing::{Instrument, field::Empty};

use super::{
    Execute, RequestId, client::client_address, negotiation::Media, refusal::Refusal, request_id, router::Shared,
    security::harden, vary,
};

/// What is known about a request before its content is read.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub(super) request_id: RequestId,
    pub(super) client_address: IpAddr,
    /// The time by which a response must be ready.
    pub(super) deadline: Instant,
}

/// The outermost layer around all routes.
pub(super) async fn exchange<A: Execute>(
    State(shared): State<Arc<Shared<A>>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let request_id = RequestId::of(request.headers(), shared.random);
    let exchange = Exchange {
        request_id: request_id.clone(),
        client_address: client_address(peer(&request), request.headers(), &shared.settings.trusted_proxies),
        deadline: started + shared.settings.request_timeout,
    };
    request.extensions_mut().insert(exchange);
    // Without the query string, which contains documents and variables.
    let span = tracing::info_span!(
        "request",
        request_id = %request_id,
        method = %request.method(),
        path = request.uri().path(),
        status = Empty,
        duration = Empty,
    );
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let mut response = answered.unwrap_or_else(|_| {
        span.in_scope(|| tracing::error!("a request panicked"));
        Refusal::Failed.answer(Media::Json, &request_id)
    });
    if let Ok(id) = HeaderValue::from_str(request_id.as_str()) {
        response.headers_mut().insert(request_id::REQUEST_ID, id);
    }
    vary::join(response.headers_mut());
    harden(response.headers_mut(), shared.settings.public_url.as_deref());
    if !span.is_disabled() {
        span.record("status", response.status().as_u16());
        span.record("duration", tracing::field::debug(started.elapsed()));
        span.in_scope(|| tracing::debug!("answered"));
    }
    response
}

/// The peer's address; `0.0.0.0` if there is none, in tests that call the router.
fn peer(request: &Request) -> IpAddr {
    request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip())
}
