//! Connects to the bundled SQLite.

use std::error::Error;
use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection};
use diesel::declare_sql_function;
use diesel::result::Error as DieselError;
use diesel::sql_types::Text;
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustix::fs::Access;

use super::counter::Counter;
use super::files;

pub(super) type SqliteConnection = SyncConnectionWrapper<diesel::SqliteConnection, CurrentRuntime>;

/// Executes statements on threads of the runtime that the operation runs on, so that those of a long one have low
/// priority. The library's own choice is the runtime that opened the connection.
pub(super) struct CurrentRuntime;

impl SpawnBlocking for CurrentRuntime {
    fn spawn_blocking<'a, R: Send + 'static>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn Error + Send + Sync>>> {
        TokioRuntime::get_runtime().spawn_blocking(task)
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// The library's own choice, which has no public name.
type TokioRuntime = <SyncConnectionWrapper<diesel::SqliteConnection> as HasRuntime>::Runtime;

trait HasRuntime {
    type Runtime;
}

impl<C, R> HasRuntime for SyncConnectionWrapper<C, R> {
    type Runtime = R;
}

/// Lets reads continue during a write.
const WAL: &str = "PRAGMA journal_mode = WAL";

/// How often, and at which interval, the server tries to set a new file to WAL: for five seconds.
const WAL_TRIES: u32 = 500;
const WAL_PAUSE: Duration = Duration::from_millis(10);

/// A writer waits five seconds for another one. A commit survives a crash of the process; a crash of the machine may
/// lose the commits since the last checkpoint (`synchronous = NORMAL` under WAL).
const SETUP: &str = "
    PRAGMA busy_timeout = 5000;
    PRAGMA synchronous = NORMAL;
    PRAGMA foreign_keys = ON;
";

/// The cache: up to 8 MB of pages for each connection, and little more than 40 MB for all of them.
pub(super) const CACHE: &str = "PRAGMA cache_size = -8000; PRAGMA soft_heap_limit = 40000000;";

/// The suffixes of the files that SQLite keeps next to the database.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// A function that opens a connection to the file at `path`, and creates the file if there is none.
pub(super) fn connector(
    path: &Path,
    counter: Counter,
) -> impl Fn() -> BoxFuture<'static, ConnectionResult<SqliteConnection>> + Send + Sync + 'static {
    let path = path.to_owned();
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
                .map(|conn| SyncConnectionWrapper::with_runtime(conn, CurrentRuntime))
        }
        .boxed()
    }
}

/// After so many searched texts, a scan offers its processor to other threads: every 0.1 ms. Otherwise the kernel may let
/// it run to the end of its time slice, 4 ms, although it has low priority.
const TEXTS_PER_TURN: u32 = 256;

#[declare_sql_function]
extern "SQL" {
    /// Whether the first text contains the second.
    fn contains(text: Text, part: Text) -> Bool;
}

fn register_functions(conn: &mut diesel::SqliteConnection) -> QueryResult<()> {
    let searched = AtomicU32::new(0);
    contains_utils::register_impl(conn, move |text: String, part: String| {
        if searched.fetch_add(1, Ordering::Relaxed).is_multiple_of(TEXTS_PER_TURN) {
            std::thread::yield_now();
        }
        text.contains(&part)
    })
}

/// Opens one connection. The errors name the file.
pub(super) fn establish(path: &Path) -> ConnectionResult<diesel::SqliteConnection> {
    let named = |said: String| ConnectionError::BadConnection(format!("{}: {said}", path.display()));
    let failed = |error: &dyn Display| named(reason(path, &error.to_string()));
    restrict(path).map_err(|error| named(error.to_string()))?;
    let mut conn = diesel::SqliteConnection::establish(&path.to_string_lossy()).map_err(|error| failed(&error))?;
    conn.batch_execute(SETUP)
        .and_then(|()| conn.batch_execute(CACHE))
        .and_then(|()| use_wal(&mut conn))
        .and_then(|()| register_functions(&mut conn))
        .map_err(|error| failed(&error))?;
    Ok(conn)
}

/// Fails if the file accepts no writes. The write changes nothing: `user_version` is a number that SQLite leaves to
/// applications, and this one does not use it. A concurrent write by another process also shows that the file accepts
/// writes.
pub(super) fn check_writes(conn: &mut diesel::SqliteConnection) -> QueryResult<()> {
    conn.batch_execute("PRAGMA busy_timeout = 0")?;
    let written = conn.batch_execute("PRAGMA user_version = 0");
    conn.batch_execute("PRAGMA busy_timeout = 5000")?;
    written.or_else(|error| if is_busy(&error) { Ok(()) } else { Err(error) })
}

/// If several processes set a new file to WAL at once, SQLite refuses all but one immediately: `busy_timeout` does not
/// apply. If the file is already in WAL mode, this only reads.
fn use_wal(conn: &mut diesel::SqliteConnection) -> QueryResult<()> {
    for _ in 1..WAL_TRIES {
        match conn.batch_execute(WAL) {
            Err(error) if is_busy(&error) => std::thread::sleep(WAL_PAUSE),
            switched => return switched,
        }
    }
    conn.batch_execute(WAL)
}

fn is_busy(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(_, information) if information.message() == "database is locked")
}

/// Creates the file, if there is none, so that only its owner can ever read it, whatever the umask is. Removes the
/// access rights of others that an earlier version, or a copy, left. SQLite gives the files next to it the same mode.
///
/// An existing file is never opened here: closing it again would release the locks that this process holds on it.
fn restrict(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(files::MODE).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return if path.exists() { Ok(()) } else { Err(error) };
        }
        _ => {}
    }
    files::restrict(path)?;
    BESIDE.iter().try_for_each(|suffix| {
        let mut beside = path.as_os_str().to_owned();
        beside.push(suffix);
        files::restrict(Path::new(&beside))
    })
}

/// Why a file cannot be used, if the operating system knows: SQLite only says "unable to open database file".
fn reason(path: &Path, said: &str) -> String {
    if path.is_dir() {
        return "it is a directory".to_owned();
    }
    let usable = rustix::fs::access(path, Access::READ_OK | Access::WRITE_OK);
    usable.err().map_or_else(|| said.to_owned(), |error| format!("{said} ({error})"))
}
