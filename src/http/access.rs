//! What is observed of each request: an entry in the log, and its duration. Both are also there if the client disconnects
//! before the response begins, because the operation may have been executed.

use std::time::Duration;

use axum::http::Method;
use axum::response::Response;
use tracing::Span;

use super::request_info::RequestInfo;
use super::router::name_of_route;
use crate::graphql::facts::OperationFacts;
use crate::metrics::{HttpMetrics, TraceId};
use crate::spans;

/// The methods by their names. In metrics, all others have one name: clients may invent any number.
const METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::OPTIONS,
    Method::PATCH,
    Method::TRACE,
    Method::CONNECT,
];
const METHOD_NAMES: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"];
const OTHER_METHOD: &str = "_OTHER";

/// The status of a request whose client disconnected, as nginx logs it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// A request until it is observed: when its response begins, or when it is dropped.
pub(super) struct Access {
    metrics: HttpMetrics,
    info: RequestInfo,
    span: Span,
    exported_span: Span,
    method: &'static str,
    route: &'static str,
    is_observed: bool,
}

impl Access {
    /// Begins with a request that has this `method` and `path`.
    pub(super) fn begin(metrics: &HttpMetrics, info: RequestInfo, span: Span, method: &Method, path: &str) -> Self {
        metrics.begin();
        let known = METHODS.iter().zip(METHOD_NAMES).find(|(known, _)| *known == method);
        let method = known.map_or(OTHER_METHOD, |(_, name)| name);
        let route = name_of_route(path);
        let exported_span = spans::exported_request(&span, info.trace.ids(), method, route);
        Self { metrics: metrics.clone(), info, span, exported_span, method, route, is_observed: false }
    }

    /// Observes the response.
    pub(super) fn observe(mut self, response: &mut Response) {
        let facts = response.extensions_mut().remove::<OperationFacts>().unwrap_or_default();
        self.observe_status(response.status().as_u16(), &facts);
    }

    fn observe_status(&mut self, status: u16, facts: &OperationFacts) {
        self.is_observed = true;
        spans::record_status(&self.exported_span, status);
        let duration = self.info.started.elapsed();
        let trace = TraceId { trace_id: self.info.trace.trace_id.clone() };
        self.metrics.end(self.method, self.route, status, duration, Some(trace));
        self.span.in_scope(|| self.log(status, duration, facts));
    }

    /// The log contains neither the query string nor an unknown path: a token from a link can be in both.
    fn log(&self, status: u16, duration: Duration, facts: &OperationFacts) {
        let (user_id, session_id) =
            facts.caller.as_ref().map(|(user, session)| (user.as_str(), session.as_str())).unzip();
        // Health checks are frequent, and say nothing about users.
        let is_health_check = matches!(self.route, "/healthz" | "/readyz");
        if is_health_check && !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        tracing::info!(
            method = self.method,
            route = self.route,
            status,
            duration = duration.as_secs_f64(),
            client_address = %self.info.client_address,
            operation_type = (!facts.operation_type.is_empty()).then_some(facts.operation_type),
            document = facts.document.as_deref(),
            user_id,
            session_id,
            "request completed"
        );
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        if !self.is_observed {
            self.observe_status(CLIENT_CLOSED_REQUEST, &OperationFacts::default());
        }
    }
}
