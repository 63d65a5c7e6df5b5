//! Connections to the database.

use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::durations;

/// The pool of connections.
#[derive(Clone)]
pub struct DatabaseMetrics {
    waiting: Gauge,
    waits: Histogram,
}

impl Default for DatabaseMetrics {
    fn default() -> Self {
        Self { waiting: Gauge::default(), waits: durations() }
    }
}

impl DatabaseMetrics {
    /// Counts a request that waits for a connection, until the result is dropped.
    #[must_use]
    pub fn begin_waiting(&self) -> impl Drop + use<> {
        self.waiting.inc();
        scopeguard::guard(self.waiting.clone(), |waiting| {
            waiting.dec();
        })
    }

    /// Observes how long a request waited for a connection.
    pub fn observe_wait(&self, duration: Duration) {
        self.waits.observe(duration.as_secs_f64());
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Requests that wait for a connection";
        registry.register("userprofile_database_connections_waiting", help, self.waiting.clone());
        let help = "How long requests waited for a connection";
        registry.register_with_unit("userprofile_database_connection_wait", help, Unit::Seconds, self.waits.clone());
    }
}
