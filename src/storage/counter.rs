//! Counts and times the statements of all connections, and counts the round trips to PostgreSQL that they take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::{Instrumentation, InstrumentationEvent};

use crate::metrics::{Metrics, StatementTimer};

/// The numbers of statements that were executed, and of answers that were waited for. Its clones share them.
#[derive(Clone, Default)]
pub(super) struct Counter {
    counts: Arc<Counts>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Counts {
    statements: AtomicU64,
    round_trips: AtomicU64,
}

impl Counter {
    /// A counter of a database with these metrics.
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self { counts: Arc::default(), metrics }
    }

    pub(super) fn count(&self) -> u64 {
        self.counts.statements.load(Ordering::Relaxed)
    }

    pub(super) fn round_trips(&self) -> u64 {
        self.counts.round_trips.load(Ordering::Relaxed)
    }

    /// Counts a statement.
    pub(super) fn add(&self) {
        self.counts.statements.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a round trip.
    pub(super) fn add_round_trip(&self) {
        self.counts.round_trips.fetch_add(1, Ordering::Relaxed);
    }

    /// What times the statements with this summary.
    pub(super) fn timer(&self, summary: String) -> StatementTimer {
        self.metrics.database.timer(summary)
    }
}

impl Instrumentation for Counter {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            self.add();
        }
    }
}
