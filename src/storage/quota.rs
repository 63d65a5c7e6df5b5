//! The database quota of one request: one connection at a time, and a limited number of statements.
//!
//! Without it, one request that reads many entities at once takes every connection of the pool, and all others wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::error::Error;

/// The maximum number of statements of a request. `BEGIN`, `COMMIT`, and `ROLLBACK` count.
pub const MAX_STATEMENTS: u32 = 100;

/// How long an operation waits for a connection that the same request holds: longer than any request may take. An
/// operation that requests a second connection while it holds one would wait for itself.
const WAIT_TIMEOUT: Duration = Duration::from_mins(1);

/// The quota of one request. Its clones share it.
#[derive(Debug, Clone)]
pub struct Quota {
    connection: Arc<Semaphore>,
    statements: Arc<AtomicU32>,
}

impl Default for Quota {
    fn default() -> Self {
        Self { connection: Arc::new(Semaphore::new(1)), statements: Arc::default() }
    }
}

impl Quota {
    /// How many statements the request may still execute.
    #[must_use]
    pub fn statements_left(&self) -> u32 {
        MAX_STATEMENTS.saturating_sub(self.statements.load(Ordering::Relaxed))
    }

    /// The quota of the same request for another database: with a connection of its own, and the same statements.
    pub(super) fn beside(&self) -> Self {
        Self { connection: Arc::new(Semaphore::new(1)), statements: Arc::clone(&self.statements) }
    }

    /// Counts a statement.
    pub(super) fn count(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until the request holds no connection. The request holds its next connection until the permit is dropped.
    pub(super) async fn connection(&self) -> Result<OwnedSemaphorePermit, Error> {
        let permit = timeout(WAIT_TIMEOUT, Arc::clone(&self.connection).acquire_owned()).await;
        permit
            .map_err(|error| Error::Unavailable(error.to_string()))?
            .map_err(|error| Error::Unavailable(error.to_string()))
    }

    /// The same, for one statement that only reads. [`Error::TooManyStatements`] if the request has executed as many as
    /// it may.
    pub(super) async fn connection_to_read(&self) -> Result<OwnedSemaphorePermit, Error> {
        let permit = self.connection().await?;
        self.count_read()?;
        Ok(permit)
    }

    /// Counts a statement that only reads. [`Error::TooManyStatements`] if the request has executed as many as it may.
    pub(super) fn count_read(&self) -> Result<(), Error> {
        if self.statements_left() == 0 {
            return Err(Error::TooManyStatements(MAX_STATEMENTS));
        }
        self.count();
        Ok(())
    }
}
