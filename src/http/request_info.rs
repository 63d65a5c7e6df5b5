//! The outermost layer for every request, whatever its path: its id, the client's address, a deadline, and a span in
//! the log.

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

use super::client_address::client_address;
use super::error::RequestError;
use super::request_id::REQUEST_ID;
use super::state::AppState;
use super::{RequestId, error, vary};

/// What is known about a request before its content is read.
#[derive(Debug, Clone)]
pub(super) struct RequestInfo {
    pub(super) request_id: RequestId,
    pub(super) client_address: IpAddr,
    /// The time by which a response must be ready.
    pub(super) deadline: Instant,
}

/// Adds the [`RequestInfo`] to a request, and the id to its response.
pub(super) async fn add_request_info(State(state): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = RequestId::of(request.headers(), state.random);
    let info = RequestInfo {
        request_id: request_id.clone(),
        client_address: client_address(peer(&request), request.headers(), &state.settings.trusted_proxies),
        deadline: started + state.settings.request_timeout,
    };
    request.extensions_mut().insert(info);
    // Without the query string, which contains documents and variables.
    let span = tracing::info_span!(
        "request",
        request_id = %request_id,
        method = %request.method(),
        path = request.uri().path(),
        status = Empty,
        duration = Empty,
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    error::add_body(&mut response, &request_id);
    if let Ok(id) = HeaderValue::from_str(request_id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    vary::join(response.headers_mut());
    if !span.is_disabled() {
        span.record("status", response.status().as_u16());
        span.record("duration", tracing::field::debug(started.elapsed()));
        span.in_scope(|| tracing::debug!("request completed"));
    }
    response
}

/// The response to a request whose handler panicked. The panic hook has logged the cause; its text may contain anything
/// and is not repeated.
pub(super) fn respond_to_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("the handler of a request panicked; the client gets an internal error");
    RequestError::Internal.into_response()
}

/// The peer's address; `0.0.0.0` if there is none, in tests that call the router.
fn peer(request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip())
}
