//! A read-only copy of the database, which lags a little behind.
//!
//! A heartbeat shows how far: the time of the primary's clock, which a server writes to the primary and then reads from the
//! replica. So it is known what the replica contains, however it is replicated, and whatever the clocks of others say.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use diesel::sql_query;
use diesel::{OptionalExtension, QueryableByName};
use diesel_async::RunQueryDsl;
use tokio::time::{Instant, timeout};

use super::db::{Conn, Db};
use super::error::Error;
use super::types::UtcTimestamp;
use crate::clock::Timestamp;
use crate::domain::session::Session;
use crate::metrics::ReplicaState;

/// How long a read may take before it is repeated on the primary.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a transaction may take from the statement that notes its time ([`Tx::note_writer`]) to its commit, which
/// follows directly.
///
/// [`Tx::note_writer`]: super::Tx::note_writer
const COMMIT_TAKES: TimeDelta = TimeDelta::seconds(1);

const WRITE: &str = "INSERT INTO installation (name, value) VALUES ('replica_heartbeat', extract(epoch FROM clock_timestamp())::text) \
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value \
                     RETURNING to_timestamp(value::float8) AS written_at";
const READ: &str =
    "SELECT to_timestamp(value::float8) AS written_at FROM installation WHERE name = 'replica_heartbeat'";

/// A replica. Its clones share what is known about it.
#[derive(Clone)]
pub struct Replica {
    db: Db,
    max_lag: Duration,
    last_seen: Arc<Mutex<Option<Seen>>>,
}

/// A heartbeat that was read from the replica.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// When it was written, by the primary's clock: the replica contains what was committed until then.
    written_at: Timestamp,
    /// How old it was when it was read, and when that was.
    lag: Duration,
    at: Instant,
}

#[derive(QueryableByName)]
struct Heartbeat {
    #[diesel(sql_type = UtcTimestamp)]
    written_at: Timestamp,
}

impl Replica {
    /// A replica, which is used if it lags behind by at most `max_lag`.
    #[must_use]
    pub fn new(db: Db, max_lag: Duration) -> Self {
        Self { db, max_lag, last_seen: Arc::default() }
    }

    /// The same replica for one request, which is limited like `primary`.
    #[must_use]
    pub fn within_quota_of(&self, primary: &Db) -> Self {
        Self { db: self.db.within_quota_of(primary), ..self.clone() }
    }

    /// The pause between two checks.
    #[must_use]
    pub fn check_every(&self) -> Duration {
        (self.max_lag / 4).clamp(Duration::from_millis(50), Duration::from_secs(1))
    }

    /// Writes a heartbeat to the primary, and reads the newest one from the replica.
    pub async fn check(&self, primary: &Db) -> Result<(), Error> {
        let began = Instant::now();
        let now = heartbeat(primary, WRITE).await?;
        let seen = timeout(READ_TIMEOUT, heartbeat(&self.db, READ)).await;
        let seen = seen.unwrap_or_else(|_| Err(too_slow()))?;
        // A new replica may not have received any.
        *self.last_seen() = now.zip(seen).map(|(now, Heartbeat { written_at })| {
            let lag = (now.written_at - written_at).to_std().unwrap_or_default();
            Seen { written_at, lag, at: began }
        });
        Ok(())
    }

    /// By how much the replica may lag behind now. `None` if that is not known.
    #[must_use]
    pub fn lag(&self) -> Option<Duration> {
        self.last_seen().map(|seen| seen.lag + seen.at.elapsed())
    }

    /// Whether the replica is used.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.lag().is_some_and(|lag| lag <= self.max_lag)
    }

    /// What is known about it, to be measured.
    #[must_use]
    pub fn state(&self) -> ReplicaState {
        ReplicaState { lag: self.lag(), is_current: self.is_current() }
    }

    /// Whether it contains all that a session has written.
    #[must_use]
    pub fn contains_writes_of(&self, session: &Session) -> bool {
        let Some(seen) = *self.last_seen() else { return false };
        session.written_at.is_none_or(|written_at| written_at + COMMIT_TAKES < seen.written_at)
    }

    /// Uses the replica no more until the next successful check.
    pub fn bypass(&self) {
        *self.last_seen() = None;
    }

    /// The result of a query of the replica. `None` if it is to be repeated on the primary: the replica is not current,
    /// or it does not answer, or it has cancelled the query, which was in the way of the replication.
    pub async fn read<'a, T, F>(&'a self, query: impl FnOnce(&'a Db) -> F) -> Option<Result<T, Error>>
    where
        F: Future<Output = Result<T, Error>>,
    {
        if !self.is_current() {
            return None;
        }
        match timeout(READ_TIMEOUT, query(&self.db)).await.unwrap_or_else(|_| Err(too_slow())) {
            Err(Error::Unavailable(reason)) => {
                if self.last_seen().take().is_some() {
                    tracing::warn!(reason, "a query of the replica failed; lists are read from the primary");
                }
                None
            }
            Err(Error::Aborted(reason)) => {
                tracing::debug!(reason, "the replica cancelled a query, which is repeated on the primary");
                None
            }
            result => Some(result),
        }
    }

    fn last_seen(&self) -> MutexGuard<'_, Option<Seen>> {
        self.last_seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_slow() -> Error {
    Error::Unavailable(format!("the replica does not respond within {} s", READ_TIMEOUT.as_secs()))
}

async fn heartbeat(db: &Db, statement: &str) -> Result<Option<Heartbeat>, Error> {
    match &mut db.conn().await? {
        Conn::Pg(conn) => Ok(sql_query(statement).get_result(conn).await.optional()?),
        Conn::Sqlite(_) => Ok(None),
    }
}
