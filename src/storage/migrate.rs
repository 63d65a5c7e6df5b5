//! The migrations, which are embedded in the binary, and their application.

use std::error::Error as StdError;
use std::path::Path;

use diesel::backend::Backend;
use diesel::expression::SqlLiteral;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryableByName, SqliteConnection};
use diesel_async::{AnsiTransactionManager, AsyncMigrationHarness, SimpleAsyncConnection, TransactionManager};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::db::{Db, Location};
use super::{keys, postgres, sqlite};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Held while migrations are applied on PostgreSQL, so that of two servers that start at once, one waits for the other.
const ADVISORY_LOCK: i64 = 0x7573_6572_7072_6f66;

const NO_LIMITS: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
                         SET LOCAL idle_in_transaction_session_timeout = 0;";

/// The migrations could not be read or applied. None is applied partially.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MigrateError(#[source] Box<dyn StdError + Send + Sync>);

/// Applies all pending migrations at once, and returns their names. Concurrent calls are safe.
pub async fn apply(location: &Location) -> Result<Vec<String>, MigrateError> {
    let applied = apply_files(location).await?;
    keys::bring_up_to_date(location).await.map_err(|error| MigrateError(error.into()))?;
    Ok(applied)
}

async fn apply_files(location: &Location) -> Result<Vec<String>, MigrateError> {
    match location {
        Location::Sqlite(path) => on_sqlite(path, |conn| {
            conn.immediate_transaction(|conn| names(conn.run_pending_migrations(SQLITE))).map_err(|Boxed(error)| error)
        })
        .await
        .map_err(MigrateError),
        Location::Postgres(url) => apply_on_postgres(url).await.map_err(MigrateError),
    }
}

/// The pending migrations. Only reads, so it needs no right to create tables and works on a standby.
pub async fn pending(location: &Location) -> Result<Vec<String>, MigrateError> {
    let mut pending = pending_files(location).await?;
    if pending.is_empty() {
        let due = async { keys::are_due(&Db::open(location, 1).await?).await };
        if due.await.map_err(|error| MigrateError(error.into()))? {
            pending.push(keys::NAME.to_owned());
        }
    }
    Ok(pending)
}

async fn pending_files(location: &Location) -> Result<Vec<String>, MigrateError> {
    match location {
        Location::Sqlite(path) => {
            on_sqlite(path, |conn| {
                let is_there = diesel::select(bool(HAS_TABLE_ON_SQLITE));
                let applied = if diesel::RunQueryDsl::get_result(is_there, conn)? {
                    diesel::RunQueryDsl::load(diesel::sql_query(APPLIED), conn)?
                } else {
                    Vec::new()
                };
                missing::<Sqlite>(&SQLITE, &applied)
            })
            .await
        }
        Location::Postgres(url) => pending_on_postgres(url).await,
    }
    .map_err(MigrateError)
}

async fn pending_on_postgres(url: &postgres::PostgresUrl) -> Result<Vec<String>, BoxedError> {
    let conn = &mut postgres::establish(url).await?;
    let applied = if diesel_async::RunQueryDsl::get_result(diesel::select(bool(HAS_TABLE_ON_POSTGRES)), conn).await? {
        diesel_async::RunQueryDsl::load(diesel::sql_query(APPLIED), conn).await?
    } else {
        Vec::new()
    };
    missing::<Pg>(&POSTGRES, &applied)
}

/// Where diesel records the applied migrations. Its own check creates the table if there is none.
const APPLIED: &str = "SELECT version FROM __diesel_schema_migrations";
const HAS_TABLE_ON_POSTGRES: &str = "to_regclass('__diesel_schema_migrations') IS NOT NULL";
const HAS_TABLE_ON_SQLITE: &str = "EXISTS (SELECT * FROM sqlite_master WHERE name = '__diesel_schema_migrations')";

/// A migration that was applied.
#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    version: String,
}

fn bool(text: &str) -> SqlLiteral<Bool> {
    diesel::dsl::sql(text)
}

/// The migrations of `source` that are not in `applied`.
fn missing<DB: Backend>(source: &impl MigrationSource<DB>, applied: &[Applied]) -> Result<Vec<String>, BoxedError> {
    let migrations = source.migrations()?;
    let missing = migrations.iter().map(|migration| migration.name()).filter(|name| {
        let version = name.version().to_string();
        applied.iter().all(|applied| applied.version != version)
    });
    Ok(missing.map(ToString::to_string).collect())
}

type BoxedError = Box<dyn StdError + Send + Sync>;

/// The error of a transaction must implement `From` for diesel's error, which a box of any error cannot do.
struct Boxed(BoxedError);

impl From<diesel::result::Error> for Boxed {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.into())
    }
}

fn names(applied: Result<Vec<diesel::migration::MigrationVersion<'_>>, BoxedError>) -> Result<Vec<String>, Boxed> {
    Ok(applied.map_err(Boxed)?.iter().map(ToString::to_string).collect())
}

async fn on_sqlite<R: Send + 'static>(
    path: &Path,
    run: impl FnOnce(&mut SqliteConnection) -> Result<R, BoxedError> + Send + 'static,
) -> Result<R, BoxedError> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || run(&mut sqlite::establish(&path)?)).await?
}

/// Applies all migrations in one transaction. The advisory lock belongs to the transaction, not to the session: behind
/// a pooler, the next statement may run in another session. A migration has no time limit.
async fn apply_on_postgres(url: &postgres::PostgresUrl) -> Result<Vec<String>, BoxedError> {
    let mut conn = postgres::establish(url).await?;
    conn.begin("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    let prepare = format!("{NO_LIMITS} SELECT pg_advisory_xact_lock({ADVISORY_LOCK})");
    conn.batch_execute(&prepare).await?;
    let mut harness = AsyncMigrationHarness::new(conn);
    let applied = names(harness.run_pending_migrations(POSTGRES)).map_err(|Boxed(error)| error)?;
    AnsiTransactionManager::commit_transaction(&mut harness.into_inner()).await?;
    Ok(applied)
}
