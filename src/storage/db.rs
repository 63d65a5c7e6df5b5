//! The database, whichever it is: a pool of connections to it, transactions, and the little that must be said
//! differently to PostgreSQL and to SQLite.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bb8::{ErrorSink, PooledConnection, RunError};
use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Array, Text};
use diesel::sqlite::Sqlite;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError, PoolableConnection, RecyclingMethod,
};
use diesel_async::{AsyncConnection, SimpleAsyncConnection, TransactionManager};
use futures_util::FutureExt;
use scopeguard::ScopeGuard;
use tokio::sync::watch;

use super::error::Error;
use super::postgres::{self, PgConnection, PostgresUrl};
use super::sqlite::{self, SqliteConnection};

/// How long a request waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// After how long unused a connection is closed.
const IDLE_TIMEOUT: Duration = Duration::from_mins(5);

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
}

#[derive(Clone)]
enum Pool {
    Pg(bb8::Pool<AsyncDieselConnectionManager<PgConnection>>),
    Sqlite(bb8::Pool<AsyncDieselConnectionManager<SqliteConnection>>),
}

#[expect(clippy::large_enum_variant, reason = "a connection is moved a few times and never kept by the thousand")]
/// A connection, for as long as it is held. To use it, say [`on!`].
pub(super) enum Conn {
    Pg(PooledConnection<'static, AsyncDieselConnectionManager<PgConnection>>),
    Sqlite(PooledConnection<'static, AsyncDieselConnectionManager<SqliteConnection>>),
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
        let pool = match location {
            Location::Postgres(url) => Pool::Pg(build(postgres::connector(url, counter)?, connections, sink).await?),
            Location::Sqlite(path) => Pool::Sqlite(build(sqlite::connector(path, counter), connections, sink).await?),
        };
        Ok(Self { pool, statements, connect_errors })
    }

    /// Whether this is PostgreSQL, for the few who tell people about it.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.pool, Pool::Pg(_))
    }

    /// How many statements were made so far, over all connections.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Why not.
    pub async fn ping(&self) -> Result<(), Error> {
        let mut conn = self.conn().await?;
        on!(&mut conn, c => c.batch_execute("SELECT 1").await)?;
        Ok(())
    }

    pub(super) async fn conn(&self) -> Result<Conn, Error> {
        let mut connect_errors = self.connect_errors.subscribe();
        let get = async {
            match &self.pool {
                Pool::Pg(pool) => pool.get_owned().await.map(Conn::Pg),
                Pool::Sqlite(pool) => pool.get_owned().await.map(Conn::Sqlite),
            }
        };
        // The pool itself would go on trying until the time is up, and hold up whoever asks.
        tokio::select! {
            biased;
            got = get => got.map_err(|error| match error {
                RunError::TimedOut => Error::Unavailable("no connection came free in time".to_owned()),
                RunError::User(error) => Error::Unavailable(error.to_string()),
            }),
            Ok(()) = connect_errors.changed() => Err(Error::Unavailable(connect_errors.borrow().clone())),
        }
    }

    /// Begins a transaction that will write. On SQLite it takes the write lock at once, so that what is read in it
    /// cannot change before it is written.
    ///
    /// # Errors
    /// When the database is not available.
    pub async fn begin(&self) -> Result<Tx, Error> {
        self.begin_with("BEGIN", "BEGIN IMMEDIATE").await
    }

    /// Begins a transaction in which everything is read as of one moment.
    ///
    /// # Errors
    /// When the database is not available.
    pub async fn begin_snapshot(&self) -> Result<Tx, Error> {
        self.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "BEGIN DEFERRED").await
    }

    async fn begin_with(&self, pg: &'static str, sqlite: &'static str) -> Result<Tx, Error> {
        let mut conn = self.conn().await?;
        match &mut conn {
            Conn::Pg(c) => diesel_async::AnsiTransactionManager::begin_transaction_sql(&mut **c, pg).await,
            Conn::Sqlite(c) => {
                c.spawn_blocking(move |c| diesel::connection::AnsiTransactionManager::begin_transaction_sql(c, sqlite))
                    .await
            }
        }?;
        Ok(Tx::new(conn))
    }
}

/// A transaction. Dropped without [`commit`](Self::commit), as by a `?` or by a client that hangs up, it is rolled back
/// in the background, and the connection returns to the pool: a refusal costs no connection.
pub struct Tx {
    conn: ScopeGuard<Conn, fn(Conn)>,
}

impl Tx {
    fn new(conn: Conn) -> Self {
        Self { conn: scopeguard::guard(conn, roll_back_in_background) }
    }

    /// Makes everything that was written last.
    ///
    /// # Errors
    /// When the database could not; then nothing of it remains.
    pub async fn commit(self) -> Result<(), Error> {
        let mut conn = ScopeGuard::into_inner(self.conn);
        on!(&mut conn, c => commit(&mut **c).await)
    }

    /// The same, and returns the connection for what belongs to the transaction and comes after it.
    pub(super) async fn commit_keeping(self) -> Result<Conn, Error> {
        let mut conn = ScopeGuard::into_inner(self.conn);
        on!(&mut conn, c => commit(&mut **c).await)?;
        Ok(conn)
    }

    /// Takes everything back before it returns, and gives the connection to the next one.
    ///
    /// # Errors
    /// When the database is gone; then nothing remains either.
    pub async fn roll_back(self) -> Result<(), Error> {
        let mut conn = ScopeGuard::into_inner(self.conn);
        on!(&mut conn, c => roll_back(&mut **c).await)
    }

    pub(super) fn conn(&mut self) -> &mut Conn {
        &mut self.conn
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
    config.custom_setup = Box::new(move |_| connect());
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

    /// Adds « is one of the pairs of a first and a second» of the same place. There is at least one.
    fn push_is_pair<'b>(
        out: &mut AstPass<'_, 'b, Self>,
        firsts: &'b [String],
        seconds: &'b [String],
    ) -> QueryResult<()>;
}

impl Dialect for Pg {
    const POSITION: &'static str = "strpos";

    fn push_is_any<'b>(out: &mut AstPass<'_, 'b, Self>, values: &'b [String]) -> QueryResult<()> {
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<Text>, [String]>(values)?;
        out.push_sql(")");
        Ok(())
    }

    fn push_is_pair<'b>(
        out: &mut AstPass<'_, 'b, Self>,
        firsts: &'b [String],
        seconds: &'b [String],
    ) -> QueryResult<()> {
        out.push_sql(" IN (SELECT * FROM unnest(");
        out.push_bind_param::<Array<Text>, [String]>(firsts)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, [String]>(seconds)?;
        out.push_sql("))");
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

    fn push_is_pair<'b>(
        out: &mut AstPass<'_, 'b, Self>,
        firsts: &'b [String],
        seconds: &'b [String],
    ) -> QueryResult<()> {
        out.push_sql(" IN (VALUES ");
        for (index, (first, second)) in firsts.iter().zip(seconds).enumerate() {
            out.push_sql(if index == 0 { "(" } else { ", (" });
            out.push_bind_param::<Text, _>(first)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(second)?;
            out.push_sql(")");
        }
        out.push_sql(")");
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
