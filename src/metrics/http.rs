//! Requests, named as in the stable semantic conventions of OpenTelemetry for HTTP servers.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::exemplar::HistogramWithExemplars;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::DURATIONS;

/// The requests of the server.
#[derive(Clone)]
pub struct HttpMetrics {
    durations: Family<Request, HistogramWithExemplars<TraceId>, fn() -> HistogramWithExemplars<TraceId>>,
    active: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    http_request_method: &'static str,
    http_route: &'static str,
    http_response_status_code: u16,
}

/// The trace that a request belongs to, as the exemplar of its duration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TraceId {
    /// 32 hexadecimal digits.
    pub trace_id: String,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        let durations = || HistogramWithExemplars::new(DURATIONS.into_iter());
        Self { durations: Family::new_with_constructor(durations), active: Gauge::default() }
    }
}

impl HttpMetrics {
    /// Counts a request as active.
    pub fn begin(&self) {
        self.active.inc();
    }

    /// Observes a request that is no longer active.
    pub fn end(
        &self,
        http_request_method: &'static str,
        http_route: &'static str,
        http_response_status_code: u16,
        duration: Duration,
        trace: Option<TraceId>,
    ) {
        self.active.dec();
        let request = Request { http_request_method, http_route, http_response_status_code };
        self.durations.get_or_create(&request).observe(duration.as_secs_f64(), trace, None);
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Duration of requests until their response begins";
        registry.register_with_unit("http_server_request_duration", help, Unit::Seconds, self.durations.clone());
        let help = "Requests whose response has not begun";
        registry.register("http_server_active_requests", help, self.active.clone());
    }
}
