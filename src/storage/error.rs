//! What can go wrong with a database, as types.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

/// A statement, or getting to where it could be made, failed. That nothing was found is no error but an `Option`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached, or has no connection to spare; later it may.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The request has executed as many statements as one may.
    #[error("a request may execute at most {0} statements")]
    TooManyStatements(u32),
    /// Something with the same key is there already.
    #[error("{0:?}: there is one already")]
    Conflict(Conflict),
    /// A row holds what the program never writes.
    #[error("{table}.{column} of {id} holds what cannot be understood")]
    Corrupt {
        /// In which table.
        table: &'static str,
        /// In which column.
        column: &'static str,
        /// The row's key.
        id: String,
    },
    /// Anything else the database said.
    #[error("the database refused a statement: {0}")]
    Refused(#[source] DieselError),
}

/// Which key it was that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// A user of this name, in this domain.
    UsersLogin,
    /// A user with this verified address, in this domain.
    UsersVerifiedEmail,
    /// Another one.
    Other,
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, information) => {
                Self::Conflict(conflict(information.as_ref()))
            }
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                information,
            ) => Self::Unavailable(information.message().to_owned()),
            DieselError::DatabaseError(_, information) if is_passing(information.message()) => {
                Self::Unavailable(information.message().to_owned())
            }
            _ => Self::Refused(error),
        }
    }
}

/// PostgreSQL tells the name of the constraint; SQLite only which columns.
fn conflict(information: &(dyn DatabaseErrorInformation + Send + Sync)) -> Conflict {
    match (information.constraint_name(), information.message()) {
        (Some("users_login"), _) | (None, "UNIQUE constraint failed: users.domain_id, users.user_id_key") => {
            Conflict::UsersLogin
        }
        (Some("users_verified_email"), _) | (None, "UNIQUE constraint failed: users.domain_id, users.email_key") => {
            Conflict::UsersVerifiedEmail
        }
        _ => Conflict::Other,
    }
}

/// Whether a later try may succeed. Neither diesel nor SQLite gives these a kind of their own.
fn is_passing(message: &str) -> bool {
    const PASSING: [&str; 7] = [
        "deadlock detected",
        "database is locked",
        "connection closed",
        "terminating connection due to administrator command",
        "the database system is shutting down",
        "canceling statement due to statement timeout",
        "canceling statement due to lock timeout",
    ];
    PASSING.iter().any(|passing| message.contains(passing))
}
