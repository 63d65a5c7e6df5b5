//! Counts the statements of all connections, and the round trips to PostgreSQL that they take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::{Instrumentation, InstrumentationEvent};

/// The numbers of statements that were executed, and of answers that were waited for. Its clones share them.
#[derive(Clone, Default)]
pub(super) struct Counter(Arc<Counts>);

#[derive(Default)]
struct Counts {
    statements: AtomicU64,
    round_trips: AtomicU64,
}

impl Counter {
    pub(super) fn count(&self) -> u64 {
        self.0.statements.load(Ordering::Relaxed)
    }

    pub(super) fn round_trips(&self) -> u64 {
        self.0.round_trips.load(Ordering::Relaxed)
    }

    /// Counts a statement.
    pub(super) fn add(&self) {
        self.0.statements.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a round trip.
    pub(super) fn add_round_trip(&self) {
        self.0.round_trips.fetch_add(1, Ordering::Relaxed);
    }
}

impl Instrumentation for Counter {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            self.add();
        }
    }
}
