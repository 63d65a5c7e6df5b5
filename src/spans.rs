//! The spans of `tracing`: the one whose fields are in the log, and those that are exported as traces, so that this file
//! shows all that a trace contains. Names and attributes follow the semantic conventions of OpenTelemetry
//! (<https://opentelemetry.io/docs/specs/semconv/>); no attribute has a value that a client chose.
//!
//! The exported spans of a request are only held, and never entered: they are children of the request's span in the log, and
//! the log has no trace of them. Unless traces are exported, nothing wants their target, and creating one costs 2 ns.

use tracing::Span;
use tracing::field::Empty;

/// The target of the span that a request is handled in: below `userprofile::http`, for filters of that name.
pub const REQUEST: &str = "userprofile::http::request";
/// The target of exported spans.
pub const EXPORTED: &str = "userprofile::exported";

/// The span that a request is handled in, whose fields are in each entry of the log: at the highest level, so that it
/// exists whenever anything in it is logged.
pub fn request(request_id: &str, trace_id: &str, span_id: &str) -> Span {
    tracing::error_span!(target: REQUEST, "request", %request_id, trace_id, span_id)
}

/// The ids of a request in its trace, in hexadecimal digits.
#[derive(Debug, Clone, Copy)]
pub struct RequestIds<'a> {
    /// The trace.
    pub trace_id: &'a str,
    /// The request.
    pub span_id: &'a str,
    /// The caller's span, if it sent one.
    pub parent_id: Option<&'a str>,
    /// Whether the trace is exported.
    pub is_sampled: bool,
}

/// The exported counterpart of the span `request`. The `route` of an unknown path is empty.
pub fn exported_request(request: &Span, ids: RequestIds<'_>, method: &'static str, route: &'static str) -> Span {
    let RequestIds { trace_id, span_id, parent_id, is_sampled } = ids;
    let route = (!route.is_empty()).then_some(route);
    // The conventions have another word for an unknown method in the name than in the attribute.
    let verb = if method == "_OTHER" { "HTTP" } else { method };
    let separator = if route.is_some() { " " } else { "" };
    tracing::error_span!(
        target: EXPORTED,
        parent: request,
        "request",
        trace_id,
        span_id,
        parent_id,
        is_sampled,
        otel.kind = "server",
        otel.name = format_args!("{verb}{separator}{}", route.unwrap_or_default()),
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        error.type = Empty,
    )
}

/// Records the status of a response. As the conventions say, only those from 500 are errors of a server.
pub fn record_status(exported_request: &Span, status: u16) {
    exported_request.record("http.response.status_code", status);
    if status >= 500 {
        exported_request.record("error.type", tracing::field::display(status));
    }
}

/// A statement on PostgreSQL, by its summary.
pub fn statement(summary: &str) -> Span {
    tracing::error_span!(
        target: EXPORTED,
        "statement",
        otel.kind = "client",
        otel.name = summary,
        db.system.name = "postgresql",
        db.query.summary = summary,
    )
}

/// A job of the outbox, by its kind. It is entered, because its statements have no request to belong to.
pub fn job(kind: &'static str) -> Span {
    tracing::error_span!(target: EXPORTED, "job", otel.kind = "consumer", otel.name = kind)
}

/// A step within this process, such as the hash of a password.
pub fn step(name: &'static str) -> Span {
    tracing::error_span!(target: EXPORTED, "step", otel.name = name)
}
