//! What only PostgreSQL has: TLS, a server that restarts, and tables that must be the same as SQLite's.

use diesel::sql_query;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use userprofile::storage::Db;
use userprofile::storage::db::Location;

use super::tables::{self, Column};
use crate::support::database;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run these tests with scripts/test postgres"))
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_same_tables() {
    variable("TEST_DATABASE_URL");
    let database = database::create().await;
    let mut conn = AsyncPgConnection::establish(&database.url()).await.unwrap();
    let columns: Vec<Column> = sql_query(
        "SELECT c.table_name::text, c.column_name::text,
                CASE c.udt_name WHEN 'text' THEN 'TEXT' WHEN 'bool' THEN 'BOOLEAN' WHEN 'int4' THEN 'INTEGER'
                     WHEN 'int8' THEN 'BIGINT' WHEN 'bytea' THEN 'BLOB' WHEN 'timestamptz' THEN 'TIMESTAMPTZ'
                     ELSE c.udt_name END AS column_type,
                c.is_nullable = 'YES' AS is_nullable,
                coalesce(k.ordinal_position, 0)::int4 AS key_place
         FROM information_schema.columns c
         LEFT JOIN (information_schema.table_constraints t JOIN information_schema.key_column_usage k
                    ON k.constraint_name = t.constraint_name AND t.constraint_type = 'PRIMARY KEY')
           ON k.table_name = c.table_name AND k.column_name = c.column_name
         WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_\\_%'
         ORDER BY c.table_name COLLATE \"C\", c.ordinal_position",
    )
    .load(&mut conn)
    .await
    .unwrap();
    assert_eq!(columns, tables::on_sqlite().await);
}

async fn ping(url: &str) -> Result<(), String> {
    let location = Location::Postgres(url.parse().map_err(|error| format!("{error}"))?);
    let db = Db::open(&location, 1).await.map_err(|error| error.to_string())?;
    db.ping().await.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_spoken_and_verified_as_the_address_asks() {
    let (url, root) = (variable("TEST_POSTGRES_TLS_URL"), variable("TEST_POSTGRES_ROOT_CERT"));
    let with = |parameters: &str| format!("{}?{parameters}", url.split('?').next().unwrap());
    let full = format!("sslmode=verify-full&sslrootcert={root}");
    for parameters in ["sslmode=disable", "sslmode=prefer", "sslmode=require", &full] {
        ping(&with(parameters)).await.unwrap_or_else(|error| panic!("{parameters}: {error}"));
    }
    // The certificate is not from a root that the system trusts.
    assert!(ping(&with("sslmode=verify-full")).await.is_err());
    // It is made out to `localhost`, not to this name for the same address.
    let other_name = with(&full).replace("localhost", "127.0.0.2");
    assert!(ping(&other_name).await.is_err());
    let authority = format!("sslmode=verify-ca&sslrootcert={root}");
    ping(&with(&authority).replace("localhost", "127.0.0.2")).await.unwrap();
    assert!(ping(&with("sslmode=sometimes")).await.unwrap_err().contains("sslmode must be"));
    assert!(ping(&with("sslmode=verify-full&sslrootcert=/nowhere")).await.unwrap_err().contains("/nowhere"));
}
