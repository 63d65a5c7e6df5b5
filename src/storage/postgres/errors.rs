//! Errors of PostgreSQL, identified by their SQLSTATE.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};
use tokio_postgres::error::{DbError, SqlState};

use crate::storage::error::SQLSTATE_PREFIX;

/// What connections have learned about the server, for all of them.
#[derive(Debug, Default)]
pub(in crate::storage) struct ServerState {
    /// Whether the server has no space left for a write.
    is_full: AtomicBool,
    /// How many connections learned that the server accepts no writes.
    read_only: AtomicU64,
}

impl ServerState {
    pub(super) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    pub(super) fn set_full(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::Relaxed);
    }

    /// Changes when a connection learns that the server accepts no writes: another server may accept them by now.
    pub(super) fn epoch(&self) -> u64 {
        self.read_only.load(Ordering::Relaxed)
    }
}

/// Converts errors of tokio-postgres to diesel's, and remembers what a connection has to know of them.
#[derive(Clone)]
pub(super) struct Errors {
    /// The first error of the transaction. PostgreSQL refuses every later statement with 25P02, which does not say why.
    first: Arc<Mutex<Option<DbError>>>,
    is_read_only: Arc<AtomicBool>,
    server: Arc<ServerState>,
}

impl Errors {
    pub(super) fn new(server: Arc<ServerState>) -> Self {
        Self { first: Arc::default(), is_read_only: Arc::default(), server }
    }

    /// Whether the server refused a write because it accepts none at the moment.
    pub(super) fn is_read_only(&self) -> bool {
        self.is_read_only.load(Ordering::Relaxed)
    }

    /// Notes that the server accepts no writes at the moment.
    pub(super) fn note_read_only(&self) {
        if !self.is_read_only.swap(true, Ordering::Relaxed) {
            self.server.read_only.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The error as diesel's; instead of 25P02, the first error of the transaction.
    pub(super) fn convert(&self, error: &tokio_postgres::Error) -> DieselError {
        let Some(error) = error.as_db_error() else {
            return DieselError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, Box::new(describe(error)));
        };
        if *error.code() == SqlState::READ_ONLY_SQL_TRANSACTION {
            self.note_read_only();
        }
        if *error.code() == SqlState::DISK_FULL {
            self.server.set_full(true);
        }
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if *error.code() == SqlState::IN_FAILED_SQL_TRANSACTION {
            return database_error(first.as_ref().unwrap_or(error));
        }
        first.get_or_insert_with(|| error.clone());
        database_error(error)
    }

    /// Must be called when a transaction has ended.
    pub(super) fn forget(&self) {
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Must be called for every statement that may begin or end a transaction. For a `COMMIT` after an error, returns
    /// that error.
    pub(super) fn end_of_transaction(&self, sql: &str) -> Option<DieselError> {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if sql.starts_with("BEGIN") || sql.starts_with("ROLLBACK") {
            *first = None;
        }
        if sql == "COMMIT" { first.take().map(|error| database_error(&error)) } else { None }
    }
}

/// The error with its causes: the error itself only says "error connecting to server".
pub(super) fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn database_error(error: &DbError) -> DieselError {
    let kind = match *error.code() {
        SqlState::UNIQUE_VIOLATION => DatabaseErrorKind::UniqueViolation,
        SqlState::FOREIGN_KEY_VIOLATION => DatabaseErrorKind::ForeignKeyViolation,
        SqlState::NOT_NULL_VIOLATION => DatabaseErrorKind::NotNullViolation,
        SqlState::CHECK_VIOLATION => DatabaseErrorKind::CheckViolation,
        SqlState::T_R_SERIALIZATION_FAILURE => DatabaseErrorKind::SerializationFailure,
        SqlState::READ_ONLY_SQL_TRANSACTION => DatabaseErrorKind::ReadOnlyTransaction,
        _ => DatabaseErrorKind::Unknown,
    };
    let message = format!("{SQLSTATE_PREFIX}{}: {}", error.code().code(), error.message());
    let constraint = error.constraint().map(str::to_owned);
    DieselError::DatabaseError(kind, Box::new(Information { message, constraint }))
}

/// An error as it is passed to diesel. The detail and the hint are omitted: a detail quotes the values of a row.
struct Information {
    message: String,
    constraint: Option<String>,
}

impl DatabaseErrorInformation for Information {
    fn message(&self) -> &str {
        &self.message
    }

    fn details(&self) -> Option<&str> {
        None
    }

    fn hint(&self) -> Option<&str> {
        None
    }

    fn table_name(&self) -> Option<&str> {
        None
    }

    fn column_name(&self) -> Option<&str> {
        None
    }

    fn constraint_name(&self) -> Option<&str> {
        self.constraint.as_deref()
    }

    fn statement_position(&self) -> Option<i32> {
        None
    }
}
