//! A connection to PostgreSQL for diesel, on top of tokio-postgres.
//!
//! It replaces `diesel_async::AsyncPgConnection`, which hides the SQLSTATE of an error and provides only its text, in
//! the language of the server.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::{CacheSize, Instrumentation, InstrumentationEvent, StrQueryHelper};
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::Error as DieselError;
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, SimpleAsyncConnection, TransactionManager,
};
use futures_util::future::{BoxFuture, join, ready};
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use tokio::time::Instant;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::errors::ServerState;
use super::row::PgRow;
use super::session::{Answer, Query, Session};
use super::tls;
use super::url::{PostgresUrl, UrlError};
use crate::storage::counter::Counter;

/// The limits that are otherwise set at the start of a session. Behind a pooler, which owns the sessions, they are set
/// for each transaction.
const LIMITS: &str = "SET LOCAL statement_timeout = '15s'; SET LOCAL lock_timeout = '10s'; \
                      SET LOCAL idle_in_transaction_session_timeout = '30s'; \
                      SET LOCAL plan_cache_mode = force_generic_plan";

/// The age at which a connection that accepts no writes is replaced. Whether a session accepts writes is decided when
/// it begins (`default_transaction_read_only`), so an old one does not notice that the server accepts them again. And a
/// server that accepts none does not have to open a new session after each refusal.
const RECONNECT_AFTER: Duration = Duration::from_secs(3);

/// How many statements may be sent before the first is answered. They are kept in memory until they are sent.
const MOST_UNANSWERED: usize = 16;

/// A connection.
pub(in crate::storage) struct PgConnection {
    session: Arc<Session>,
    /// The statements of the transaction that were sent and not answered yet.
    unanswered: VecDeque<Answer>,
    is_in_transaction: bool,
    transactions: AnsiTransactionManager,
    instrumentation: Box<dyn Instrumentation>,
    counter: Counter,
    /// There is a pooler in between, so the next transaction may run in another session.
    is_pooled: bool,
    /// The address requires a server that accepts writes, so a connection to one that does not is closed.
    must_write: bool,
    opened_at: Instant,
}

impl PgConnection {
    /// Opens a connection.
    pub(super) async fn connect(
        url: &PostgresUrl,
        tls: MakeRustlsConnect,
        server: Arc<ServerState>,
        counter: Counter,
    ) -> ConnectionResult<Self> {
        Ok(Self {
            session: Arc::new(Session::open(url, tls, server, counter.clone()).await?),
            unanswered: VecDeque::new(),
            is_in_transaction: false,
            transactions: AnsiTransactionManager::default(),
            instrumentation: Box::new(counter.clone()),
            counter,
            is_pooled: url.is_pooled,
            must_write: url.config.get_target_session_attrs() == TargetSessionAttrs::ReadWrite,
            opened_at: Instant::now(),
        })
    }

    /// Notes that the session accepts no writes.
    pub(super) fn note_read_only(&self) {
        self.session.errors.note_read_only();
    }

    /// Begins a transaction with `sql`.
    pub(in crate::storage) async fn begin(&mut self, sql: &str) -> QueryResult<()> {
        let sql = if self.is_pooled { Cow::from(format!("{sql}; {LIMITS}")) } else { Cow::from(sql) };
        AnsiTransactionManager::begin_transaction_sql(self, &sql).await
    }

    /// Runs a statement in the session, and reports it to the instrumentation.
    async fn run<R>(
        &mut self,
        query: QueryResult<Query>,
        run: impl AsyncFnOnce(&Session, Query) -> QueryResult<R>,
    ) -> QueryResult<R> {
        let query = query?;
        let sql = query.signature.sql.clone();
        self.instrumentation.on_connection_event(InstrumentationEvent::start_query(&StrQueryHelper::new(&sql)));
        self.counter.add_round_trip();
        // The connection reads no answer before those to earlier statements are taken from it. If one of them failed, so did
        // this one.
        let (earlier, result) = join(settle(&mut self.unanswered), run(&self.session, query)).await;
        let result = earlier.and(result);
        let error = result.as_ref().err();
        self.instrumentation.on_connection_event(InstrumentationEvent::finish_query(&StrQueryHelper::new(&sql), error));
        result
    }

    /// Sends a statement that writes. In a transaction, its answer is not waited for: statements that do not depend on
    /// each other then take one round trip together. An error is that of the next statement whose answer is waited for,
    /// at the latest that of the commit.
    pub(in crate::storage) async fn send(&mut self, statement: &(impl QueryFragment<Pg> + Sync)) -> QueryResult<()> {
        if self.is_in_transaction {
            self.start(Query::build(statement)?, false).await
        } else {
            self.run(Query::build(statement), Session::execute).await.map(drop)
        }
    }

    /// Sends a statement of a transaction that locks rows. Its answer is not waited for either. If there is no row to lock,
    /// the next answer that is waited for is `NotFound`.
    pub(in crate::storage) async fn send_lock(
        &mut self,
        statement: &(impl QueryFragment<Pg> + Sync),
    ) -> QueryResult<()> {
        self.start(Query::build(statement)?, true).await
    }

    async fn start(&mut self, query: Query, needs_rows: bool) -> QueryResult<()> {
        // A statement is prepared only after the earlier ones were answered: the connection reads no answer before those.
        if self.unanswered.len() >= MOST_UNANSWERED || !self.session.is_prepared(&query) {
            self.counter.add_round_trip();
            match settle(&mut self.unanswered).await {
                // This is for the statement that reads.
                Err(DieselError::NotFound) => self.unanswered.push_back(ready(Err(DieselError::NotFound)).boxed()),
                settled => settled?,
            }
        }
        let sql = query.signature.sql.clone();
        self.instrumentation.on_connection_event(InstrumentationEvent::start_query(&StrQueryHelper::new(&sql)));
        let answer = self.session.start(query, needs_rows).await?;
        self.unanswered.push_back(answer);
        Ok(())
    }
}

/// Waits for the answers to all statements that were sent, and returns the first error.
async fn settle(unanswered: &mut VecDeque<Answer>) -> QueryResult<()> {
    let mut result = Ok(());
    while let Some(answer) = unanswered.front_mut() {
        result = result.and(answer.await);
        unanswered.pop_front();
    }
    result
}

impl SimpleAsyncConnection for PgConnection {
    async fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
        self.instrumentation.on_connection_event(InstrumentationEvent::start_query(&StrQueryHelper::new(sql)));
        let failed_before = self.session.errors.end_of_transaction(sql);
        // PostgreSQL reports success for the COMMIT of a transaction in which a statement failed, but rolls it back.
        let sent = if failed_before.is_some() { "ROLLBACK" } else { sql };
        let (begins, ends) = (sql.starts_with("BEGIN"), matches!(sql, "COMMIT" | "ROLLBACK"));
        self.is_in_transaction = begins || (self.is_in_transaction && !ends);
        let answer = self.session.start_batch(sent).await;
        // A pooler may refuse to begin a transaction, and then execute the next statement outside of one.
        let result = if begins && !self.is_pooled {
            self.unanswered.push_back(answer);
            Ok(())
        } else {
            self.counter.add_round_trip();
            let (earlier, answer) = join(settle(&mut self.unanswered), answer).await;
            failed_before.map_or(Ok(()), Err).and(earlier).and(answer)
        };
        if ends {
            self.session.errors.forget();
        }
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
            let errors = self.session.errors.clone();
            let rows = self.run(query, Session::query).await?;
            Ok(rows.map_ok(PgRow).map_err(move |error| errors.convert(&error)).boxed())
        }
        .boxed()
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        let query = Query::build(&source);
        self.run(query, Session::execute).boxed()
    }
}

impl AsyncConnection for PgConnection {
    type TransactionManager = AnsiTransactionManager;

    async fn establish(url: &str) -> ConnectionResult<Self> {
        let url: PostgresUrl =
            url.parse().map_err(|error: UrlError| ConnectionError::InvalidConnectionUrl(error.to_string()))?;
        let tls = tls::connect(&url.verification).map_err(ConnectionError::BadConnection)?;
        Self::connect(&url, tls, Arc::default(), Counter::default()).await
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
            || self.session.is_closed()
            || (self.session.errors.is_read_only() && (self.must_write || self.opened_at.elapsed() > RECONNECT_AFTER))
    }
}
