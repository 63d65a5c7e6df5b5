//! The files of a SQLite database: who may read them, and what happens when they cannot grow.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use rustix::process::{Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use crate::cli::{Binary, Server};

const COMPANY: &str = r#"{"kind":"domain","domain_id":"domain-a","name":"acme"}
{"kind":"user","domain_id":"domain-a","user_id":"wonny","password":"correct horse 7"}
"#;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

/// The binary, started by a shell that first says `setting`.
fn after(binary: &Binary, setting: &str, arguments: &[&str]) -> Command {
    let command = binary.command(arguments);
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("{setting}; exec \"$0\" \"$@\"")).arg(command.get_program()).args(command.get_args());
    shell.current_dir(binary.path()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}

#[test]
fn the_files_of_a_database_are_readable_by_their_owner_only() {
    let binary = Binary::new();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let server = Server::from_command(after(&binary, "umask 000", &serve));
    let files = ["userprofile.db", "userprofile.db-wal", "userprofile.db-shm", "userprofile.db.key"];
    let files = files.map(|name| binary.path().join(name));
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
        std::fs::set_permissions(file, PermissionsExt::from_mode(0o666)).unwrap();
    }
    // As an earlier version, or a server that was killed, may have left them.
    let _other = Server::from_command(after(&binary, "umask 000", &serve));
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    drop(server);
}

fn sign_in(server: &Server) -> (String, Value) {
    let query =
        "mutation { signIn(input: { domainId: \"domain-a\", userId: \"wonny\", password: \"correct horse 7\" }) {
        session { accessToken } errors { code } } }";
    let answer = server.post(&json!({ "query": query }), None);
    let body = answer.rsplit("\r\n\r\n").next().unwrap().to_owned();
    let body: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{answer}"));
    (answer, body)
}

/// The disk is full: nothing can be written, and everything can be read. When there is room again, all is well again.
#[test]
fn with_a_full_disk_the_server_is_not_ready_and_refuses_writes_but_serves_reads() {
    let binary = Binary::new();
    binary.run_with_input(&["import", "-"], COMPANY);
    // A process is ended by the signal that it gets for a file that is too large, unless it ignores it.
    let server = Server::from_command(after(&binary, "trap '' XFSZ", &["serve", "--listen", "127.0.0.1:0"]));
    let (_, body) = sign_in(&server);
    let token = body["data"]["signIn"]["session"]["accessToken"].as_str().unwrap().to_owned();
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));

    let unlimited =
        prlimit(Some(server.process()), Resource::Fsize, Rlimit { current: Some(1), maximum: None }).unwrap();
    let (answer, body) = sign_in(&server);
    assert_eq!(body["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    // What was written a moment ago counts for that moment.
    std::iter::repeat_with(|| server.get("/readyz"))
        .take(5000)
        .find(|answer| answer.starts_with("HTTP/1.1 503"))
        .unwrap();
    let answer = server.post(&json!({ "query": "{ me { userId } }" }), Some(&token));
    assert!(answer.contains(r#""userId":"wonny""#), "{answer}");

    prlimit(Some(server.process()), Resource::Fsize, unlimited).unwrap();
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));
    assert!(sign_in(&server).1["data"]["signIn"]["session"].is_object());
}
