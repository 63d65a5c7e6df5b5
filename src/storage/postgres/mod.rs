//! Connects to PostgreSQL, over TLS if the address requests it.

mod connection;
mod errors;
mod row;
mod tls;
mod url;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::dsl::sql;
use diesel::sql_types::Bool;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres_rustls::MakeRustlsConnect;

pub(super) use connection::PgConnection;
pub(super) use errors::sqlstate;
pub use url::{PostgresUrl, UrlError};

use super::db::Counter;
use super::error::Error;

/// The time limit for connecting to one server, unless the address has a `connect_timeout`.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The same if the address names several servers: the next one must be tried before the client gives up.
const CONNECT_TIMEOUT_OF_SEVERAL: Duration = Duration::from_secs(2);

/// A write that changes nothing that is ever read.
const WRITE: &str = "INSERT INTO installation (name, value) VALUES ('write_check', '') \
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// A function that opens a connection to the server at `url`. Sets `is_full` when the server has no space left for a
/// write.
///
/// # Errors
/// If the root certificates cannot be read.
pub(super) fn connector(
    url: &PostgresUrl,
    counter: Counter,
    is_full: Arc<AtomicBool>,
) -> Result<impl Fn() -> BoxFuture<'static, ConnectionResult<PgConnection>> + Send + Sync + 'static, Error> {
    let tls = MakeRustlsConnect::new(tls::config(&url.verification).map_err(Error::Unavailable)?);
    let url = Arc::new(url.clone());
    Ok(move || {
        let (url, tls, counter, is_full) = (url.clone(), tls.clone(), counter.clone(), is_full.clone());
        async move {
            let mut conn = connect(&url, tls, is_full).await?;
            conn.set_instrumentation(counter);
            Ok(conn)
        }
        .boxed()
    })
}

/// Fails if the server accepts no writes: because it is a standby, is configured as read-only, or is full, which
/// `is_full` remembers.
pub(super) async fn check_writes(conn: &mut PgConnection, is_full: &AtomicBool) -> Result<(), Error> {
    let takes_writes = sql::<Bool>("NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'");
    if !diesel::select(takes_writes).get_result(&mut *conn).await? {
        conn.note_read_only();
        return Err(Error::Unavailable("the database takes no writes: it is read-only, or a standby".to_owned()));
    }
    if is_full.load(Ordering::Relaxed) {
        conn.batch_execute(WRITE).await?;
        is_full.store(false, Ordering::Relaxed);
    }
    Ok(())
}

/// Opens one connection.
pub(super) async fn establish(url: &PostgresUrl) -> ConnectionResult<PgConnection> {
    let tls = tls::config(&url.verification).map_err(ConnectionError::BadConnection)?;
    connect(url, MakeRustlsConnect::new(tls), Arc::default()).await
}

/// The error names the servers: "connection refused" alone does not say where.
async fn connect(
    url: &PostgresUrl,
    tls: MakeRustlsConnect,
    is_full: Arc<AtomicBool>,
) -> ConnectionResult<PgConnection> {
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
    let must_write = url.config.get_target_session_attrs() == TargetSessionAttrs::ReadWrite;
    Ok(PgConnection::new(client, url.is_pooled, must_write, is_full))
}

/// The error with its causes: the error itself only says "error connecting to server".
fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
