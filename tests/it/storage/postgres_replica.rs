//! Lists are read from a replica, but never without what the session itself has written.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use userprofile::storage::db::Location;
use userprofile::storage::migrate;

use super::postgres_pair::{Pair, administer};
use crate::cli::{Binary, said, status};
use crate::support::{Client, DOMAIN, RoleBinding, TestApp, User, Workspace, WorkspaceGroup, database, domain};

const LISTS: &str = "{ me { workspaces { nodes { name } } workspaceGroups { nodes { users { userName } } } } }";
/// More than any test takes.
const ANY_LAG: Duration = Duration::from_mins(10);
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that reads lists from the standby of a pair, and checks it.
struct Reading {
    app: TestApp,
    checking: AbortHandle,
}

impl Reading {
    async fn start(pair: &Pair, max_lag: Duration) -> Self {
        let location = |url: String| Location::Postgres(url.parse().unwrap());
        let app = TestApp::with_replica(&location(pair.primary()), &location(pair.standby()), max_lag).await;
        let checking = tokio::spawn(app.services.clone().watch_replica()).abort_handle();
        Self { app, checking }
    }

    /// The same, and a client whose lists are read from the standby.
    async fn start_with_client(pair: &Pair, max_lag: Duration) -> (Self, Client) {
        let reading = Self::start(pair, max_lag).await;
        let client = reading.app.signed_in(DOMAIN, "wonny").await;
        reading.await_replica(&client).await;
        (reading, client)
    }

    /// The workspaces and users of groups, and whether they were read from the replica: only the caller was not.
    async fn lists(&self, client: &Client) -> (Value, bool) {
        let (statements, response) = self.app.count_statements(client.query(LISTS)).await;
        (response.data()["me"].clone(), statements == 1)
    }

    /// Waits until lists are read from the replica.
    async fn await_replica(&self, client: &Client) {
        self.await_lists(client, |_, is_replica| is_replica).await;
    }

    /// Waits until the workspace has this name.
    async fn await_workspace(&self, client: &Client, name: &str) {
        self.await_lists(client, |lists, _| workspace_of(lists) == name).await;
    }

    async fn await_lists(&self, client: &Client, is_expected: impl Fn(&Value, bool) -> bool) {
        let expected = async {
            loop {
                let (lists, is_replica) = self.lists(client).await;
                if is_expected(&lists, is_replica) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, expected).await.expect("the lists do not become what they should");
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.checking.abort();
    }
}

fn workspace_of(lists: &Value) -> &str {
    lists["workspaces"]["nodes"][0]["name"].as_str().unwrap()
}

fn user_of_group(lists: &Value) -> &str {
    lists["workspaceGroups"]["nodes"][0]["users"][0]["userName"].as_str().unwrap()
}

/// The pair, with a user in a workspace and a group. Commits do not wait for the standby.
async fn pair() -> Pair {
    let pair = Pair::start();
    administer(&pair.primary(), "ALTER SYSTEM SET synchronous_standby_names = ''").await;
    administer(&pair.primary(), "SELECT pg_reload_conf()").await;
    migrate::apply(&pair.location()).await.unwrap();
    let app = TestApp::at(&pair.location()).await;
    let lines = [
        domain(DOMAIN),
        User::new("wonny").with("name", "Won").line(),
        WorkspaceGroup::new("wg-1").members(["wonny"]).line(),
        Workspace::new("workspace-1").name("before").line(),
        RoleBinding::member("rb-1", "wonny", "workspace-1").line(),
    ];
    app.import(&lines.concat()).await;
    pair
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lists_are_read_from_the_replica_unless_the_session_has_written() {
    let pair = pair().await;
    let reading = Reading::start(&pair, ANY_LAG).await;
    let (writer, reader) = (reading.app.signed_in(DOMAIN, "wonny").await, reading.app.signed_in(DOMAIN, "wonny").await);
    // A new session is a write, too.
    assert!(!reading.lists(&writer).await.1);
    reading.await_replica(&writer).await;
    reading.await_replica(&reader).await;

    administer(&pair.standby(), "SELECT pg_wal_replay_pause()").await;
    administer(&pair.primary(), "UPDATE workspaces SET name = 'after'").await;
    for client in [&writer, &reader] {
        let (lists, is_replica) = reading.lists(client).await;
        assert_eq!((workspace_of(&lists), is_replica), ("before", true));
    }

    // In the same request, and in the next one, the session sees what it has written.
    let fields = "user { name workspaceGroups { nodes { users { userName } } } securityEvents { totalCount } }";
    let events = writer.me("securityEvents { totalCount }").await["securityEvents"]["totalCount"].as_i64().unwrap();
    let change = json!({ "name": "Won Y.", "language": "en" });
    let changed = writer.mutate_ok("updateProfile", change, fields).await;
    assert_eq!(changed["user"]["name"], "Won Y.");
    assert_eq!(user_of_group(&changed["user"]), "Won Y.");
    let (lists, is_replica) = reading.lists(&writer).await;
    assert_eq!((workspace_of(&lists), user_of_group(&lists), is_replica), ("after", "Won Y.", false));
    writer.mutate_ok("revokeOtherSessions", Value::Null, "revoked").await;
    let after = writer.me("securityEvents { totalCount }").await;
    assert_eq!(after["securityEvents"]["totalCount"], events + 1);
    // A session that the replica knows as valid has ended.
    assert!(!reader.is_authenticated().await);

    administer(&pair.standby(), "SELECT pg_wal_replay_resume()").await;
    reading.await_replica(&writer).await;
    let (lists, _) = reading.lists(&writer).await;
    assert_eq!((workspace_of(&lists), user_of_group(&lists)), ("after", "Won Y."));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_replica_that_lags_or_fails_is_bypassed() {
    let pair = pair().await;
    let (strict, client) = Reading::start_with_client(&pair, Duration::from_millis(500)).await;
    administer(&pair.standby(), "SELECT pg_wal_replay_pause()").await;
    administer(&pair.primary(), "UPDATE workspaces SET name = 'after'").await;
    // Only the primary has that.
    strict.await_workspace(&client, "after").await;
    administer(&pair.standby(), "SELECT pg_wal_replay_resume()").await;
    strict.await_replica(&client).await;

    // Killed: requests that are on their way to it are answered by the primary.
    let (lenient, client) = Reading::start_with_client(&pair, ANY_LAG).await;
    lenient.checking.abort();
    pair.run("kill-standby");
    for _ in 0..20 {
        let (lists, is_replica) = lenient.lists(&client).await;
        assert_eq!((workspace_of(&lists), is_replica), ("after", false));
    }
}

/// Runs `doctor`, and returns its exit status and what it prints.
fn doctor(pair: &Pair, replica: &str) -> (i32, String) {
    let binary = Binary::new();
    let mut command = binary.command(&["doctor"]);
    command.env("DATABASE_URL", pair.primary()).env("DATABASE_REPLICA_URL", replica);
    let output = command.env("USERPROFILE_REPLICA_MAX_LAG", "1s").output().unwrap();
    (status(&output), said(&output))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn doctor_tells_a_replica_from_another_database() {
    let pair = pair().await;
    let (_, found) = doctor(&pair, &pair.standby());
    assert!(found.contains("a heartbeat of the database arrives"), "{found}");
    let another = database::create().await.url();
    let (status, found) = doctor(&pair, &another);
    assert!(status == 1 && found.contains("is no replica of it") && found.contains("DATABASE_REPLICA_URL"), "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_no_replica_any_more_is_bypassed() {
    let pair = pair().await;
    let (reading, client) = Reading::start_with_client(&pair, Duration::from_millis(500)).await;
    pair.run("promote");
    administer(&pair.primary(), "UPDATE workspaces SET name = 'after'").await;
    reading.await_workspace(&client, "after").await;
    assert!(!reading.lists(&client).await.1);
}
