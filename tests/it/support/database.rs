//! A database for each test, copied from a template to which the migrations were applied once.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::{Connection, QueryableByName, SqliteConnection};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use userprofile::storage::db::Location;
use userprofile::storage::migrate;

/// A database of one test. A SQLite file is deleted when this is dropped; a PostgreSQL database stays on the temporary
/// server.
pub struct Database {
    kind: Kind,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

enum Kind {
    Sqlite { path: PathBuf, _folder: TempDir },
    Postgres { url: String },
}

impl Database {
    /// Its location for the library.
    pub fn location(&self) -> Location {
        match &self.kind {
            Kind::Sqlite { path, .. } => Location::Sqlite(path.clone()),
            Kind::Postgres { url } => Location::Postgres(url.parse().unwrap()),
        }
    }

    /// Its `DATABASE_URL` for the binary.
    pub fn url(&self) -> String {
        match &self.kind {
            Kind::Sqlite { path, .. } => format!("sqlite:{}", path.display()),
            Kind::Postgres { url } => url.clone(),
        }
    }
}

/// The URL of the PostgreSQL server to run the tests on, or `None` for SQLite.
pub fn server() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok()
}

/// Creates a migrated, empty database.
pub async fn create() -> Database {
    if let Some(server) = server() {
        create_on_postgres(&server, Some(template_on_postgres(&server).await)).await
    } else {
        create_sqlite().await
    }
}

/// Creates a migrated, empty SQLite database, even if the tests run on PostgreSQL: for tests that transfer data between
/// databases.
pub async fn create_sqlite() -> Database {
    let database = empty_sqlite();
    std::fs::copy(template_on_sqlite().await, database.path()).unwrap();
    database
}

/// Creates a database without tables.
pub async fn create_empty() -> Database {
    match server() {
        Some(server) => create_on_postgres(&server, None).await,
        None => empty_sqlite(),
    }
}

impl Database {
    /// Executes statements on a PostgreSQL database as its superuser.
    pub async fn administer(&self, sql: &str) {
        let mut conn = AsyncPgConnection::establish(&self.url()).await.unwrap();
        conn.batch_execute(sql).await.unwrap();
    }

    /// Opens another connection to a PostgreSQL database.
    pub async fn connect(&self) -> AsyncPgConnection {
        AsyncPgConnection::establish(&self.url()).await.unwrap()
    }

    /// The number of rows of a query, given from its `FROM` clause on: `users WHERE …`.
    pub async fn count(&self, from: &str) -> i64 {
        let query = format!("SELECT count(*) AS value FROM {from}");
        let rows: Vec<Number> = match &self.kind {
            Kind::Sqlite { path, .. } => {
                let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                diesel::RunQueryDsl::load(diesel::sql_query(query), &mut conn).unwrap()
            }
            Kind::Postgres { url } => {
                let mut conn = AsyncPgConnection::establish(url).await.unwrap();
                diesel_async::RunQueryDsl::load(diesel::sql_query(query), &mut conn).await.unwrap()
            }
        };
        rows[0].value
    }

    /// Executes statements that differ between the databases.
    pub async fn execute_on(&self, on_sqlite: &str, on_postgres: &str) {
        match &self.kind {
            Kind::Sqlite { path, .. } => {
                let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                diesel::connection::SimpleConnection::batch_execute(&mut conn, on_sqlite).unwrap();
            }
            Kind::Postgres { url } => {
                let mut conn = AsyncPgConnection::establish(url).await.unwrap();
                conn.batch_execute(on_postgres).await.unwrap();
            }
        }
    }

    /// The column `value` of each row of a query.
    pub async fn texts(&self, on_sqlite: &str, on_postgres: &str) -> Vec<String> {
        let rows: Vec<Line> = match &self.kind {
            Kind::Sqlite { path, .. } => {
                let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                diesel::RunQueryDsl::load(diesel::sql_query(on_sqlite), &mut conn).unwrap()
            }
            Kind::Postgres { url } => {
                let mut conn = AsyncPgConnection::establish(url).await.unwrap();
                diesel_async::RunQueryDsl::load(diesel::sql_query(on_postgres), &mut conn).await.unwrap()
            }
        };
        rows.into_iter().map(|row| row.value).collect()
    }

    /// Executes statements that are the same on both databases.
    pub async fn execute(&self, statements: &str) {
        self.execute_on(statements, statements).await;
    }

    fn path(&self) -> &PathBuf {
        match &self.kind {
            Kind::Sqlite { path, .. } => path,
            Kind::Postgres { .. } => panic!("not a file"),
        }
    }
}

fn empty_sqlite() -> Database {
    let folder = tempfile::tempdir().unwrap();
    Database { kind: Kind::Sqlite { path: folder.path().join("userprofile.db"), _folder: folder } }
}

async fn template_on_sqlite() -> &'static PathBuf {
    static TEMPLATE: OnceCell<(PathBuf, TempDir)> = OnceCell::const_new();
    let make = async || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("template.db");
        migrate::apply(&Location::Sqlite(path.clone())).await.unwrap();
        (path, folder)
    };
    &TEMPLATE.get_or_init(make).await.0
}

async fn template_on_postgres(server: &str) -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let make = async || {
        let database = create_on_postgres(server, None).await;
        migrate::apply(&database.location()).await.unwrap();
        database.url().rsplit_once('/').unwrap().1.split('?').next().unwrap().to_owned()
    };
    TEMPLATE.get_or_init(make).await
}

async fn create_on_postgres(server: &str, template: Option<&str>) -> Database {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut conn = AsyncPgConnection::establish(server).await.unwrap();
    let template = template.unwrap_or("template0");
    conn.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await.unwrap();
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(&name);
    Database { kind: Kind::Postgres { url: url.into() } }
}
