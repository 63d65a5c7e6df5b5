//! `doctor`, and a server that waits for its database.

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};

use serde_json::Value;

use crate::cli::{Binary, assert_says, said, status};
use crate::support::database;
use crate::support::logging::Logging;
use crate::support::{MailServer, TestApp};

const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const OTHER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The results by check.
#[track_caller]
fn results(output: &Output) -> Vec<(String, String)> {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    let lines = String::from_utf8_lossy(&output.stdout);
    let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}")));
    rows.map(|row| (text(&row, "check"), text(&row, "result"))).collect()
}

fn as_pairs(results: &[(String, String)]) -> Vec<(&str, &str)> {
    results.iter().map(|(check, result)| (check.as_str(), result.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_installation_passes_and_gets_a_test_message() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mail_url = format!("smtp://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let mail_server = MailServer::on(listener);
    let database = database::create().await;
    TestApp::on(&database).await.use_key().await;
    let binary = Binary::new();
    let doctor = |arguments: &[&str], key: &str, mail_url: &str| {
        let mut command = binary.command(&[&["doctor"], arguments].concat());
        command.env("DATABASE_URL", database.url()).env("USERPROFILE_SECRET_KEY", key);
        command.env("SMTP_URL", mail_url).env("MAIL_FROM", "noreply@doctor.test");
        command.env("USERPROFILE_PUBLIC_URL", "https://id.test").output().unwrap()
    };
    let healthy = doctor(&["--send-to", "operator@example.com"], KEY, &mail_url);
    let clock = if database::server().is_some() { "ok" } else { "skipped" };
    assert_eq!(status(&healthy), 0, "{}", said(&healthy));
    assert_eq!(
        as_pairs(&results(&healthy)),
        [
            ("settings", "ok"),
            ("passkeys", "ok"),
            ("database", "ok"),
            ("privileges", "ok"),
            ("migrations", "ok"),
            ("writes", "ok"),
            ("secret key", "ok"),
            ("clock", clock),
            ("mail server", "ok"),
            ("test message", "ok"),
        ]
    );
    let message = &mail_server.received("noreply@doctor.test")[0];
    assert!(
        message.recipients == ["operator@example.com"] && message.text.contains("test the mail server"),
        "{message:?}"
    );

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let broken = doctor(&["--send-to", "operator@example.com"], OTHER_KEY, &format!("smtp://{closed}"));
    assert_says(&broken, 1, &["2 of 10 checks failed", "USERPROFILE_SECRET_KEY", "could not connect"]);
    let broken = results(&broken);
    let failed: Vec<_> = as_pairs(&broken).into_iter().filter(|(_, result)| *result != "ok").collect();
    assert!(failed.contains(&("secret key", "FAILED")) && failed.contains(&("test message", "skipped")), "{failed:?}");
    assert_says(&doctor(&["--send-to", "nonsense"], KEY, &mail_url), 2, &["--send-to"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_tables_and_an_unreachable_database_are_reported() {
    let binary = Binary::new();
    let doctor = |database_url: &str| {
        let mut command = binary.command(&["doctor"]);
        command.env("DATABASE_URL", database_url).env("USERPROFILE_SECRET_KEY", KEY).output().unwrap()
    };
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_says(&doctor(&format!("postgres://userprofile@{closed}/x")), 1, &["1 of 9 checks failed", "DATABASE_URL"]);
    let missing = doctor("sqlite:missing.db");
    assert_says(&missing, 0, &["does not exist yet"]);
    assert!(!binary.path().join("missing.db").exists(), "it was created");
    binary.write("empty.db", "");
    assert_says(&doctor("sqlite:empty.db"), 1, &["userprofile migrate", "FAILED"]);
    if database::server().is_some() {
        let empty = database::create_empty().await;
        assert_says(&doctor(&empty.url()), 1, &["userprofile migrate", "FAILED"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_privileges_and_an_unreadable_manifest_are_reported() {
    let database = database::create().await;
    TestApp::on(&database).await.use_key().await;
    let binary = Binary::new();
    let doctor = |database_url: &str| {
        let mut command = binary.command(&["doctor"]);
        command.env("DATABASE_URL", database_url).env("USERPROFILE_SECRET_KEY", KEY);
        command.env("USERPROFILE_DOCUMENTS", "nowhere.json").output().unwrap()
    };
    assert_says(&doctor(&database.url()), 1, &["trusted documents", "nowhere.json", "1 of"]);
    if database::server().is_some() {
        let role = format!("doctor_{}", std::process::id());
        let grants = format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}; \
             GRANT DELETE ON ALL TABLES IN SCHEMA public TO {role}; REVOKE DELETE ON users FROM {role};"
        );
        database.administer(&grants).await;
        let mut url: url::Url = database.url().parse().unwrap();
        url.set_username(&role).unwrap();
        url.set_password(Some("x")).unwrap();
        assert_says(&doctor(url.as_str()), 1, &["the role lacks DELETE on users; grant", "2 of"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_waits_for_its_database_and_says_so() {
    let Some(postgres) = database::server() else { return };
    let database = database::create().await;
    let real: url::Url = database.url().parse().unwrap();
    // Nothing listens here until the server has begun to wait.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut url = real.clone();
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(address.port())).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_userprofile"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--wait", "50s"]).env_clear();
    command.env("DATABASE_URL", url.as_str()).env("USERPROFILE_SECRET_KEY", KEY).env("RUST_LOG", "info");
    let mut server = Logging::start(command);
    server.entry(|entry| entry["message"] == "the database cannot be reached yet; waiting for it").await;
    let listener = TcpListener::bind(address).unwrap();
    let port = postgres.parse::<url::Url>().unwrap().port().unwrap_or(5432);
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            relay(client, TcpStream::connect(("127.0.0.1", port)).unwrap());
        }
    });
    server.entry(|entry| entry["message"] == "listening").await;
}

/// Passes everything on, in both directions, until either side closes.
fn relay(client: TcpStream, server: TcpStream) {
    for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Both);
        });
    }
}

#[test]
fn a_server_that_waits_for_nothing_ends_at_once() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let binary = Binary::new();
    let mut command = binary.command(&["serve", "--wait", "0s"]);
    command.env("DATABASE_URL", format!("postgres://userprofile@{closed}/x")).env("USERPROFILE_SECRET_KEY", KEY);
    assert_says(&command.output().unwrap(), 1, &["DATABASE_URL", "cannot be used"]);
}

#[test]
fn completions_and_the_manual_page_know_commands_and_settings() {
    let binary = Binary::new();
    for shell in ["bash", "zsh", "fish"] {
        assert_says(&binary.run(&["completions", shell]), 0, &["rotate-key", "access-ttl"]);
    }
    assert_says(&binary.run(&["man"]), 0, &[".TH userprofile 1", "rotate\\-key"]);
    assert_says(&binary.run(&["completions", "csh"]), 2, &["bash"]);
}
