//! What the server measures of itself, in the formats of Prometheus.
//!
//! Every layer may observe, and none depends on another for it. The values of labels are constants of the program, or
//! names that the operator has chosen (trusted documents): a client could otherwise create any number of time series.

mod accounts;
mod database;
mod graphql;
mod http;
mod process;

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

pub use accounts::AccountMetrics;
pub use database::{DatabaseMetrics, StatementTimer, TimedStatement};
pub use graphql::{GraphqlMetrics, Operation};
pub use http::{HttpMetrics, TraceId};

use crate::version::{COMMIT, VERSION};

/// The format of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The text format of Prometheus, version 0.0.4.
    Prometheus,
    /// `OpenMetrics` 1.0, which has exemplars.
    OpenMetrics,
}

impl Format {
    /// The format for a request with this `Accept`: Prometheus lists `OpenMetrics` if it can read that.
    #[must_use]
    pub fn accepted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Prometheus => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// The upper bounds of durations in seconds: those that the semantic conventions of OpenTelemetry advise, and shorter
/// ones, because most responses take less than the first of them.
const DURATIONS: [f64; 17] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The metrics of a server. Its clones observe into the same time series.
#[derive(Clone, Default)]
pub struct Metrics {
    /// Requests.
    pub http: HttpMetrics,
    /// Operations.
    pub graphql: GraphqlMetrics,
    /// What happens to accounts.
    pub accounts: AccountMetrics,
    /// Connections to the database.
    pub database: DatabaseMetrics,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// What is read at the moment of a scrape. `None` if it could not be read in time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Readings {
    /// The connections of the pool: all that are open, and those that are in use.
    pub connections: (u32, u32),
    /// The number of requests that wait for a password to be hashed.
    pub waiting_for_hashing: usize,
    /// The emails in the outbox.
    pub outbox: Option<Outbox>,
    /// The reports in the outbox. `None` without a webhook, too.
    pub reports: Option<Outbox>,
    /// The replica. `None` if there is none.
    pub replica: Option<ReplicaState>,
}

/// The state of the replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicaState {
    /// By how much it lags behind at most. `None` if that is not known.
    pub lag: Option<Duration>,
    /// Whether lists are read from it.
    pub is_current: bool,
}

/// The state of the outbox, of some kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outbox {
    /// The messages that are still to be sent.
    pub pending: i64,
    /// The messages that were given up and are kept for a while.
    pub failed: i64,
    /// The age of the oldest pending message.
    pub oldest: Duration,
}

impl Metrics {
    /// All metrics as text.
    #[must_use]
    pub fn encode(&self, readings: &Readings, format: Format) -> String {
        let mut registry = Registry::default();
        let build = [("version", VERSION), ("commit", COMMIT)];
        registry.register(
            "userprofile_build",
            "The version of the server, and the commit of its build",
            Info::new(build.to_vec()),
        );
        self.http.register(&mut registry);
        self.graphql.register(&mut registry);
        self.accounts.register(&mut registry);
        self.database.register(&mut registry);
        readings.register(&mut registry);
        process::register(&mut registry);
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = match format {
            Format::Prometheus => prometheus_text::encode(&mut text, &registry),
            Format::OpenMetrics => text::encode(&mut text, &registry),
        };
        text
    }
}

impl Readings {
    fn register(&self, registry: &mut Registry) {
        let (open, busy) = self.connections;
        gauge(registry, "userprofile_database_connections_open", "Open connections of the pool", open);
        gauge(registry, "userprofile_database_connections_busy", "Connections of the pool in use", busy);
        let waiting = u32::try_from(self.waiting_for_hashing).unwrap_or(u32::MAX);
        gauge(registry, "userprofile_password_hashing_waiting", "Requests that wait to hash a password", waiting);
        if let Some(Outbox { pending, failed, oldest }) = self.outbox {
            gauge(registry, "userprofile_outbox_pending", "Messages that are still to be sent", count(pending));
            gauge(registry, "userprofile_outbox_failed", "Messages that were given up", count(failed));
            let help = "Age of the oldest message that is still to be sent";
            seconds(registry, "userprofile_outbox_oldest_age", help, oldest);
        }
        if let Some(Outbox { pending, failed, oldest }) = self.reports {
            gauge(registry, "userprofile_webhook_pending", "Reports that are still to be sent", count(pending));
            gauge(registry, "userprofile_webhook_failed", "Reports that were given up", count(failed));
            let help = "Age of the oldest report that is still to be sent";
            seconds(registry, "userprofile_webhook_oldest_age", help, oldest);
        }
        if let Some(ReplicaState { lag, is_current }) = self.replica {
            gauge(
                registry,
                "userprofile_replica_current",
                "Whether lists are read from the replica",
                is_current.into(),
            );
            if let Some(lag) = lag {
                seconds(registry, "userprofile_replica_lag", "How far the replica may lag behind", lag);
            }
        }
    }
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: u32) {
    let gauge = Gauge::<u32, std::sync::atomic::AtomicU32>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn seconds(registry: &mut Registry, name: &str, help: &str, value: Duration) {
    let gauge = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
    gauge.set(value.as_secs_f64());
    registry.register_with_unit(name, help, Unit::Seconds, gauge);
}

fn count(rows: i64) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

fn durations() -> Histogram {
    Histogram::new(DURATIONS)
}
