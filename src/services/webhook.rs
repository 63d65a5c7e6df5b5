//! Reports security events to the operator's webhook, through the outbox.

use chrono::TimeDelta;

use super::outbox::Payload;
use super::{Failure, Services};
use crate::clock::Timestamp;
use crate::domain::event::SecurityEvent;
use crate::storage::{Tx, outbox};
use crate::webhook::ReportedEvent;

/// How many events of an import are reported in one message.
const MOST_EVENTS: usize = 100;
/// For how long a report is attempted: longer than all attempts take.
const REPORT_LIFETIME: TimeDelta = TimeDelta::days(4);

impl Services {
    /// Has events reported after the commit, if there is a webhook.
    pub(super) async fn enqueue_reports(
        &self,
        tx: &mut Tx,
        events: &[SecurityEvent],
        now: Timestamp,
    ) -> Result<(), Failure> {
        if self.webhook.is_none() {
            return Ok(());
        }
        let reports = events.chunks(MOST_EVENTS).map(|events| {
            let events = events.iter().map(ReportedEvent::from).collect();
            self.job((None, &Payload::Events(events)), now + REPORT_LIFETIME, now)
        });
        let jobs = reports.collect::<Result<Vec<_>, _>>()?;
        Ok(outbox::insert_many(tx, &jobs).await?)
    }
}
