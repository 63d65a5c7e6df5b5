//! Failed code attempts: what is counted, and that only the specified operations clear a count.

use chrono::TimeDelta;
use serde_json::{Value, json};
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;
use userprofile::domain::password::Password;

use crate::mfa::Authenticator;
use crate::support::{Client, DOMAIN, PASSWORD, TestApp, Tokens, User, database};

const MAIL: &str = "wonny@example.com";
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const RECOVERY: &str = "0000-0000-0000-0000";

/// A user whose factor is an authenticator app.
async fn app() -> (TestApp, Authenticator) {
    let app = TestApp::with_user(User::new("wonny").verified_email(MAIL).otp_mfa(SECRET)).await;
    (app, Authenticator::new(SECRET))
}

/// Signs in with a password and a code. Returns the first error, or the session.
async fn confirm(app: &TestApp, password: &str, code: &str) -> Value {
    let client = app.client();
    let response = client.try_sign_in(DOMAIN, "wonny", password).await;
    let token = &response.data()["signIn"]["mfaChallenge"]["token"];
    let input = json!({ "challengeToken": token, "verifyCode": code });
    let payload = client.mutate("confirmSignIn", input, "session { accessToken refreshToken }").await;
    if payload["session"].is_object() { payload["session"].clone() } else { payload["errors"][0].clone() }
}

async fn signed_in(app: &TestApp, authenticator: &Authenticator) -> Client {
    let session = confirm(app, PASSWORD, &authenticator.code(app)).await;
    app.client().with_tokens(Tokens::from(&session))
}

/// Submits wrong codes at sign-in until they are refused, and returns how many were compared.
async fn exhaust_sign_in(app: &TestApp, password: &str, code: &str) -> usize {
    for compared in 0..100 {
        let error = confirm(app, password, code).await;
        match error["code"].as_str() {
            Some("INVALID_CODE") => {}
            Some("TOO_MANY_TRIES") => {
                let left = error["retryAfter"].as_u64().unwrap();
                assert!((1..=86_400).contains(&left), "{error}");
                return compared;
            }
            _ => panic!("{error}"),
        }
    }
    panic!("a hundred wrong codes were compared");
}

/// Submits wrong codes to `disableMfa` in a session until they are refused, and returns how many were compared.
async fn exhaust_session(client: &Client, wrong: &str) -> usize {
    let mut compared = 0;
    while compared < 100 {
        client.mutate_ok("disableMfa", Value::Null, "expiresAt").await;
        for _ in 0..5 {
            let payload = client.mutate("confirmMfa", json!({ "verifyCode": wrong }), "user { id }").await;
            match payload["errors"][0]["code"].as_str().unwrap() {
                "INVALID_CODE" => compared += 1,
                code => {
                    assert_eq!(code, "TOO_MANY_TRIES");
                    assert!(payload["errors"][0]["retryAfter"].is_u64());
                    return compared;
                }
            }
        }
    }
    panic!("a hundred wrong codes were compared");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_change_clears_no_count_of_failed_codes() {
    let (app, authenticator) = app().await;
    let client = signed_in(&app, &authenticator).await;
    app.clock.advance(TimeDelta::seconds(30));
    let wrong = authenticator.wrong_code(&app);
    assert_eq!(exhaust_session(&client, &wrong).await, 20);

    client
        .mutate_ok(
            "updatePassword",
            json!({ "currentPassword": PASSWORD, "newPassword": "quite another 4" }),
            "user { id }",
        )
        .await;
    assert_eq!(exhaust_session(&client, &wrong).await, 0);
    let input = json!({ "currentPassword": "quite another 4", "password": "yet another 12" });
    client.mutate_ok("updateProfile", input, "user { id }").await;
    assert_eq!(exhaust_session(&client, &wrong).await, 0);
    client.mutate_ok("disableMfa", Value::Null, "expiresAt").await;
    let right = json!({ "verifyCode": authenticator.code(&app) });
    assert_eq!(client.error_code("confirmMfa", right).await, "TOO_MANY_TRIES");

    // Sign-in has its own count, which a password set by an operator does not clear either.
    assert_eq!(exhaust_sign_in(&app, "yet another 12", &wrong).await, 20);
    let (domain_id, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
    app.services.set_password(&domain_id, &login, Password::from_input("set by an operator 9")).await.unwrap();
    assert_eq!(exhaust_sign_in(&app, "set by an operator 9", &wrong).await, 0);

    // A day later both counts are empty.
    app.clock.advance(TimeDelta::days(1));
    assert_eq!(exhaust_sign_in(&app, "set by an operator 9", &authenticator.wrong_code(&app)).await, 20);
}

async fn reset(app: &TestApp, password: &str) {
    // Waiting notifications are sent first, so that the link is in the last message.
    app.messages().await;
    app.client().mutate_ok("resetPassword", json!({ "userId": "wonny", "domainId": DOMAIN }), "ok").await;
    let token = app.last_message(MAIL).await.token();
    app.client().mutate_ok("confirmPasswordReset", json!({ "token": token, "newPassword": password }), "ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_reset_clears_the_sign_in_count_once_a_day_and_no_other() {
    let (app, authenticator) = app().await;
    let client = signed_in(&app, &authenticator).await;
    app.clock.advance(TimeDelta::seconds(30));
    let wrong = authenticator.wrong_code(&app);
    assert_eq!(exhaust_session(&client, &wrong).await, 20);
    assert_eq!(exhaust_sign_in(&app, PASSWORD, RECOVERY).await, 20);
    assert_eq!(exhaust_sign_in(&app, PASSWORD, &wrong).await, 20);

    reset(&app, "quite another 4").await;
    assert_eq!(exhaust_sign_in(&app, "quite another 4", RECOVERY).await, 0);
    // A correct code is not counted, so there are still twenty wrong ones.
    let session = confirm(&app, "quite another 4", &authenticator.code(&app)).await;
    let client = app.client().with_tokens(Tokens::from(&session));
    assert_eq!(exhaust_session(&client, &wrong).await, 0);
    assert_eq!(exhaust_sign_in(&app, "quite another 4", &wrong).await, 20);

    app.clock.advance(TimeDelta::minutes(1));
    reset(&app, "yet another 12").await;
    assert_eq!(exhaust_sign_in(&app, "yet another 12", &authenticator.wrong_code(&app)).await, 0);
    app.clock.advance(TimeDelta::days(1));
    assert_eq!(exhaust_sign_in(&app, "yet another 12", &authenticator.wrong_code(&app)).await, 20);
    reset(&app, "the last one 77").await;
    assert_eq!(exhaust_sign_in(&app, "the last one 77", &authenticator.wrong_code(&app)).await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_codes_are_not_counted() {
    let (app, authenticator) = app().await;
    let client = signed_in(&app, &authenticator).await;
    app.clock.advance(TimeDelta::seconds(30));
    client.mutate_ok("disableMfa", Value::Null, "expiresAt").await;
    for text in ["12", "1234567", "abcdef", "0000-0000-0000-000", "é"].into_iter().cycle().take(25) {
        assert_eq!(client.error_code("confirmMfa", json!({ "verifyCode": text })).await, "INVALID");
    }
    let wrong = json!({ "verifyCode": authenticator.wrong_code(&app) });
    let payload = client.mutate("confirmMfa", wrong, "user { id }").await;
    assert_eq!(
        (&payload["errors"][0]["code"], &payload["errors"][0]["attemptsLeft"]),
        (&json!("INVALID_CODE"), &json!(4))
    );
}

/// Codes that lose the race are correct, too, so none of them stays in the count.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_correct_codes_leave_no_failed_attempt() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("wonny").verified_email(MAIL).email_mfa(MAIL)]).await;
    let response = app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    let token = response.data()["signIn"]["mfaChallenge"]["token"].clone();
    let input = json!({ "challengeToken": token, "verifyCode": app.code(MAIL).await });
    let responses = (0..5).map(|_| {
        let (client, input) = (app.client(), input.clone());
        tokio::spawn(async move { client.mutate("confirmSignIn", input, "session { accessToken }").await })
    });
    let responses = futures_util::future::join_all(responses).await;
    assert_eq!(responses.iter().filter(|response| response.as_ref().unwrap()["session"].is_object()).count(), 1);
    assert_eq!(database.count("tallies").await, 1, "the message that was sent, and nothing else");
}
