//! What stands around a PostgreSQL database: limits, poolers, several servers, and roles that may do little.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use userprofile::storage::Db;
use userprofile::storage::db::Location;
use userprofile::storage::migrate;

use crate::cli::{Binary, assert_says, said};
use crate::support::database::{self, Database};
use crate::support::{DOMAIN, TestApp, domain, user};

const COMPANY: &str = "{\"kind\":\"domain\",\"domain_id\":\"domain-a\",\"name\":\"acme\"}\n";
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

fn location(url: &str) -> Location {
    Location::Postgres(url.parse().unwrap_or_else(|error| panic!("{error}")))
}

async fn ping(url: &str) -> Result<(), String> {
    let location = Location::Postgres(url.parse().map_err(|error| format!("{error}"))?);
    let db = Db::open(&location, 1).await.map_err(|error| error.to_string())?;
    db.ping().await.map_err(|error| error.to_string())
}

/// The address of `database` for another role, made with these options, that may read and write rows and nothing else.
async fn as_role(database: &Database, options: &str) -> String {
    let mut url = url::Url::parse(&database.url()).unwrap();
    let role = format!("role_of_{}", url.path().trim_start_matches('/'));
    database
        .administer(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'p@ss/w%' {options};
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
        ))
        .await;
    url.set_username(&role).unwrap();
    // Encoded by hand: this is what an operator writes.
    url.set_password(Some("p%40ss%2Fw%25")).unwrap();
    url.into()
}

/// The pool may be larger than what the server allows: those who wait are served by the connections that there are.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pool_that_cannot_grow_serves_all_requests() {
    let database = database::create().await;
    let app = TestApp::at(&location(&as_role(&database, "CONNECTION LIMIT 3").await)).await;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", ""))).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let ask = |_| {
        let client = client.clone();
        tokio::spawn(async move { client.query("{ me { userId workspaces { totalCount } } }").await })
    };
    for answer in futures_util::future::join_all((0..200).map(ask)).await {
        assert_eq!(answer.unwrap().data()["me"]["userId"], "wonny");
    }
    assert!(app.services.db.connections_opened() <= 3);
}

/// No connection can be had at all: nobody waits for one until the time is up.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pool_without_any_connection_fails_early_and_names_the_server() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("postgres://x:hunter2@{nobody}/x");
    let error = tokio::time::timeout(std::time::Duration::from_secs(4), ping(&url));
    let error = error.await.expect("nobody was told for 4 s").unwrap_err();
    assert!(error.contains(&nobody.to_string()) && error.contains("refused") && !error.contains("hunter2"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn url_parameters_reach_the_server_unchanged() {
    let database = database::create().await;
    let url = database.url();
    ping(&format!("{url}?options=-c%20statement_timeout%3D60s&application_name=my%20app")).await.unwrap();
    let error = ping(&format!("{url}?options=-c%20statement_timeout%3Dsoon")).await.unwrap_err();
    assert!(error.contains("statement_timeout"), "{error}");
    let error = ping(&format!("{url}?sslcert=/x")).await.unwrap_err();
    assert!(error.contains("sslcert"), "{error}");
    let (server, name) = url.rsplit_once('/').unwrap();
    let root = std::env::var("TEST_POSTGRES_ROOT_CERT").unwrap();
    let folder = std::path::Path::new(&root).parent().unwrap().display().to_string();
    let (_, port) = server.rsplit_once(':').unwrap();
    ping(&format!("postgres:///{name}?host={folder}&port={port}&user=userprofile")).await.unwrap();
    let encoded = folder.replace('/', "%2F");
    ping(&format!("postgres://userprofile@{encoded}:{port}/{name}")).await.unwrap();
}

/// The first server is down and the second does not take writes, or does: one that will do is found, or none.
#[tokio::test(flavor = "multi_thread")]
async fn a_matching_host_of_several_is_used() {
    let database = database::create().await;
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let several = |parameters: &str| database.url().replacen('@', &format!("@{nobody},"), 1) + parameters;
    for parameters in ["", "?target_session_attrs=read-write", "?target_session_attrs=primary"] {
        ping(&several(parameters)).await.unwrap_or_else(|error| panic!("{parameters}: {error}"));
    }
    assert!(ping(&several("?target_session_attrs=read-only")).await.is_err());
    let error = ping(&several("?target_session_attrs=best")).await.unwrap_err();
    assert!(error.contains("target_session_attrs must be"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_create_privileges_can_serve() {
    let database = database::create().await;
    let url = as_role(&database, "").await;
    assert!(migrate::pending(&location(&url)).await.unwrap().is_empty());
    let binary = Binary::new();
    let with_key = |arguments: &[&str]| {
        let mut command = binary.command(arguments);
        command.env("USERPROFILE_SECRET_KEY", KEY).env("DATABASE_URL", &url).output().unwrap()
    };
    binary.write("company.jsonl", COMPANY);
    // What `serve` does before it serves is what every command does.
    assert_says(&with_key(&["user", "show", "domain-a", "x"]), 1, &["unknown domain domain-a"]);
    let empty = database::create_empty().await;
    let url = as_role(&empty, "").await;
    let mut command = binary.command(&["serve", "--database-url", &url]);
    let output = command.env("USERPROFILE_SECRET_KEY", KEY).output().unwrap();
    assert_says(&output, 1, &["migrations have not been applied"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_database_can_be_exported() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import(COMPANY).await;
    app.use_key().await;
    let name = database.url().rsplit_once('/').unwrap().1.to_owned();
    database.administer(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    let binary = Binary::new();
    let mut command = binary.command(&["export", "-"]);
    let output = command.env("USERPROFILE_SECRET_KEY", KEY).env("DATABASE_URL", database.url()).output().unwrap();
    assert_says(&output, 0, &[r#""domain_id":"domain-a""#]);
    assert_eq!(said(&output).lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_control_characters_do_not_reach_the_terminal() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", ""))).await;
    app.use_key().await;
    app.signed_in(DOMAIN, "wonny").await;
    database
        .administer(
            r"UPDATE sessions SET expires_at = now() + interval '1 day', user_agent = E'a\u001b[2Jb\nc\u009bd\u202ee'",
        )
        .await;
    let binary = Binary::new();
    let mut command = binary.command(&["user", "sessions", DOMAIN, "wonny"]);
    let output = command.env("USERPROFILE_SECRET_KEY", KEY).env("DATABASE_URL", database.url()).output().unwrap();
    assert_says(&output, 0, &[r"a\u001b[2Jb\u000ac\u009bd\u202ee"]);
    assert_eq!(said(&output).lines().count(), 1);
}

/// A `PgBouncer` that admits no start-up parameter, ended when it is dropped.
struct Pooler {
    child: Child,
    _folder: tempfile::TempDir,
}

impl Pooler {
    fn start(server: &url::Url) -> (Self, u16) {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (host, server_port) = (server.host_str().unwrap(), server.port().unwrap());
        let (user, password) = (server.username(), server.password().unwrap());
        let settings = format!(
            "[databases]\n* = host={host} port={server_port} user={user} password={password}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = session\n"
        );
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let mut command = Command::new("/usr/sbin/pgbouncer");
        // It refuses to run as root.
        if rustix::process::geteuid().is_root() {
            command.args(["-u", "nobody"]);
        }
        let mut child = command.arg(&file).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let is_up = log.by_ref().map_while(Result::ok).any(|line| line.contains("process up"));
        assert!(is_up, "pgbouncer did not start");
        std::thread::spawn(move || log.for_each(drop));
        (Self { child, _folder: folder }, port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pooler_that_accepts_no_startup_parameters_works() {
    let database = database::create_empty().await;
    let mut url = url::Url::parse(&database.url()).unwrap();
    let (_pooler, port) = Pooler::start(&url);
    url.set_port(Some(port)).unwrap();
    let error = ping(url.as_str()).await.unwrap_err();
    assert!(error.contains("options"), "{error}");
    url.set_query(Some("pooler=transaction"));
    let location = location(url.as_str());
    assert!(!migrate::apply(&location).await.unwrap().is_empty());
    let app = TestApp::at(&location).await;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", ""))).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    client.mutate_ok("updateProfile", json!({ "name": "Kim" }), "user { name }").await;
    // What is not set for the session is set for each transaction.
    database
        .administer(
            "CREATE FUNCTION check_limits() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               ASSERT current_setting('lock_timeout') = '10s' AND current_setting('statement_timeout') = '15s';
               RETURN NEW; END $$;
             CREATE TRIGGER check_limits BEFORE INSERT ON tallies FOR EACH ROW EXECUTE FUNCTION check_limits();",
        )
        .await;
    let reset = json!({ "domainId": DOMAIN, "userId": "wonny" });
    client.mutate_ok("resetPassword", reset, "ok").await;
}
