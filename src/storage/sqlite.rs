//! Connecting to the bundled SQLite.

use std::path::Path;

use diesel::connection::{Connection, SimpleConnection};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::db::Counter;

pub(super) type SqliteConnection = SyncConnectionWrapper<diesel::SqliteConnection>;

/// WAL lets readers go on while one writes; a writer waits five seconds for another; a commit survives the death of the
/// process, and of the machine up to the last checkpoint (`synchronous = NORMAL` under WAL).
const SETUP: &str = "
    PRAGMA busy_timeout = 5000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -2000;
";

/// What opens a connection to the file at `path`, making the file if there is none.
pub(super) fn connector(
    path: &Path,
    counter: Counter,
) -> impl Fn() -> BoxFuture<'static, ConnectionResult<SqliteConnection>> + Send + Sync + 'static {
    let path = path.to_string_lossy().into_owned();
    move || {
        let (path, counter) = (path.clone(), counter.clone());
        async move {
            let open = move || {
                let mut conn = establish(&path)?;
                conn.set_instrumentation(counter);
                Ok(conn)
            };
            tokio::task::spawn_blocking(open)
                .await
                .unwrap_or_else(|error| Err(ConnectionError::BadConnection(error.to_string())))
                .map(SyncConnectionWrapper::new)
        }
        .boxed()
    }
}

/// Opens one connection.
pub(super) fn establish(path: &str) -> ConnectionResult<diesel::SqliteConnection> {
    let mut conn = diesel::SqliteConnection::establish(path)?;
    conn.batch_execute(SETUP).map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}
