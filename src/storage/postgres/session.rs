//! A session with PostgreSQL: a client, and the statements that it has prepared.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use diesel::pg::{Pg, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{QueryBuilder, QueryFragment};
use diesel::result::Error as DieselError;
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use foldhash::fast::RandomState;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, StreamExt, poll};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::errors::{Errors, ServerState, describe};
use super::row::Parameter;
use super::summary::summary;
use super::url::PostgresUrl;
use crate::metrics::StatementTimer;
use crate::storage::counter::Counter;

/// A session. Statements may be sent while others are running: the server executes them in order, and the answer to one
/// that nobody waits for any more is skipped.
pub(super) struct Session {
    client: Client,
    /// Hashed fast: a key is a text of some kilobytes, and none is chosen by a client.
    statements: Mutex<HashMap<Signature, Prepared, RandomState>>,
    /// What the errors of its statements say about it.
    pub(super) errors: Errors,
    counter: Counter,
}

/// A prepared statement, and what times it.
#[derive(Clone)]
struct Prepared {
    statement: Statement,
    timer: StatementTimer,
}

impl Session {
    /// Opens a session. The error names the servers: "connection refused" alone does not say where.
    pub(super) async fn open(
        url: &PostgresUrl,
        tls: MakeRustlsConnect,
        server: Arc<ServerState>,
        counter: Counter,
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
        Ok(Self { client, statements: Mutex::default(), errors: Errors::new(server), counter })
    }

    /// Whether the connection has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Sends SQL without parameters.
    pub(super) async fn start_batch(self: &Arc<Self>, sql: &str) -> Answer {
        let (session, sql) = (Arc::clone(self), sql.to_owned());
        let timed = self.counter.timer(summary(&sql)).begin();
        let answer = async move {
            let _timed = timed;
            session.client.batch_execute(&sql).await.map_err(|error| session.errors.convert(&error))
        };
        sent(answer.boxed()).await
    }

    /// Sends a statement that writes or locks. If it `needs_rows` and there are none, the answer is `NotFound`.
    pub(super) async fn start(self: &Arc<Self>, query: Query, needs_rows: bool) -> QueryResult<Answer> {
        let Query { signature, is_kept, parameters } = query;
        // Prepared first: otherwise the statement would be sent only after the next one.
        let prepared = self.prepare(signature, is_kept).await.map_err(|error| self.errors.convert(&error))?;
        let Prepared { statement, timer } = prepared;
        let (session, timed) = (Arc::clone(self), timer.begin());
        let answer = async move {
            let _timed = timed;
            match session.client.execute_raw(&statement, parameters).await {
                Ok(0) if needs_rows => Err(DieselError::NotFound),
                Ok(_) => Ok(()),
                Err(error) => Err(session.errors.convert(&error)),
            }
        };
        Ok(sent(answer.boxed()).await)
    }

    /// Whether a statement is prepared.
    pub(super) fn is_prepared(&self, query: &Query) -> bool {
        self.statements().contains_key(&query.signature)
    }

    /// Executes a statement that returns rows.
    pub(super) async fn query(
        &self,
        query: Query,
    ) -> QueryResult<impl Stream<Item = Result<Row, tokio_postgres::Error>> + Send + use<>> {
        let Query { signature, is_kept, parameters } = query;
        let rows = async {
            let Prepared { statement, timer } = self.prepare(signature, is_kept).await?;
            let timed = timer.begin();
            let rows = self.client.query_raw(&statement, parameters).await?;
            // Until the rows are dropped.
            Ok(rows.inspect(move |_| {
                let _ = &timed;
            }))
        };
        rows.await.map_err(|error| self.errors.convert(&error))
    }

    /// Executes a statement, and returns how many rows it wrote.
    pub(super) async fn execute(&self, query: Query) -> QueryResult<usize> {
        let Query { signature, is_kept, parameters } = query;
        let count = async {
            let Prepared { statement, timer } = self.prepare(signature, is_kept).await?;
            let _timed = timer.begin();
            self.client.execute_raw(&statement, parameters).await
        };
        let count = count.await.map_err(|error| self.errors.convert(&error))?;
        usize::try_from(count).map_err(|error| DieselError::DeserializationError(Box::new(error)))
    }

    /// Statements are kept for as long as the session lasts: there are only as many as this program contains.
    async fn prepare(&self, signature: Signature, is_kept: bool) -> Result<Prepared, tokio_postgres::Error> {
        if let Some(prepared) = self.statements().get(&signature) {
            return Ok(prepared.clone());
        }
        let statement = self.client.prepare_typed(&signature.sql, &signature.types).await?;
        let prepared = Prepared { statement, timer: self.counter.timer(summary(&signature.sql)) };
        if is_kept {
            self.statements().insert(signature, prepared.clone());
        }
        Ok(prepared)
    }

    fn statements(&self) -> MutexGuard<'_, HashMap<Signature, Prepared, RandomState>> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to a statement that was sent.
pub(super) type Answer = BoxFuture<'static, QueryResult<()>>;

/// The answer, once its statement was sent: that happens when it is polled for the first time. An error that is there by
/// then is an answer, too, and is reported as late as any other.
async fn sent(mut answer: Answer) -> Answer {
    match poll!(&mut answer) {
        Poll::Ready(result) => ready(result).boxed(),
        Poll::Pending => answer,
    }
}

/// A statement as PostgreSQL prepares it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Signature {
    pub(super) sql: String,
    types: Vec<Type>,
}

/// A statement and its parameters, independent of what they were created from.
pub(super) struct Query {
    pub(super) signature: Signature,
    is_kept: bool,
    parameters: Vec<Parameter>,
}

impl Query {
    pub(super) fn build(query: &(impl QueryFragment<Pg> + ?Sized)) -> QueryResult<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_error_that_arrives_at_once_is_an_answer() {
        let answer = sent(ready(Err(DieselError::NotFound)).boxed()).await;
        assert!(matches!(answer.await, Err(DieselError::NotFound)));
    }
}
