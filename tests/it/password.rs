//! Password changes, and password resets by emailed link.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;
use userprofile::services::hasher::Slot;

use crate::support::{Client, DOMAIN, Domain, PASSWORD, TestApp, User, domain};

const MAIL: &str = "wonny@example.com";
const NEW: &str = "quite another 4";

async fn app() -> (TestApp, Client) {
    let app = TestApp::start().await;
    let users = [
        User::new("wonny").verified_email(MAIL),
        User::new("unverified").email("u@example.com"),
        User::new("disabled").verified_email("d@example.com").state("DISABLED"),
        User::new("pending").verified_email("p@example.com").state("PENDING"),
        User::new("external").verified_email("x@example.com").external(),
        User::new("off").verified_email("off@example.com").in_domain("domain-off"),
    ];
    let domains = domain(DOMAIN) + &Domain::new("domain-off").disabled().line();
    app.import(&(domains + &users.map(|user| user.line()).concat())).await;
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
    app.client().mutate_ok("resetPassword", forgotten("wonny"), "ok").await;
    let message = app.last_message(MAIL).await;
    assert!(message.text.contains("https://id.test/reset-password#token=upw_"), "{}", message.text);
    message.token()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_change_revokes_other_sessions_and_invalidates_pending_codes() {
    let (app, client) = app().await;
    let other = app.signed_in(DOMAIN, "wonny").await;
    client.mutate_ok("verifyEmail", json!({ "email": "next@example.com" }), "sentTo").await;
    let email_code = app.code("next@example.com").await;
    client.mutate_ok("enableMfa", json!({ "mfaType": "EMAIL" }), "sentTo").await;
    let mfa_code = app.code(MAIL).await;
    let token = reset_token(&app).await;

    client.mutate_ok("updatePassword", change(PASSWORD, NEW), "user { id }").await;
    assert!(client.is_authenticated().await && !other.is_authenticated().await);
    let refresh = &other.tokens.as_ref().unwrap().refresh;
    assert_eq!(other.refresh(refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    assert_eq!(client.error_code("confirmEmail", json!({ "verifyCode": email_code })).await, "NOTHING_PENDING");
    assert_eq!(client.error_code("confirmMfa", json!({ "verifyCode": mfa_code })).await, "NOTHING_PENDING");
    let input = json!({ "token": token, "newPassword": "yet another 12" });
    assert_eq!(client.error_code("confirmPasswordReset", input).await, "INVALID_TOKEN");
    assert_eq!(client.me("pendingEmail").await, json!({ "pendingEmail": "next@example.com" }));
    let notification = app.last_message(MAIL).await;
    assert!(!notification.text.contains("token="));
    app.client().sign_in(DOMAIN, "wonny", NEW).await;
    assert_eq!(
        app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await.user_errors("signIn"),
        ["INVALID_CREDENTIALS"]
    );
}

/// The number of payloads without an error, and the error codes of the others.
fn outcomes(payloads: Vec<Result<Value, tokio::task::JoinError>>) -> (usize, Vec<String>) {
    let codes = payloads.into_iter().map(|payload| payload.unwrap()["errors"][0]["code"].as_str().map(str::to_owned));
    let codes: Vec<Option<String>> = codes.collect();
    (codes.iter().filter(|code| code.is_none()).count(), codes.into_iter().flatten().collect())
}

/// A change replaces only the hash that it verified. A second change has verified a password that is no longer current.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_several_concurrent_password_changes_succeeds() {
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
        let (succeeded, errors) = outcomes(futures_util::future::join_all(changes).await);
        assert_eq!(succeeded, 1, "{errors:?}");
        assert_eq!(errors, ["WRONG_PASSWORD"; 5]);
        drop(app);
    }
}

/// Occupies all slots for hashing. Until they are dropped, password changes wait after reading their session and user.
async fn occupy_hashing(app: &TestApp) -> [Slot; 2] {
    let slot = async || app.services.hasher.slot().await.ok().unwrap();
    [slot().await, slot().await]
}

/// Waits until this many requests wait for a hashing slot.
async fn until_waiting(app: &TestApp, requests: usize) {
    let all = async {
        while app.services.hasher.waiting() < requests {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.expect("fewer requests wait");
}

/// The change that succeeds revokes the sessions of the others while they run.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_several_changes_from_different_sessions_succeeds_and_the_others_get_wrong_password() {
    let (app, _) = app().await;
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(app.signed_in(DOMAIN, "wonny").await);
    }
    let slots = occupy_hashing(&app).await;
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
    drop(slots);
    let (succeeded, errors) = outcomes(futures_util::future::join_all(changes).await);
    assert_eq!(succeeded, 1, "{errors:?}");
    assert_eq!(errors, ["WRONG_PASSWORD"; 5]);
}

/// The password is correct, but the session was revoked for another reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_password_change_whose_session_is_revoked_meanwhile_is_unauthenticated() {
    let (app, other) = app().await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let slots = occupy_hashing(&app).await;
    let changing =
        tokio::spawn(async move { client.try_mutate("updatePassword", change(PASSWORD, NEW), "user { id }").await });
    until_waiting(&app, 1).await;
    other.mutate_ok("revokeOtherSessions", Value::Null, "revoked").await;
    drop(slots);
    assert_eq!(changing.await.unwrap().error_code(), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_several_concurrent_required_password_changes_succeeds() {
    let app = TestApp::with_user(User::new("wonny").required_action("UPDATE_PASSWORD")).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let changes = (0..6).map(|n| {
        let (client, input) = (client.clone(), json!({ "newPassword": format!("quite another {n}") }));
        tokio::spawn(async move { client.mutate("updatePassword", input, "user { id }").await })
    });
    let (succeeded, errors) = outcomes(futures_util::future::join_all(changes).await);
    assert_eq!(succeeded, 1, "{errors:?}");
    assert!(errors.iter().all(|code| matches!(code.as_str(), "REQUIRED" | "WRONG_PASSWORD")), "{errors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_passwords_are_refused_with_a_specific_code() {
    let (app, client) = app().await;
    for (new, code) in [
        ("short", "PASSWORD_TOO_SHORT"),
        ("ä".repeat(129).as_str(), "PASSWORD_TOO_LONG"),
        ("Password123", "PASSWORD_TOO_COMMON"),
        ("xx WONNY xx", "PASSWORD_PERSONAL"),
        ("wonny@example.com", "PASSWORD_PERSONAL"),
        (PASSWORD, "PASSWORD_UNCHANGED"),
    ] {
        let errors = client.errors("updatePassword", change(PASSWORD, new)).await;
        assert_eq!(errors, [(code.to_owned(), Some("newPassword".to_owned()))]);
    }
    let errors = client.errors("updatePassword", json!({ "newPassword": NEW })).await;
    assert_eq!(errors, [("REQUIRED".to_owned(), Some("currentPassword".to_owned()))]);
    let errors = client.errors("updatePassword", change("wrong", NEW)).await;
    assert_eq!(errors, [("WRONG_PASSWORD".to_owned(), Some("currentPassword".to_owned()))]);
    assert!(app.messages().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_compared_after_unicode_normalization() {
    let (app, client) = app().await;
    client.mutate_ok("updatePassword", change(PASSWORD, "u\u{308}bergru\u{308}n 77"), "user { id }").await;
    app.client().sign_in(DOMAIN, "wonny", "übergrün 77").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_sets_a_new_password_once() {
    let (app, client) = app().await;
    client.mutate_ok("verifyEmail", json!({ "email": "next@example.com" }), "sentTo").await;
    let token = reset_token(&app).await;
    let anonymous = app.client();
    let with = |password: &str| json!({ "token": token, "newPassword": password });
    for (weak, code) in
        [("short", "PASSWORD_TOO_SHORT"), (PASSWORD, "PASSWORD_UNCHANGED"), ("my wonny pass", "PASSWORD_PERSONAL")]
    {
        assert_eq!(anonymous.error_code("confirmPasswordReset", with(weak)).await, code);
    }
    let done = anonymous.mutate_ok("confirmPasswordReset", with(NEW), "ok").await;
    assert_eq!(done["ok"], true);
    assert!(!client.is_authenticated().await);
    assert_eq!(anonymous.error_code("confirmPasswordReset", with("yet another 12")).await, "INVALID_TOKEN");
    let mut client = app.client();
    client.sign_in(DOMAIN, "wonny", NEW).await;
    assert_eq!(client.me("pendingEmail").await, json!({ "pendingEmail": null }));
    assert_eq!(app.last_message(MAIL).await.recipients, [MAIL]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_concurrent_uses_of_a_reset_link_succeeds() {
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
async fn a_reset_link_expires_and_a_new_link_or_address_invalidates_it() {
    let (app, client) = app().await;
    let anonymous = app.client();
    let with = |token: &str| json!({ "token": token, "newPassword": NEW });
    let first = reset_token(&app).await;
    app.clock.advance(TimeDelta::minutes(1));
    let second = reset_token(&app).await;
    assert_eq!(anonymous.error_code("confirmPasswordReset", with(&first)).await, "INVALID_TOKEN");
    client.mutate_ok("verifyEmail", json!({ "email": "next@example.com" }), "sentTo").await;
    client.mutate_ok("confirmEmail", json!({ "verifyCode": app.code("next@example.com").await }), "user { id }").await;
    assert_eq!(anonymous.error_code("confirmPasswordReset", with(&second)).await, "INVALID_TOKEN");
    app.clock.advance(TimeDelta::minutes(1));
    anonymous.mutate_ok("resetPassword", forgotten("wonny"), "ok").await;
    let third = app.last_message("next@example.com").await.token();
    app.clock.advance(TimeDelta::minutes(30));
    assert_eq!(anonymous.error_code("confirmPasswordReset", with(&third)).await, "INVALID_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_links_are_sent_only_to_enabled_local_users_with_a_verified_address() {
    let (app, _) = app().await;
    let anonymous = app.client();
    for user_id in ["unverified", "disabled", "pending", "external", "unknown", "wonny@example.com"] {
        anonymous.mutate_ok("resetPassword", forgotten(user_id), "ok").await;
    }
    anonymous.mutate_ok("resetPassword", json!({ "userId": "off", "domainId": "domain-off" }), "ok").await;
    anonymous.mutate_ok("resetPassword", json!({ "userId": "x", "domainId": "domain-none" }), "ok").await;
    assert!(app.messages().await.is_empty());
    let errors = anonymous.errors("resetPassword", json!({ "userId": "", "domainId": "?" })).await;
    let errors: Vec<_> = errors.iter().map(|(code, field)| (code.as_str(), field.as_deref().unwrap())).collect();
    assert_eq!(errors, [("REQUIRED", "userId"), ("INVALID", "domainId")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_rate_limit_of_a_user_id_nothing_is_sent_and_the_response_is_the_same() {
    let (app, _) = app().await;
    let anonymous = app.client();
    for _ in 0..3 {
        anonymous.mutate_ok("resetPassword", forgotten("wonny"), "ok").await;
    }
    anonymous.mutate_ok("resetPassword", forgotten(" WONNY "), "ok").await;
    assert_eq!(app.messages().await.len(), 1);
    for n in 0..26 {
        anonymous.mutate_ok("resetPassword", forgotten(&format!("unknown{n}")), "ok").await;
    }
    let payload = anonymous.mutate("resetPassword", forgotten("someone"), "ok").await;
    assert_eq!((&payload["ok"], &payload["errors"][0]["code"]), (&json!(false), &json!("RATE_LIMITED")));
    anonymous.at("198.51.100.1").mutate_ok("resetPassword", forgotten("someone"), "ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_reset_ends_backoff_on_every_network() {
    let (app, _) = app().await;
    let stranger = app.client().at("203.0.113.5");
    for _ in 0..6 {
        stranger.try_sign_in(DOMAIN, "wonny", "wrong").await;
    }
    assert_eq!(stranger.try_sign_in(DOMAIN, "wonny", PASSWORD).await.user_errors("signIn"), ["RATE_LIMITED"]);
    let token = reset_token(&app).await;
    app.client().mutate_ok("confirmPasswordReset", json!({ "token": token, "newPassword": NEW }), "ok").await;
    let response = stranger.try_sign_in(DOMAIN, "wonny", NEW).await;
    assert!(response.data()["signIn"]["session"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn mfa_survives_a_password_reset() {
    let (app, client) = app().await;
    client.mutate_ok("enableMfa", json!({ "mfaType": "EMAIL" }), "sentTo").await;
    client.mutate_ok("confirmMfa", json!({ "verifyCode": app.code(MAIL).await }), "user { id }").await;
    app.clock.advance(TimeDelta::minutes(1));
    let response = app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    let challenge = response.data()["signIn"]["mfaChallenge"]["token"].clone();
    let sign_in_code = app.code(MAIL).await;
    let token = reset_token(&app).await;
    app.client().mutate_ok("confirmPasswordReset", json!({ "token": token, "newPassword": NEW }), "ok").await;
    // The challenge that the old password created is invalidated.
    let input = json!({ "challengeToken": challenge, "verifyCode": sign_in_code });
    assert_eq!(app.client().error_code("confirmSignIn", input).await, "INVALID_TOKEN");
    app.clock.advance(TimeDelta::minutes(1));
    let response = app.client().try_sign_in(DOMAIN, "wonny", NEW).await;
    assert!(response.data()["signIn"]["mfaChallenge"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_from_an_operator_works_before_the_first_sign_in() {
    let (app, _) = app().await;
    let domain_id = DomainId::parse(DOMAIN).unwrap();
    let (link, _) = app.services.issue_reset_link(&domain_id, &LoginId::parse("pending").unwrap()).await.unwrap();
    let token = link.split_once("#token=").unwrap().1;
    app.client().mutate_ok("confirmPasswordReset", json!({ "token": token, "newPassword": NEW }), "ok").await;
    app.client().sign_in(DOMAIN, "pending", NEW).await;
    for login in ["disabled", "external"] {
        assert!(app.services.issue_reset_link(&domain_id, &LoginId::parse(login).unwrap()).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_only_mutations_that_send_email_are_unavailable() {
    let app = TestApp::with_transport(None).await;
    app.import_users(&[User::new("wonny").verified_email(MAIL)]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for (name, input) in [
        ("verifyEmail", json!({ "email": "new@example.com" })),
        ("updateProfile", json!({ "email": "new@example.com" })),
        ("enableMfa", json!({ "mfaType": "EMAIL" })),
        ("resetPassword", forgotten("wonny")),
    ] {
        let response = client.try_mutate(name, input, "__typename").await;
        assert_eq!(response.error_code(), "UNAVAILABLE", "{name}");
        assert_eq!(response.body["data"][name], Value::Null);
    }
    assert_eq!(client.me("pendingEmail").await, json!({ "pendingEmail": null }));
    client.mutate_ok("updatePassword", change(PASSWORD, NEW), "user { id }").await;
}
