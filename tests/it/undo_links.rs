//! Undo links after an account takeover: when the owner has the address back, no link of the attacker is valid.

use chrono::TimeDelta;
use serde_json::json;
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;
use userprofile::domain::password::Password;

use crate::support::{Client, DOMAIN, TestApp, User};

const FIRST: &str = "first@example.com";
const OLD: &str = "old@example.com";
const ATTACKER: &str = "attacker1@example.com";
const OTHER: &str = "attacker2@example.com";
const NEW_PASSWORD: &str = "quite another 4";

async fn app() -> (TestApp, Client) {
    let app = TestApp::with_user(User::new("wonny").verified_email(OLD)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    (app, client)
}

/// Changes the address and verifies it.
async fn change(app: &TestApp, client: &Client, address: &str) {
    client.mutate_ok("verifyEmail", json!({ "email": address }), "sentTo").await;
    client.mutate_ok("confirmEmail", json!({ "verifyCode": app.code(address).await }), "user { id }").await;
}

/// An attacker with a session changes the address twice. Returns the tokens of the links to the owner's and to the
/// attacker's address.
async fn take_over(app: &TestApp, client: &Client) -> (String, String) {
    change(app, client, ATTACKER).await;
    let owners = app.last_message(OLD).await.token();
    change(app, client, OTHER).await;
    (owners, app.last_message(ATTACKER).await.token())
}

fn wonny() -> (DomainId, LoginId) {
    (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap())
}

async fn undo(app: &TestApp, token: &str) -> Option<String> {
    let payload = app.client().mutate("undoEmailChange", json!({ "token": token }), "ok").await;
    payload["errors"][0]["code"].as_str().map(str::to_owned)
}

#[track_caller]
fn assert_invalid(error: Option<String>) {
    assert_eq!(error.as_deref(), Some("INVALID_TOKEN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_restores_the_address_invalidates_the_attackers_link() {
    let (app, client) = app().await;
    let (owners, attackers) = take_over(&app, &client).await;
    let (domain_id, login) = wonny();
    app.services.set_password(&domain_id, &login, Password::from_input(NEW_PASSWORD)).await.unwrap();
    let restored = User::new("wonny").verified_email(&OLD.to_uppercase()).password(NEW_PASSWORD);
    app.import(&restored.line()).await;
    assert_invalid(undo(&app, &attackers).await);
    assert_invalid(undo(&app, &owners).await);
    let mut client = app.client();
    client.sign_in(DOMAIN, "wonny", NEW_PASSWORD).await;
    assert_eq!(client.me("email emailVerified").await, json!({ "email": OLD.to_uppercase(), "emailVerified": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_keeps_the_address_invalidates_nothing() {
    let (app, client) = app().await;
    let (owners, _) = take_over(&app, &client).await;
    app.import(&User::new("wonny").verified_email(OTHER).line()).await;
    assert_eq!(undo(&app, &owners).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn verifying_the_old_address_again_invalidates_the_attackers_link_and_issues_no_other() {
    let (app, client) = app().await;
    let (owners, attackers) = take_over(&app, &client).await;
    app.clock.advance(TimeDelta::minutes(1));
    change(&app, &client, OLD).await;
    assert_invalid(undo(&app, &attackers).await);
    assert_invalid(undo(&app, &owners).await);
    let to_abandoned = app.last_message(OTHER).await;
    assert!(!to_abandoned.text.contains("token="), "{}", to_abandoned.text);
    assert!(to_abandoned.text.contains("changed back"), "{}", to_abandoned.text);
    // A later change sends an undo link again.
    change(&app, &client, "later@example.com").await;
    assert_eq!(undo(&app, &app.last_message(OLD).await.token()).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_older_than_the_one_to_the_restored_address_stay_valid() {
    let app = TestApp::with_user(User::new("wonny").verified_email(FIRST)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    change(&app, &client, OLD).await;
    let first = app.last_message(FIRST).await.token();
    let (owners, attackers) = take_over(&app, &client).await;
    assert_eq!(undo(&app, &owners).await, None);
    assert_invalid(undo(&app, &attackers).await);
    assert_eq!(undo(&app, &first).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn verifying_the_old_address_after_it_was_unverified_invalidates_links() {
    let (app, client) = app().await;
    let (owners, attackers) = take_over(&app, &client).await;
    app.import(&User::new("wonny").email(OLD).line()).await;
    app.clock.advance(TimeDelta::minutes(1));
    client.mutate_ok("verifyEmail", json!({}), "sentTo").await;
    client.mutate_ok("confirmEmail", json!({ "verifyCode": app.code(OLD).await }), "user { id }").await;
    assert_invalid(undo(&app, &attackers).await);
    assert_invalid(undo(&app, &owners).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn disabling_a_user_keeps_the_owners_link() {
    let (app, client) = app().await;
    change(&app, &client, ATTACKER).await;
    let owners = app.last_message(OLD).await.token();
    let (domain_id, login) = wonny();
    app.services.disable_user(&domain_id, &login).await.unwrap();
    app.services.enable_user(&domain_id, &login).await.unwrap();
    assert_eq!(undo(&app, &owners).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_invalidates_all_undo_links() {
    let (app, client) = app().await;
    let (owners, attackers) = take_over(&app, &client).await;
    let (domain_id, login) = wonny();
    assert_eq!(app.services.invalidate_undo_links(&domain_id, &login).await.unwrap(), 2);
    assert_invalid(undo(&app, &owners).await);
    assert_invalid(undo(&app, &attackers).await);
    let expected = json!({ "type": "UNDO_LINKS_INVALIDATED", "actor": "OPERATOR", "clientAddress": null });
    let events = client.me("securityEvents { nodes { type actor clientAddress } }").await;
    assert!(events["securityEvents"]["nodes"].as_array().unwrap().contains(&expected), "{events}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_concurrent_uses_of_an_undo_link_succeeds() {
    let (app, client) = app().await;
    let (owners, _) = take_over(&app, &client).await;
    let uses = (0..10).map(|_| {
        let (client, input) = (app.client(), json!({ "token": owners }));
        tokio::spawn(async move { client.mutate("undoEmailChange", input, "ok").await })
    });
    let uses = futures_util::future::join_all(uses).await;
    assert_eq!(uses.iter().filter(|used| used.as_ref().unwrap()["ok"] == true).count(), 1);
}
