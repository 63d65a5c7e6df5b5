//! Statements on many rows: the look-ups and writes of an import, each for a whole batch. The calling code chooses the
//! batches; a thousand rows are a good size. Statements on single entities are in the entity's own file.

mod entities;
mod users;

pub use entities::{
    Dated, GroupWithUsers, count_in_domains, delete, delete_domains, find_domains, find_domains_of, find_roles,
    put_bindings, put_domains, put_groups, put_roles, put_workspaces,
};
pub use users::{
    StoredUser, UserWithSecrets, change_id, delete_users, find_users_by_id, find_users_by_login,
    find_users_by_verified_email, lock_users, put_users, unverify,
};

use diesel::connection::SimpleConnection as _;
use diesel_async::SimpleAsyncConnection as _;

use super::db::{Conn, Db, Tx};
use super::error::Error;
use super::sqlite;

/// The number of rows that one statement inserts on PostgreSQL: far below its limit of 65,535 parameters.
pub(super) const ROWS_PER_STATEMENT: usize = 500;
/// How many times an import waits five seconds for another writer on SQLite: ten minutes.
const TRIES_TO_BEGIN: usize = 120;
/// Held by an import on PostgreSQL, so that of two concurrent imports the second sees what the first wrote.
const ADVISORY_LOCK: i64 = 0x7573_6572_696d_706f;
/// Bulk statements have no time limits; the limits that keep requests from blocking others do not apply to them. Every
/// statement uses an index, whatever the planner prefers: its statistics may be from before the import, when a full
/// scan was cheap. After a million rows, it no longer is.
const SETTINGS: &str = "
    SET LOCAL statement_timeout = 0;
    SET LOCAL lock_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_bitmapscan = off;
    SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_mergejoin = off;
    SET LOCAL enable_sort = off;
";
/// The tables that an import writes.
const WRITTEN_TABLES_ANALYZE: &str =
    "ANALYZE domains, roles, users, workspace_groups, workspace_group_users, workspaces, role_bindings";
/// Index pages are written in no particular order. With the usual cache, every page would be read and written many
/// times.
const LARGE_CACHE: &str = "PRAGMA soft_heap_limit = 88000000; PRAGMA cache_size = -48000;";
/// Releases the space that the transaction took in the log.
const TRUNCATE_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE);";

/// Begins a transaction that will write a lot. Another import waits until it ends.
///
/// # Errors
/// If the database is unavailable, or another process writes to SQLite all the time.
pub async fn begin(db: &Db) -> Result<Tx, Error> {
    let mut tries = 1;
    let mut tx = loop {
        match db.begin().await {
            Err(Error::Unavailable(reason)) if reason.contains("locked") && tries < TRIES_TO_BEGIN => tries += 1,
            result => break result?,
        }
    };
    match tx.conn() {
        Conn::Pg(c) => {
            c.batch_execute(&format!("{SETTINGS} SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
        }
        Conn::Sqlite(c) => c.batch_execute(LARGE_CACHE).await?,
    }
    Ok(tx)
}

/// Begins a transaction that reads a lot, as of one moment, without a time limit.
pub async fn begin_snapshot(db: &Db) -> Result<Tx, Error> {
    let mut tx = db.begin_snapshot().await?;
    if let Conn::Pg(c) = tx.conn() {
        c.batch_execute(SETTINGS).await?;
    }
    Ok(tx)
}

/// Updates the statistics of PostgreSQL, including what the transaction has written. From then on, PostgreSQL plans
/// with them, also the checks of foreign keys, whose plans it caches. During an import, call this whenever a table may
/// have doubled.
pub async fn refresh_statistics(tx: &mut Tx) -> Result<(), Error> {
    if let Conn::Pg(c) = tx.conn() {
        c.batch_execute(WRITTEN_TABLES_ANALYZE).await?;
    }
    Ok(())
}

/// Commits everything that was written since [`begin`]. Updates the statistics of PostgreSQL first: each statement is
/// planned once, with the statistics of that moment, which otherwise do not include the imported rows.
///
/// # Errors
/// If the commit fails. Then nothing of the transaction remains.
pub async fn commit(mut tx: Tx) -> Result<(), Error> {
    if let Conn::Pg(c) = tx.conn() {
        c.batch_execute("ANALYZE").await?;
    }
    if let Conn::Sqlite(c) = &mut tx.commit_keeping().await? {
        // The transaction is committed. If another process still reads the log, a later import truncates it.
        let _ = c
            .spawn_blocking(|c| {
                c.batch_execute(sqlite::CACHE)?;
                c.batch_execute(TRUNCATE_LOG)
            })
            .await;
    }
    Ok(())
}

/// Executes a statement for rows. On PostgreSQL, one statement takes many rows. On SQLite, a statement needs no round
/// trip to a server, so each row has its own, all in one call to the connection's thread.
macro_rules! for_rows {
    ($tx:expr, $rows:expr, |$values:ident| $statement:expr) => {{
        let rows = $rows;
        match $tx.conn() {
            $crate::storage::db::Conn::Pg(c) => {
                for $values in rows.chunks($crate::storage::bulk::ROWS_PER_STATEMENT) {
                    diesel_async::RunQueryDsl::execute($statement, c).await?;
                }
            }
            $crate::storage::db::Conn::Sqlite(c) => {
                c.spawn_blocking(move |c| {
                    for $values in &rows {
                        diesel::RunQueryDsl::execute($statement, c)?;
                    }
                    Ok(())
                })
                .await?;
            }
        }
    }};
}
pub(super) use for_rows;

/// Inserts rows.
macro_rules! insert_rows {
    ($tx:expr, $table:expr, $rows:expr) => {
        $crate::storage::bulk::for_rows!($tx, $rows, |values| diesel::insert_into($table).values(values))
    };
}
pub(super) use insert_rows;

/// Inserts rows, and updates the listed columns of rows whose key, the conflict target, already exists. For transactions
/// that wait for its lock, an updated row stays the same row.
macro_rules! upsert_rows {
    ($tx:expr, $table:ident, $target:expr, [$($column:ident),+ $(,)?], $rows:expr) => {{
        use diesel::ExpressionMethods as _;
        use diesel::upsert::excluded;
        $crate::storage::bulk::for_rows!($tx, $rows, |values| diesel::insert_into($table::table)
            .values(values)
            .on_conflict($target)
            .do_update()
            .set(($($table::$column.eq(excluded($table::$column)),)+)))
    }};
}
pub(super) use upsert_rows;
