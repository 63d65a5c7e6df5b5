//! If the clock is set back, no delay, limit, lease, or lifetime becomes longer than configured.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::mfa::Authenticator;
use crate::support::{Client, DOMAIN, PASSWORD, TestApp, Tokens, User, database};

const MAIL: &str = "wonny@example.com";

async fn app() -> (TestApp, Client) {
    let app = TestApp::with_user(User::new("wonny").verified_email(MAIL)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    (app, client)
}

fn set_back(app: &TestApp) {
    app.clock.advance(TimeDelta::hours(-1));
}

/// Corrects stored times as `serve` does after the clock was set back.
async fn correct(app: &TestApp) {
    app.services.correct_future_times().await.unwrap();
}

async fn sign_in_error(app: &TestApp, password: &str) -> (String, u64) {
    let response = app.client().try_sign_in(DOMAIN, "wonny", password).await;
    let error = &response.data()["signIn"]["errors"][0];
    (error["code"].as_str().unwrap_or("OK").to_owned(), error["retryAfter"].as_u64().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backoff_delay_stays_within_its_length() {
    let (app, _) = app().await;
    for failures in 1..=16 {
        assert_eq!(sign_in_error(&app, "wrong").await.0, "INVALID_CREDENTIALS");
        // The delay after the sixteenth is the longest.
        if (6..16).contains(&failures) {
            app.clock.advance(TimeDelta::seconds(1 << (failures - 6)));
        }
    }
    assert_eq!(sign_in_error(&app, PASSWORD).await, ("RATE_LIMITED".to_owned(), 900));
    set_back(&app);
    assert_eq!(sign_in_error(&app, PASSWORD).await, ("RATE_LIMITED".to_owned(), 900));
    correct(&app).await;
    app.clock.advance(TimeDelta::seconds(899));
    assert_eq!(sign_in_error(&app, PASSWORD).await, ("RATE_LIMITED".to_owned(), 1));
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(sign_in_error(&app, PASSWORD).await.0, "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn email_rate_limits_stay_within_their_windows() {
    let (app, client) = app().await;
    let input = json!({ "email": "new@example.com" });
    client.mutate_ok("verifyEmail", input.clone(), "sentTo").await;
    set_back(&app);
    // The session's authentication is in the future, too, so the user has to reauthenticate first.
    client.mutate_ok("reauthenticate", json!({ "password": PASSWORD }), "user { id }").await;
    let refused = client.mutate("verifyEmail", input.clone(), "sentTo").await;
    assert_eq!(
        (&refused["errors"][0]["code"], &refused["errors"][0]["retryAfter"]),
        (&json!("RATE_LIMITED"), &json!(60))
    );
    correct(&app).await;
    app.clock.advance(TimeDelta::minutes(1));
    client.mutate_ok("verifyEmail", input, "sentTo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_limit_of_codes_stays_within_a_day() {
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let app = TestApp::with_user(User::new("wonny").otp_mfa(secret)).await;
    let attempt = async |code: String| {
        let response = app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
        let token = &response.data()["signIn"]["mfaChallenge"]["token"];
        let input = json!({ "challengeToken": token, "verifyCode": code });
        let payload = app.client().mutate("confirmSignIn", input, "session { accessToken }").await;
        (payload["errors"][0]["code"].clone(), payload["errors"][0]["retryAfter"].clone())
    };
    let wrong = Authenticator::new(secret).wrong_code(&app);
    for _ in 0..20 {
        assert_eq!(attempt(wrong.clone()).await.0, "INVALID_CODE");
    }
    set_back(&app);
    assert_eq!(attempt(wrong.clone()).await, (json!("TOO_MANY_TRIES"), json!(86_400)));
    correct(&app).await;
    app.clock.advance(TimeDelta::days(1));
    assert_eq!(attempt(Authenticator::new(secret).wrong_code(&app)).await.0, "INVALID_CODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_message_is_sent_at_once() {
    let (app, client) = app().await;
    client.mutate_ok("verifyEmail", json!({ "email": "new@example.com" }), "sentTo").await;
    set_back(&app);
    correct(&app).await;
    assert_eq!(app.messages().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_expires_in_its_time() {
    let (app, client) = app().await;
    client.mutate_ok("verifyEmail", json!({ "email": "new@example.com" }), "sentTo").await;
    let code = json!({ "verifyCode": app.code("new@example.com").await });
    set_back(&app);
    correct(&app).await;
    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(client.error_code("confirmEmail", code).await, "EXPIRED_CODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_sessions_expire_in_their_time() {
    let (app, client) = app().await;
    set_back(&app);
    correct(&app).await;
    assert!(client.is_authenticated().await);
    app.clock.advance(TimeDelta::minutes(15));
    assert!(!client.is_authenticated().await);
    app.clock.advance(TimeDelta::minutes(164));
    let refreshed = client.refresh(&client.tokens.as_ref().unwrap().refresh).await;
    let client = client.with_tokens(Tokens::from(&refreshed.data()["refreshSession"]["session"]));
    app.clock.advance(TimeDelta::hours(3));
    assert_eq!(
        client.refresh(&client.tokens.as_ref().unwrap().refresh).await.user_errors("refreshSession"),
        ["INVALID_TOKEN"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_session_from_the_future_ends_after_three_hours() {
    let (app, client) = app().await;
    set_back(&app);
    correct(&app).await;
    app.clock.advance(TimeDelta::hours(3));
    assert_eq!(
        client.refresh(&client.tokens.as_ref().unwrap().refresh).await.user_errors("refreshSession"),
        ["INVALID_TOKEN"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authentication_in_the_future_is_not_recent() {
    let (app, client) = app().await;
    set_back(&app);
    assert_eq!(client.error_code("revokeOtherSessions", Value::Null).await, "REAUTHENTICATION_REQUIRED");
    client.mutate_ok("reauthenticate", json!({ "password": PASSWORD }), "user { id }").await;
    client.mutate_ok("revokeOtherSessions", Value::Null, "revoked").await;
    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(client.error_code("revokeOtherSessions", Value::Null).await, "REAUTHENTICATION_REQUIRED");
}

/// The correction must not make it recent, neither at once nor when the clock has caught up.
#[tokio::test(flavor = "multi_thread")]
async fn an_authentication_in_the_future_is_not_recent_after_its_correction() {
    let (app, client) = app().await;
    app.clock.advance(TimeDelta::hours(-2));
    let input = json!({ "email": "new@example.com" });
    correct(&app).await;
    for _ in 0..2 {
        assert_eq!(client.error_code("verifyEmail", input.clone()).await, "REAUTHENTICATION_REQUIRED");
        app.clock.advance(TimeDelta::minutes(5));
    }
    client.mutate_ok("reauthenticate", json!({ "password": PASSWORD }), "user { id }").await;
    correct(&app).await;
    client.mutate_ok("verifyEmail", input, "sentTo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_in_the_future_has_no_grace_period_after_its_correction() {
    let (app, client) = app().await;
    let token = client.tokens.as_ref().unwrap().refresh.clone();
    client.refresh(&token).await.data();
    set_back(&app);
    correct(&app).await;
    assert_eq!(client.refresh(&token).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    assert!(!client.is_authenticated().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_in_the_future_has_no_grace_period() {
    let (app, client) = app().await;
    let token = client.tokens.as_ref().unwrap().refresh.clone();
    client.refresh(&token).await.data();
    assert_eq!(client.refresh(&token).await.user_errors("refreshSession"), Vec::<&str>::new());
    set_back(&app);
    assert_eq!(client.refresh(&token).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    assert!(!client.is_authenticated().await);
}

/// For everything that expires, both its start and its end are corrected.
#[tokio::test(flavor = "multi_thread")]
async fn no_stored_time_stays_in_the_future() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("wonny").verified_email(MAIL)]).await;
    app.clock.advance(TimeDelta::days(365));
    let client = app.signed_in(DOMAIN, "wonny").await;
    client.refresh(&client.tokens.as_ref().unwrap().refresh).await.data();
    client.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "expiresAt").await;
    client.mutate_ok("verifyEmail", json!({ "email": "new@example.com" }), "sentTo").await;
    app.client().mutate_ok("resetPassword", json!({ "userId": "wonny", "domainId": DOMAIN }), "ok").await;
    assert_eq!(sign_in_error(&app, "wrong").await.0, "INVALID_CREDENTIALS");

    app.clock.advance(TimeDelta::days(-365));
    correct(&app).await;
    // Refresh tokens expire with their session, messages after at most three days, everything else sooner.
    let latest = "2026-11-27 00:00:00+00";
    let micros = 1_795_737_600_000_000_i64;
    for (table, column, more) in [
        ("sessions", "created_at", ""),
        ("sessions", "last_used_at", ""),
        ("sessions", "authenticated_at", ""),
        ("sessions", "expires_at", ""),
        ("session_tokens", "rotated_at", ""),
        ("session_tokens", "expires_at", "AND purpose = 'ACCESS'"),
        ("codes", "expires_at", ""),
        ("tallies", "counted_at", ""),
        ("password_attempts", "failed_at", ""),
        ("password_attempts", "blocked_until", ""),
        ("known_networks", "signed_in_at", ""),
        ("outbox", "created_at", ""),
        ("outbox", "due_at", ""),
        ("outbox", "expires_at", ""),
    ] {
        let bound = if database::server().is_some() { format!("'{latest}'") } else { micros.to_string() };
        assert!(database.count(&format!("{table} WHERE {column} IS NOT NULL {more}")).await > 0, "{table}.{column}");
        let ahead = database.count(&format!("{table} WHERE {column} > {bound} {more}")).await;
        assert_eq!(ahead, 0, "{table}.{column}");
    }
}

/// A process of the binary, ended when this is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_corrects_stored_times_in_the_future() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("wonny")]).await;
    // Far ahead of the machine's clock.
    app.clock.advance(TimeDelta::days(10_000));
    app.signed_in(DOMAIN, "wonny").await;
    sign_in_error(&app, "wrong").await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_userprofile"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).env_clear().env("DATABASE_URL", database.url());
    // The key of `TestApp`: 32 bytes of 7.
    command.env("USERPROFILE_SECRET_KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _server = Server(command.spawn().unwrap());
    let bound = if database::server().is_some() { "'2050-01-01'" } else { "2524608000000000" };
    let corrected = async {
        for (table, column) in
            [("password_attempts", "blocked_until"), ("tallies", "counted_at"), ("sessions", "expires_at")]
        {
            while database.count(&format!("{table} WHERE {column} > {bound}")).await > 0 {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), corrected).await.expect("times in the future are corrected");
}
