//! What the server measures, as text for a scrape.

use std::time::Duration;

use tokio::time::timeout;

use super::{Failure, Services};
use crate::domain::outbox::JobKind;
use crate::metrics::{Format, Metrics, Outbox, Readings};
use crate::storage::outbox;
use crate::storage::replica::Replica;

/// How long a scrape waits for the database. If it does not respond, the other metrics are needed most.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

impl Services {
    /// What the server measures.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        self.db.metrics()
    }

    /// All metrics as text. Those of the outbox are missing if the database does not respond in time.
    pub async fn encode_metrics(&self, format: Format) -> String {
        let mail = timeout(READ_TIMEOUT, self.measure_outbox(&JobKind::OF_MAIL)).await;
        let reports = match &self.webhook {
            Some(_) => timeout(READ_TIMEOUT, self.measure_outbox(&[JobKind::Events])).await.ok(),
            None => None,
        };
        let readings = Readings {
            connections: (self.db.connections(), self.db.busy_connections()),
            waiting_for_hashing: self.hasher.waiting(),
            outbox: mail.ok().and_then(Result::ok),
            reports: reports.and_then(Result::ok),
            replica: self.replica.as_ref().map(Replica::state),
        };
        self.metrics().encode(&readings, format)
    }

    async fn measure_outbox(&self, kinds: &[JobKind]) -> Result<Outbox, Failure> {
        let (pending, failed) = self.count_jobs(kinds).await?;
        let oldest = outbox::find_oldest(&self.db, kinds).await?;
        let oldest = oldest.map(|stored_at| (self.now() - stored_at).to_std().unwrap_or_default());
        Ok(Outbox { pending, failed, oldest: oldest.unwrap_or_default() })
    }
}
