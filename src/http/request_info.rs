//! What is known about a request before its content is read: its id and trace, the client's address, a deadline.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderValue;
use axum::response::Response;
use tokio::time::Instant;
use tracing::Span;

use super::RequestId;
use super::client_address::client_address;
use super::request_id::REQUEST_ID;
use super::state::AppState;
use super::trace_context::TraceContext;
use crate::spans;

/// What is known about a request before its content is read.
#[derive(Debug, Clone)]
pub(super) struct RequestInfo {
    pub(super) request_id: RequestId,
    pub(super) trace: TraceContext,
    pub(super) client_address: IpAddr,
    pub(super) started: Instant,
    /// The time by which a response must be ready.
    pub(super) deadline: Instant,
}

impl RequestInfo {
    pub(super) fn of(request: &Request, state: &AppState) -> Self {
        let started = Instant::now();
        Self {
            request_id: RequestId::of(request.headers(), state.random),
            trace: TraceContext::of(request.headers(), state.random),
            client_address: client_address(peer(request), request.headers(), &state.settings.trusted_proxies),
            started,
            deadline: started + state.settings.request_timeout,
        }
    }

    /// The span of the request, whose fields are in each entry of the log.
    pub(super) fn span(&self) -> Span {
        spans::request(self.request_id.as_str(), &self.trace.trace_id, &self.trace.span_id)
    }

    /// Adds the id to the response.
    pub(super) fn add_to(&self, response: &mut Response) {
        if let Ok(id) = HeaderValue::from_str(self.request_id.as_str()) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
    }
}

/// The peer's address; `0.0.0.0` if there is none, in tests that call the router.
fn peer(request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip())
}
