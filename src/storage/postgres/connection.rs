//! A connection to PostgreSQL for diesel, on top of tokio-postgres.
//!
//! It replaces `diesel_async::AsyncPgConnection`, which hides the SQLSTATE of an error and provides only its text, in
//! the language of the server.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use diesel::connection::{CacheSize, Instrumentation, InstrumentationEvent, StrQueryHelper};
use diesel::pg::{Pg, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{AsQuery, QueryBuilder, QueryFragment, QueryId};
use diesel::result::Error as DieselError;
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, SimpleAsyncConnection, TransactionManager,
};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use tokio::time::Instant;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::errors::{Errors, describe};
use super::row::{Parameter, PgRow};
use super::tls;
use super::url::{PostgresUrl, UrlError};

/// The limits that are otherwise set at the start of a session. Behind a pooler, which owns the sessions, they are set
/// for each transaction.
const LIMITS: &str = "SET LOCAL statement_timeout = '15s'; SET LOCAL lock_timeout = '10s'; \
                      SET LOCAL idle_in_transaction_session_timeout = '30s'; \
                      SET LOCAL plan_cache_mode = force_generic_plan";

/// The age at which a connection that accepts no writes is replaced. Whether a session accepts writes is decided when
/// it begins (`default_transaction_read_only`), so an old one does not notice that the server accepts them again. And a
/// server that accepts none does not have to open a new session after each refusal.
const RECONNECT_AFTER: Duration = Duration::from_secs(3);

/// A connection.
pub(in crate::storage) struct PgConnection {
    client: Client,
    statements: HashMap<Signature, Statement>,
    transactions: AnsiTransactionManager,
    instrumentation: Box<dyn Instrumentation>,
    errors: Errors,
    /// There is a pooler in between, so the next transaction may run in another session.
    is_pooled: bool,
    /// The address requires a server that accepts writes, so a connection to one that does not is closed.
    must_write: bool,
    opened_at: Instant,
}

impl PgConnection {
    /// Opens a connection. The error names the servers: "connection refused" alone does not say where.
    pub(super) async fn connect(
        url: &PostgresUrl,
        tls: MakeRustlsConnect,
        is_full: Arc<AtomicBool>,
    ) -> ConnectionResult<Self> {
        let failed = |reason: String| ConnectionError::BadConnection(format!("{}: {reason}", url.servers()));
        let limit = url.connect_timeout() * 2;
        let (client, connection) = tokio::time::timeout(limit, url.config.connect(tls))
            .await
            .map_err(|_| failed(format!("no connection within {} s", limit.as_secs())))?
            .map_err(|error| failed(describe(&error)))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = describe(&error), "a connection to PostgreSQL ended");
            }
        });
        Ok(Self {
            client,
            statements: HashMap::new(),
            transactions: AnsiTransactionManager::default(),
            instrumentation: Box::new(|_: InstrumentationEvent<'_>| {}),
            errors: Errors::new(is_full),
            is_pooled: url.is_pooled,
            must_write: url.config.get_target_session_attrs() == TargetSessionAttrs::ReadWrite,
            opened_at: Instant::now(),
        })
    }

    /// Notes that the session accepts no writes.
    pub(super) fn note_read_only(&self) {
        self.errors.note_read_only();
    }

    /// Begins a transaction with `sql`.
    pub(in crate::storage) async fn begin(&mut self, sql: &str) -> QueryResult<()> {
        let sql = if self.is_pooled { Cow::from(format!("{sql}; {LIMITS}")) } else { Cow::from(sql) };
        AnsiTransactionManager::begin_transaction_sql(self, &sql).await
    }

    /// Runs `statement`, and reports it to the instrumentation.
    async fn run<R>(
        &mut self,
        query: QueryResult<Query>,
        run: impl AsyncFnOnce(&Client, &Statement, Vec<Parameter>) -> Result<R, tokio_postgres::Error>,
    ) -> QueryResult<R> {
        let Query { signature, is_kept, parameters } = query?;
        let sql = signature.sql.clone();
        self.instrumentation.on_connection_event(InstrumentationEvent::start_query(&StrQueryHelper::new(&sql)));
        let result = match self.prepare(signature, is_kept).await {
            Ok(statement) => run(&self.client, &statement, parameters).await,
            Err(error) => Err(error),
        };
        let result = result.map_err(|error| self.errors.convert(&error));
        let error = result.as_ref().err();
        self.instrumentation.on_connection_event(InstrumentationEvent::finish_query(&StrQueryHelper::new(&sql), error));
        result
    }

    async fn prepare(&mut self, signature: Signature, is_kept: bool) -> Result<Statement, tokio_postgres::Error> {
        if let Some(statement) = self.statements.get(&signature) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare_typed(&signature.sql, &signature.types).await?;
        if is_kept {
            self.statements.insert(signature, statement.clone());
        }
        Ok(statement)
    }
}

impl SimpleAsyncConnection for PgConnection {
    async fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
        self.instrumentation.on_connection_event(InstrumentationEvent::start_query(&StrQueryHelper::new(sql)));
        let failed_before = self.errors.end_of_transaction(sql);
        // PostgreSQL reports success for the COMMIT of a transaction in which a statement failed, but rolls it back.
        let sent = if failed_before.is_some() { "ROLLBACK" } else { sql };
        let sent = self.client.batch_execute(sent).await.map_err(|error| self.errors.convert(&error));
        let result = failed_before.map_or(sent, Err);
        let error = result.as_ref().err();
        self.instrumentation.on_connection_event(InstrumentationEvent::finish_query(&StrQueryHelper::new(sql), error));
        result
    }
}

impl AsyncConnectionCore for PgConnection {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = BoxStream<'static, QueryResult<PgRow>>;
    type Row<'conn, 'query> = PgRow;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        let query = Query::build(&source.as_query());
        async move {
            let errors = self.errors.clone();
            let rows =
                self.run(query, async |client, statement, values| client.query_raw(statement, values).await).await?;
            Ok(rows.map_ok(PgRow).map_err(move |error| errors.convert(&error)).boxed())
        }
        .boxed()
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        let query = Query::build(&source);
        async move {
            let count = self.run(query, async |client, statement, values| client.execute_raw(statement, values).await);
            usize::try_from(count.await?).map_err(|error| DieselError::DeserializationError(Box::new(error)))
        }
        .boxed()
    }
}

impl AsyncConnection for PgConnection {
    type TransactionManager = AnsiTransactionManager;

    async fn establish(url: &str) -> ConnectionResult<Self> {
        let url: PostgresUrl =
            url.parse().map_err(|error: UrlError| ConnectionError::InvalidConnectionUrl(error.to_string()))?;
        let tls = tls::connect(&url.verification).map_err(ConnectionError::BadConnection)?;
        Self::connect(&url, tls, Arc::default()).await
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        &mut self.transactions
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        &mut *self.instrumentation
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.instrumentation = Box::new(instrumentation);
    }

    /// Statements are cached for as long as the connection lives: there are only as many as this program contains.
    fn set_prepared_statement_cache_size(&mut self, _: CacheSize) {}
}

impl PoolableConnection for PgConnection {
    fn is_broken(&mut self) -> bool {
        AnsiTransactionManager::is_broken_transaction_manager(self)
            || self.client.is_closed()
            || (self.errors.is_read_only() && (self.must_write || self.opened_at.elapsed() > RECONNECT_AFTER))
    }
}

/// A statement as PostgreSQL prepares it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Signature {
    sql: String,
    types: Vec<Type>,
}

/// A statement and its parameters, independent of what they were created from.
struct Query {
    signature: Signature,
    is_kept: bool,
    parameters: Vec<Parameter>,
}

impl Query {
    fn build(query: &(impl QueryFragment<Pg> + ?Sized)) -> QueryResult<Self> {
        let mut sql = PgQueryBuilder::default();
        query.to_sql(&mut sql, &Pg)?;
        let mut binds = RawBytesBindCollector::<Pg>::new();
        query.collect_binds(&mut binds, &mut OnlyBuiltInTypes, &Pg)?;
        let types = binds.metadata.iter().map(built_in).collect::<QueryResult<_>>()?;
        Ok(Self {
            signature: Signature { sql: sql.finish(), types },
            is_kept: query.is_safe_to_cache_prepared(&Pg)?,
            parameters: binds.binds.into_iter().map(Parameter).collect(),
        })
    }
}

/// All tables only use types that are built into PostgreSQL.
struct OnlyBuiltInTypes;

impl PgMetadataLookup for OnlyBuiltInTypes {
    fn lookup_type(&mut self, _: &str, _: Option<&str>) -> PgTypeMetadata {
        PgTypeMetadata::new(0, 0)
    }
}

fn built_in(metadata: &PgTypeMetadata) -> QueryResult<Type> {
    let oid = metadata.oid().map_err(|error| DieselError::SerializationError(Box::new(error)))?;
    Type::from_oid(oid).ok_or_else(|| DieselError::SerializationError(format!("{oid} is no built-in type").into()))
}
