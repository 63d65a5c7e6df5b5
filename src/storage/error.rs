//! The errors of a database, as types.

use std::error::Error as StdError;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

/// A failed statement, or a failed connection. That nothing was found is not an error but an `Option`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database is unreachable or has no free connection. A later request may succeed.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The transaction gave way to a concurrent one, and nothing of it remains. It may succeed if it is run again.
    #[error("the transaction was aborted in favour of a concurrent one: {0}")]
    Aborted(String),
    /// The request has executed as many statements as a request may.
    #[error("a request may execute at most {0} statements")]
    TooManyStatements(u32),
    /// An entity with the same key already exists.
    #[error("an entry with the same key already exists ({0:?})")]
    Conflict(Conflict),
    /// A row contains a value that the server never writes.
    #[error("a stored value is invalid: {0}")]
    Corrupt(String),
    /// A required row was deleted by another transaction.
    #[error("{table}: the row of {id} was deleted in the meantime; try again")]
    Gone {
        /// The table.
        table: &'static str,
        /// The key of the row.
        id: String,
    },
    /// Any other error of the database.
    #[error("the database refused a statement: {0}")]
    Refused(#[source] DieselError),
}

/// The key that already exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The user id, within a domain.
    UsersLogin,
    /// The verified address of a user, within a domain.
    UsersVerifiedEmail,
    /// The credential of a passkey.
    PasskeysCredential,
    /// Any other key.
    Other,
}

/// Checks that a statement changed exactly the one row that it is about. If it changed none, the row is
/// [`Gone`](Error::Gone).
pub(super) fn changed_one(changed: usize, table: &'static str, id: &str) -> Result<(), Error> {
    if changed == 1 { Ok(()) } else { Err(Error::Gone { table, id: id.to_owned() }) }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        let (kind, information) = match &error {
            DieselError::DatabaseError(kind, information) => (kind, information),
            DieselError::DeserializationError(error) => return Self::Corrupt(with_cause(&**error)),
            _ => {
                return match error {
                    // The reason for the failed commit says more than that for the failed rollback after it.
                    DieselError::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
                    error => Self::Refused(error),
                };
            }
        };
        let message = information.message();
        match kind {
            DatabaseErrorKind::UniqueViolation => Self::Conflict(conflict(information.as_ref())),
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                Self::Unavailable(message.to_owned())
            }
            _ => match sqlstate(message) {
                Some(state) if ABORTED.contains(&state) => Self::Aborted(message.to_owned()),
                Some(state) if is_passing(state) => Self::Unavailable(message.to_owned()),
                None if is_passing_on_sqlite(message) => Self::Unavailable(message.to_owned()),
                _ => Self::Refused(error),
            },
        }
    }
}

/// Precedes the SQLSTATE in the message of an error of PostgreSQL: diesel has no other place for it.
pub(super) const SQLSTATE_PREFIX: &str = "SQLSTATE ";

/// The SQLSTATE of an error with this message; `None` if it is not an error of PostgreSQL.
fn sqlstate(message: &str) -> Option<&str> {
    message.strip_prefix(SQLSTATE_PREFIX)?.get(..5)
}

/// The error, which names the column, and its cause, which names the value.
fn with_cause(error: &dyn StdError) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// PostgreSQL reports the name of the constraint; SQLite only reports the columns.
fn conflict(information: &(dyn DatabaseErrorInformation + Send + Sync)) -> Conflict {
    match (information.constraint_name(), information.message()) {
        (Some("users_login"), _) | (None, "UNIQUE constraint failed: users.domain_id, users.user_id_key") => {
            Conflict::UsersLogin
        }
        (Some("users_verified_email"), _) | (None, "UNIQUE constraint failed: users.domain_id, users.email_key") => {
            Conflict::UsersVerifiedEmail
        }
        (Some("passkeys_credential"), _) | (None, "UNIQUE constraint failed: passkeys.credential_id") => {
            Conflict::PasskeysCredential
        }
        _ => Conflict::Other,
    }
}

/// `serialization_failure` and `deadlock_detected`.
const ABORTED: [&str; 2] = ["40001", "40P01"];

/// Whether a retry may succeed, by PostgreSQL's SQLSTATE: a lost connection (class 08), a server that accepts no writes
/// (25006) or lacks resources (53), a statement that an operator or a limit stopped (57), a lock that did not become
/// free in time (55P03).
pub(super) fn is_passing(state: &str) -> bool {
    ["25006", "55P03"].contains(&state) || ["08", "53", "57"].iter().any(|class| state.starts_with(class))
}

/// The same, by the messages of SQLite's result codes, which are never translated. diesel does not provide the codes.
fn is_passing_on_sqlite(message: &str) -> bool {
    const PASSING: [&str; 8] = [
        "database is locked",                   // SQLITE_BUSY
        "database table is locked",             // SQLITE_LOCKED
        "locking protocol",                     // SQLITE_PROTOCOL
        "database or disk is full",             // SQLITE_FULL
        "attempt to write a readonly database", // SQLITE_READONLY
        "disk I/O error",                       // SQLITE_IOERR
        "unable to open database file",         // SQLITE_CANTOPEN
        "out of memory",                        // SQLITE_NOMEM
    ];
    PASSING.iter().any(|passing| message.starts_with(passing))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(message: &str) -> Error {
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned())).into()
    }

    #[test]
    fn errors_of_postgresql_are_classified_by_sqlstate_in_any_language() {
        for state in ["25006", "55P03", "57014", "57P01", "57P03", "53100", "53300", "08006"] {
            let error = error(&format!("SQLSTATE {state}: \u{c7a0}\u{ae08} \u{c2dc}\u{ac04} \u{cd08}\u{acfc}"));
            assert!(matches!(error, Error::Unavailable(_)), "{state}: {error}");
        }
        for state in ["40001", "40P01"] {
            assert!(matches!(error(&format!("SQLSTATE {state}: x")), Error::Aborted(_)), "{state}");
        }
        for message in ["SQLSTATE 42P01: database is locked", "SQLSTATE 25P02: x", "database disk image is malformed"] {
            assert!(matches!(error(message), Error::Refused(_)), "{message}");
        }
    }

    #[test]
    fn errors_of_sqlite_are_classified_by_their_messages() {
        for message in ["database is locked", "database table is locked: users", "database or disk is full"] {
            assert!(matches!(error(message), Error::Unavailable(_)), "{message}");
        }
    }
}
