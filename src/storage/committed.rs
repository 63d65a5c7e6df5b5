//! What a transaction reports when it ends: once it is committed, its security events are counted, and each is an entry
//! in the audit log.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::event::SecurityEvent;
use crate::metrics::Metrics;

/// The events that a transaction has stored.
#[derive(Default)]
pub(super) struct Recorded {
    events: Vec<SecurityEvent>,
    /// How many events of each type an import has stored. They are one entry for each type: there can be millions.
    imported: BTreeMap<&'static str, u64>,
}

impl Recorded {
    pub(super) fn add(&mut self, event: &SecurityEvent) {
        self.events.push(event.clone());
    }

    pub(super) fn add_imported(&mut self, events: &[SecurityEvent]) {
        for event in events {
            *self.imported.entry(event.event_type.as_str()).or_default() += 1;
        }
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
        for (event, count) in self.imported {
            tracing::info!(target: "userprofile::audit", event, count, actor = "OPERATOR", "security events of an import");
        }
    }
}

/// An email that a rate limit refused in a transaction. It is counted when this is dropped.
pub(super) struct LimitedEmail(pub(super) Arc<Metrics>);

impl Drop for LimitedEmail {
    fn drop(&mut self) {
        self.0.accounts.count_limited_email();
    }
}
