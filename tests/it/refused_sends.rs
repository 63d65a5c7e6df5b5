//! If a message is refused, earlier codes and links stay valid.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, Tokens, User, database};

const MAIL: &str = "wonny@example.com";
const NEW_MAIL: &str = "new@example.com";

/// A mutation that emails a code, the address, and the mutation that confirms the code.
struct Flow {
    start: (&'static str, Value),
    mail: &'static str,
    confirm: &'static str,
}

async fn app(mfa: bool) -> (database::Database, TestApp, Client) {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    let user = User::new("wonny").verified_email(MAIL);
    app.import_users(&[if mfa { user.email_mfa(MAIL) } else { user }]).await;
    let client = if mfa { signed_in_by_code(&app).await } else { app.signed_in(DOMAIN, "wonny").await };
    app.clock.advance(TimeDelta::minutes(1));
    (database, app, client)
}

async fn signed_in_by_code(app: &TestApp) -> Client {
    let client = app.client();
    let response = client.try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    let token = response.data()["signIn"]["mfaChallenge"]["token"].clone();
    let input = json!({ "challengeToken": token, "verifyCode": app.code(MAIL).await });
    let done = client.mutate_ok("confirmSignIn", input, "session { accessToken refreshToken }").await;
    client.with_tokens(Tokens::from(&done["session"]))
}

/// Starts a flow, starts it again over the rate limit and on a server without mail, and then confirms the first code.
async fn assert_keeps_code(mfa: bool, flow: Flow) {
    let (database, app, client) = app(mfa).await;
    let (start, input) = flow.start;
    client.mutate_ok(start, input.clone(), "sentTo").await;
    let code = app.code(flow.mail).await;
    let payload = client.mutate(start, input.clone(), "sentTo").await;
    assert_eq!(payload["errors"][0]["code"], "RATE_LIMITED", "{start}");
    assert!((1..=60).contains(&payload["errors"][0]["retryAfter"].as_u64().unwrap()), "{start}: {payload}");

    let without_mail = TestApp::without_mail(&database, app.clock.clone()).await;
    let there = without_mail.client().with_tokens(client.tokens.clone().unwrap());
    assert_eq!(there.try_mutate(start, input, "sentTo").await.error_code(), "UNAVAILABLE", "{start}");

    client.mutate_ok(flow.confirm, json!({ "verifyCode": code }), "user { id }").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_email_keeps_the_code_that_was_sent() {
    let start = ("verifyEmail", json!({ "email": NEW_MAIL }));
    assert_keeps_code(false, Flow { start, mail: NEW_MAIL, confirm: "confirmEmail" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn update_profile_keeps_the_code_that_was_sent() {
    let start = ("updateProfile", json!({ "email": NEW_MAIL, "name": "Wonny" }));
    assert_keeps_code(false, Flow { start, mail: NEW_MAIL, confirm: "confirmEmail" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enable_mfa_keeps_the_code_that_was_sent() {
    let start = ("enableMfa", json!({ "mfaType": "EMAIL" }));
    assert_keeps_code(false, Flow { start, mail: MAIL, confirm: "confirmMfa" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disable_mfa_keeps_the_code_that_was_sent() {
    assert_keeps_code(true, Flow { start: ("disableMfa", Value::Null), mail: MAIL, confirm: "confirmMfa" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reauthenticate_keeps_the_code_that_was_sent() {
    let (database, app, client) = app(true).await;
    let fields = "user { id } mfaChallenge { sentTo }";
    let password = json!({ "password": PASSWORD });
    client.mutate_ok("reauthenticate", password.clone(), fields).await;
    let code = app.code(MAIL).await;
    let payload = client.mutate("reauthenticate", password.clone(), fields).await;
    assert_eq!(
        (&payload["mfaChallenge"]["sentTo"], &payload["errors"][0]["code"]),
        (&Value::Null, &json!("RATE_LIMITED"))
    );
    let without_mail = TestApp::without_mail(&database, app.clock.clone()).await;
    let there = without_mail.client().with_tokens(client.tokens.clone().unwrap());
    assert_eq!(there.try_mutate("reauthenticate", password, "user { id }").await.error_code(), "UNAVAILABLE");

    app.clock.advance(TimeDelta::minutes(4));
    let both = json!({ "password": PASSWORD, "verifyCode": code });
    let done = client.mutate_ok("reauthenticate", both, fields).await;
    assert!(done["user"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_keeps_the_code_that_was_sent_and_counts_no_correct_password() {
    let (database, app, _) = app(true).await;
    let client = app.client();
    let response = client.try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    let token = response.data()["signIn"]["mfaChallenge"]["token"].clone();
    let code = app.code(MAIL).await;
    let refused = client.try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    assert_eq!(refused.user_errors("signIn"), ["RATE_LIMITED"]);
    // Without a mail server, not even many correct passwords cause a delay.
    let without_mail = TestApp::without_mail(&database, app.clock.clone()).await;
    for _ in 0..8 {
        let refused = without_mail.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
        assert_eq!(refused.error_code(), "UNAVAILABLE");
    }
    let input = json!({ "challengeToken": token, "verifyCode": code });
    client.mutate_ok("confirmSignIn", input, "session { accessToken }").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_password_keeps_the_link_that_was_sent() {
    let (_database, app, _) = app(false).await;
    let forgotten = json!({ "userId": "wonny", "domainId": DOMAIN });
    app.client().mutate_ok("resetPassword", forgotten.clone(), "ok").await;
    let token = app.last_message(MAIL).await.token();
    // Exceeds the limit of the user id, and then that of the client.
    app.client().mutate_ok("resetPassword", forgotten.clone(), "ok").await;
    for number in 0..28 {
        let other = json!({ "userId": format!("unknown{number}"), "domainId": DOMAIN });
        app.client().mutate_ok("resetPassword", other, "ok").await;
    }
    app.clock.advance(TimeDelta::minutes(1));
    let payload = app.client().mutate("resetPassword", forgotten, "ok").await;
    assert_eq!(payload["errors"][0]["code"], "RATE_LIMITED");
    app.messages().await;
    let input = json!({ "token": token, "newPassword": "quite another 4" });
    app.client().mutate_ok("confirmPasswordReset", input, "ok").await;
}
