//! What operators look up and clean up on the command line, and its entries in the audit log.

use std::process::Output;

use serde_json::{Value, json};

use crate::cli::{Binary, assert_says, said};
use crate::mfa::Authenticator;
use crate::support::authenticator::Authenticator as PasskeyAuthenticator;
use crate::support::database::{self, Database};
use crate::support::{DOMAIN, PASSWORD, TestApp, User, domain};

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// The binary beside a server on the same database.
struct Desk {
    app: TestApp,
    binary: Binary,
    database: Database,
}

impl Desk {
    async fn with_users(users: &[User]) -> Self {
        let database = database::create().await;
        let app = TestApp::on(&database).await;
        app.use_key().await;
        app.import_users(users).await;
        Self { app, binary: Binary::new(), database }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.binary.command(arguments);
        command.env("DATABASE_URL", self.database.url()).env("USERPROFILE_SECRET_KEY", KEY);
        command.env("USERPROFILE_LOG_FORMAT", "json").env("RUST_LOG", "info").output().unwrap()
    }

    /// The lines that a command prints.
    #[track_caller]
    fn list(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", said(&output));
        json_lines(&output.stdout)
    }

    #[track_caller]
    fn user_ids(&self, arguments: &[&str]) -> Vec<String> {
        let users = self.list(&[&["user", "list"], arguments].concat());
        users.iter().map(|user| user["user_id"].as_str().unwrap().to_owned()).collect()
    }
}

fn json_lines(text: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(text).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The entries of the audit log that a command wrote.
fn audited(output: &Output) -> Vec<Value> {
    json_lines(&output.stderr).into_iter().filter(|entry| entry["target"] == "userprofile::audit").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_by_parts_of_their_names_and_addresses() {
    let desk = Desk::with_users(&[
        User::new("wonny").with("name", "Straße").verified_email("w@one.example"),
        User::new("Mina@example.com").email("mina@two.example").state("DISABLED"),
        User::new("minho").email_mfa("m@one.example").verified_email("m@one.example"),
        User::new("otto").otp_mfa("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").state("PENDING"),
    ])
    .await;
    desk.app.import(&(domain("domain-b") + &User::new("wonny").in_domain("domain-b").line())).await;
    let all = ["Mina@example.com", "minho", "otto", "wonny"];
    assert_eq!(desk.user_ids(&[DOMAIN]), all);
    assert_eq!(desk.user_ids(&[]).len(), 5);
    for (arguments, found) in [
        (&["--query", "STRASSE"][..], &["wonny"][..]),
        (&["--query", "one.EXAMPLE"], &["minho", "wonny"]),
        (&["--query", "mina@"], &["Mina@example.com"]),
        (&["--query", "%"], &[]),
        (&["--state", "disabled"], &["Mina@example.com"]),
        (&["--state", "PENDING", "--query", "ott"], &["otto"]),
        (&["--mfa", "enabled"], &["minho", "otto"]),
        (&["--mfa", "otp"], &["otto"]),
        (&["--mfa", "disabled"], &["Mina@example.com", "wonny"]),
        (&["--limit", "2", "--after", "domain-a/MINHO"], &["otto", "wonny"]),
    ] {
        assert_eq!(desk.user_ids(&[&[DOMAIN], arguments].concat()), found, "{arguments:?}");
    }
    desk.app
        .import(&(domain("domain-c") + &["a'b", "c"].map(|id| User::new(id).in_domain("domain-c").line()).concat()))
        .await;
    assert_says(&desk.run(&["user", "list", "domain-c", "--limit", "1"]), 0, &[r"--after 'domain-c/a'\''b'"]);
    let first = desk.run(&["user", "list", DOMAIN, "--limit", "2"]);
    assert_says(&first, 0, &["--after 'domain-a/minho'"]);
    assert!(!said(&desk.run(&["user", "list", DOMAIN, "--limit", "4"])).contains("--after"));
    let minho = &desk.list(&["user", "list", DOMAIN, "--query", "minho"])[0];
    assert_eq!(
        json!([minho["email"], minho["email_verified"], minho["state"], minho["mfa"], minho["required_actions"]]),
        json!(["m@one.example", true, "ENABLED", "EMAIL", []])
    );
    assert_says(&desk.run(&["user", "list", "domain-none"]), 1, &["unknown domain"]);
    assert_says(&desk.run(&["user", "list", "--after", "x"]), 2, &["--after: this must be DOMAIN_ID/USER_ID"]);
    assert_says(&desk.run(&["user", "list", "--limit", "0"]), 2, &["--limit"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_a_domain_are_listed_and_revoked() {
    let desk = Desk::with_users(&[
        User::new("wonny"),
        User::new("mina"),
        User::new("minho").otp_mfa(SECRET),
        User::new("absent"),
    ])
    .await;
    let response = desk.app.client().try_sign_in(DOMAIN, "minho", PASSWORD).await;
    let challenge = response.data()["signIn"]["mfaChallenge"]["token"].clone();
    desk.app.import(&(domain("domain-b") + &User::new("other").in_domain("domain-b").line())).await;
    let (mut clients, other) = (Vec::new(), desk.app.signed_in("domain-b", "other").await);
    for user in ["wonny", "wonny", "mina"] {
        clients.push(desk.app.signed_in(DOMAIN, user).await);
    }
    desk.database
        .execute_on(
            "UPDATE sessions SET expires_at = expires_at + 315360000000000",
            "UPDATE sessions SET expires_at = expires_at + interval '10 years'",
        )
        .await;
    let listed = desk.list(&["session", "list", DOMAIN]);
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().all(|session| session["client_address"] == "192.0.2.1"), "{listed:?}");
    assert_eq!(desk.list(&["session", "list", DOMAIN, "--limit", "1"]).len(), 1);
    let details = desk.list(&["user", "show", DOMAIN, "wonny", "--full"]);
    assert_eq!(details[0]["kind"], "user");
    assert_eq!(details.iter().filter(|line| line["session_id"].is_string()).count(), 2);
    assert_eq!(details.iter().filter(|line| line["event"] == "SIGNED_IN").count(), 2);
    let revoked = desk.run(&["session", "revoke-all", DOMAIN, "--reason", "restored backup"]);
    assert_says(&revoked, 0, &["3 sessions revoked"]);
    for client in clients {
        assert!(!client.is_authenticated().await);
    }
    assert!(other.is_authenticated().await);
    assert_says(&desk.run(&["session", "revoke-all", DOMAIN]), 0, &["0 sessions revoked"]);
    assert_eq!(
        desk.list(&["domain", "list"])[1],
        json!({"domain_id": "domain-b", "name": "domain-b", "state": "ENABLED"})
    );
    let entries = audited(&revoked);
    let (command, events) = entries.split_last().unwrap();
    assert_eq!(events.len(), 3, "one for each user with a session or a challenge: {events:?}");
    assert!(events.iter().all(|event| event["event"] == "SESSIONS_REVOKED" && event["actor"] == "OPERATOR"));
    assert_eq!(
        json!([command["command"], command["domain"], command["reason"], command["result"], command["actor"]]),
        json!(["session revoke-all", DOMAIN, "restored backup", "done", "OPERATOR"])
    );
    let input = json!({ "challengeToken": challenge, "verifyCode": Authenticator::new(SECRET).code(&desk.app) });
    assert_eq!(desk.app.client().error_code("confirmSignIn", input).await, "INVALID_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_messages_are_listed_retried_and_dropped() {
    let desk = Desk::with_users(&[User::new("wonny"), User::new("mina")]).await;
    let client = desk.app.client();
    for user in ["wonny", "mina"] {
        let input = json!({ "domainId": DOMAIN, "userId": user });
        client.mutate_ok("resetPassword", input, "ok").await;
    }
    let jobs = desk.list(&["outbox", "list"]);
    assert_eq!(json!([jobs.len(), jobs[0]["kind"], jobs[0]["state"]]), json!([2, "RESET_REQUEST", "WAITING"]));
    let [first, second] = [0, 1].map(|place: usize| jobs[place]["job_id"].as_str().unwrap());
    assert_says(&desk.run(&["outbox", "retry"]), 0, &["2 messages are due now"]);
    assert_ne!(desk.list(&["outbox", "list"])[0]["due_at"], jobs[0]["due_at"]);
    assert_says(&desk.run(&["outbox", "retry", first]), 0, &[]);
    assert_says(&desk.run(&["outbox", "drop", second]), 0, &[]);
    assert_eq!(desk.list(&["outbox", "list"]).len(), 1);
    assert_says(
        &desk.run(&["outbox", "drop", second]),
        1,
        &["does not exist, has failed, or is being sent", "outbox list"],
    );
    assert_says(&desk.run(&["outbox", "retry", "job-none"]), 1, &["does not exist"]);
    assert_says(&desk.run(&["outbox", "drop", "nonsense"]), 2, &["JOB_ID"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_entries_of_the_audit_log() {
    let desk = Desk::with_users(&[User::new("wonny")]).await;
    let disabled = desk.run(&["user", "disable", DOMAIN, "wonny", "--reason", "TICKET-7"]);
    let entries = audited(&disabled);
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert_eq!((&entries[0]["event"], &entries[0]["actor"]), (&json!("USER_DISABLED"), &json!("OPERATOR")));
    let command = &entries[1];
    assert_eq!(command["message"], "operator command");
    assert_eq!(
        json!([command["command"], command["subject"], command["reason"], command["result"], command["error"]]),
        json!(["user disable", "domain-a/wonny", "TICKET-7", "done", null])
    );
    assert!(!command["operator"].as_str().unwrap().is_empty() && !command["host"].as_str().unwrap().is_empty());
    let failed = audited(&desk.run(&["user", "enable", DOMAIN, "nobody"]));
    assert_eq!(json!([failed[0]["result"], failed[0]["reason"]]), json!(["failed", null]));
    assert_eq!(
        (&failed[0]["error"], &failed[0]["subject"]),
        (&json!("unknown user … in domain-a"), &json!("domain-a/nobody"))
    );
    desk.binary.write("empty.jsonl", "");
    let imported = audited(&desk.run(&["import", "empty.jsonl", "--dry-run", "--reason", "nightly"]));
    assert_eq!(
        json!([imported[0]["command"], imported[0]["reason"], imported[0]["options"]]),
        json!(["import", "nightly", "--dry-run empty.jsonl"])
    );
    let exported = audited(&desk.run(&["export", "out.jsonl", "--with-secrets"]));
    assert_eq!(exported[0]["options"], "--with-secrets out.jsonl");
    let removed = audited(&desk.run(&["user", "enforce-mfa", DOMAIN, "wonny", "--remove"]));
    assert_eq!(removed.last().unwrap()["options"], "--remove");
    assert_eq!(audited(&desk.run(&["rotate-key"]))[0]["command"], "rotate-key");
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_of_a_user_are_listed_and_removed() {
    let desk = Desk::with_users(&[User::new("wonny").verified_email("wonny@example.com")]).await;
    let client = desk.app.signed_in(DOMAIN, "wonny").await;
    let passkey = crate::passkeys::add(&client, &mut PasskeyAuthenticator::new()).await;
    let id = passkey["id"].as_str().unwrap();
    let listed = desk.list(&["user", "passkeys", DOMAIN, "wonny"]);
    assert_eq!((listed.len(), &listed[0]["passkey_id"], &listed[0]["name"]), (1, &passkey["id"], &json!("Passkey")));
    assert!(said(&desk.run(&["user", "show", DOMAIN, "wonny", "--full"])).contains(id));

    assert_says(&desk.run(&["user", "remove-passkey", DOMAIN, "wonny", "passkey-1"]), 1, &["no passkey passkey-1"]);
    assert_says(&desk.run(&["user", "remove-passkey", DOMAIN, "wonny", "1"]), 2, &["PASSKEY_ID"]);
    let removed = desk.run(&["user", "remove-passkey", DOMAIN, "wonny", id, "--reason", "lost"]);
    let said = ["the user is not notified", r#""command":"user remove-passkey""#, r#""reason":"lost""#];
    assert_says(&removed, 0, &said);
    assert_eq!(client.me("passkeys { id }").await["passkeys"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn scheduled_deletions_are_listed_and_cancelled() {
    let desk = Desk::with_users(&[User::new("wonny").verified_email("wonny@example.com"), User::new("mei")]).await;
    let cancel = ["user", "cancel-deletion", DOMAIN, "wonny", "--reason", "not by the user"];
    assert_says(&desk.run(&cancel), 1, &["no deletion of this account is scheduled"]);
    let client = desk.app.signed_in(DOMAIN, "wonny").await;
    client.mutate_ok("requestAccountDeletion", Value::Null, "sentTo").await;
    assert!(desk.user_ids(&["--to-be-deleted"]).is_empty());
    let code = json!({ "verifyCode": desk.app.code("wonny@example.com").await });
    client.mutate_ok("confirmAccountDeletion", code, "deletionScheduledAt").await;
    assert_eq!(desk.user_ids(&["--to-be-deleted"]), ["wonny"]);
    let shown = ["user", "show", DOMAIN, "wonny", "--full"];
    assert_says(&desk.run(&shown), 0, &["deletion_scheduled_at", "ACCOUNT_DELETION_SCHEDULED"]);
    let said = ["the user is not notified", "ACCOUNT_DELETION_CANCELLED", r#""reason":"not by the user""#];
    assert_says(&desk.run(&cancel), 0, &said);
    assert!(desk.user_ids(&["--to-be-deleted"]).is_empty());
}
