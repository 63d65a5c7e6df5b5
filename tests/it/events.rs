//! Security events and log entries of failed attempts and of changes by operators.

use chrono::TimeDelta;
use serde_json::{Value, json};
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;
use userprofile::domain::password::Password;
use userprofile::domain::user::{RequiredAction, UserRoleType};
use userprofile::services::admin::NewUser;

use crate::support::{CapturedLog, Client, DOMAIN, PASSWORD, TestApp, User, database, domain, user};

const MAIL: &str = "wonny@example.com";
const WRONG: &str = "something else";

/// The events of the caller as `(type, actor, clientAddress)`. Sorted, because many have the same time here.
async fn events(client: &Client) -> Vec<(String, String, Option<String>)> {
    let me = client.me("securityEvents(first: 500) { nodes { type actor clientAddress } }").await;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let nodes = me["securityEvents"]["nodes"].as_array().unwrap().clone();
    let mut events: Vec<_> = nodes
        .iter()
        .map(|node| (text(&node["type"]).unwrap(), text(&node["actor"]).unwrap(), text(&node["clientAddress"])))
        .collect();
    events.sort_unstable();
    events
}

fn count(events: &[(String, String, Option<String>)], event_type: &str, actor: &str, from: Option<&str>) -> usize {
    events.iter().filter(|(t, a, address)| t == event_type && a == actor && address.as_deref() == from).count()
}

fn wonny() -> (DomainId, LoginId) {
    (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap())
}

#[tokio::test]
async fn failed_sign_ins_are_recorded_and_logged_until_a_lockout_refuses_them() {
    let log = CapturedLog::start();
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("wonny")]).await;
    let attacker = app.client().at("203.0.113.5");
    for _ in 0..6 {
        assert_eq!(attacker.try_sign_in(DOMAIN, "wonny", WRONG).await.user_errors("signIn"), ["INVALID_CREDENTIALS"]);
        attacker.try_sign_in(DOMAIN, "typed-by-mistake", WRONG).await;
    }
    // Attempts during the lockout are not recorded, so that they cannot fill the table or the log.
    for _ in 0..20 {
        assert_eq!(attacker.try_sign_in(DOMAIN, "wonny", WRONG).await.user_errors("signIn"), ["RATE_LIMITED"]);
    }
    let client = app.signed_in(DOMAIN, "wonny").await;
    let events = events(&client).await;
    assert_eq!(count(&events, "SIGN_IN_FAILED", "USER", Some("203.0.113.5")), 6, "{events:?}");
    assert_eq!(count(&events, "SIGN_IN_LOCKED", "SYSTEM", Some("203.0.113.5")), 1, "{events:?}");
    // Attempts for unknown user ids are recorded in the same way, but under no user.
    assert_eq!(database.count("security_events WHERE owner_id = 'unknown'").await, 7);

    let id = client.me("id").await["id"].as_str().unwrap().to_owned();
    let of_wonny = log.lines(&["WARN", "sign-in failed", "client_address=203.0.113.5", &id, "wrong password"]);
    assert_eq!(of_wonny.len(), 6, "{of_wonny:?}");
    let of_unknown = log.lines(&["sign-in failed", "client_address=203.0.113.5", "unknown user"]);
    assert_eq!(of_unknown.len(), 6, "{of_unknown:?}");
    assert_eq!(log.lines(&["sign-in failed"]).len(), 12);
    assert_eq!(log.lines(&["WARN", "sign-in locked", "client_address=203.0.113.5", &id]).len(), 1);
    assert_eq!(log.lines(&["sign-in locked"]).len(), 2);
    for never_logged in [WRONG, "typed-by-mistake", PASSWORD] {
        assert_eq!(log.lines(&[never_logged]), [""; 0]);
    }
}

#[tokio::test]
async fn why_a_user_may_not_sign_in_is_only_in_the_log() {
    let log = CapturedLog::start();
    let app = TestApp::start().await;
    app.import_users(&[
        User::new("disabled").state("DISABLED"),
        User::new("external").external(),
        User::new("passwordless").without_password(),
    ])
    .await;
    for user in ["disabled", "external", "passwordless"] {
        let response = app.client().try_sign_in(DOMAIN, user, PASSWORD).await;
        assert_eq!(response.user_errors("signIn"), ["INVALID_CREDENTIALS"]);
    }
    for reason in ["disabled", "external identity provider", "has no password"] {
        assert_eq!(log.lines(&["sign-in failed", "client_address=192.0.2.1", reason]).len(), 1, "{reason}");
    }
}

#[tokio::test]
async fn wrong_codes_at_sign_in_are_recorded_and_logged() {
    let log = CapturedLog::start();
    let app = TestApp::with_user(User::new("wonny").verified_email(MAIL).email_mfa(MAIL)).await;
    let attacker = app.client().at("203.0.113.5");
    let response = attacker.try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    let token = response.data()["signIn"]["mfaChallenge"]["token"].clone();
    let code = app.code(MAIL).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..8 {
        attacker.mutate("confirmSignIn", json!({ "challengeToken": token, "verifyCode": wrong }), "__typename").await;
    }
    app.clock.advance(TimeDelta::minutes(1));
    let response = app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    let token = response.data()["signIn"]["mfaChallenge"]["token"].clone();
    let input = json!({ "challengeToken": token, "verifyCode": app.code(MAIL).await });
    let done = app.client().mutate_ok("confirmSignIn", input, "session { accessToken refreshToken }").await;
    let events = events(&app.client().with_tokens((&done["session"]).into())).await;
    assert_eq!(count(&events, "SIGN_IN_CODE_FAILED", "USER", Some("203.0.113.5")), 5, "{events:?}");
    assert_eq!(count(&events, "SIGN_IN_CODES_EXHAUSTED", "SYSTEM", Some("203.0.113.5")), 1, "{events:?}");
    let lines = log.lines(&["sign-in failed", "client_address=203.0.113.5", "user_id=\"user-", "wrong code"]);
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(log.lines(&["sign-in locked", "user_id=\"user-", "too many wrong codes"]).len(), 1);
}

#[tokio::test]
async fn wrong_passwords_and_codes_in_a_session_are_recorded_and_logged() {
    let log = CapturedLog::start();
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let change = json!({ "currentPassword": WRONG, "newPassword": "quite another 4" });
    assert_eq!(client.error_code("updatePassword", change).await, "WRONG_PASSWORD");
    let change = json!({ "currentPassword": WRONG, "password": "quite another 4" });
    assert_eq!(client.error_code("updateProfile", change).await, "WRONG_PASSWORD");
    assert_eq!(client.error_code("reauthenticate", json!({ "password": WRONG })).await, "WRONG_PASSWORD");
    client.mutate_ok("verifyEmail", json!({ "email": MAIL }), "sentTo").await;
    let code = app.code(MAIL).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(client.error_code("confirmEmail", json!({ "verifyCode": wrong })).await, "INVALID_CODE");
    client.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret }").await;
    assert_eq!(client.error_code("confirmMfa", json!({ "verifyCode": "000000" })).await, "INVALID_CODE");
    let events = events(&client).await;
    assert_eq!(count(&events, "REAUTHENTICATION_FAILED", "USER", Some("192.0.2.1")), 5, "{events:?}");
    assert_eq!(log.lines(&["reauthentication failed", "client_address=192.0.2.1", "wrong current password"]).len(), 3);
    assert_eq!(log.lines(&["reauthentication failed", "client_address=192.0.2.1", "wrong code"]).len(), 2);
}

#[tokio::test]
async fn refused_resets_are_recorded_and_logged_but_fill_neither_table_nor_log() {
    let log = CapturedLog::start();
    let app = TestApp::with_user(User::new("wonny").email(MAIL)).await;
    let client = app.client();
    let ask = |user: &str| json!({ "userId": user, "domainId": DOMAIN });
    for user in ["wonny", "unknown"] {
        client.mutate_ok("resetPassword", ask(user), "ok").await;
    }
    assert!(app.messages().await.is_empty());
    for _ in 0..5 {
        client.mutate_ok("resetPassword", ask("wonny"), "ok").await;
    }
    let refused = |reason| log.lines(&["password reset refused", "client_address=192.0.2.1", reason]).len();
    assert_eq!(refused("not ENABLED and LOCAL with a verified email address"), 1);
    assert_eq!(refused("unknown user"), 1);
    assert_eq!(refused("too many emails requested for this user id"), 1);

    // One expired and one unknown token.
    let (domain_id, login) = wonny();
    let (link, _) = app.services.issue_reset_link(&domain_id, &login).await.unwrap();
    app.clock.advance(TimeDelta::minutes(30));
    let expired = link.split_once("#token=").unwrap().1;
    let unknown = expired.chars().rev().collect::<String>();
    let unknown = format!("upw_{}", &unknown[..expired.len() - 4]);
    for token in [expired, &unknown, expired, &unknown, expired] {
        let input = json!({ "token": token, "newPassword": "quite another 4" });
        assert_eq!(client.error_code("confirmPasswordReset", input).await, "INVALID_TOKEN");
    }
    assert_eq!(refused("the link is expired"), 1);
    let client = app.signed_in(DOMAIN, "wonny").await;
    let events = events(&client).await;
    assert_eq!(count(&events, "PASSWORD_RESET_REFUSED", "USER", Some("192.0.2.1")), 2, "{events:?}");
}

#[tokio::test]
async fn the_reuse_of_a_refresh_token_is_logged() {
    let log = CapturedLog::start();
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let refresh = client.tokens.clone().unwrap().refresh;
    client.refresh(&refresh).await;
    app.clock.advance(TimeDelta::seconds(11));
    for _ in 0..3 {
        client.at("203.0.113.5").refresh(&refresh).await;
    }
    let lines = log.lines(&["session ended", "client_address=203.0.113.5", "user_id=\"user-", "rotated refresh token"]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let events = events(&app.signed_in(DOMAIN, "wonny").await).await;
    assert_eq!(count(&events, "REFRESH_TOKEN_REUSED", "SYSTEM", Some("203.0.113.5")), 1, "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_by_an_operator_are_recorded_with_the_operator_as_actor() {
    let app = TestApp::start().await;
    app.import(&domain(DOMAIN)).await;
    let (domain_id, login) = wonny();
    let new = NewUser {
        domain_id: domain_id.clone(),
        login: login.clone(),
        name: None,
        email: None,
        role_type: UserRoleType::User,
        password: Some(Password::from_input("battery staple 8")),
    };
    let services = &app.services;
    services.create_user(new).await.unwrap();
    let mut client = app.client();
    client.sign_in(DOMAIN, "wonny", "battery staple 8").await;
    services.set_password(&domain_id, &login, Password::from_input(PASSWORD)).await.unwrap();
    services.disable_user(&domain_id, &login).await.unwrap();
    services.enable_user(&domain_id, &login).await.unwrap();
    services.require_action(&domain_id, &login, RequiredAction::UpdatePassword, true).await.unwrap();
    services.require_action(&domain_id, &login, RequiredAction::UpdatePassword, false).await.unwrap();
    services.enforce_mfa(&domain_id, &login, None).await.unwrap();
    services.stop_enforcing_mfa(&domain_id, &login).await.unwrap();
    services.reset_mfa(&domain_id, &login).await.unwrap();
    services.issue_reset_link(&domain_id, &login).await.unwrap();
    app.signed_in(DOMAIN, "wonny").await;
    services.revoke_user_sessions(&domain_id, &login).await.unwrap();
    services.invalidate_undo_links(&domain_id, &login).await.unwrap();
    app.import(&User::new("wonny").with("language", "ko").line()).await;
    let events = events(&app.signed_in(DOMAIN, "wonny").await).await;
    let by_operator: Vec<(&str, usize)> = [
        "USER_CREATED",
        "PASSWORD_SET",
        "USER_DISABLED",
        "USER_ENABLED",
        "ACTION_REQUIRED",
        "MFA_ENFORCED",
        "MFA_RESET",
        "PASSWORD_RESET_ISSUED",
        "SESSIONS_REVOKED",
        "UNDO_LINKS_INVALIDATED",
        "USER_UPDATED",
    ]
    .map(|event_type| (event_type, count(&events, event_type, "OPERATOR", None)))
    .into();
    let expected = [1, 1, 1, 1, 2, 2, 1, 1, 1, 1, 1];
    assert_eq!(by_operator.iter().map(|(_, count)| *count).collect::<Vec<_>>(), expected, "{by_operator:?}");
    assert_eq!(events.iter().filter(|(_, actor, _)| actor == "OPERATOR").count(), 13, "{events:?}");
    assert_eq!(count(&events, "SIGNED_IN", "USER", Some("192.0.2.1")), 3, "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_records_an_event_only_for_changed_users() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    // Keys and numbers are written otherwise than the server stores them.
    let more = r#""email":"w@example.com","email_verified":true,"tags":{"b":1,"a":[1.50]},"required_actions":["UPDATE_PASSWORD","ENFORCE_MFA"]"#;
    let line = user(DOMAIN, "wonny", more);
    let events = "security_events WHERE actor = 'OPERATOR'";
    for _ in 0..3 {
        app.import(&(domain(DOMAIN) + &line)).await;
        assert_eq!(database.count(events).await, 0);
    }
    app.import(&line.replace("w@example.com", "v@example.com")).await;
    assert_eq!(database.count(&format!("{events} AND event_type = 'USER_UPDATED'")).await, 1);
    assert_eq!(database.count(events).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deletion_of_a_user_is_recorded() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("wonny")]).await;
    let (domain_id, login) = wonny();
    app.services.delete_user(&domain_id, &login).await.unwrap();
    assert_eq!(database.count("security_events WHERE event_type = 'USER_DELETED' AND actor = 'OPERATOR'").await, 1);
}

/// Servers of two adjacent versions run side by side during an upgrade.
#[tokio::test(flavor = "multi_thread")]
async fn events_of_the_next_version_do_not_hide_the_others() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("wonny")]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    database
        .execute(
            "INSERT INTO security_events (event_id, owner_id, event_type, created_at, actor)
             SELECT 'event-next', owner_id, 'OF_THE_NEXT_VERSION', created_at, actor FROM security_events
             WHERE event_type = 'SIGNED_IN'",
        )
        .await;
    let events = client.me("securityEvents { totalCount nodes { type } }").await;
    assert_eq!(events["securityEvents"], json!({ "totalCount": 1, "nodes": [{ "type": "SIGNED_IN" }] }));
}
