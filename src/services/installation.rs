//! What a server requires of its database, and the expired data that it prunes.

use std::time::Duration;

use chrono::TimeDelta;

use super::{Failure, NETWORK_KNOWN_FOR, Services, retry};
use crate::domain::attempts::FORGET_AFTER;
use crate::storage::{Tx, attempts, codes, domains, events, installation, rate_limit_events, sessions};

/// The time within which the database must respond for the server to be ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// How long an expired code is kept, so that the response to a late attempt is that the code has expired.
const EXPIRED_CODES_KEPT_FOR: TimeDelta = TimeDelta::days(1);
/// The longest window of any rate limit.
pub(super) const RATE_LIMIT_EVENTS_KEPT_FOR: TimeDelta = TimeDelta::days(1);

/// The name of the fact that the database holds demo data.
const DEMO: &str = "demo";

impl Services {
    /// Whether the database may hold demo data: it already does, or it is empty. In the latter case, this is recorded.
    pub async fn claim_for_demo(&self) -> Result<bool, Failure> {
        if installation::find(&self.db, DEMO).await?.is_some() {
            return Ok(true);
        }
        if self.has_domains().await? {
            return Ok(false);
        }
        installation::find_or_insert(&self.db, DEMO, "yes").await?;
        Ok(true)
    }

    /// Whether there is any domain.
    pub async fn has_domains(&self) -> Result<bool, Failure> {
        Ok(domains::exists(&self.db).await?)
    }

    /// Whether the database responds in time and accepts writes. If not, the log says why.
    pub async fn is_ready(&self) -> bool {
        let reason = match tokio::time::timeout(READY_WITHIN, self.db.check_writes()).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("the database did not answer within {} s", READY_WITHIN.as_secs()),
        };
        tracing::warn!(reason, "not ready");
        false
    }

    /// Prunes expired data: sessions, tokens, codes, counters, failed messages, and events.
    ///
    /// # Errors
    /// If the database fails. What was pruned until then stays pruned.
    pub async fn prune(&self) -> Result<(), Failure> {
        retry(|| self.prune_once()).await
    }

    /// One transaction for each table, so that none holds locks in one table while it waits for another.
    async fn prune_once(&self) -> Result<(), Failure> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let rows = sessions::delete_expired(&mut tx, now).await?;
        let mut tx = self.commit_pruned_and_begin(tx, "sessions", rows).await?;
        let rows = attempts::delete_old(&mut tx, now - FORGET_AFTER, now - NETWORK_KNOWN_FOR).await?;
        let mut tx = self.commit_pruned_and_begin(tx, "password_attempts", rows).await?;
        let rows = rate_limit_events::delete_old(&mut tx, now - RATE_LIMIT_EVENTS_KEPT_FOR).await?;
        let mut tx = self.commit_pruned_and_begin(tx, "rate_limit_events", rows).await?;
        let rows = codes::delete_expired(&mut tx, now - EXPIRED_CODES_KEPT_FOR).await?;
        let mut tx = self.commit_pruned_and_begin(tx, "codes", rows).await?;
        let rows = Self::prune_outbox(&mut tx, now).await?;
        let mut tx = self.commit_pruned_and_begin(tx, "outbox", rows).await?;
        let rows = events::delete_old(&mut tx, now - self.policy.event_retention).await?;
        self.commit_pruned(tx, "security_events", rows).await
    }

    async fn commit_pruned_and_begin(&self, tx: Tx, table: &'static str, rows: usize) -> Result<Tx, Failure> {
        self.commit_pruned(tx, table, rows).await?;
        Ok(self.db.begin().await?)
    }

    async fn commit_pruned(&self, tx: Tx, table: &'static str, rows: usize) -> Result<(), Failure> {
        tx.commit().await?;
        self.metrics().accounts.count_pruned(table, rows);
        Ok(())
    }
}
