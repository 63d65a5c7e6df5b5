//! A read-only copy of the database, which lags a little behind.
//!
//! A heartbeat shows how far: the time of the primary's clock, which a server writes to the primary and then reads from the
//! replica. So it is known what the replica contains, however it is replicated, and whatever the clocks of the servers say.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use diesel::sql_query;
use diesel::{OptionalExtension, QueryableByName};
use diesel_async::RunQueryDsl;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::db::{Conn, Db};
use super::error::Error;
use super::types::UtcTimestamp;
use crate::clock::Timestamp;
use crate::domain::session::Session;
use crate::metrics::ReplicaState;

/// How long a read may take before it is repeated on the primary.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a check may take, on each of the two.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// How often the log says that reads fail.
const WARN_EVERY: Duration = Duration::from_mins(1);
/// How far ahead a heartbeat may be that another server has written meanwhile.
const BETWEEN_SERVERS: Duration = Duration::from_millis(100);

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
    /// The newest heartbeat that was read. `None` while the replica cannot be used.
    last_seen: watch::Sender<Option<Seen>>,
    warned_at: Arc<Mutex<Option<Instant>>>,
}

/// A heartbeat that was read from the replica.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// When it was written, by the primary's clock: the replica contains what was committed until then.
    written_at: Timestamp,
    /// How old it was when it was read, and when that was.
    lag: Duration,
    at: Instant,
}

#[derive(Clone, Copy, QueryableByName)]
struct Heartbeat {
    #[diesel(sql_type = UtcTimestamp)]
    written_at: Timestamp,
}

impl Replica {
    /// A replica, which is used if it lags behind by at most `max_lag`.
    #[must_use]
    pub fn new(db: Db, max_lag: Duration) -> Self {
        Self { db, max_lag, last_seen: watch::Sender::default(), warned_at: Arc::default() }
    }

    /// The same replica for one request, which is limited like `primary`.
    #[must_use]
    pub fn beside(&self, primary: &Db) -> Self {
        Self { db: self.db.beside(primary), ..self.clone() }
    }

    /// The pause between two checks.
    #[must_use]
    pub fn check_every(&self) -> Duration {
        (self.max_lag / 4).clamp(Duration::from_millis(50), Duration::from_secs(1))
    }

    /// Writes a heartbeat to the primary, and reads the newest one from the replica. If the primary takes none, what is
    /// known grows old. An error is one of the replica.
    pub async fn check(&self, primary: &Db) -> Result<(), Error> {
        let began = Instant::now();
        let Ok(Ok(written)) = timeout(CHECK_TIMEOUT, heartbeat(primary, WRITE)).await else { return Ok(()) };
        let seen = timeout(CHECK_TIMEOUT, heartbeat(&self.db, READ)).await.unwrap_or_else(|_| Err(too_slow()));
        // A new replica may not have received any.
        let last_seen = written.zip(seen.as_ref().ok().copied().flatten());
        let last_seen =
            last_seen.and_then(|(now, Heartbeat { written_at })| Seen::of(written_at, now.written_at, began));
        self.last_seen.send_replace(last_seen);
        seen.map(drop)
    }

    /// The newest heartbeat that was read.
    #[must_use]
    pub fn last_seen(&self) -> Option<Seen> {
        *self.last_seen.borrow()
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

    /// The result of a query of the replica. `None` if it is to be repeated on the primary: the replica is not current, or
    /// does not answer, or refuses the query, because it stands in the way of the replication or a migration has not
    /// arrived yet.
    pub async fn read<'a, T, F>(&'a self, query: impl FnOnce(&'a Db) -> F) -> Option<Result<T, Error>>
    where
        F: Future<Output = Result<T, Error>>,
    {
        if !self.is_current() {
            return None;
        }
        let mut last_seen = self.last_seen.subscribe();
        let result = tokio::select! {
            result = timeout(READ_TIMEOUT, query(&self.db)) => result.unwrap_or_else(|_| Err(too_slow())),
            // A check has failed meanwhile.
            _ = last_seen.wait_for(Option::is_none) => Err(too_slow()),
        };
        match result {
            result @ (Ok(_) | Err(Error::TooManyStatements(_))) => Some(result),
            Err(error) => {
                self.db.metrics().database.count_repeated();
                self.warn(&error);
                None
            }
        }
    }

    fn warn(&self, error: &Error) {
        let mut warned_at = self.warned_at.lock().unwrap_or_else(PoisonError::into_inner);
        if warned_at.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
            *warned_at = Some(Instant::now());
            tracing::warn!(%error, "a query of the replica failed, and is repeated on the primary");
        }
    }
}

impl Seen {
    /// A heartbeat that was read after another one was written, at `now` of the primary's clock. `None` if it is ahead of
    /// that: the clock was set back, or the primary is another server, and what the replica contains is not known.
    fn of(written_at: Timestamp, now: Timestamp, began: Instant) -> Option<Self> {
        let ahead = (written_at - now).to_std().unwrap_or_default();
        let lag = (now - written_at).to_std().unwrap_or_default();
        (ahead <= began.elapsed() + BETWEEN_SERVERS).then_some(Self { written_at, lag, at: began })
    }

    /// Whether the replica contained all that a session has written, when this was read.
    #[must_use]
    pub fn contains_writes_of(&self, session: &Session) -> bool {
        session.written_at.is_none_or(|written_at| written_at + COMMIT_TAKES < self.written_at)
    }
}

fn too_slow() -> Error {
    Error::Unavailable("it does not respond in time".to_owned())
}

async fn heartbeat(db: &Db, statement: &str) -> Result<Option<Heartbeat>, Error> {
    match &mut db.conn().await? {
        Conn::Pg(conn) => Ok(sql_query(statement).get_result(conn).await.optional()?),
        Conn::Sqlite(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_from_the_future_says_nothing() {
        let at = |milliseconds: i64| Timestamp::from_timestamp_millis(1_800_000_000_000 + milliseconds).unwrap();
        let began = Instant::now();
        let lag = |written_at: Timestamp| Seen::of(written_at, at(0), began).map(|seen| seen.lag);
        assert_eq!(lag(at(-1500)), Some(Duration::from_millis(1500)));
        // Another server's, written while this one read.
        assert_eq!(lag(at(50)), Some(Duration::ZERO));
        assert_eq!(lag(at(60_000)), None);
    }
}
