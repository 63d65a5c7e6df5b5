//! Connecting to the bundled SQLite.

use std::path::Path;
use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection};
use diesel::result::Error as DieselError;
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::db::Counter;

pub(super) type SqliteConnection = SyncConnectionWrapper<diesel::SqliteConnection>;

/// Lets readers go on while one writes.
const WAL: &str = "PRAGMA journal_mode = WAL";

/// How often, and how long after each other, it is tried to switch a new file to WAL: for five seconds.
const WAL_TRIES: u32 = 500;
const WAL_PAUSE: Duration = Duration::from_millis(10);

/// A writer waits five seconds for another; a commit survives the death of the process, and of the machine up to the last
/// checkpoint (`synchronous = NORMAL` under WAL).
const SETUP: &str = "
    PRAGMA busy_timeout = 5000;
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
    conn.batch_execute(SETUP).and_then(|()| use_wal(&mut conn)).map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// Where several switch a new file at the same moment, SQLite refuses all but one at once: `busy_timeout` does not hold
/// for it. Once the file is switched, this is only a look.
fn use_wal(conn: &mut diesel::SqliteConnection) -> QueryResult<()> {
    for _ in 1..WAL_TRIES {
        match conn.batch_execute(WAL) {
            Err(DieselError::DatabaseError(_, information)) if information.message() == "database is locked" => {
                std::thread::sleep(WAL_PAUSE);
            }
            switched => return switched,
        }
    }
    conn.batch_execute(WAL)
}
