//! The database, whichever it is: a pool of connections to it, transactions, and the little that must be said
//! differently to PostgreSQL and to SQLite.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bb8::{ErrorSink, PooledConnection, RunError};
use diesel::backend::Backend;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Array, Text};
use diesel::sqlite::Sqlite;
use diesel::{ConnectionError, QueryResult};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError, PoolableConnection, RecyclingMethod,
};
use diesel_async::{AsyncConnection, SimpleAsyncConnection, TransactionManager};
use futures_util::FutureExt;
use scopeguard::ScopeGuard;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedSemaphorePermit, watch};
use tokio::time::Instant;

use super::error::Error;
use super::postgres::{self, PgConnection, PostgresUrl};
use super::quota::Quota;
use super::sqlite::{self, SqliteConnection};

/// How long a request waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// After how long unused a connection is closed.
const IDLE_TIMEOUT: Duration = Duration::from_mins(5);

/// For how long a write to SQLite shows that it takes writes: `/readyz` is free for everybody, a write is not.
const WRITE_SHOWS_FOR: Duration = Duration::from_millis(250);

/// Whatever the role's default is: under another level, statements that wait for a lock would fail instead of reading
/// what the other one wrote.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const BEGIN_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How long the statement that a dropped transaction leaves behind may hold up its rollback.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(5);

/// Which database, and where.
#[derive(Debug, Clone)]
pub enum Location {
    /// A file of the bundled SQLite.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(PostgresUrl),
}

/// The database: cheap to clone, every clone is the same pool.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
    statements: Arc<AtomicU64>,
    /// Why the last connection could not be opened, told as it happens.
    connect_errors: watch::Sender<String>,
    /// Set when PostgreSQL has no space left for a write, until a write succeeds again.
    is_full: Arc<AtomicBool>,
    /// When SQLite last took a write of [`Db::check_writes`].
    written_at: Arc<Mutex<Option<Instant>>>,
    /// The share of the request that this handle belongs to; `None` outside of requests.
    quota: Option<Quota>,
}

#[derive(Clone)]
enum Pool {
    Pg(bb8::Pool<AsyncDieselConnectionManager<PgConnection>>),
    Sqlite(bb8::Pool<AsyncDieselConnectionManager<SqliteConnection>>),
}

#[expect(clippy::large_enum_variant, reason = "a connection is moved a few times and never kept by the thousand")]
/// A connection, for as long as it is held. To use it, say [`on!`].
pub(super) enum Conn {
    Pg(Held<PooledConnection<'static, AsyncDieselConnectionManager<PgConnection>>>),
    Sqlite(Held<PooledConnection<'static, AsyncDieselConnectionManager<SqliteConnection>>>),
}

/// A connection of the pool, and the permit of the request that holds it.
pub(super) struct Held<C> {
    // Dropped first: the request may take the next connection once this one is back.
    connection: C,
    _permit: Option<OwnedSemaphorePermit>,
}

impl<C: Deref> Deref for Held<C> {
    type Target = C::Target;

    fn deref(&self) -> &C::Target {
        &self.connection
    }
}

impl<C: DerefMut> DerefMut for Held<C> {
    fn deref_mut(&mut self) -> &mut C::Target {
        &mut self.connection
    }
}

/// Writes one expression for both kinds of connection; the compiler checks it once for each.
macro_rules! on {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::storage::db::Conn::Pg($c) => $body,
            $crate::storage::db::Conn::Sqlite($c) => $body,
        }
    };
}
pub(super) use on;

impl Db {
    /// Makes a pool of at most `connections`. None is opened yet: a wrong address shows when the first is needed.
    ///
    /// # Errors
    /// When a root certificate cannot be read.
    pub async fn open(location: &Location, connections: u32) -> Result<Self, Error> {
        let statements = Arc::new(AtomicU64::new(0));
        let connect_errors = watch::Sender::default();
        let (counter, sink) = (Counter(statements.clone()), ConnectErrors(connect_errors.clone()));
        let is_full = Arc::default();
        let pool = match location {
            Location::Postgres(url) => {
                let connector = postgres::connector(url, counter, Arc::clone(&is_full))?;
                Pool::Pg(build(connector, connections, sink).await?)
            }
            Location::Sqlite(path) => Pool::Sqlite(build(sqlite::connector(path, counter), connections, sink).await?),
        };
        Ok(Self { pool, statements, connect_errors, is_full, written_at: Arc::default(), quota: None })
    }

    /// The same database for one request, which uses no more than its `quota`.
    #[must_use]
    pub fn within(&self, quota: Quota) -> Self {
        Self { quota: Some(quota), ..self.clone() }
    }

    /// How many statements the request may still execute; `None` outside of requests.
    #[must_use]
    pub fn statements_left(&self) -> Option<u32> {
        self.quota.as_ref().map(Quota::statements_left)
    }

    /// Whether this is PostgreSQL, for the few who tell people about it.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.pool, Pool::Pg(_))
    }

    /// How many connections the pool holds open, in use or idle.
    #[must_use]
    pub fn connections(&self) -> u32 {
        match &self.pool {
            Pool::Pg(pool) => pool.state().connections,
            Pool::Sqlite(pool) => pool.state().connections,
        }
    }

    /// How many statements were made so far, over all connections.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// How many connections were opened so far, those that were closed since included.
    #[must_use]
    pub fn connections_opened(&self) -> u64 {
        match &self.pool {
            Pool::Pg(pool) => pool.state().statistics.connections_created,
            Pool::Sqlite(pool) => pool.state().statistics.connections_created,
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        let mut conn = self.conn().await?;
        on!(&mut conn, c => c.batch_execute("SELECT 1").await)?;
        Ok(())
    }

    /// Whether the database takes writes. SQLite is asked by a write, since nothing else tells whether its disk is full.
    /// PostgreSQL is asked by one only after it refused one for lack of space.
    pub async fn check_writes(&self) -> Result<(), Error> {
        // One after the other on SQLite: of many that ask at once, one writes.
        let mut written_at = self.written_at.lock().await;
        if written_at.is_some_and(|at| at.elapsed() < WRITE_SHOWS_FOR) {
            return Ok(());
        }
        match &mut self.conn().await? {
            Conn::Pg(c) => postgres::check_writes(c, &self.is_full).await,
            Conn::Sqlite(c) => {
                c.spawn_blocking(sqlite::check_writes).await?;
                *written_at = Some(Instant::now());
                Ok(())
            }
        }
    }

    /// A connection for one statement that only reads.
    pub(super) async fn conn(&self) -> Result<Conn, Error> {
        let permit = match &self.quota {
            Some(quota) => Some(quota.connection_to_read().await?),
            None => None,
        };
        self.connect(permit).await
    }

    async fn connect(&self, permit: Option<OwnedSemaphorePermit>) -> Result<Conn, Error> {
        let mut connect_errors = self.connect_errors.subscribe();
        let get = async {
            match &self.pool {
                Pool::Pg(pool) => {
                    pool.get_owned().await.map(|connection| Conn::Pg(Held { connection, _permit: permit }))
                }
                Pool::Sqlite(pool) => {
                    pool.get_owned().await.map(|connection| Conn::Sqlite(Held { connection, _permit: permit }))
                }
            }
        };
        let mut get = pin!(get);
        loop {
            tokio::select! {
                biased;
                got = &mut get => return got.map_err(|error| match error {
                    RunError::TimedOut => Error::Unavailable("no connection came free in time".to_owned()),
                    RunError::User(error) => Error::Unavailable(error.to_string()),
                }),
                // The pool itself would go on trying until the time is up, and hold up the caller. As long as there is
                // any connection, it will serve the caller too: that there cannot be one more is no failure.
                Ok(()) = connect_errors.changed() => {
                    if self.connections() == 0 {
                        return Err(Error::Unavailable(connect_errors.borrow().clone()));
                    }
                }
            }
        }
    }

    /// Begins a transaction that will write. On SQLite it takes the write lock at once, so that what is read in it
    /// cannot change before it is written.
    pub async fn begin(&self) -> Result<Tx, Error> {
        self.begin_with(BEGIN, "BEGIN IMMEDIATE").await
    }

    /// Begins a transaction in which everything is read as of one moment.
    pub async fn begin_snapshot(&self) -> Result<Tx, Error> {
        self.begin_with(BEGIN_SNAPSHOT, "BEGIN DEFERRED").await
    }

    async fn begin_with(&self, pg: &'static str, sqlite: &'static str) -> Result<Tx, Error> {
        let permit = match &self.quota {
            Some(quota) => Some(quota.connection().await?),
            None => None,
        };
        let mut conn = self.connect(permit).await?;
        match &mut conn {
            Conn::Pg(c) => c.begin(pg).await,
            Conn::Sqlite(c) => {
                c.spawn_blocking(move |c| diesel::connection::AnsiTransactionManager::begin_transaction_sql(c, sqlite))
                    .await
            }
        }?;
        let tx = Tx::new(conn, self.quota.clone());
        tx.count();
        Ok(tx)
    }
}

/// A transaction. Dropped without [`commit`](Self::commit), as by a `?` or by a client that hangs up, it is rolled back
/// in the background, and the connection returns to the pool: a refusal costs no connection.
pub struct Tx {
    conn: ScopeGuard<Conn, fn(Conn)>,
    quota: Option<Quota>,
}

impl Tx {
    fn new(conn: Conn, quota: Option<Quota>) -> Self {
        Self { conn: scopeguard::guard(conn, roll_back_in_background), quota }
    }

    /// Makes everything that was written last.
    ///
    /// # Errors
    /// When the database could not; then nothing of it remains.
    pub async fn commit(self) -> Result<(), Error> {
        self.count();
        let mut conn = ScopeGuard::into_inner(self.conn);
        on!(&mut conn, c => commit(&mut **c).await)
    }

    /// The same, and returns the connection for what belongs to the transaction and comes after it.
    pub(super) async fn commit_keeping(self) -> Result<Conn, Error> {
        self.count();
        let mut conn = ScopeGuard::into_inner(self.conn);
        on!(&mut conn, c => commit(&mut **c).await)?;
        Ok(conn)
    }

    /// Takes everything back before it returns, and gives the connection to the next one.
    ///
    /// # Errors
    /// When the database is gone; then nothing remains either.
    pub async fn roll_back(self) -> Result<(), Error> {
        self.count();
        let mut conn = ScopeGuard::into_inner(self.conn);
        on!(&mut conn, c => roll_back(&mut **c).await)
    }

    /// The connection, for one more statement.
    pub(super) fn conn(&mut self) -> &mut Conn {
        self.count();
        &mut self.conn
    }

    fn count(&self) {
        if let Some(quota) = &self.quota {
            quota.count();
        }
    }
}

/// A connection that cannot be rolled back within [`ROLLBACK_TIMEOUT`], or outside of the runtime, is closed: the pool
/// finds it in the middle of a transaction.
fn roll_back_in_background(mut conn: Conn) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    runtime.spawn(async move {
        let rolled_back = async { on!(&mut conn, c => roll_back(&mut **c).await) };
        match tokio::time::timeout(ROLLBACK_TIMEOUT, rolled_back).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "a transaction could not be rolled back; its connection is closed");
            }
            Err(_) => tracing::debug!("a transaction was not rolled back in time; its connection is closed"),
        }
    });
}

async fn commit<C: AsyncConnection>(conn: &mut C) -> Result<(), Error> {
    Ok(C::TransactionManager::commit_transaction(conn).await?)
}

async fn roll_back<C: AsyncConnection>(conn: &mut C) -> Result<(), Error> {
    Ok(C::TransactionManager::rollback_transaction(conn).await?)
}

async fn build<C>(
    connect: impl Fn() -> futures_util::future::BoxFuture<'static, diesel::ConnectionResult<C>> + Send + Sync + 'static,
    connections: u32,
    connect_errors: ConnectErrors,
) -> Result<bb8::Pool<AsyncDieselConnectionManager<C>>, Error>
where
    C: PoolableConnection + 'static,
    AsyncDieselConnectionManager<C>: bb8::ManageConnection<Connection = C, Error = PoolError>,
{
    let mut config = ManagerConfig::default();
    // A connection belongs to the runtime that opened it: opened for a long operation, it would be driven by threads of low
    // priority for good, whoever uses it next.
    let runtime = Handle::current();
    config.custom_setup = Box::new(move |_| {
        let opened = runtime.spawn(connect());
        async move { opened.await.unwrap_or_else(|error| Err(ConnectionError::BadConnection(error.to_string()))) }
            .boxed()
    });
    // Looks whether the connection is known to be dead, without asking the server: a round trip at every check-out
    // halves what the server can do.
    config.recycling_method = RecyclingMethod::CustomFunction(Box::new(|conn: &mut C| {
        let is_broken = conn.is_broken();
        async move { if is_broken { Err(diesel::result::Error::BrokenTransactionManager) } else { Ok(()) } }.boxed()
    }));
    bb8::Pool::builder()
        .max_size(connections)
        .connection_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(Some(IDLE_TIMEOUT))
        .retry_connection(false)
        .error_sink(Box::new(connect_errors))
        .build(AsyncDieselConnectionManager::new_with_config(String::new(), config))
        .await
        .map_err(|error| Error::Unavailable(error.to_string()))
}

/// Tells those who wait for a connection why one could not be opened.
#[derive(Debug, Clone)]
struct ConnectErrors(watch::Sender<String>);

impl ErrorSink<PoolError> for ConnectErrors {
    fn sink(&self, error: PoolError) {
        // That an open one turned out dead is no reason to give up: the next one is taken.
        if let PoolError::ConnectionError(error) = error {
            self.0.send_replace(error.to_string());
        }
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<PoolError>> {
        Box::new(self.clone())
    }
}

/// What the two databases say differently inside a statement.
pub(super) trait Dialect: Backend {
    /// The function that tells at which character of its first argument the second begins, 0 for nowhere.
    const POSITION: &'static str;

    /// Adds « is one of `values`»: an array on PostgreSQL, which makes one statement of any number of them; a list on
    /// SQLite.
    fn push_is_any<'b>(out: &mut AstPass<'_, 'b, Self>, values: &'b [String]) -> QueryResult<()>;
}

impl Dialect for Pg {
    const POSITION: &'static str = "strpos";

    fn push_is_any<'b>(out: &mut AstPass<'_, 'b, Self>, values: &'b [String]) -> QueryResult<()> {
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<Text>, [String]>(values)?;
        out.push_sql(")");
        Ok(())
    }
}

impl Dialect for Sqlite {
    const POSITION: &'static str = "instr";

    fn push_is_any<'b>(out: &mut AstPass<'_, 'b, Self>, values: &'b [String]) -> QueryResult<()> {
        for (index, value) in values.iter().enumerate() {
            out.push_sql(if index == 0 { " IN (" } else { ", " });
            out.push_bind_param::<Text, _>(value)?;
        }
        out.push_sql(if values.is_empty() { " IN ()" } else { ")" });
        Ok(())
    }
}

/// Counts the statements of every connection, and shows them, without their values, to whoever traces.
#[derive(Clone)]
pub(super) struct Counter(Arc<AtomicU64>);

impl Instrumentation for Counter {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
