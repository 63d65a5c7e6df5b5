//! The database, PostgreSQL or SQLite: a pool of connections, and transactions.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bb8::{ErrorSink, QueueStrategy, RunError};
use diesel::ConnectionError;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError, PoolableConnection, RecyclingMethod,
};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use tracing::Instrument;

pub(super) use super::conn::{Conn, Fetch, Held, Run, Unlimited, on};
use super::counter::Counter;
use super::error::Error;
pub use super::location::Location;
use super::postgres::{self, PgConnection, QuickLane, ServerState};
use super::quota::Quota;
use super::scans::Scans;
use super::sqlite::{self, SqliteConnection};
pub use super::transaction::Tx;
use super::types::UtcTimestamp;
use crate::clock::Timestamp;
use crate::metrics::Metrics;

/// How long a request waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection is unused before it is closed.
const IDLE_TIMEOUT: Duration = Duration::from_mins(5);

/// How many of the connections to PostgreSQL requests share for fast statements: enough that one slow answer holds up
/// few requests, and few enough that their processes stay in the caches of the processors.
const QUICK_CONNECTIONS: u32 = 4;

/// For how long a successful write to SQLite counts as proof that it accepts writes: `/readyz` costs its clients
/// nothing, but a write has a cost.
const WRITE_SHOWS_FOR: Duration = Duration::from_millis(250);

/// Overrides the role's default. At another isolation level, a statement that has waited for a lock would fail instead
/// of reading what the other transaction wrote.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const BEGIN_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The database. It is cheap to clone, and all clones share one pool.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
    statements: Counter,
    /// Why the last connection could not be opened; sent when it happens.
    connect_errors: watch::Sender<String>,
    /// What is known about the server of PostgreSQL.
    server: Arc<ServerState>,
    /// For statements on PostgreSQL that are known to be fast. `None` if the pool is too small to spare connections.
    quick_lane: Option<Arc<QuickLane>>,
    scans: Scans,
    metrics: Arc<Metrics>,
    /// When SQLite last accepted a write of [`Db::check_writes`].
    written_at: Arc<Mutex<Option<Instant>>>,
    /// The quota of the request that this handle belongs to; `None` outside of requests.
    quota: Option<Quota>,
}

#[derive(Clone)]
enum Pool {
    Pg(bb8::Pool<AsyncDieselConnectionManager<PgConnection>>),
    Sqlite(bb8::Pool<AsyncDieselConnectionManager<SqliteConnection>>),
}

impl Db {
    /// Creates a pool of at most `connections`. Opens none yet: a wrong address causes an error at the first use. Fails
    /// only if a root certificate cannot be read.
    pub async fn open(location: &Location, connections: u32) -> Result<Self, Error> {
        Self::open_with(location, connections, Arc::default()).await
    }

    /// The same for a replica of this database. Of its metrics, the durations of statements and the number of repeated
    /// queries are those of this database; the others are not shown.
    pub async fn open_replica(&self, location: &Location, connections: u32) -> Result<Self, Error> {
        let database = self.metrics.database.of_replica();
        Self::open_with(location, connections, Arc::new(Metrics { database, ..(*self.metrics).clone() })).await
    }

    async fn open_with(location: &Location, connections: u32, metrics: Arc<Metrics>) -> Result<Self, Error> {
        let statements = Counter::new(Arc::clone(&metrics));
        let connect_errors = watch::Sender::default();
        let (counter, sink) = (statements.clone(), ConnectErrors(connect_errors.clone()));
        let server = Arc::<ServerState>::default();
        let (pool, quick_lane) = match location {
            Location::Postgres(url) => {
                let shared = QUICK_CONNECTIONS.min(connections / 4);
                let connector = postgres::connector(url, counter.clone(), Arc::clone(&server))?;
                let pool = Pool::Pg(build(connector, connections - shared, sink).await?);
                let shared = usize::try_from(shared).unwrap_or_default();
                let lane = postgres::quick_lane(url, shared, counter, Arc::clone(&server))?;
                (pool, (shared > 0).then(|| Arc::new(lane)))
            }
            Location::Sqlite(path) => {
                (Pool::Sqlite(build(sqlite::connector(path, counter), connections, sink).await?), None)
            }
        };
        Ok(Self {
            pool,
            statements,
            connect_errors,
            server,
            quick_lane,
            scans: Scans::new(connections),
            metrics,
            written_at: Arc::default(),
            quota: None,
        })
    }

    /// The same database for one request, which is limited to `quota`.
    #[must_use]
    pub fn within(&self, quota: Quota) -> Self {
        Self { quota: Some(quota), ..self.clone() }
    }

    /// The same database for the request of `other`, with a connection in addition to that of `other`: a statement that is
    /// given up on one of the two must not delay those on the other.
    #[must_use]
    pub fn beside(&self, other: &Self) -> Self {
        Self { quota: other.quota.as_ref().map(Quota::beside), ..self.clone() }
    }

    /// What the server measures: its parts share these metrics, as they share the database.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How many connections are in use.
    #[must_use]
    pub fn busy_connections(&self) -> u32 {
        let state = self.pool_state();
        state.connections.saturating_sub(state.idle_connections)
    }

    /// How many statements the request may still execute; `None` outside of requests.
    #[must_use]
    pub fn statements_left(&self) -> Option<u32> {
        self.quota.as_ref().map(Quota::statements_left)
    }

    /// How many connections the pool holds, in use or idle.
    #[must_use]
    pub fn connections(&self) -> u32 {
        self.pool_state().connections
    }

    /// How many statements were executed so far, over all connections.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.count()
    }

    /// How many round trips to PostgreSQL the statements took so far, without those that prepared them.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.statements.round_trips()
    }

    /// How many connections were opened so far, including those that were closed since.
    #[must_use]
    pub fn connections_opened(&self) -> u64 {
        self.pool_state().statistics.connections_created
    }

    fn pool_state(&self) -> bb8::State {
        match &self.pool {
            Pool::Pg(pool) => pool.state(),
            Pool::Sqlite(pool) => pool.state(),
        }
    }

    /// Checks that the database responds.
    pub async fn ping(&self) -> Result<(), Error> {
        let mut conn = self.conn().await?;
        on!(&mut conn, c => c.batch_execute("SELECT 1").await)?;
        Ok(())
    }

    /// The time of the server's clock; `None` on SQLite, which has none of its own.
    pub async fn server_time(&self) -> Result<Option<Timestamp>, Error> {
        match &mut self.conn().await? {
            Conn::Pg(c) => {
                Ok(Some(diesel::select(diesel::dsl::sql::<UtcTimestamp>("clock_timestamp()")).get_result(c).await?))
            }
            Conn::Sqlite(_) => Ok(None),
        }
    }

    /// Checks that the database accepts writes. On SQLite, by a write, because nothing else shows whether the disk is
    /// full. On PostgreSQL, by a write only after it refused one for lack of space.
    pub async fn check_writes(&self) -> Result<(), Error> {
        // One after the other on SQLite: of many concurrent checks, one writes.
        let mut written_at = self.written_at.lock().await;
        if written_at.is_some_and(|at| at.elapsed() < WRITE_SHOWS_FOR) {
            return Ok(());
        }
        match &mut self.conn().await? {
            Conn::Pg(c) => postgres::check_writes(c, &self.server).await,
            Conn::Sqlite(c) => {
                c.spawn_blocking(sqlite::check_writes).await?;
                *written_at = Some(Instant::now());
                Ok(())
            }
        }
    }

    /// What the role of the server is not allowed to do with its tables, such as `DELETE on users`. SQLite has no roles.
    pub async fn missing_privileges(&self) -> Result<Vec<String>, Error> {
        match &mut self.conn().await? {
            Conn::Pg(c) => postgres::missing_privileges(c).await,
            Conn::Sqlite(_) => Ok(Vec::new()),
        }
    }

    /// The connections for statements that only read, and are known to be fast; `None` if there are none. Counts such
    /// a statement.
    pub(super) fn quick_lane(&self) -> Result<Option<&QuickLane>, Error> {
        let Some(lane) = &self.quick_lane else { return Ok(None) };
        if let Some(quota) = &self.quota {
            quota.count_read()?;
        }
        Ok(Some(lane))
    }

    /// Counts more statements on a connection for one.
    pub(super) fn count(&self, statements: usize) {
        for _ in 0..statements {
            self.quota.iter().for_each(Quota::count);
        }
    }

    /// A connection for one statement that only reads.
    pub(super) async fn conn(&self) -> Result<Conn, Error> {
        self.connect(self.permit_to_read().await?).await
    }

    /// The rows of a statement that only reads; as a scan, if it reads as much as the domain is large.
    pub(super) async fn rows_of<Q, U>(&self, query: Q, is_scan: bool) -> Result<Vec<U>, Error>
    where
        Q: for<'c> Fetch<'c, U> + 'static,
        U: Send + 'static,
    {
        if !is_scan {
            return query.fetch_all(&mut self.conn().await?).await;
        }
        let quota = self.permit_to_read().await?;
        let turn = self.scans.turn().await?;
        let mut conn = self.connect(quota).await?;
        let scan = async move {
            let _scanning = turn.begin();
            query.fetch_all(&mut conn).await
        };
        self.scans.run(scan.in_current_span().boxed()).await
    }

    async fn permit_to_read(&self) -> Result<Option<OwnedSemaphorePermit>, Error> {
        match &self.quota {
            Some(quota) => Ok(Some(quota.connection_to_read().await?)),
            None => Ok(None),
        }
    }

    async fn connect(&self, permit: Option<OwnedSemaphorePermit>) -> Result<Conn, Error> {
        let mut connect_errors = self.connect_errors.subscribe();
        let get = async {
            match &self.pool {
                Pool::Pg(pool) => pool.get_owned().await.map(|connection| Conn::Pg(Held::new(connection, permit))),
                Pool::Sqlite(pool) => {
                    pool.get_owned().await.map(|connection| Conn::Sqlite(Held::new(connection, permit)))
                }
            }
        };
        let mut get = pin!(get);
        let _waiting = self.metrics.database.begin_waiting();
        let began = Instant::now();
        loop {
            tokio::select! {
                biased;
                got = &mut get => {
                    self.metrics.database.observe_wait(began.elapsed());
                    return got.map_err(|error| match error {
                        RunError::TimedOut => Error::Unavailable("no connection became free in time".to_owned()),
                        RunError::User(error) => Error::Unavailable(error.to_string()),
                    });
                }
                // The pool itself would retry until the timeout and block the caller. If there is any open connection,
                // it will serve the caller as well, so a failure to open another one is not an error.
                Ok(()) = connect_errors.changed() => {
                    if self.connections() == 0 {
                        return Err(Error::Unavailable(connect_errors.borrow().clone()));
                    }
                }
            }
        }
    }

    /// Begins a transaction that will write. On SQLite, it takes the write lock at once, so that what it reads cannot
    /// change before it writes.
    pub async fn begin(&self) -> Result<Tx, Error> {
        self.begin_with(BEGIN, "BEGIN IMMEDIATE").await
    }

    /// Begins a transaction that reads everything as of one moment.
    pub async fn begin_snapshot(&self) -> Result<Tx, Error> {
        self.begin_with(BEGIN_SNAPSHOT, "BEGIN DEFERRED").await
    }

    async fn begin_with(&self, pg: &'static str, sqlite: &'static str) -> Result<Tx, Error> {
        let quota = match &self.quota {
            Some(quota) => Some(quota.connection().await?),
            None => None,
        };
        let mut conn = self.connect(quota).await?;
        match &mut conn {
            Conn::Pg(c) => c.begin(pg).await,
            Conn::Sqlite(c) => {
                c.spawn_blocking(move |c| diesel::connection::AnsiTransactionManager::begin_transaction_sql(c, sqlite))
                    .await
            }
        }?;
        let tx = Tx::new(conn, self.quota.clone(), Arc::clone(&self.metrics));
        tx.count();
        Ok(tx)
    }
}

async fn build<C>(
    connect: impl Fn() -> BoxFuture<'static, diesel::ConnectionResult<C>> + Send + Sync + 'static,
    connections: u32,
    connect_errors: ConnectErrors,
) -> Result<bb8::Pool<AsyncDieselConnectionManager<C>>, Error>
where
    C: PoolableConnection + 'static,
    AsyncDieselConnectionManager<C>: bb8::ManageConnection<Connection = C, Error = PoolError>,
{
    let mut config = ManagerConfig::default();
    // A connection belongs to the runtime that opened it. If a long operation opened it, low-priority threads would
    // drive it for good, whichever request used it next.
    let runtime = Handle::current();
    config.custom_setup = Box::new(move |_| {
        let opened = runtime.spawn(connect());
        async move { opened.await.unwrap_or_else(|error| Err(ConnectionError::BadConnection(error.to_string()))) }
            .boxed()
    });
    // Checks whether the connection is known to be dead, without a round trip to the server: one at every check-out
    // halves the throughput of the server.
    config.recycling_method = RecyclingMethod::CustomFunction(Box::new(|conn: &mut C| {
        let is_broken = conn.is_broken();
        async move { if is_broken { Err(diesel::result::Error::BrokenTransactionManager) } else { Ok(()) } }.boxed()
    }));
    bb8::Pool::builder()
        .max_size(connections)
        // The connection that was used last: its process of PostgreSQL is still in the caches of a processor.
        .queue_strategy(QueueStrategy::Lifo)
        .connection_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(Some(IDLE_TIMEOUT))
        .retry_connection(false)
        .error_sink(Box::new(connect_errors))
        .build(AsyncDieselConnectionManager::new_with_config(String::new(), config))
        .await
        .map_err(|error| Error::Unavailable(error.to_string()))
}

/// Tells the requests that wait for a connection why one could not be opened.
#[derive(Debug, Clone)]
struct ConnectErrors(watch::Sender<String>);

impl ErrorSink<PoolError> for ConnectErrors {
    fn sink(&self, error: PoolError) {
        // An open connection that turned out to be dead is no reason to give up: the next one is used.
        if let PoolError::ConnectionError(error) = error {
            self.0.send_replace(error.to_string());
        }
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<PoolError>> {
        Box::new(self.clone())
    }
}
