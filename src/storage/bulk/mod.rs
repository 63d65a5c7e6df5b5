//! Many rows at once: what import looks up and writes, each statement for a whole batch. The batches are the caller's to
//! make; a thousand rows are a good number. What is done to one thing at a time stands in that thing's own file.

mod things;
mod users;

pub use things::{
    count_in_domains, delete, delete_domains, find_domains, find_domains_of, find_roles, put_bindings, put_domains,
    put_groups, put_roles, put_workspaces,
};
pub use users::{
    StoredUser, UserToPut, change_id, delete_users, find_users_by_id, find_users_by_login,
    find_users_by_verified_email, find_whole_users, lock_users, put_users, unverify,
};

use diesel::connection::SimpleConnection as _;
use diesel_async::SimpleAsyncConnection as _;

use super::db::{Conn, Db, Tx};
use super::error::Error;

/// How many rows one statement of PostgreSQL inserts: far below its 65,535 parameters.
pub(super) const ROWS_PER_STATEMENT: usize = 500;
/// How many times five seconds an import waits for whoever else writes on SQLite: ten minutes.
const TRIES_TO_BEGIN: usize = 120;
/// Held by an import on PostgreSQL, so that of two at once the second sees what the first wrote.
const ADVISORY_LOCK: i64 = 0x7573_6572_696d_706f;
/// What is done to many rows takes as long as it takes: what keeps requests from holding others up does not count for it.
/// And every statement goes by an index, whatever the planner thinks: what it knows of a table can be from before the
/// import, when reading all of it was cheap. A million rows later it is not.
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
/// Indices are written in no order; with the usual 2 MB every page would be read and written many times over.
const LARGE_CACHE: &str = "PRAGMA cache_size = -48000;";
/// The cache as every other connection has it, and the space that the transaction took in the log given back.
const AFTER_COMMIT: &str = "PRAGMA cache_size = -2000; PRAGMA wal_checkpoint(TRUNCATE);";

/// Begins a transaction that will write a lot, alone: another import waits until it ends.
///
/// # Errors
/// When the database is not available, or on SQLite is written to by somebody else all the time.
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

/// Begins a transaction that reads a lot, as of one moment, for as long as it takes.
pub async fn begin_snapshot(db: &Db) -> Result<Tx, Error> {
    let mut tx = db.begin_snapshot().await?;
    if let Conn::Pg(c) = tx.conn() {
        c.batch_execute(SETTINGS).await?;
    }
    Ok(tx)
}

/// Lets PostgreSQL count the tables as they are now, with what the transaction has written. From then on, it plans by
/// this, also the checks of foreign keys, whose plans it keeps. While an import grows a table, this is due whenever the
/// table may have doubled.
pub async fn refresh_statistics(tx: &mut Tx) -> Result<(), Error> {
    if let Conn::Pg(c) = tx.conn() {
        c.batch_execute(WRITTEN_TABLES_ANALYZE).await?;
    }
    Ok(())
}

/// Makes everything last that was written since [`begin`]. PostgreSQL looks at it first: statements are planned once,
/// by what is known of the tables at that moment, and until it looks it knows of nothing that was just imported.
///
/// # Errors
/// When the database could not; then nothing of it remains.
pub async fn commit(mut tx: Tx) -> Result<(), Error> {
    if let Conn::Pg(c) = tx.conn() {
        c.batch_execute("ANALYZE").await?;
    }
    if let Conn::Sqlite(c) = &mut tx.commit_keeping().await? {
        // What was written lasts by now. If somebody still reads the log, the next one cuts it.
        let _ = c.spawn_blocking(|c| c.batch_execute(AFTER_COMMIT)).await;
    }
    Ok(())
}

/// Inserts rows: many to a statement on PostgreSQL; one by one on SQLite, where a statement costs no way to a server,
/// but all of them in one visit to its thread.
macro_rules! insert_rows {
    ($tx:expr, $table:expr, $rows:expr) => {{
        let rows = $rows;
        match $tx.conn() {
            $crate::storage::db::Conn::Pg(c) => {
                for some in rows.chunks($crate::storage::bulk::ROWS_PER_STATEMENT) {
                    diesel_async::RunQueryDsl::execute(diesel::insert_into($table).values(some), c).await?;
                }
            }
            $crate::storage::db::Conn::Sqlite(c) => {
                c.spawn_blocking(move |c| {
                    for row in &rows {
                        diesel::RunQueryDsl::execute(diesel::insert_into($table).values(row), c)?;
                    }
                    Ok(())
                })
                .await?;
            }
        }
    }};
}
pub(super) use insert_rows;

/// Inserts rows as [`insert_rows`] does, and updates the listed columns of those whose key, the conflict target, is there
/// already. A row that is replaced stays the same row for transactions that wait for its lock.
macro_rules! upsert_rows {
    ($tx:expr, $table:ident, $target:expr, [$($column:ident),+ $(,)?], $rows:expr) => {{
        use diesel::ExpressionMethods as _;
        use diesel::upsert::excluded;
        let rows = $rows;
        match $tx.conn() {
            $crate::storage::db::Conn::Pg(c) => {
                for some in rows.chunks($crate::storage::bulk::ROWS_PER_STATEMENT) {
                    let upsert = diesel::insert_into($table::table)
                        .values(some)
                        .on_conflict($target)
                        .do_update()
                        .set(($($table::$column.eq(excluded($table::$column)),)+));
                    diesel_async::RunQueryDsl::execute(upsert, c).await?;
                }
            }
            $crate::storage::db::Conn::Sqlite(c) => {
                c.spawn_blocking(move |c| {
                    for row in &rows {
                        let upsert = diesel::insert_into($table::table)
                            .values(row)
                            .on_conflict($target)
                            .do_update()
                            .set(($($table::$column.eq(excluded($table::$column)),)+));
                        diesel::RunQueryDsl::execute(upsert, c)?;
                    }
                    Ok(())
                })
                .await?;
            }
        }
    }};
}
pub(super) use upsert_rows;
