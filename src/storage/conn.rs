//! A connection to either database, and queries that both can run.

use std::ops::{Deref, DerefMut};

use bb8::PooledConnection;
use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::{OptionalExtension, QueryResult};
use diesel_async::RunQueryDsl;
use diesel_async::methods::{ExecuteDsl, LoadQuery};
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::OwnedSemaphorePermit;

use super::error::Error;
use super::postgres::PgConnection;
use super::sqlite::SqliteConnection;

/// A connection, for as long as it is held. Use it through [`on!`].
pub(super) enum Conn {
    Pg(Held<PooledConnection<'static, AsyncDieselConnectionManager<PgConnection>>>),
    Sqlite(Held<PooledConnection<'static, AsyncDieselConnectionManager<SqliteConnection>>>),
}

/// A connection of the pool, and the permit of the request that holds it.
pub(super) struct Held<C> {
    // Must be dropped first: the request may get its next connection only after this one is back in the pool.
    connection: C,
    _permit: Option<OwnedSemaphorePermit>,
}

impl<C> Held<C> {
    pub(super) fn new(connection: C, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self { connection, _permit: permit }
    }
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

/// Writes one expression for both types of connection. The compiler checks it for each.
macro_rules! on {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::storage::conn::Conn::Pg($c) => $body,
            $crate::storage::conn::Conn::Sqlite($c) => $body,
        }
    };
}
pub(super) use on;

/// A query that is limited to some rows. Unlike in diesel's own limit, the numbers are part of the statement: SQLite
/// prepares a statement again whenever a parameter of its limit is set.
pub(super) struct Limited<Q> {
    query: Q,
    limit: i64,
    offset: i64,
}

impl<Q: Query> Query for Limited<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> QueryId for Limited<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Limited<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(&format!(" LIMIT {} OFFSET {}", self.limit, self.offset));
        Ok(())
    }
}

/// A query without a limit.
pub(super) trait Unlimited: Query + Sized {
    /// At most `limit` rows, without the first `offset`.
    fn rows(self, offset: i64, limit: i64) -> Limited<Self> {
        Limited { query: self, limit, offset }
    }
}

impl<Q: Query> Unlimited for Q {}

/// A query that both databases can run. Its futures are boxed, because the compiler cannot tell for the type of a query
/// and every lifetime that they are `Send`.
pub(super) trait Fetch<'c, U: Send + 'c>:
    LoadQuery<'c, PgConnection, U> + LoadQuery<'c, SqliteConnection, U> + Sized + Send + 'c
{
    /// All rows.
    fn fetch_all(self, conn: &'c mut Conn) -> BoxFuture<'c, Result<Vec<U>, Error>> {
        async { Ok(on!(conn, c => self.load(&mut **c).await)?) }.boxed()
    }

    /// The only row.
    fn fetch_one(self, conn: &'c mut Conn) -> BoxFuture<'c, Result<U, Error>> {
        async { Ok(on!(conn, c => self.get_result(&mut **c).await)?) }.boxed()
    }

    /// The only row, if there is one.
    fn fetch_optional(self, conn: &'c mut Conn) -> BoxFuture<'c, Result<Option<U>, Error>> {
        async { Ok(on!(conn, c => self.get_result(&mut **c).await.optional())?) }.boxed()
    }
}

impl<'c, U: Send + 'c, Q> Fetch<'c, U> for Q where
    Q: LoadQuery<'c, PgConnection, U> + LoadQuery<'c, SqliteConnection, U> + Send + 'c
{
}

/// A statement that writes and that both databases can run.
pub(super) trait Run<'c>:
    ExecuteDsl<PgConnection> + ExecuteDsl<SqliteConnection> + QueryFragment<Pg> + Sized + Send + Sync + 'c
{
    /// Executes the statement. In a transaction on PostgreSQL, its error may be that of a later statement, or of the
    /// commit: see [`PgConnection::send`].
    fn run(self, conn: &'c mut Conn) -> BoxFuture<'c, Result<(), Error>> {
        async {
            match conn {
                Conn::Pg(c) => c.send(&self).await?,
                Conn::Sqlite(c) => drop(self.execute(&mut **c).await?),
            }
            Ok(())
        }
        .boxed()
    }

    /// Executes the statement, and returns how many rows it wrote.
    fn run_counted(self, conn: &'c mut Conn) -> BoxFuture<'c, Result<usize, Error>> {
        async { Ok(on!(conn, c => self.execute(&mut **c).await)?) }.boxed()
    }
}

impl<'c, S> Run<'c> for S where
    S: ExecuteDsl<PgConnection> + ExecuteDsl<SqliteConnection> + QueryFragment<Pg> + Send + Sync + 'c
{
}
