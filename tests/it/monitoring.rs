//! What operators see of the binary: its metrics, the log of its requests, and the audit log.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use userprofile::version::{COMMIT, VERSION};

use crate::support::logging::{Logging, parse};
use crate::support::server::{http2, read_all, read_to_end, send, send_with_token};
use crate::support::{DOMAIN, PASSWORD, TestApp, User, database};

/// The secret key of a [`TestApp`].
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const SIGN_IN: &str =
    "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } errors { code } } }";

/// A server with a user, and its metrics.
struct Monitored {
    server: Logging,
    api: SocketAddr,
    metrics: SocketAddr,
    _app: TestApp,
}

impl Monitored {
    async fn start() -> Self {
        Self::start_with("info").await
    }

    /// With this filter of the log.
    async fn start_with(filter: &str) -> Self {
        Self::start_with_settings(&[("RUST_LOG", filter)]).await
    }

    async fn start_with_settings(settings: &[(&str, &str)]) -> Self {
        let database = database::create().await;
        let app = TestApp::on(&database).await;
        app.import_users(&[User::new("wonny")]).await;
        let mut command = Command::new(env!("CARGO_BIN_EXE_userprofile"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]).env_clear();
        for (name, value) in [
            ("DATABASE_URL", database.url().as_str()),
            ("USERPROFILE_ARGON2_ITERATIONS", "1"),
            ("USERPROFILE_ARGON2_MEMORY", "8KiB"),
            ("USERPROFILE_SECRET_KEY", KEY),
        ] {
            command.env(name, value);
        }
        command.envs(settings.iter().copied());
        let mut server = Logging::start(command);
        let address = |entry: &Value| entry["address"].as_str().unwrap().parse().unwrap();
        let metrics = address(&server.entry(|entry| entry["message"] == "serving metrics").await);
        let api = address(&server.entry(|entry| entry["message"] == "listening").await);
        Self { server, api, metrics, _app: app }
    }

    /// Executes a document.
    async fn ask(&self, token: Option<&str>, query: &str, input: &Value) -> Value {
        let (client, _connection) = http2(self.api, 65_535).await;
        let body = json!({ "query": query, "variables": { "input": input } }).to_string();
        let response = send_with_token(&client, "/graphql", token, Some(body)).await.unwrap();
        serde_json::from_slice(&read_to_end(response).await.unwrap()).unwrap()
    }

    async fn sign_in(&self, password: &str) -> Value {
        let input = json!({ "domainId": DOMAIN, "userId": "wonny", "password": password });
        self.ask(None, SIGN_IN, &input).await["data"]["signIn"].clone()
    }

    /// The response of a path on the listener for metrics: its head and its body.
    async fn get(&self, path: &str, accept: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.metrics).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let response = read_all(&mut stream).await;
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_happens_without_names_of_clients() {
    let monitored = Monitored::start().await;
    assert_eq!(monitored.sign_in("wrong").await["errors"][0]["code"], "INVALID_CREDENTIALS");
    let session = monitored.sign_in(PASSWORD).await;
    let token = session["session"]["accessToken"].as_str();
    assert!(monitored.ask(token, "query Invented { me { name } }", &Value::Null).await["data"]["me"].is_object());
    let (client, _connection) = http2(monitored.api, 65_535).await;
    read_to_end(send(&client, "/invented", None).await.unwrap()).await.unwrap();

    let (head, text) = monitored.get("/metrics", "*/*").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/plain; version=0.0.4"), "{head}");
    for line in [
        "graphql_mutations_total{mutation=\"signIn\",code=\"INVALID_CREDENTIALS\"} 1",
        "graphql_mutations_total{mutation=\"signIn\",code=\"OK\"} 1",
        "graphql_operation_duration_seconds_count{graphql_operation_type=\"mutation\",graphql_document=\"\"} 2",
        "graphql_operation_duration_seconds_count{graphql_operation_type=\"query\",graphql_document=\"\"} 1",
        "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"\",http_response_status_code=\"404\"} 1",
        "http_server_request_duration_seconds_count{http_request_method=\"POST\",http_route=\"/graphql\",http_response_status_code=\"200\"} 3",
        "userprofile_security_events_total{type=\"SIGNED_IN\"} 1",
        "userprofile_security_events_total{type=\"SIGN_IN_FAILED\"} 1",
        "userprofile_sign_ins_total{method=\"password\"} 1",
        "userprofile_password_hashing_duration_seconds_count 2",
        "userprofile_outbox_pending 0",
        &format!("userprofile_build_info{{version=\"{VERSION}\",commit=\"{COMMIT}\"}} 1"),
    ] {
        assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
    }
    for metric in ["process_resident_memory_bytes", "process_start_time_seconds"] {
        assert!(text.contains(&format!("\n{metric} ")), "{text}");
    }
    assert!(!text.to_lowercase().contains("invented") && !text.contains("wonny"), "{text}");

    let (head, text) = monitored.get("/metrics", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5").await;
    assert!(head.contains("application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(text.contains("# {trace_id=\"") && text.ends_with("# EOF\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_listener_for_metrics_serves_nothing_else() {
    let monitored = Monitored::start().await;
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/", 404), ("/graphql", 404), ("/schema.graphql", 404)]
    {
        let (head, _) = monitored.get(path, "*/*").await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {head}");
    }
    let (client, _connection) = http2(monitored.api, 65_535).await;
    let on_the_api = send(&client, "/metrics", None).await.unwrap().await.unwrap();
    assert_eq!(on_the_api.status().as_u16(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_one_entry_of_the_log() {
    let mut monitored = Monitored::start().await;
    let session = monitored.sign_in(PASSWORD).await;
    monitored.ask(session["session"]["accessToken"].as_str(), "{ me { name } }", &Value::Null).await;
    let entry = monitored.server.entry(|entry| entry["operation_type"] == "query").await;
    for (field, value) in
        [("level", "INFO"), ("message", "request completed"), ("method", "POST"), ("route", "/graphql")]
    {
        assert_eq!(entry[field], value, "{entry}");
    }
    assert_eq!(entry["status"], 200);
    assert_eq!(entry["client_address"], "127.0.0.1");
    assert!(entry["duration"].as_f64().is_some_and(|seconds| seconds > 0.0 && seconds < 60.0), "{entry}");
    assert_eq!(entry["trace_id"].as_str().unwrap().len(), 32);
    assert_eq!(entry["span_id"].as_str().unwrap().len(), 16);
    assert!(entry["user_id"].is_string() && entry["session_id"].is_string(), "{entry}");
    let is_of_it = |line: &&String| parse(line)["request_id"] == entry["request_id"];
    assert_eq!(monitored.server.lines.borrow().iter().filter(is_of_it).count(), 1);
}

/// Programs that scan messages escape the `#` of links.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_in_a_path_are_not_logged() {
    let mut monitored = Monitored::start().await;
    let (client, _connection) = http2(monitored.api, 65_535).await;
    read_to_end(send(&client, "/reset-password%23token=upp_secret", None).await.unwrap()).await.unwrap();
    let entry = monitored.server.entry(|entry| entry["status"] == 404).await;
    assert_eq!(entry["route"], "", "{entry}");
    assert!(!monitored.server.lines.borrow().iter().any(|line| line.contains("upp_secret")));
}

/// An entry follows the commit of what it reports, and has the request even if the filter omits most of the log.
#[tokio::test(flavor = "multi_thread")]
async fn security_events_are_entries_of_the_audit_log() {
    let mut monitored = Monitored::start_with("warn,userprofile::audit=info,userprofile::cli=info").await;
    monitored.sign_in("wrong").await;
    monitored.sign_in(PASSWORD).await;
    for event in ["SIGN_IN_FAILED", "SIGNED_IN"] {
        let entry = monitored.server.entry(|entry| entry["event"] == event).await;
        assert_eq!(entry["target"], "userprofile::audit", "{entry}");
        assert_eq!(entry["actor"], "USER", "{entry}");
        assert_eq!(entry["client_address"], "127.0.0.1", "{entry}");
        assert!(entry["subject"].as_str().unwrap().starts_with("user-"), "{entry}");
        assert!(entry["trace_id"].is_string(), "{entry}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_privacy_the_log_names_no_client_and_no_user() {
    let mut monitored = Monitored::start_with_settings(&[("USERPROFILE_LOG_PRIVACY", "on")]).await;
    monitored.sign_in("wrong horse 7").await;
    let signed_in = monitored.sign_in(PASSWORD).await;
    monitored.ask(signed_in["session"]["accessToken"].as_str(), "{ me { id } }", &Value::Null).await;
    let server = &mut monitored.server;
    let event = server.entry(|entry| entry["event"] == "SIGNED_IN").await;
    assert_eq!((&event["client_address"], &event["subject"]), (&json!("***"), &json!("***")));
    assert!(event["event_id"].is_string());
    let request = server.entry(|entry| entry["operation_type"] == "query").await;
    assert_eq!((&request["client_address"], &request["user_id"]), (&json!("***"), &json!("***")));
    let addresses = server.lines.borrow().iter().filter(|line| line.contains("127.0.0.1")).cloned().collect::<Vec<_>>();
    assert!(addresses.iter().all(|line| parse(line)["address"].is_string()), "{addresses:?}");
    assert!(!server.lines.borrow().iter().any(|line| line.contains("user-")), "an id of a user is logged");
}
