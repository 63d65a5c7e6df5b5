//! What is observed of each request once its response begins: an entry in the log, and its duration.

use std::time::Duration;

use axum::http::Method;
use axum::response::Response;

use super::request_info::RequestInfo;
use super::router::name_of_route;
use crate::graphql::facts::OperationFacts;
use crate::metrics::{HttpMetrics, TraceId};

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

/// A request as it is observed.
pub(super) struct Access {
    method: &'static str,
    route: &'static str,
    /// The path, if no route has it.
    unknown_path: Option<String>,
}

impl Access {
    pub(super) fn new(method: &Method, path: &str) -> Self {
        let route = name_of_route(path);
        let unknown_path = route.is_empty().then(|| path.to_owned());
        let known = METHODS.iter().zip(METHOD_NAMES).find(|(known, _)| *known == method);
        Self { method: known.map_or(OTHER_METHOD, |(_, name)| name), route, unknown_path }
    }

    /// Observes the response. The log does not contain the query string, which contains documents and
    /// variables.
    pub(super) fn observe(&self, metrics: &HttpMetrics, info: &RequestInfo, response: &mut Response) {
        let duration = info.started.elapsed();
        let status = response.status().as_u16();
        let trace = TraceId { trace_id: info.trace.trace_id.clone() };
        metrics.observe(self.method, self.route, status, duration, Some(trace));
        let facts = response.extensions_mut().remove::<OperationFacts>().unwrap_or_default();
        self.log(info, status, duration, &facts);
    }

    fn log(&self, info: &RequestInfo, status: u16, duration: Duration, facts: &OperationFacts) {
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
            path = self.unknown_path,
            status,
            duration = duration.as_secs_f64(),
            client_address = %info.client_address,
            operation_type = (!facts.operation_type.is_empty()).then_some(facts.operation_type),
            document = facts.document.as_deref(),
            user_id,
            session_id,
            "request completed"
        );
    }
}
