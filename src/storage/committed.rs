//! What a transaction reports once it is committed: its security events are counted, and each is an entry in the audit
//! log.

use crate::domain::event::SecurityEvent;
use crate::metrics::Metrics;

/// The events that a transaction has stored.
#[derive(Default)]
pub(super) struct Recorded {
    events: Vec<SecurityEvent>,
    /// The types of events of an import, which is one entry in the audit log itself.
    imported: Vec<&'static str>,
}

impl Recorded {
    pub(super) fn add(&mut self, event: &SecurityEvent) {
        self.events.push(event.clone());
    }

    pub(super) fn add_imported(&mut self, events: &[SecurityEvent]) {
        self.imported.extend(events.iter().map(|event| event.event_type.as_str()));
    }

    pub(super) fn report(self, metrics: &Metrics) {
        for event in &self.events {
            metrics.accounts.count_event(event.event_type.as_str());
            tracing::info!(
                target: "userprofile::audit",
                event = event.event_type.as_str(),
                event_id = event.id.as_str(),
                subject = event.owner_id.as_str(),
                actor = event.actor.as_str(),
                client_address = event.client_address,
                user_agent = event.user_agent,
                "security event"
            );
        }
        for event_type in self.imported {
            metrics.accounts.count_event(event_type);
        }
    }
}
