//! Connects to PostgreSQL, over TLS if the address requests it.

mod connection;
mod errors;
mod quick_lane;
mod row;
mod session;
mod summary;
mod tls;
mod url;

use std::sync::Arc;

use diesel::dsl::sql;
use diesel::sql_types::{Bool, Text};
use diesel::{ConnectionError, ConnectionResult, QueryableByName};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

pub(super) use connection::PgConnection;
pub(super) use errors::ServerState;
use errors::describe;
pub(super) use quick_lane::QuickLane;
pub use url::{PostgresUrl, UrlError};

use super::counter::Counter;
use super::error::{Error, is_passing};

/// A write that changes nothing that is ever read.
const WRITE: &str = "INSERT INTO installation (name, value) VALUES ('write_check', '') \
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// A function that opens a connection to the server at `url`. Fails if the root certificates cannot be read.
pub(super) fn connector(
    url: &PostgresUrl,
    counter: Counter,
    server: Arc<ServerState>,
) -> Result<impl Fn() -> BoxFuture<'static, ConnectionResult<PgConnection>> + Send + Sync + 'static, Error> {
    let tls = tls::connect(&url.verification).map_err(Error::Unavailable)?;
    let url = Arc::new(url.clone());
    Ok(move || {
        let (url, tls, counter, server) = (url.clone(), tls.clone(), counter.clone(), server.clone());
        async move { PgConnection::connect(&url, tls, server, counter).await }.boxed()
    })
}

/// Connections to the server at `url` that requests share. Fails if the root certificates cannot be read.
pub(super) fn quick_lane(
    url: &PostgresUrl,
    connections: usize,
    counter: Counter,
    server: Arc<ServerState>,
) -> Result<QuickLane, Error> {
    let tls = tls::connect(&url.verification).map_err(Error::Unavailable)?;
    Ok(QuickLane::new(url.clone(), tls, connections, counter, server))
}

/// Fails if the server accepts no writes: because it is a standby, is configured as read-only, or is full, which
/// `server` remembers.
pub(super) async fn check_writes(conn: &mut PgConnection, server: &ServerState) -> Result<(), Error> {
    let accepts_writes = sql::<Bool>("NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'");
    if !diesel::select(accepts_writes).get_result(&mut *conn).await? {
        conn.note_read_only();
        return Err(Error::Unavailable("the database accepts no writes: it is read-only or a standby".to_owned()));
    }
    if server.is_full() {
        conn.batch_execute(WRITE).await?;
        server.set_full(false);
    }
    Ok(())
}

/// What the role may not do with the tables of its schema. It only has to read the one in which diesel keeps the migrations.
pub(super) async fn missing_privileges(conn: &mut PgConnection) -> Result<Vec<String>, Error> {
    let missing = diesel::sql_query(
        "SELECT privilege || ' on ' || relname AS text FROM pg_class, \
         unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege \
         WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' \
         AND (relname !~ '^__diesel' OR privilege = 'SELECT') \
         AND NOT has_table_privilege(oid, privilege) ORDER BY relname, privilege",
    );
    Ok(missing.load::<Line>(conn).await?.into_iter().map(|Line { text }| text).collect())
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

/// Why the server cannot be reached, if a later attempt may succeed. `None` if it can be reached, and also if waiting
/// does not help, as with a wrong password.
pub(super) async fn why_unreachable(url: &PostgresUrl) -> Option<String> {
    let tls = tls::connect(&url.verification).ok()?;
    let limit = url.connect_timeout();
    match tokio::time::timeout(limit, url.config.connect(tls)).await {
        Ok(Ok((client, connection))) => {
            drop(client);
            // Closes the connection.
            let _ = connection.await;
            None
        }
        Ok(Err(error)) => match error.as_db_error() {
            Some(refusal) if !is_passing(refusal.code().code()) => None,
            _ => Some(describe(&error)),
        },
        Err(_) => Some(format!("no connection within {} s", limit.as_secs())),
    }
}

/// Opens one connection.
pub(super) async fn establish(url: &PostgresUrl) -> ConnectionResult<PgConnection> {
    let tls = tls::connect(&url.verification).map_err(ConnectionError::BadConnection)?;
    PgConnection::connect(url, tls, Arc::default(), Counter::default()).await
}
