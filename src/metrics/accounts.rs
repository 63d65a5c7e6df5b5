//! What happens to accounts.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::durations;

/// What happens to accounts.
#[derive(Clone)]
pub struct AccountMetrics {
    events: Family<Event, Counter>,
    sign_ins: Family<SignIn, Counter>,
    limited_emails: Counter,
    emails: Family<Email, Counter>,
    reports: Family<Report, Counter>,
    hashing: Histogram,
    pruned: Family<Pruned, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Event {
    r#type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignIn {
    method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Email {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Report {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pruned {
    table: &'static str,
}

impl Default for AccountMetrics {
    fn default() -> Self {
        Self {
            events: Family::default(),
            sign_ins: Family::default(),
            limited_emails: Counter::default(),
            emails: Family::default(),
            reports: Family::default(),
            hashing: durations(),
            pruned: Family::default(),
        }
    }
}

impl AccountMetrics {
    /// Counts a security event.
    pub fn count_event(&self, r#type: &'static str) {
        self.events.get_or_create(&Event { r#type }).inc();
    }

    /// Counts a completed sign-in.
    pub fn count_sign_in(&self, method: &'static str) {
        self.sign_ins.get_or_create(&SignIn { method }).inc();
    }

    /// Counts an email that a rate limit refused.
    pub fn count_limited_email(&self) {
        self.limited_emails.inc();
    }

    /// Counts an attempt to send an email, by its result.
    pub fn count_email(&self, result: &'static str) {
        self.emails.get_or_create(&Email { result }).inc();
    }

    /// Counts an attempt to report security events to the webhook, by its result.
    pub fn count_report(&self, result: &'static str) {
        self.reports.get_or_create(&Report { result }).inc();
    }

    /// Observes how long a password was hashed.
    pub fn observe_hashing(&self, duration: Duration) {
        self.hashing.observe(duration.as_secs_f64());
    }

    /// Counts rows that were pruned from a table.
    pub fn count_pruned(&self, table: &'static str, rows: usize) {
        self.pruned.get_or_create(&Pruned { table }).inc_by(u64::try_from(rows).unwrap_or(u64::MAX));
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("userprofile_security_events", "Security events by type", self.events.clone());
        registry.register("userprofile_sign_ins", "Completed sign-ins by method", self.sign_ins.clone());
        let help = "Emails that a rate limit refused";
        registry.register("userprofile_rate_limited_emails", help, self.limited_emails.clone());
        registry.register("userprofile_emails", "Attempts to send an email, by result", self.emails.clone());
        let help = "Attempts to report security events to the webhook, by result";
        registry.register("userprofile_webhook_messages", help, self.reports.clone());
        let help = "Duration of hashing a password";
        registry.register_with_unit("userprofile_password_hashing_duration", help, Unit::Seconds, self.hashing.clone());
        registry.register("userprofile_pruned_rows", "Expired rows that were deleted", self.pruned.clone());
    }
}
