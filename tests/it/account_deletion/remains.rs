//! What remains of a deleted user: nothing but what is listed here, with a reason.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{GRACE, MAIL, cancel, confirm, request, schedule, wonny};
use crate::passkeys;
use crate::support::authenticator::Authenticator;
use crate::support::database::{self, Database};
use crate::support::{DOMAIN, PASSWORD, RoleBinding, TestApp, User, Workspace, WorkspaceGroup, domain};

/// Tables in which rows remain, and why.
const REMAINS: [(&str, &str); 4] = [
    ("known_networks", "a digest of the user id and the network; pruned after 30 days without a sign-in"),
    ("role_bindings", "dangling, as for any deleted user, until the domain's import deletes them"),
    ("tallies", "digests of networks, for the limits of clients; pruned after a day"),
    ("workspace_group_users", "dangling, as for any deleted user, until the domain's import deletes them"),
];

/// The number of rows of every table, and the texts in each.
async fn contents(database: &Database) -> BTreeMap<String, Vec<String>> {
    let tables = database
        .texts(
            "SELECT name AS value FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            "SELECT table_name AS value FROM information_schema.tables WHERE table_schema = current_schema()",
        )
        .await;
    let mut contents = BTreeMap::new();
    for table in tables {
        let columns = database
            .texts(
                &format!("SELECT 'coalesce(hex(' || name || '), '''')' AS value FROM pragma_table_info('{table}')"),
                "SELECT 'unused' AS value",
            )
            .await;
        let on_sqlite = format!("SELECT {} AS value FROM {table}", columns.join(" || ',' || "));
        let rows = database.texts(&on_sqlite, &format!("SELECT t::text AS value FROM {table} AS t")).await;
        contents.insert(table, rows);
    }
    contents
}

/// Has everything stored about the user that can be. Returns their id, and the contents of all tables before the deletion
/// is confirmed, which already ends the sessions.
async fn use_everything(app: &TestApp, database: &Database) -> (String, BTreeMap<String, Vec<String>>) {
    let client = app.signed_in(DOMAIN, "wonny").await;
    let id = client.me("id").await["id"].as_str().unwrap().to_owned();
    passkeys::add(&client, &mut Authenticator::new()).await;
    let begun = client.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret }").await;
    let code = crate::mfa::Authenticator::new(begun["otp"]["secret"].as_str().unwrap()).code(app);
    client.mutate_ok("confirmMfa", json!({ "verifyCode": code }), "recoveryCodes").await;
    client.mutate_ok("updateProfile", json!({ "name": "Wonny Kim", "tags": { "team": "wonny" } }), "user { id }").await;
    client.mutate_ok("exportData", Value::Null, "data").await;
    app.client().try_sign_in(DOMAIN, "wonny", "wrong horse 7").await;
    client.errors("confirmMfa", json!({ "verifyCode": "000000" })).await;
    app.client().mutate_ok("resetPassword", json!({ "domainId": DOMAIN, "userId": "wonny" }), "ok").await;
    client.mutate_ok("verifyEmail", json!({ "email": "new-wonny@example.com" }), "sentTo").await;
    let stored = contents(database).await;
    app.messages().await;
    let code = request(app, &client, MAIL).await;
    // The notification waits in the outbox.
    assert!(confirm(&client, &code).await["deletionScheduledAt"].is_string());
    // A sign-in that is not completed.
    let challenge = app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    assert!(challenge.data()["signIn"]["mfaChallenge"].is_object());
    (id, stored)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_remains_of_a_deleted_user_except_for_a_reason() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("mei")]).await;
    let before = contents(&database).await;
    let group = WorkspaceGroup::new("wg-1").with("users", json!([{ "user_id": "wonny" }]));
    let bound = RoleBinding::owner("rb-1", "wonny", "workspace-1");
    let entities =
        domain(DOMAIN) + &wonny().line() + &group.line() + &Workspace::new("workspace-1").line() + &bound.line();
    app.import(&entities).await;
    let (id, during) = use_everything(&app, &database).await;
    assert_eq!(database.count("outbox WHERE owner_id IS NOT NULL").await, 1);
    app.clock.advance(GRACE);
    app.services.delete_due_accounts().await.unwrap();
    app.messages().await;
    let after = contents(&database).await;

    let shared = ["workspaces", "workspace_groups", "domains", "installation", "roles"];
    let mut unused = Vec::new();
    for (table, rows) in &after {
        let is_listed = REMAINS.iter().any(|(listed, reason)| listed == table && !reason.is_empty());
        if !is_listed && !shared.contains(&table.as_str()) {
            assert_eq!(rows, &before[table], "{table}");
            if during[table] == before[table] {
                unused.push(table.as_str());
            }
        }
        // SQLite's rows are in hexadecimal.
        let has = |text: &str| {
            let hex: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
            rows.iter().any(|row| row.contains(text) || row.contains(&hex))
        };
        assert!(!has(&id), "{table} names the deleted user");
        assert!(!has("wonny") || ["role_bindings", "workspace_group_users"].contains(&table.as_str()), "{table}");
    }
    assert_eq!(unused, ["__diesel_schema_migrations"], "the user had nothing in these tables");
}

/// A cancelled deletion leaves everything as it was, except for what confirming it has ended, and for its own traces.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_deletion_leaves_everything_as_it_was() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    let group = WorkspaceGroup::new("wg-1").with("users", json!([{ "user_id": "wonny" }]));
    let bound = RoleBinding::owner("rb-1", "wonny", "workspace-1");
    let entities =
        domain(DOMAIN) + &wonny().line() + &group.line() + &Workspace::new("workspace-1").line() + &bound.line();
    app.import(&entities).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    passkeys::add(&client, &mut Authenticator::new()).await;
    let begun = client.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret }").await;
    let code = crate::mfa::Authenticator::new(begun["otp"]["secret"].as_str().unwrap()).code(&app);
    client.mutate_ok("confirmMfa", json!({ "verifyCode": code }), "recoveryCodes").await;
    app.messages().await;
    let before = contents(&database).await;
    let token = schedule(&app, &client, MAIL).await;
    app.clock.advance(GRACE / 2);
    assert_eq!(cancel(&app, &token).await, None);
    app.messages().await;
    app.clock.advance(GRACE);
    app.services.delete_due_accounts().await.unwrap();
    let after = contents(&database).await;
    for (table, rows) in &before {
        match table.as_str() {
            // All sessions have ended.
            "sessions" | "session_tokens" => assert_eq!(after[table], Vec::<String>::new(), "{table}"),
            // That it was requested, confirmed, and cancelled, and that a message was sent.
            "security_events" | "tallies" => assert!(rows.iter().all(|row| after[table].contains(row)), "{table}"),
            _ => assert_eq!(&after[table], rows, "{table}"),
        }
    }
}
