//! The migrations, embedded in the binary, and applying them.

use std::error::Error as StdError;
use std::path::Path;

use diesel::SqliteConnection;
use diesel_async::{AsyncMigrationHarness, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::db::{Db, Location};
use super::{keys, postgres, sqlite};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Held while migrations are applied on PostgreSQL, so that of two servers that start at once one waits for the other.
const ADVISORY_LOCK: i64 = 0x7573_6572_7072_6f66;

/// The migrations could not be read or applied. None is applied by halves.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MigrateError(#[source] Box<dyn StdError + Send + Sync>);

/// Applies what has not been applied yet, all of it in one go, and tells what that was. Two at once are safe.
///
/// # Errors
/// When the database cannot be reached or written, or refuses a migration.
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

/// What has not been applied yet; changes nothing.
///
/// # Errors
/// When the database cannot be reached.
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
        Location::Sqlite(path) => on_sqlite(path, |conn| {
            let pending = conn.pending_migrations(SQLITE)?;
            Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
        })
        .await
        .map_err(MigrateError),
        Location::Postgres(url) => {
            let conn = postgres::establish(url).await.map_err(|error| MigrateError(error.into()))?;
            let mut harness = AsyncMigrationHarness::new(conn);
            let pending = harness.pending_migrations(POSTGRES).map_err(MigrateError)?;
            Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
        }
    }
}

type BoxedError = Box<dyn StdError + Send + Sync>;

/// A transaction's error must be makeable from diesel's; a box of any error already is too many things to be that.
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
    let path = path.to_string_lossy().into_owned();
    tokio::task::spawn_blocking(move || run(&mut sqlite::establish(&path)?)).await?
}

async fn apply_on_postgres(url: &postgres::PostgresUrl) -> Result<Vec<String>, BoxedError> {
    let mut conn = postgres::establish(url).await?;
    // A migration may take as long as it must. The lock belongs to the connection: should this process die, it is free.
    let prepare = format!("SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_advisory_lock({ADVISORY_LOCK})");
    conn.batch_execute(&prepare).await?;
    let mut harness = AsyncMigrationHarness::new(conn);
    names(harness.run_pending_migrations(POSTGRES)).map_err(|Boxed(error)| error)
}
