//! The command line: output and exit status of the binary.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

pub const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The binary in an empty folder, with an empty environment.
pub struct Binary {
    folder: TempDir,
}

impl Default for Binary {
    fn default() -> Self {
        Self::new()
    }
}

impl Binary {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_userprofile"));
        command.args(arguments).current_dir(self.path()).env_clear().env("USERPROFILE_ARGON2_MEMORY", "8KiB");
        command.env("USERPROFILE_ARGON2_ITERATIONS", "1").env("RUST_LOG", "warn").stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }
}

pub fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
pub fn assert_says(output: &Output, expected_status: i32, words: &[&str]) {
    let said = said(output);
    assert_eq!(status(output), expected_status, "{said}");
    for word in words {
        assert!(said.contains(word), "«{word}» is missing in: {said}");
    }
}

/// A running server, ended when this is dropped.
pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub fn start(binary: &Binary, arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let command = binary.command(&arguments);
        Self::from_command(command)
    }

    /// Starts a server with a prepared command, see [`Server::start`].
    pub fn from_command(mut command: Command) -> Self {
        command.env("RUST_LOG", "info").env("USERPROFILE_LOG_FORMAT", "json");
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the server ended before it listened");
            let entry: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
            if entry["message"] == "listening" {
                break entry["address"].as_str().unwrap().to_owned();
            }
        };
        // The log must be read on, because a full pipe would block the server.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, address }
    }

    pub fn get(&self, path: &str) -> String {
        self.get_of("localhost", path)
    }

    /// Like [`Server::get`], with another `Host`.
    fn get_of(&self, host: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }
}

impl Server {
    /// Posts a GraphQL request, with an access token if there is one, and returns all of the response.
    pub fn post(&self, body: &serde_json::Value, token: Option<&str>) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let body = body.to_string();
        let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        write!(
            stream,
            "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{authorization}Connection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    /// The id of its process.
    pub fn process(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_raw(self.child.id().try_into().unwrap()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

const SAMPLE: &str = r#"{"kind":"domain","domain_id":"domain-a","name":"acme"}
{"kind":"user","domain_id":"domain-a","user_id":"wonny","name":"Wonny"}
"#;

#[test]
fn usage_and_setting_errors_exit_with_status_2_and_name_the_cause() {
    let binary = Binary::new();
    assert_says(&binary.run(&[]), 2, &["Usage"]);
    assert_says(&binary.run(&["dance"]), 2, &["dance"]);
    let mut command = binary.command(&["config", "--access-ttl", "soon"]);
    let output = command.env("USERPROFILE_LIMIT_DEPTH", "0").env("DATABASE_URL", "mysql://x").output().unwrap();
    assert_says(&output, 2, &["--access-ttl", "USERPROFILE_LIMIT_DEPTH", "DATABASE_URL"]);
    binary.write("settings.toml", "access_tttl = \"1m\"\n");
    let output = binary.run(&["config", "--config", "settings.toml"]);
    assert_says(&output, 2, &["settings.toml", "access_tttl", "access_ttl"]);
    assert_says(&binary.run(&["config", "--config", "nowhere.toml"]), 2, &["nowhere.toml"]);
}

#[test]
fn errors_of_document_and_browser_settings_name_the_setting() {
    let binary = Binary::new();
    let mut command = binary.command(&["config", "--limit-cost", "0", "--limit-aliases", "0"]);
    command.env("USERPROFILE_CORS_ORIGINS", "*").env("USERPROFILE_COOKIES", "maybe");
    let output = command.env("USERPROFILE_DOCUMENTS_MODE", "require").output().unwrap();
    let places = ["--limit-cost", "--limit-aliases", "_CORS_ORIGINS", "_COOKIES", "_DOCUMENTS_MODE"];
    assert_says(&output, 2, &places);
    assert_says(&output, 2, &["\"0\" is less than 1", "name each origin", "needs USERPROFILE_DOCUMENTS"]);
    for (manifest, wrong) in [
        ("{", "not a JSON object"),
        ("{\"7c1e\": 1}", "\"7c1e\""),
        ("{\"7c1e\": \"{ me {\"}", "\"7c1e\": Syntax error"),
        ("{\"7c1e\": \"{ me { nothing } }\"}", "\"7c1e\": Unknown field \"nothing\" on type \"User\""),
        ("{\"7c1e\": \"{ me { id } }\", \"7c1e\": \"{ me { name } }\"}", "\"7c1e\": it occurs twice"),
        ("{\"format\": \"other\"}", "graphql-codegen"),
    ] {
        binary.write("manifest.json", manifest);
        let output = binary.run(&["serve", "--documents", "manifest.json", "--log-format", "text"]);
        assert_says(&output, 2, &["--documents", "manifest.json", wrong]);
    }
    assert_says(&binary.run(&["serve", "--documents", "nowhere.json"]), 2, &["--documents", "nowhere.json"]);
    assert!(!binary.path().join("userprofile.db").exists(), "the database was created");
}

#[test]
fn the_schema_is_printed_for_clients_and_for_gateways() {
    let binary = Binary::new();
    assert_eq!(said(&binary.run(&["schema"])).trim_end(), include_str!("../../schema.graphql").trim_end());
    assert_says(&binary.run(&["schema", "--federation"]), 0, &["type User implements Node @key(fields: \"id\") {"]);
}

#[test]
fn config_masks_secrets() {
    let binary = Binary::new();
    let mut command = binary.command(&["config"]);
    let output = command
        .env("USERPROFILE_SECRET_KEY", KEY)
        .env("DATABASE_URL", "postgres://me:hunter2hunter2@db/x")
        .output()
        .unwrap();
    assert_says(&output, 0, &["***", "postgres://me:"]);
    assert!(!said(&output).contains("hunter2") && !said(&output).contains(KEY));
}

#[test]
fn an_unusable_database_is_named() {
    let binary = Binary::new();
    binary.write("text.db", "this is no database, but a text that is long enough to be looked at as one");
    assert_says(&binary.run(&["serve", "--database-url", "sqlite:text.db"]), 1, &["database"]);
    assert_says(&binary.run(&["serve", "--database-url", "sqlite:no/such/folder/x.db"]), 1, &["database"]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("postgres://x@{closed}/x");
    let mut command = binary.command(&["serve", "--wait", "0s", "--database-url", &url]);
    assert_says(&command.env("USERPROFILE_SECRET_KEY", KEY).output().unwrap(), 1, &["database"]);
    assert_says(&binary.run(&["serve", "--database-url", &url]), 2, &["USERPROFILE_SECRET_KEY"]);
}

/// The message names the source of the setting, the file or server, and the reason.
#[test]
fn an_unusable_database_is_named_with_its_setting_and_the_reason() {
    let binary = Binary::new();
    binary.write("text.db", "this is no database, but a text that is long enough to be looked at as one");
    std::fs::create_dir(binary.path().join("folder.db")).unwrap();
    for (name, reason) in [
        ("no/such/folder/x.db", "No such file or directory"),
        ("folder.db", "is a directory"),
        ("text.db", "not a database"),
    ] {
        let output = binary.run(&["serve", "--database-url", &format!("sqlite:{name}")]);
        assert_says(&output, 1, &["flag --database-url", name, reason]);
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut command = binary.command(&["migrate"]);
    let output = command.env("DATABASE_URL", format!("postgres://x:hunter2@{closed}/x")).output().unwrap();
    assert_says(&output, 1, &["environment variable DATABASE_URL", &closed, "refused"]);
    assert!(!said(&output).contains("hunter2"), "{}", said(&output));
    let mut command = binary.command(&["migrate", "--database-url", "postgres://x:hunter2@h/x?sslcert=y"]);
    let output = command.output().unwrap();
    assert_says(&output, 2, &["flag --database-url", "the parameter sslcert is not supported"]);
    assert!(!said(&output).contains("hunter2"), "{}", said(&output));
}

#[test]
fn urls_with_passwords_can_be_read_from_files() {
    let binary = Binary::new();
    binary.write("database", "sqlite:from-file.db\n");
    binary.write("mail", "smtp://ann:hunter2@127.0.0.1:1\n");
    let mut command = binary.command(&["config"]);
    command.env("DATABASE_URL_FILE", "database").env("SMTP_URL_FILE", "mail");
    command.env("MAIL_FROM", "a@b.example").env("USERPROFILE_PUBLIC_URL", "https://c.example");
    let output = command.output().unwrap();
    assert_says(&output, 0, &["sqlite:from-file.db", "environment variable DATABASE_URL_FILE", "smtp://ann:***@"]);
    binary.write("printed.toml", &String::from_utf8_lossy(&output.stdout));
    assert_says(&binary.run(&["config", "--config", "printed.toml"]), 0, &["sqlite:from-file.db"]);
    assert_says(&binary.run(&["migrate", "--database-url-file", "database"]), 0, &["Applied"]);
    assert!(binary.path().join("from-file.db").exists());
    let mut command = binary.command(&["config", "--database-url", "sqlite:x.db"]);
    let output = command.env("DATABASE_URL_FILE", "database").env("SMTP_URL_FILE", "nowhere").output().unwrap();
    assert_says(&output, 2, &["DATABASE_URL is given too", "only one of the two", "SMTP_URL_FILE", "nowhere"]);
}

#[test]
fn a_port_in_use_is_named() {
    let binary = Binary::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_says(&binary.run(&["serve", "--listen", &address]), 1, &[&address, "in use"]);
}

#[test]
fn a_different_secret_key_is_refused_and_a_lost_one_is_not_replaced() {
    let binary = Binary::new();
    drop(Server::start(&binary, &[]));
    let key = binary.path().join("userprofile.db.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let mut command = binary.command(&["serve"]);
    let output = command.env("USERPROFILE_SECRET_KEY", KEY).output().unwrap();
    assert_says(&output, 2, &["environment variable USERPROFILE_SECRET_KEY: ", "secret key"]);
    binary.write("other.key", KEY);
    let output = binary.run(&["serve", "--secret-key-file", "other.key"]);
    assert_says(&output, 2, &["flag --secret-key-file", "other.key", "secret key"]);
    std::fs::remove_file(&key).unwrap();
    assert_says(&binary.run(&["serve"]), 2, &["userprofile.db.key", "missing"]);
    assert!(!key.exists());
}

#[test]
fn servers_started_concurrently_share_one_key() {
    for _ in 0..5 {
        let binary = Binary::new();
        let servers: Vec<Server> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| Server::start(&binary, &[]))).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(servers.iter().all(|server| server.get("/readyz").starts_with("HTTP/1.1 200")));
    }
}

#[test]
fn a_malformed_import_reports_every_line_and_writes_nothing() {
    let binary = Binary::new();
    let lines = format!(
        "{SAMPLE}nonsense\n{{\"kind\":\"planet\"}}\n{{\"kind\":\"user\",\"domain_id\":\"domain-none\",\"user_id\":\"x\"}}\n"
    );
    binary.write("sample.jsonl", &lines);
    let output = binary.run(&["import", "sample.jsonl"]);
    assert_says(&output, 1, &["line 3", "line 4", "line 5", "`kind`: this must be one of domain", "domain-none"]);
    assert_says(&binary.run(&["export", "-"]), 0, &[]);
    assert_eq!(said(&binary.run(&["export", "-"])), "");
    assert_says(&binary.run(&["import", "nowhere.jsonl"]), 1, &["nowhere.jsonl"]);
}

#[test]
fn an_export_writes_through_links_and_pipes_and_replaces_neither() {
    let binary = Binary::new();
    binary.write("in.jsonl", SAMPLE);
    assert_says(&binary.run(&["import", "in.jsonl"]), 0, &[]);
    let exported = said(&binary.run(&["export", "-"]));
    binary.write("real.jsonl", "before");
    std::os::unix::fs::symlink("real.jsonl", binary.path().join("link.jsonl")).unwrap();
    assert_says(&binary.run(&["export", "link.jsonl"]), 0, &[]);
    assert!(binary.path().join("link.jsonl").is_symlink());
    assert_eq!(std::fs::read_to_string(binary.path().join("real.jsonl")).unwrap(), exported);

    let pipe = binary.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    assert_says(&binary.run(&["export", "pipe"]), 0, &[]);
    assert_eq!(reader.join().unwrap(), exported);
    assert!(!pipe.metadata().unwrap().is_file());
}

#[test]
fn import_and_export_round_trip_through_files_and_pipes() {
    let binary = Binary::new();
    binary.write("sample.jsonl", SAMPLE);
    assert_says(&binary.run(&["import", "--dry-run", "sample.jsonl"]), 0, &["2 lines"]);
    assert_eq!(said(&binary.run(&["export", "-"])), "");
    assert_says(&binary.run_with_input(&["import", "-"], SAMPLE), 0, &["2 lines"]);
    assert_says(&binary.run(&["export", "out.jsonl"]), 0, &[]);
    let exported = std::fs::read_to_string(binary.path().join("out.jsonl")).unwrap();
    assert_eq!(exported.lines().count(), 2);
    let other = Binary::new();
    other.write("in.jsonl", &exported);
    assert_says(&other.run(&["import", "in.jsonl"]), 0, &[]);
    assert_eq!(said(&other.run(&["export", "-"])), exported);
}

#[test]
fn users_are_created_shown_disabled_and_deleted() {
    let binary = Binary::new();
    binary.run_with_input(&["import", "-"], SAMPLE);
    let user = |verb: &str, more: &[&str]| binary.run(&[&["user", verb, "domain-a", "Kim"], more].concat());
    let weak = binary.run_with_input(&["user", "create", "domain-a", "Kim", "--password-stdin"], "password\n");
    assert_says(&weak, 1, &["common"]);
    let made = binary.run_with_input(
        &["user", "create", "domain-a", "Kim", "--email", "k@x.org", "--password-stdin"],
        "correct horse 7\n",
    );
    assert_says(&made, 0, &["user-"]);
    assert_says(&user("create", &["--no-password"]), 1, &["already"]);
    assert_says(&user("show", &[]), 0, &[r#""user_id":"Kim""#, r#""state":"PENDING""#]);
    assert!(!said(&user("show", &[])).contains("argon2"));
    assert_says(&user("disable", &[]), 0, &[]);
    assert_says(&user("show", &[]), 0, &[r#""state":"DISABLED""#]);
    assert_says(&user("enable", &[]), 0, &[]);
    assert_says(&user("sessions", &[]), 0, &[]);
    assert_says(&user("revoke-sessions", &[]), 0, &["0 sessions"]);
    assert_says(&user("void-undo-links", &[]), 0, &["0 undo links invalidated"]);
    assert_says(&user("set-password", &[]), 2, &["--password-stdin"]);
    let set =
        binary.run_with_input(&["user", "set-password", "domain-a", "kim", "--password-stdin"], "battery staple 8\n");
    assert_says(&set, 0, &["the user is not notified: SMTP_URL is not set"]);
    let again =
        binary.run_with_input(&["user", "set-password", "domain-a", "kim", "--password-stdin"], "battery staple 8\n");
    assert_says(&again, 1, &["this is the user's current password; choose another"]);
    assert_says(&user("reset-mfa", &[]), 0, &[]);
    let line =
        r#"{"kind":"user","domain_id":"domain-a","user_id":"kim","email":"k@x.org","email_verified":true,"password":"#;
    let imported = binary.run_with_input(&["import", "-"], &format!("{line}\"correct horse 7\"}}\n"));
    assert_says(&imported, 0, &["SMTP_URL is not set: users who are not notified of their new password: 1"]);
    assert_says(&user("delete", &[]), 0, &[]);
    assert_says(&user("show", &[]), 1, &["unknown user Kim in domain-a"]);
    assert_says(&binary.run(&["user", "show", "nonsense", "x"]), 2, &["DOMAIN_ID"]);
}

#[test]
fn a_demo_requires_a_loopback_address_and_an_empty_database() {
    let binary = Binary::new();
    assert_says(&binary.run(&["serve", "--demo", "--listen", "0.0.0.0:0"]), 2, &["--demo"]);
    assert_says(&binary.run(&["serve", "--demo", "--database-url", "postgres://x/y"]), 2, &["--demo"]);
    binary.run_with_input(&["import", "-"], SAMPLE);
    assert_says(&binary.run(&["serve", "--demo"]), 1, &["--demo", "empty"]);
    let empty = Binary::new();
    for _ in 0..2 {
        let server = Server::start(&empty, &["--demo"]);
        assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));
    }
    let exported = said(&empty.run(&["export", "-"]));
    assert!(exported.lines().filter(|line| line.starts_with(r#"{"kind":"workspace","#)).count() >= 40);
}

/// Otherwise any website could reach the demo through a name of its own that resolves to this machine (DNS rebinding).
#[test]
fn a_demo_accepts_only_host_names_of_this_machine() {
    let binary = Binary::new();
    let server = Server::start(&binary, &["--demo"]);
    let port = server.address.rsplit_once(':').unwrap().1;
    for path in
        ["/", "/graphql", "/graphql?query=%7B__typename%7D", "/dev/mailbox", "/healthz", "/schema.graphql", "/x"]
    {
        for host in ["evil.example", &format!("evil.example:{port}"), "localhost.evil.example", "10.0.0.1", "[::2]", ""]
        {
            let response = server.get_of(host, path);
            assert!(response.starts_with("HTTP/1.1 403"), "{host} {path}: {response}");
            assert!(response.contains(r#""code":"FORBIDDEN""#), "{host} {path}: {response}");
        }
        for host in
            ["localhost", &format!("LOCALHOST:{port}"), "demo.localhost:1", "127.1.2.3", &format!("[::1]:{port}")]
        {
            let response = server.get_of(host, path);
            assert!(!response.starts_with("HTTP/1.1 403"), "{host} {path}: {response}");
        }
    }
    drop(server);
    let server = Server::start(&Binary::new(), &[]);
    assert!(server.get_of("id.example.com", "/healthz").starts_with("HTTP/1.1 200"), "no demo, any host");
}

#[test]
fn app_schemes_may_be_allowed_origins() {
    let binary = Binary::new();
    let listed = "capacitor://localhost, ionic://localhost, tauri://localhost, https://app.example.com";
    let output = binary.command(&["config"]).env("USERPROFILE_CORS_ORIGINS", listed).output().unwrap();
    assert_says(&output, 0, &["capacitor://localhost", "tauri://localhost"]);
    for (listed, wrong) in
        [("capacitor://*", "would allow any website"), ("null", "would allow any website"), ("file://", "no origins")]
    {
        let output = binary.command(&["config"]).env("USERPROFILE_CORS_ORIGINS", listed).output().unwrap();
        assert_says(&output, 2, &["USERPROFILE_CORS_ORIGINS", wrong]);
    }
}

/// Stopping takes `USERPROFILE_SHUTDOWN_DELAY`, and the time that running requests need.
#[cfg(target_os = "linux")]
#[test]
fn after_sigterm_the_server_serves_until_the_shutdown_delay_is_over() {
    let binary = Binary::new();
    let mut server = Server::start(&binary, &["--shutdown-delay", "3s"]);
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));
    let pid = rustix::process::Pid::from_raw(server.child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    while server.get("/readyz").starts_with("HTTP/1.1 200") {}
    assert!(server.get("/readyz").starts_with("HTTP/1.1 503"));
    assert!(server.get("/graphql?query=%7B__typename%7D").starts_with("HTTP/1.1 200"));
    assert!(server.child.wait().unwrap().success());
    assert!(TcpStream::connect(&server.address).is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn sigterm_stops_the_server_with_status_0() {
    let binary = Binary::new();
    let mut server = Server::start(&binary, &[]);
    rustix::process::kill_process(server.process(), rustix::process::Signal::TERM).unwrap();
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn the_error_that_ends_a_server_has_the_format_of_the_log() {
    let binary = Binary::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (arguments, expected_status, word) in [
        (&["serve", "--listen", &address][..], 1, "in use"),
        (&["serve", "--access-ttl", "soon"], 2, "--access-ttl"),
        (&["user", "show", "domain-a", "x", "--log-format", "json"], 1, "unknown domain"),
    ] {
        let output = binary.run(arguments);
        assert_eq!(status(&output), expected_status, "{}", said(&output));
        let last = String::from_utf8(output.stderr).unwrap().lines().last().unwrap().to_owned();
        let entry: serde_json::Value = serde_json::from_str(&last).unwrap_or_else(|_| panic!("{last}"));
        assert_eq!((&entry["level"], &entry["target"]), (&"ERROR".into(), &"userprofile".into()));
        assert!(entry["timestamp"].is_string() && entry["message"].as_str().unwrap().contains(word), "{last}");
    }
    assert_says(&binary.run(&["serve", "--listen", &address, "--log-format", "text"]), 1, &["userprofile: "]);
    assert_says(&binary.run(&["user", "show", "domain-a", "x"]), 1, &["userprofile: unknown domain"]);
}

#[test]
fn a_healthcheck_asks_the_server_of_the_settings() {
    let binary = Binary::new();
    let server = Server::start(&binary, &[]);
    assert_says(&binary.run(&["healthcheck", "--listen", &server.address]), 0, &[]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    assert_says(&binary.run(&["healthcheck", "--listen", &closed]), 1, &[&closed, "refused"]);
}

#[test]
fn commands_that_would_find_nothing_create_no_database() {
    let binary = Binary::new();
    for arguments in [&["user", "list"][..], &["export", "-"], &["outbox", "list"], &["rotate-key"]] {
        assert_says(&binary.run(arguments), 1, &["userprofile.db does not exist", "set DATABASE_URL"]);
    }
    assert!(!binary.path().join("userprofile.db").exists());
}

/// A file with settings or with a key may be a pipe, which can be read once.
#[cfg(unix)]
#[test]
fn settings_and_keys_can_be_piped() {
    let binary = Binary::new();
    binary.write("settings.toml", "database_url = \"sqlite:piped.db\"\nlog_format = \"text\"\n");
    let shell = |script: &str| {
        let mut command = std::process::Command::new("bash");
        command.args(["-c", script, env!("CARGO_BIN_EXE_userprofile")]).current_dir(binary.path());
        command.env("RUST_LOG", "warn").output().unwrap()
    };
    assert_says(&shell("\"$0\" migrate --config <(cat settings.toml)"), 0, &["Applied"]);
    assert!(binary.path().join("piped.db").exists() && !binary.path().join("userprofile.db").exists());
    let key = format!("timeout 20 \"$0\" serve --listen 127.0.0.1:0 --secret-key-file <(echo {KEY})");
    assert_says(
        &shell(&format!("{key} --database-url sqlite:other.db --metrics-listen 192.0.2.1:1")),
        1,
        &["192.0.2.1"],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_that_waits_for_its_database_can_be_stopped() {
    let binary = Binary::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = binary.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("DATABASE_URL", format!("postgres://x@{closed}/x")).env("USERPROFILE_SECRET_KEY", KEY);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    while !line.contains("waiting for it") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ended");
    }
    let process = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
}
