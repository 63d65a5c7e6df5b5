//! Passwords: changing one, and getting a new one by mail.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;
use userprofile::services::hasher::Slot;

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, domain, user};

const MAIL: &str = "wonny@example.com";
const NEW: &str = "quite another 4";

async fn app() -> (TestApp, Client) {
    let app = TestApp::start().await;
    let verified = format!(r#""email":"{MAIL}","email_verified":true"#);
    let mut lines = domain(DOMAIN) + &domain("domain-off").replace('}', ",\"state\":\"DISABLED\"}");
    lines += &user(DOMAIN, "wonny", &verified);
    lines += &user(DOMAIN, "unverified", r#""email":"u@example.com""#);
    lines += &user(DOMAIN, "disabled", r#""state":"DISABLED","email":"d@example.com","email_verified":true"#);
    lines += &user(DOMAIN, "pending", r#""state":"PENDING","email":"p@example.com","email_verified":true"#);
    lines += &user(DOMAIN, "external", r#""auth_type":"EXTERNAL","email":"x@example.com","email_verified":true"#);
    lines += &user("domain-off", "off", r#""email":"off@example.com","email_verified":true"#);
    app.import(&lines).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    (app, client)
}

fn change(current: &str, new: &str) -> Value {
    json!({ "currentPassword": current, "newPassword": new })
}

fn forgotten(user_id: &str) -> Value {
    json!({ "userId": user_id, "domainId": DOMAIN })
}

async fn reset_token(app: &TestApp) -> String {
    app.client().done("resetPassword", forgotten("wonny"), "ok").await;
    let mail = app.last_mail(MAIL).await;
    assert!(mail.text.contains("https://id.test/reset-password#token=upw_"), "{}", mail.text);
    mail.token()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_ends_all_other_sessions_at_once_and_voids_what_is_open() {
    let (app, client) = app().await;
    let other = app.signed_in(DOMAIN, "wonny").await;
    client.done("verifyEmail", json!({ "email": "next@example.com" }), "sentTo").await;
    let email_code = app.code("next@example.com").await;
    client.done("enableMfa", json!({ "mfaType": "EMAIL" }), "sentTo").await;
    let mfa_code = app.code(MAIL).await;
    let token = reset_token(&app).await;

    client.done("updatePassword", change(PASSWORD, NEW), "user { id }").await;
    assert!(client.is_somebody().await && !other.is_somebody().await);
    let refresh = &other.tokens.as_ref().unwrap().refresh;
    assert_eq!(other.refresh(refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    assert_eq!(client.refusal("confirmEmail", json!({ "verifyCode": email_code })).await, "NOTHING_PENDING");
    assert_eq!(client.refusal("confirmMfa", json!({ "verifyCode": mfa_code })).await, "NOTHING_PENDING");
    let input = json!({ "token": token, "newPassword": "yet another 12" });
    assert_eq!(client.refusal("confirmPasswordReset", input).await, "INVALID_TOKEN");
    assert_eq!(client.me("pendingEmail").await, json!({ "pendingEmail": "next@example.com" }));
    let notice = app.last_mail(MAIL).await;
    assert!(!notice.text.contains("token="));
    app.client().sign_in(DOMAIN, "wonny", NEW).await;
    assert_eq!(
        app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await.user_errors("signIn"),
        ["INVALID_CREDENTIALS"]
    );
}

/// How many of these answers changed the password; the codes of the others.
fn outcomes(payloads: Vec<Result<Value, tokio::task::JoinError>>) -> (usize, Vec<String>) {
    let codes = payloads.into_iter().map(|payload| payload.unwrap()["errors"][0]["code"].as_str().map(str::to_owned));
    let codes: Vec<Option<String>> = codes.collect();
    (codes.iter().filter(|code| code.is_none()).count(), codes.into_iter().flatten().collect())
}

/// The hash that was verified is the one that is replaced: a second change has verified a password that is no longer the
/// current one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_changes_with_one_current_password_one_succeeds() {
    for round in 0..4 {
        let (app, client) = app().await;
        let changes = (0..6).map(|n| {
            let (client, new) = (client.clone(), format!("quite another {n}"));
            tokio::spawn(async move {
                if (n + round) % 2 == 0 {
                    client.mutate("updatePassword", change(PASSWORD, &new), "user { id }").await
                } else {
                    let input = json!({ "currentPassword": PASSWORD, "password": new });
                    client.mutate("updateProfile", input, "user { id }").await
                }
            })
        });
        let (succeeded, refusals) = outcomes(futures_util::future::join_all(changes).await);
        assert_eq!(succeeded, 1, "{refusals:?}");
        assert_eq!(refusals, ["WRONG_PASSWORD"; 5]);
        drop(app);
    }
}

/// As long as they are held, changes of a password wait, with their session and their user looked up.
async fn all_turns_at_hashing(app: &TestApp) -> [Slot; 2] {
    let turn = async || app.services.hasher.slot().await.ok().unwrap();
    [turn().await, turn().await]
}

/// Waits until so many requests wait for their turn at hashing.
async fn until_waiting(app: &TestApp, requests: usize) {
    let all = async {
        while app.services.hasher.waiting() < requests {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.expect("fewer requests wait");
}

/// The change that succeeds ends the sessions of the others while they run.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_changes_from_several_sessions_one_succeeds_and_the_others_had_a_wrong_password() {
    let (app, _) = app().await;
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(app.signed_in(DOMAIN, "wonny").await);
    }
    let turns = all_turns_at_hashing(&app).await;
    let changes: Vec<_> = (0..6)
        .zip(clients)
        .map(|(n, client)| {
            let new = format!("quite another {n}");
            tokio::spawn(async move {
                if n % 2 == 0 {
                    client.mutate("updatePassword", change(PASSWORD, &new), "user { id }").await
                } else {
                    let input = json!({ "currentPassword": PASSWORD, "password": new });
                    client.mutate("updateProfile", input, "user { id }").await
                }
            })
        })
        .collect();
    until_waiting(&app, 6).await;
    drop(turns);
    let (succeeded, refusals) = outcomes(futures_util::future::join_all(changes).await);
    assert_eq!(succeeded, 1, "{refusals:?}");
    assert_eq!(refusals, ["WRONG_PASSWORD"; 5]);
}

/// A session that ended for another reason has ended: the password is right.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_whose_session_is_revoked_meanwhile_is_unauthenticated() {
    let (app, other) = app().await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let turns = all_turns_at_hashing(&app).await;
    let changing =
        tokio::spawn(async move { client.try_mutate("updatePassword", change(PASSWORD, NEW), "user { id }").await });
    until_waiting(&app, 1).await;
    other.done("revokeOtherSessions", Value::Null, "revoked").await;
    drop(turns);
    assert_eq!(changing.await.unwrap().error_code(), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_changes_that_need_no_current_password_one_succeeds() {
    let app = TestApp::start().await;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", r#""required_actions":["UPDATE_PASSWORD"]"#))).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let changes = (0..6).map(|n| {
        let (client, input) = (client.clone(), json!({ "newPassword": format!("quite another {n}") }));
        tokio::spawn(async move { client.mutate("updatePassword", input, "user { id }").await })
    });
    let (succeeded, refusals) = outcomes(futures_util::future::join_all(changes).await);
    assert_eq!(succeeded, 1, "{refusals:?}");
    assert!(refusals.iter().all(|code| matches!(code.as_str(), "REQUIRED" | "WRONG_PASSWORD")), "{refusals:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_passwords_are_refused_for_what_they_are() {
    let (app, client) = app().await;
    for (new, code) in [
        ("short", "PASSWORD_TOO_SHORT"),
        ("ä".repeat(129).as_str(), "PASSWORD_TOO_LONG"),
        ("Password123", "PASSWORD_TOO_COMMON"),
        ("xx WONNY xx", "PASSWORD_PERSONAL"),
        ("wonny@example.com", "PASSWORD_PERSONAL"),
        (PASSWORD, "PASSWORD_UNCHANGED"),
    ] {
        let refused = client.refused("updatePassword", change(PASSWORD, new)).await;
        assert_eq!(refused, [(code.to_owned(), Some("newPassword".to_owned()))]);
    }
    let refused = client.refused("updatePassword", json!({ "newPassword": NEW })).await;
    assert_eq!(refused, [("REQUIRED".to_owned(), Some("currentPassword".to_owned()))]);
    let refused = client.refused("updatePassword", change("wrong", NEW)).await;
    assert_eq!(refused, [("WRONG_PASSWORD".to_owned(), Some("currentPassword".to_owned()))]);
    assert!(app.mails().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_the_same_however_its_characters_are_composed() {
    let (app, client) = app().await;
    client.done("updatePassword", change(PASSWORD, "u\u{308}bergru\u{308}n 77"), "user { id }").await;
    app.client().sign_in(DOMAIN, "wonny", "übergrün 77").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_sets_a_new_password_once() {
    let (app, client) = app().await;
    client.done("verifyEmail", json!({ "email": "next@example.com" }), "sentTo").await;
    let token = reset_token(&app).await;
    let nobody = app.client();
    let with = |password: &str| json!({ "token": token, "newPassword": password });
    for (weak, code) in
        [("short", "PASSWORD_TOO_SHORT"), (PASSWORD, "PASSWORD_UNCHANGED"), ("my wonny pass", "PASSWORD_PERSONAL")]
    {
        assert_eq!(nobody.refusal("confirmPasswordReset", with(weak)).await, code);
    }
    let done = nobody.done("confirmPasswordReset", with(NEW), "ok").await;
    assert_eq!(done["ok"], true);
    assert!(!client.is_somebody().await);
    assert_eq!(nobody.refusal("confirmPasswordReset", with("yet another 12")).await, "INVALID_TOKEN");
    let mut client = app.client();
    client.sign_in(DOMAIN, "wonny", NEW).await;
    assert_eq!(client.me("pendingEmail").await, json!({ "pendingEmail": null }));
    assert_eq!(app.last_mail(MAIL).await.recipients, [MAIL]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_uses_of_a_link_at_once_one_wins() {
    let (app, _) = app().await;
    let token = reset_token(&app).await;
    let uses = (0..20).map(|n| {
        let (client, input) = (app.client(), json!({ "token": token, "newPassword": format!("quite another {n}") }));
        tokio::spawn(async move { client.mutate("confirmPasswordReset", input, "ok").await })
    });
    let uses = futures_util::future::join_all(uses).await;
    assert_eq!(uses.iter().filter(|used| used.as_ref().unwrap()["ok"] == true).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_runs_out_and_a_new_one_voids_it_and_so_does_another_address() {
    let (app, client) = app().await;
    let nobody = app.client();
    let with = |token: &str| json!({ "token": token, "newPassword": NEW });
    let first = reset_token(&app).await;
    app.clock.advance(TimeDelta::minutes(1));
    let second = reset_token(&app).await;
    assert_eq!(nobody.refusal("confirmPasswordReset", with(&first)).await, "INVALID_TOKEN");
    client.done("verifyEmail", json!({ "email": "next@example.com" }), "sentTo").await;
    client.done("confirmEmail", json!({ "verifyCode": app.code("next@example.com").await }), "user { id }").await;
    assert_eq!(nobody.refusal("confirmPasswordReset", with(&second)).await, "INVALID_TOKEN");
    app.clock.advance(TimeDelta::minutes(1));
    nobody.done("resetPassword", forgotten("wonny"), "ok").await;
    let third = app.last_mail("next@example.com").await.token();
    app.clock.advance(TimeDelta::minutes(30));
    assert_eq!(nobody.refusal("confirmPasswordReset", with(&third)).await, "INVALID_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_goes_to_nobody_but_who_may_have_one() {
    let (app, _) = app().await;
    let nobody = app.client();
    for user_id in ["unverified", "disabled", "pending", "external", "nobody", "wonny@example.com"] {
        nobody.done("resetPassword", forgotten(user_id), "ok").await;
    }
    nobody.done("resetPassword", json!({ "userId": "off", "domainId": "domain-off" }), "ok").await;
    nobody.done("resetPassword", json!({ "userId": "x", "domainId": "domain-none" }), "ok").await;
    assert!(app.mails().await.is_empty());
    let refused = nobody.refused("resetPassword", json!({ "userId": "", "domainId": "?" })).await;
    let told: Vec<_> = refused.iter().map(|(code, field)| (code.as_str(), field.as_deref().unwrap())).collect();
    assert_eq!(told, [("REQUIRED", "userId"), ("INVALID", "domainId")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_limit_for_a_name_nothing_is_sent_and_nothing_is_told() {
    let (app, _) = app().await;
    let nobody = app.client();
    for _ in 0..3 {
        nobody.done("resetPassword", forgotten("wonny"), "ok").await;
    }
    nobody.done("resetPassword", forgotten(" WONNY "), "ok").await;
    assert_eq!(app.mails().await.len(), 1);
    for n in 0..26 {
        nobody.done("resetPassword", forgotten(&format!("nobody{n}")), "ok").await;
    }
    let payload = nobody.mutate("resetPassword", forgotten("someone"), "ok").await;
    assert_eq!((&payload["ok"], &payload["errors"][0]["code"]), (&json!(false), &json!("RATE_LIMITED")));
    nobody.at("198.51.100.1").done("resetPassword", forgotten("someone"), "ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_reset_ends_waits_everywhere() {
    let (app, _) = app().await;
    let stranger = app.client().at("203.0.113.5");
    for _ in 0..6 {
        stranger.try_sign_in(DOMAIN, "wonny", "wrong").await;
    }
    assert_eq!(stranger.try_sign_in(DOMAIN, "wonny", PASSWORD).await.user_errors("signIn"), ["RATE_LIMITED"]);
    let token = reset_token(&app).await;
    app.client().done("confirmPasswordReset", json!({ "token": token, "newPassword": NEW }), "ok").await;
    let answer = stranger.try_sign_in(DOMAIN, "wonny", NEW).await;
    assert!(answer.data()["signIn"]["session"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_outlives_a_reset() {
    let (app, client) = app().await;
    client.done("enableMfa", json!({ "mfaType": "EMAIL" }), "sentTo").await;
    client.done("confirmMfa", json!({ "verifyCode": app.code(MAIL).await }), "user { id }").await;
    app.clock.advance(TimeDelta::minutes(1));
    let answer = app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    let challenge = answer.data()["signIn"]["mfaChallenge"]["token"].clone();
    let sign_in_code = app.code(MAIL).await;
    let token = reset_token(&app).await;
    app.client().done("confirmPasswordReset", json!({ "token": token, "newPassword": NEW }), "ok").await;
    // What the old password opened is void.
    let input = json!({ "challengeToken": challenge, "verifyCode": sign_in_code });
    assert_eq!(app.client().refusal("confirmSignIn", input).await, "INVALID_TOKEN");
    app.clock.advance(TimeDelta::minutes(1));
    let answer = app.client().try_sign_in(DOMAIN, "wonny", NEW).await;
    assert!(answer.data()["signIn"]["mfaChallenge"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrators_link_works_before_the_first_sign_in() {
    let (app, _) = app().await;
    let domain_id = DomainId::parse(DOMAIN).unwrap();
    let (link, _) = app.services.issue_reset_link(&domain_id, &LoginId::parse("pending").unwrap()).await.unwrap();
    let token = link.split_once("#token=").unwrap().1;
    app.client().done("confirmPasswordReset", json!({ "token": token, "newPassword": NEW }), "ok").await;
    app.client().sign_in(DOMAIN, "pending", NEW).await;
    for refused in ["disabled", "external"] {
        assert!(app.services.issue_reset_link(&domain_id, &LoginId::parse(refused).unwrap()).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_what_needs_mail_is_unavailable_and_all_else_works() {
    let app = TestApp::with_transport(None).await;
    let verified = format!(r#""email":"{MAIL}","email_verified":true"#);
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &verified))).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for (name, input) in [
        ("verifyEmail", json!({ "email": "new@example.com" })),
        ("updateProfile", json!({ "email": "new@example.com" })),
        ("enableMfa", json!({ "mfaType": "EMAIL" })),
        ("resetPassword", forgotten("wonny")),
    ] {
        let answer = client.try_mutate(name, input, "__typename").await;
        assert_eq!(answer.error_code(), "UNAVAILABLE", "{name}");
        assert_eq!(answer.body["data"][name], Value::Null);
    }
    assert_eq!(client.me("pendingEmail").await, json!({ "pendingEmail": null }));
    client.done("updatePassword", change(PASSWORD, NEW), "user { id }").await;
}
