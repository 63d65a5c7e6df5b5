//! Users have two keys, and a verified address that no other user may have: what a file may do with them.

use chrono::TimeDelta;
use serde_json::json;

use super::assert_errors;
use crate::support::{DOMAIN, TestApp, domain, user};

fn line(user: &str, rest: &str) -> String {
    let separator = if rest.is_empty() { "" } else { "," };
    format!("{{\"kind\":\"user\",\"domain_id\":\"{DOMAIN}\",\"user_id\":\"{user}\"{separator}{rest}}}\n")
}

fn verified(user: &str, address: &str) -> String {
    line(user, &format!("\"email\":\"{address}\",\"email_verified\":true"))
}

fn deleted(user: &str) -> String {
    line(user, "\"delete\":true")
}

async fn with(lines: &[String]) -> TestApp {
    let app = TestApp::start().await;
    app.import(&(domain(DOMAIN) + &lines.concat())).await;
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verified_address_can_move_between_users_and_has_one_owner() {
    let app = with(&[verified("a", "one@x.org"), verified("b", "two@x.org"), line("c", "")]).await;
    assert_errors(app.try_import(&verified("c", "ONE@x.org")).await, &[(1, "the verified address of a")]);
    // Several users may have it unverified.
    app.import(&line("c", r#""email":"one@x.org""#)).await;
    // Exchanged, in both directions.
    app.import(&(verified("a", "two@x.org") + &verified("b", "one@x.org"))).await;
    assert_eq!(app.exported_user("a").await["email"], "two@x.org");
    // Given up in the same file, before or after.
    app.import(&(verified("c", "two@x.org") + &line("a", ""))).await;
    app.import(&(deleted("b") + &verified("a", "one@x.org"))).await;
    app.import(&(verified("b", "one@x.org") + &deleted("a"))).await;
    assert_eq!(app.exported_user("b").await["email"], "one@x.org");
    assert_eq!(app.exported_user("c").await["email"], "two@x.org");
    // A user keeps their own.
    app.import(&verified("b", "One@x.org")).await;
    assert_eq!(app.exported_user("b").await["email"], "One@x.org");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_with_the_id_of_a_user_renames_them() {
    let app = with(&[user(DOMAIN, "old", r#""id":"user-1""#), line("other", r#""id":"user-2""#)]).await;
    let hash = app.exported_user("old").await["password_hash"].clone();
    let client = app.signed_in(DOMAIN, "old").await;
    app.import(&line("new", r#""id":"user-1""#)).await;
    assert_eq!(app.exported_user("new").await["password_hash"], hash);
    assert!(!app.export().await.contains(r#""user_id":"old""#));
    assert!(client.is_authenticated().await);
    // They cannot become an existing user.
    assert_errors(app.try_import(&line("other", r#""id":"user-1""#)).await, &[(1, "`id`: this is the id of new")]);
    let both = line("third", r#""id":"user-2""#) + &line("other", "");
    assert_errors(app.try_import(&both).await, &[(1, "`id`: this is the id of other")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_can_be_changed_or_taken_over_from_a_deleted_user() {
    let app = with(&[user(DOMAIN, "u", r#""id":"user-1""#), line("v", r#""id":"user-2""#)]).await;
    let client = app.signed_in(DOMAIN, "u").await;
    app.clock.advance(TimeDelta::seconds(1));
    app.import(&(line("u", r#""id":"user-2""#) + &deleted("v"))).await;
    let after = app.exported_user("u").await;
    assert_eq!(after["id"], "user-2");
    assert!(after["password_hash"].is_string());
    // Their session and their events follow.
    assert!(client.is_authenticated().await);
    let me = client.me("securityEvents { nodes { type } }").await;
    assert_eq!(me["securityEvents"]["nodes"], json!([{ "type": "USER_UPDATED" }, { "type": "SIGNED_IN" }]));
    app.import(&(deleted("u") + &line("w", r#""id":"user-2""#))).await;
    assert!(app.exported_user("w").await["password_hash"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn enabled_otp_needs_a_secret_in_the_line_or_stored() {
    let app = with(&[line("u", "")]).await;
    let on = line("u", r#""mfa":{"state":"ENABLED","mfa_type":"OTP"}"#);
    assert_errors(app.try_import(&on).await, &[(1, "`mfa.otp_secret`")]);
    app.import(&line("u", r#""mfa":{"otp_secret":"gezdgnbvgy3tqojqgezdgnbvgy3tqojq"}"#)).await;
    app.import(&on).await;
    assert!(!app.export().await.contains("GEZD"));
    assert_eq!(app.exported_user("u").await["mfa"]["otp_secret"], "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_errors(app.try_import(&on.replace("\"u\"", "\"v\"")).await, &[(1, "`mfa.otp_secret`")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_shown_as_their_line_without_secrets() {
    let app =
        with(&[user(DOMAIN, "Wonny", r#""id":"user-1","mfa":{"otp_secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}"#)])
            .await;
    let shown = app.shown(DOMAIN, "wonny").await;
    let expected = r#"{"kind":"user","domain_id":"domain-a","user_id":"Wonny","id":"user-1","name":"WONNY","state":"ENABLED","auth_type":"LOCAL","role_type":"USER","language":"en","timezone":"UTC","created_at":"2026-11-23T09:00:00Z"}"#;
    assert_eq!(shown, format!("{expected}\n"));
    assert!(app.export().await.ends_with(&shown));
    let before = app.export_with_secrets().await;
    app.import(&shown).await;
    assert_eq!(app.export_with_secrets().await, before);
}
