//! Servers of this version and of the last release, side by side on the tables of this version.

use std::process::Command;

use serde_json::{Value, json};

use crate::cli::{Server, said};
use crate::support::{DOMAIN, PASSWORD, User, database, domain};

const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// A binary of one of the two versions, on the database that both share.
struct Version {
    binary: String,
    database_url: String,
}

impl Version {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env_clear().env("DATABASE_URL", &self.database_url);
        command.env("USERPROFILE_SECRET_KEY", KEY).env("USERPROFILE_ARGON2_MEMORY", "8KiB");
        command
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }

    fn serve(&self) -> Server {
        Server::from_command(self.command(&["serve", "--listen", "127.0.0.1:0"]))
    }
}

/// The data of a response without errors.
#[track_caller]
fn data(server: &Server, token: Option<&str>, query: &str, input: &Value) -> Value {
    let response = server.post(&json!({ "query": query, "variables": { "input": input } }), token);
    let body: Value = serde_json::from_str(response.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert!(body.get("errors").is_none(), "{body}");
    body["data"].clone()
}

/// The access and the refresh token of a new session.
fn sign_in(server: &Server) -> [String; 2] {
    let query = "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken refreshToken } } }";
    let input = json!({ "domainId": DOMAIN, "userId": "wonny", "password": PASSWORD });
    tokens(&data(server, None, query, &input)["signIn"])
}

/// The tokens that replace a refresh token.
fn refresh(server: &Server, token: &str) -> [String; 2] {
    let query = "mutation($input: RefreshSessionInput!) { \
                 refreshSession(input: $input) { session { accessToken refreshToken } } }";
    tokens(&data(server, None, query, &json!({ "refreshToken": token }))["refreshSession"])
}

fn tokens(payload: &Value) -> [String; 2] {
    ["accessToken", "refreshToken"].map(|name| payload["session"][name].as_str().unwrap().to_owned())
}

/// Each of the two writes, and the other one reads that.
fn exercise(servers: [&Server; 2]) {
    for [one, other] in [servers, [servers[1], servers[0]]] {
        let [access, token] = sign_in(one);
        let update = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { user { name } } }";
        let name = format!("Wonny {access}").chars().take(20).collect::<String>();
        assert_eq!(data(other, Some(&access), update, &json!({ "name": name }))["updateProfile"]["user"]["name"], name);
        let query = "{ me { name sessions { id } securityEvents { nodes { type } } workspaces { totalCount } } }";
        assert_eq!(data(one, Some(&access), query, &Value::Null)["me"]["name"], name);
        let [_, token] = refresh(other, &token);
        let [access, _] = refresh(one, &token);
        let revoke = "mutation { revokeOtherSessions { revoked } }";
        data(other, Some(&access), revoke, &Value::Null);
        let sign_out = "mutation { signOut { ok } }";
        assert_eq!(data(one, Some(&access), sign_out, &Value::Null)["signOut"]["ok"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/check-upgrade builds the last release and runs this"]
async fn this_version_runs_beside_the_last_release() {
    let database = database::create_empty().await;
    let version = |binary: String| Version { binary, database_url: database.url() };
    let previous = version(std::env::var("PREVIOUS_USERPROFILE").unwrap());
    let current = version(env!("CARGO_BIN_EXE_userprofile").to_owned());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.jsonl");
    std::fs::write(&file, domain(DOMAIN) + &User::new("wonny").line()).unwrap();

    tokio::task::block_in_place(|| {
        previous.run(&["migrate"]);
        previous.run(&["import", file.to_str().unwrap()]);
        let before = previous.serve();
        let [access, _] = sign_in(&before);
        current.run(&["migrate"]);
        // It runs on, its sessions last, and it can even be started again.
        let query = "{ me { userId } }";
        assert_eq!(data(&before, Some(&access), query, &Value::Null)["me"]["userId"], "wonny");
        let after = current.serve();
        assert_eq!(data(&after, Some(&access), query, &Value::Null)["me"]["userId"], "wonny");
        exercise([&before, &after]);
        drop(before);
        exercise([&previous.serve(), &after]);
    });
}
