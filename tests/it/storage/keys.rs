//! Keys that were stored by the rules of before are brought up to date by `migrate`.

use serde_json::json;
use userprofile::storage::migrate;

use crate::support::{DOMAIN, PASSWORD, TestApp, database, domain, user};

/// What a database holds that was written before: a final sigma in its keys, and names in lower case.
const AS_BEFORE: &str = "
    UPDATE users SET user_id_key = 'νικος@x.gr', email_key = 'νικος@x.gr', mfa_email_key = 'νικος@x.gr',
                     pending_email = 'ΝΕΟΣ@x.gr', pending_email_key = 'νεος@x.gr'
    WHERE user_id = 'ΝΙΚΟΣ@x.gr';
    UPDATE workspace_group_users SET user_id_key = 'νικος@x.gr';
    UPDATE role_bindings SET user_id_key = 'νικος@x.gr';
    UPDATE workspaces SET name_key = 'hauptstraße' WHERE name = 'Hauptstraße';
    INSERT INTO installation (name, value) VALUES ('keys', 'due');
";

const THINGS: &str = r#"{"kind":"role_binding","domain_id":"domain-a","role_binding_id":"rb-1","user_id":"ΝΙΚΟΣ@x.gr","role_id":"r","role_type":"WORKSPACE_OWNER","resource_group":"WORKSPACE","workspace_id":"workspace-1"}
{"kind":"workspace","domain_id":"domain-a","workspace_id":"workspace-1","name":"Hauptstraße"}
{"kind":"workspace_group","domain_id":"domain-a","workspace_group_id":"wg-1","name":"G","users":[{"user_id":"ΝΙΚΟΣ@x.gr"}]}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn stored_keys_are_brought_up_to_date() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    let factor =
        r#""email":"ΝΙΚΟΣ@x.gr","email_verified":true,"mfa":{"state":"DISABLED","options":{"email":"ΝΙΚΟΣ@x.gr"}}"#;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "ΝΙΚΟΣ@x.gr", factor) + THINGS)).await;
    database.execute(AS_BEFORE).await;
    let location = database.location();
    assert_eq!(migrate::pending(&location).await.unwrap(), ["keys of user ids, addresses and names"]);
    let sign_in = |login: &'static str| {
        let app = &app;
        async move { app.client().try_sign_in(DOMAIN, login, PASSWORD).await.data()["signIn"]["session"].is_object() }
    };
    assert!(!sign_in("ΝΙΚΟΣ@x.gr").await);

    migrate::apply(&location).await.unwrap();
    assert!(migrate::pending(&location).await.unwrap().is_empty());
    for login in ["ΝΙΚΟΣ@x.gr", "νικος@x.gr", "νικοσ@X.GR"] {
        assert!(sign_in(login).await, "{login}");
    }
    assert_eq!(database.count("users WHERE email_key = 'νικοσ@x.gr' AND mfa_email_key = 'νικοσ@x.gr'").await, 1);
    assert_eq!(database.count("users WHERE pending_email_key = 'νεοσ@x.gr'").await, 1);
    let client = app.signed_in(DOMAIN, "νικοσ@x.gr").await;
    let things = r#"workspaces(filter: { nameContains: "STRASSE" }) { totalCount } workspaceGroups { totalCount }"#;
    assert_eq!(
        client.me(things).await,
        json!({ "workspaces": { "totalCount": 1 }, "workspaceGroups": { "totalCount": 1 } })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn users_who_become_equal_are_named_and_nothing_is_changed() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    let verified = |address: &str| format!(r#""email":"{address}","email_verified":true"#);
    let users = user(DOMAIN, "ΝΙΚΟΣ@x.gr", "")
        + &user(DOMAIN, "other", "")
        + &user(DOMAIN, "one", &verified("ας@x.gr"))
        + &user(DOMAIN, "two", &verified("b@x.gr"));
    app.import(&(domain(DOMAIN) + &users + THINGS)).await;
    database.execute(AS_BEFORE).await;
    database
        .execute(
            "UPDATE users SET user_id = 'νικοσ@x.gr', user_id_key = 'νικοσ@x.gr' WHERE user_id = 'other';
             UPDATE users SET email_key = 'ας@x.gr' WHERE user_id = 'one';
             UPDATE users SET email_key = 'ασ@x.gr' WHERE user_id = 'two';",
        )
        .await;
    let location = database.location();
    let message = migrate::apply(&location).await.unwrap_err().to_string();
    for part in [
        r#"user id in domain-a: "ΝΙΚΟΣ@x.gr" and "νικοσ@x.gr""#,
        r#"verified email address in domain-a: "one" and "two""#,
        "nothing was changed",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(database.count("users WHERE user_id_key = 'νικος@x.gr'").await, 1);
    assert_eq!(database.count("workspaces WHERE name_key = 'hauptstraße'").await, 1);
    assert_eq!(migrate::pending(&location).await.unwrap().len(), 1);

    database.execute("DELETE FROM users WHERE user_id IN ('νικοσ@x.gr', 'two')").await;
    migrate::apply(&location).await.unwrap();
    assert!(app.client().try_sign_in(DOMAIN, "νικος@x.gr", PASSWORD).await.data()["signIn"]["session"].is_object());
}
