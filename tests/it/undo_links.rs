//! Undo links after a takeover: once the owner has their address back, no link that a thief holds works.

use chrono::TimeDelta;
use serde_json::json;
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;
use userprofile::domain::password::Password;

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, domain, user};

const FIRST: &str = "first@example.com";
const OLD: &str = "old@example.com";
const THIEF: &str = "thief1@example.com";
const OTHER: &str = "thief2@example.com";
const NEW_PASSWORD: &str = "quite another 4";

async fn app() -> (TestApp, Client) {
    let app = TestApp::start().await;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &verified(OLD)))).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    (app, client)
}

fn verified(address: &str) -> String {
    format!(r#""email":"{address}","email_verified":true"#)
}

/// Changes the address, which is confirmed by its code.
async fn change(app: &TestApp, client: &Client, address: &str) {
    client.done("verifyEmail", json!({ "email": address }), "sentTo").await;
    client.done("confirmEmail", json!({ "verifyCode": app.code(address).await }), "user { id }").await;
}

/// A thief with a session changes the address twice. Returns the link to the owner's address, and the thief's.
async fn take_over(app: &TestApp, client: &Client) -> (String, String) {
    change(app, client, THIEF).await;
    let owners = app.last_mail(OLD).await.token();
    change(app, client, OTHER).await;
    (owners, app.last_mail(THIEF).await.token())
}

fn wonny() -> (DomainId, LoginId) {
    (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap())
}

async fn undo(app: &TestApp, token: &str) -> Option<String> {
    let payload = app.client().mutate("undoEmailChange", json!({ "token": token }), "ok").await;
    payload["errors"][0]["code"].as_str().map(str::to_owned)
}

#[track_caller]
fn assert_invalid(refusal: Option<String>) {
    assert_eq!(refusal.as_deref(), Some("INVALID_TOKEN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_restores_the_address_invalidates_the_thiefs_link() {
    let (app, client) = app().await;
    let (owners, thiefs) = take_over(&app, &client).await;
    let (domain_id, login) = wonny();
    app.services.set_password(&domain_id, &login, Password::typed(NEW_PASSWORD)).await.unwrap();
    app.import(&user(DOMAIN, "wonny", &verified(&OLD.to_uppercase())).replace(PASSWORD, NEW_PASSWORD)).await;
    assert_invalid(undo(&app, &thiefs).await);
    assert_invalid(undo(&app, &owners).await);
    let mut client = app.client();
    client.sign_in(DOMAIN, "wonny", NEW_PASSWORD).await;
    assert_eq!(client.me("email emailVerified").await, json!({ "email": OLD.to_uppercase(), "emailVerified": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_leaves_the_address_as_it_is_invalidates_nothing() {
    let (app, client) = app().await;
    let (owners, _) = take_over(&app, &client).await;
    app.import(&user(DOMAIN, "wonny", &verified(OTHER))).await;
    assert_eq!(undo(&app, &owners).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn confirming_the_old_address_again_invalidates_the_thiefs_link_and_gives_out_no_other() {
    let (app, client) = app().await;
    let (owners, thiefs) = take_over(&app, &client).await;
    app.clock.advance(TimeDelta::minutes(1));
    change(&app, &client, OLD).await;
    assert_invalid(undo(&app, &thiefs).await);
    assert_invalid(undo(&app, &owners).await);
    let to_abandoned = app.last_mail(OTHER).await;
    assert!(!to_abandoned.text.contains("token="), "{}", to_abandoned.text);
    assert!(to_abandoned.text.contains("changed back"), "{}", to_abandoned.text);
    // A later change is one like any other again.
    change(&app, &client, "later@example.com").await;
    assert_eq!(undo(&app, &app.last_mail(OLD).await.token()).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_issued_before_that_to_the_restored_address_stay_valid() {
    let app = TestApp::start().await;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &verified(FIRST)))).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    change(&app, &client, OLD).await;
    let first = app.last_mail(FIRST).await.token();
    let (owners, thiefs) = take_over(&app, &client).await;
    assert_eq!(undo(&app, &owners).await, None);
    assert_invalid(undo(&app, &thiefs).await);
    assert_eq!(undo(&app, &first).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unverified_address_that_is_verified_again_counts_too() {
    let (app, client) = app().await;
    let (owners, thiefs) = take_over(&app, &client).await;
    app.import(&user(DOMAIN, "wonny", &format!(r#""email":"{OLD}""#))).await;
    app.clock.advance(TimeDelta::minutes(1));
    client.done("verifyEmail", json!({}), "sentTo").await;
    client.done("confirmEmail", json!({ "verifyCode": app.code(OLD).await }), "user { id }").await;
    assert_invalid(undo(&app, &thiefs).await);
    assert_invalid(undo(&app, &owners).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn disabling_a_user_keeps_the_owners_link() {
    let (app, client) = app().await;
    change(&app, &client, THIEF).await;
    let owners = app.last_mail(OLD).await.token();
    let (domain_id, login) = wonny();
    app.services.disable_user(&domain_id, &login).await.unwrap();
    app.services.enable_user(&domain_id, &login).await.unwrap();
    assert_eq!(undo(&app, &owners).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_invalidates_all_undo_links() {
    let (app, client) = app().await;
    let (owners, thiefs) = take_over(&app, &client).await;
    let (domain_id, login) = wonny();
    assert_eq!(app.services.void_undo_links(&domain_id, &login).await.unwrap(), 2);
    assert_invalid(undo(&app, &owners).await);
    assert_invalid(undo(&app, &thiefs).await);
    let expected = json!({ "type": "UNDO_LINKS_INVALIDATED", "actor": "OPERATOR", "clientAddress": null });
    let events = client.me("securityEvents { nodes { type actor clientAddress } }").await;
    assert!(events["securityEvents"]["nodes"].as_array().unwrap().contains(&expected), "{events}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_uses_of_an_undo_link_at_once_one_wins() {
    let (app, client) = app().await;
    let (owners, _) = take_over(&app, &client).await;
    let uses = (0..10).map(|_| {
        let (client, input) = (app.client(), json!({ "token": owners }));
        tokio::spawn(async move { client.mutate("undoEmailChange", input, "ok").await })
    });
    let uses = futures_util::future::join_all(uses).await;
    assert_eq!(uses.iter().filter(|used| used.as_ref().unwrap()["ok"] == true).count(), 1);
}
