//! The log of the binary at level `trace` contains no secrets, although its libraries would log them.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::logging::{Logging, parse};
use crate::support::server::{http2, read_to_end, send_with_token};
use crate::support::{DOMAIN, MailServer, PASSWORD, TestApp, User, database};

const TIMEOUT: Duration = Duration::from_mins(1);
/// The secret key of a [`TestApp`].
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const EMAIL: &str = "wonny-the-first@mail.test";

fn serve(database_url: &str, mail_port: u16) -> Logging {
    let mut command = Command::new(env!("CARGO_BIN_EXE_userprofile"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).env_clear();
    for (name, value) in [
        ("DATABASE_URL", database_url),
        ("SMTP_URL", &format!("smtp://127.0.0.1:{mail_port}")),
        ("MAIL_FROM", "noreply@userprofile.test"),
        ("RUST_LOG", "trace,tokio_postgres=trace,h2=trace,hyper=trace,lettre=trace,rustls=trace,diesel=trace"),
        ("USERPROFILE_ARGON2_ITERATIONS", "1"),
        ("USERPROFILE_ARGON2_MEMORY", "8KiB"),
        ("USERPROFILE_LOG_FORMAT", "json"),
        ("USERPROFILE_PUBLIC_URL", "https://id.test"),
        ("USERPROFILE_SECRET_KEY", KEY),
    ] {
        command.env(name, value);
    }
    Logging::start(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_level_of_any_library_logs_secrets() {
    let database = database::create().await;
    TestApp::on(&database).await.import_users(&[User::new("wonny").verified_email(EMAIL)]).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mail_port = listener.local_addr().unwrap().port();
    let mail_server = MailServer::on(listener);
    let mut server = serve(&database.url(), mail_port);
    let listening = server.entry(|entry| entry["message"] == "listening").await;
    let address: SocketAddr = listening["address"].as_str().unwrap().parse().unwrap();

    let (client, _connection) = http2(address, 65_535).await;
    let ask = async |token: Option<&str>, query: &str, input: Value| -> Value {
        let body = json!({ "query": query, "variables": { "input": input } }).to_string();
        let response = send_with_token(&client, "/graphql", token, Some(body)).await.unwrap();
        serde_json::from_slice(&read_to_end(response).await.unwrap()).unwrap()
    };
    let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken refreshToken } } }";
    let credentials = json!({ "domainId": DOMAIN, "userId": "wonny", "password": PASSWORD });
    let session = &ask(None, sign_in, credentials).await["data"]["signIn"]["session"];
    let [access, refresh] = ["accessToken", "refreshToken"].map(|name| session[name].as_str().unwrap().to_owned());
    let me = ask(Some(&access), "{ me { email tags sessions { id } } }", Value::Null).await;
    assert_eq!(me["data"]["me"]["email"], EMAIL);
    let reset = "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { ok } }";
    assert_eq!(ask(None, reset, json!({ "userId": "wonny" })).await["data"]["resetPassword"]["ok"], true);
    let mailed = async {
        loop {
            if let Some(message) = mail_server.received("noreply@userprofile.test").first() {
                return message.token();
            }
            tokio::task::yield_now().await;
        }
    };
    let mailed = timeout(TIMEOUT, mailed).await.expect("no message was received");
    read_to_end(send_with_token(&client, "/healthz", None, None).await.unwrap()).await.unwrap();
    server.entry(|entry| entry["message"] == "request completed" && entry.to_string().contains("/healthz")).await;

    let lines = server.lines.borrow().clone();
    for secret in [PASSWORD, &access, &refresh, &mailed, EMAIL, "$argon2", KEY] {
        let found = lines.iter().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret} is in the log");
    }
    for entry in lines.iter().map(|line| parse(line)) {
        let is_ours = entry["target"].as_str().unwrap().starts_with("userprofile");
        assert!(is_ours || entry["level"] == "WARN" || entry["level"] == "ERROR", "{entry}");
    }
    let warnings = lines.iter().filter(|line| line.contains("RUST_LOG asks a library for more")).count();
    assert_eq!(warnings, 6, "one warning for each library whose level is capped");
}
