//! Where the database is.

use std::path::PathBuf;

use super::postgres::{self, PostgresUrl};

/// The kind of the database and its location.
#[derive(Debug, Clone)]
pub enum Location {
    /// A file of the bundled SQLite.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(PostgresUrl),
}

impl Location {
    /// Why the database cannot be reached, if a later attempt may succeed.
    pub async fn why_unreachable(&self) -> Option<String> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(url) => postgres::why_unreachable(url).await,
        }
    }
}
