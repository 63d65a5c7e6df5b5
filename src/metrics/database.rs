//! Connections to the database, and statements on PostgreSQL.

use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tracing::Span;

use super::durations;
use crate::spans;

/// The pool of connections, and the statements.
#[derive(Clone)]
pub struct DatabaseMetrics {
    waiting: Gauge,
    waits: Histogram,
    statements: Family<Statement, Histogram, fn() -> Histogram>,
    server: &'static str,
    repeated: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Statement {
    db_server: &'static str,
    db_query_summary: Arc<str>,
}

/// Times one statement, each time that it is executed. Cheap to clone.
#[derive(Clone)]
pub struct StatementTimer {
    summary: Arc<str>,
    durations: Histogram,
}

/// An execution of a statement, observed when this is dropped.
pub struct TimedStatement {
    durations: Histogram,
    began: Instant,
    _span: Span,
}

impl Default for DatabaseMetrics {
    fn default() -> Self {
        let statements = Family::new_with_constructor(durations as fn() -> Histogram);
        Self {
            waiting: Gauge::default(),
            waits: durations(),
            statements,
            server: "primary",
            repeated: Counter::default(),
        }
    }
}

impl DatabaseMetrics {
    /// Those of a replica, whose statements are in the same time series, with another label.
    #[must_use]
    pub fn of_replica(&self) -> Self {
        let (statements, repeated) = (self.statements.clone(), self.repeated.clone());
        Self { statements, server: "replica", repeated, ..Self::default() }
    }

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

    /// Counts a query that failed on the replica and is repeated on the primary.
    pub fn count_repeated(&self) {
        self.repeated.inc();
    }

    /// What times the statements with this summary, which must not depend on data.
    #[must_use]
    pub fn timer(&self, summary: String) -> StatementTimer {
        let summary: Arc<str> = summary.into();
        let statement = Statement { db_server: self.server, db_query_summary: Arc::clone(&summary) };
        let durations = self.statements.get_or_create_owned(&statement);
        StatementTimer { summary, durations }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Requests that wait for a connection";
        registry.register("userprofile_database_connections_waiting", help, self.waiting.clone());
        let help = "How long requests waited for a connection";
        registry.register_with_unit("userprofile_database_connection_wait", help, Unit::Seconds, self.waits.clone());
        let help = "Queries that failed on the replica, and were repeated on the primary";
        registry.register("userprofile_replica_repeated_queries", help, self.repeated.clone());
        let help = "Duration of statements on PostgreSQL, until their answers were read";
        registry.register_with_unit("db_client_operation_duration", help, Unit::Seconds, self.statements.clone());
    }
}

impl StatementTimer {
    /// Begins an execution.
    #[must_use]
    pub fn begin(&self) -> TimedStatement {
        let durations = self.durations.clone();
        TimedStatement { durations, began: Instant::now(), _span: spans::statement(&self.summary) }
    }
}

impl Drop for TimedStatement {
    fn drop(&mut self) {
        self.durations.observe(self.began.elapsed().as_secs_f64());
    }
}
