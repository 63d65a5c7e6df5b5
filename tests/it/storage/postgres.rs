//! What only PostgreSQL has: TLS, a server that restarts, and tables that must be the same as SQLite's.

use diesel::sql_query;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use tokio::net::{TcpListener, TcpStream};
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;
use userprofile::domain::password::Password;
use userprofile::storage::Db;
use userprofile::storage::db::Location;

use super::tables::{self, Column};
use crate::support::{DOMAIN, TestApp, database};

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
async fn tls_is_used_and_verified_as_the_url_specifies() {
    let (url, root) = (variable("TEST_POSTGRES_TLS_URL"), variable("TEST_POSTGRES_ROOT_CERT"));
    let with = |parameters: &str| format!("{}?{parameters}", url.split('?').next().unwrap());
    let full = format!("sslmode=verify-full&sslrootcert={root}");
    for parameters in ["sslmode=disable", "sslmode=prefer", "sslmode=require", &full] {
        ping(&with(parameters)).await.unwrap_or_else(|error| panic!("{parameters}: {error}"));
    }
    // The certificate is not from a root that the system trusts.
    assert!(ping(&with("sslmode=verify-full")).await.is_err());
    // It is made out to `localhost`, not to this name for the same address.
    let other_name =
        |parameters: &str| with(&format!("{parameters}&hostaddr=127.0.0.1")).replace("@localhost:", "@other.example:");
    assert!(ping(&other_name(&full)).await.is_err());
    ping(&other_name(&format!("sslmode=verify-ca&sslrootcert={root}"))).await.unwrap();
    assert!(ping(&with("sslmode=sometimes")).await.unwrap_err().contains("sslmode must be"));
    assert!(ping(&with("sslmode=verify-full&sslrootcert=/nowhere")).await.unwrap_err().contains("/nowhere"));
}

/// A line to the server that can be cut.
struct Line {
    listener: TcpListener,
    server: String,
}

impl Line {
    /// A line to the server at `url`, and the address to reach it through.
    async fn to(url: &str) -> (Self, String) {
        let mut url = url::Url::parse(url).unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        (Self { listener, server }, url.into())
    }

    /// Carries connections until it is dropped, which cuts them all.
    async fn carry(&self) {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let (mut near, _) = self.listener.accept().await.unwrap();
            let mut far = TcpStream::connect(&self.server).await.unwrap();
            connections.spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    }
}

/// While the database is away requests are told so, with status 503; when it is back they are answered, without a
/// restart.
#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_database_is_unavailable_until_it_is_back() {
    let database = database::create().await;
    let (line, url) = Line::to(&database.url()).await;
    let app = TestApp::at(&Location::Postgres(url.parse().unwrap())).await;
    let work = async {
        app.import(&(crate::support::domain(DOMAIN) + &crate::support::user(DOMAIN, "wonny", ""))).await;
        app.signed_in(DOMAIN, "wonny").await
    };
    let client = tokio::select! {
        client = work => client,
        () = line.carry() => unreachable!(),
    };
    // Nobody carries the line now: connections that were open are cut, new ones are not taken.
    let answer = client.query("{ me { workspaces { nodes { id } } } }").await;
    assert_eq!((answer.status.as_u16(), answer.error_code()), (503, "UNAVAILABLE"));
    let answer = tokio::select! {
        answer = client.query("{ me { userId } }") => answer,
        () = line.carry() => unreachable!(),
    };
    assert_eq!(answer.data()["me"]["userId"], "wonny");
}

/// A new password clears all counters of a user while an attempt is counted. Both wait for the same row first: without
/// that order, the one would hold what the other waits for.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counting_an_attempt_and_clearing_the_counters_never_deadlock() {
    variable("TEST_DATABASE_URL");
    let database = database::create().await;
    // Rows are visited in the order of an index, as in a table of many: the counter over all networks before that of the
    // second network.
    let by_index =
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database()); END $$";
    AsyncPgConnection::establish(&database.url()).await.unwrap().batch_execute(by_index).await.unwrap();
    let app = std::sync::Arc::new(TestApp::on(&database).await);
    app.import(&(crate::support::domain(DOMAIN) + &crate::support::user(DOMAIN, "wonny", ""))).await;
    let attempt = |address: &'static str| {
        let client = app.client().at(address);
        async move { client.try_sign_in(DOMAIN, "wonny", "wrong").await.user_errors("signIn") == ["INVALID_CREDENTIALS"] }
    };
    assert!(attempt("10.0.1.1").await && attempt("10.0.2.1").await);

    let mut conn = AsyncPgConnection::establish(&database.url()).await.unwrap();
    conn.batch_execute("BEGIN; SELECT 1 FROM password_attempts WHERE counter = login FOR UPDATE").await.unwrap();
    let waiting = async |number: i64| {
        let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while database.count(waiting).await < number {
            tokio::task::yield_now().await;
        }
    };
    let clearing = app.clone();
    let clearing = tokio::spawn(async move {
        let (domain_id, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
        clearing.services.set_password(&domain_id, &login, Password::from_input("quite another 4")).await
    });
    waiting(1).await;
    let counting = tokio::spawn(attempt("10.0.2.1"));
    waiting(2).await;
    conn.batch_execute("ROLLBACK").await.unwrap();
    clearing.await.unwrap().unwrap();
    assert!(counting.await.unwrap());
}
