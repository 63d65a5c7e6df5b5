//! Sign-in with multi-factor authentication, and step-up authentication.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;

use crate::mfa::Authenticator;
use crate::support::{Client, DOMAIN, PASSWORD, TestApp, Tokens, User};

const MAIL: &str = "factor@example.com";

/// A server with a user whose factor is EMAIL.
async fn app_with_email_mfa() -> TestApp {
    TestApp::with_user(User::new("wonny").verified_email(MAIL).email_mfa(MAIL)).await
}

async fn challenge(client: &Client) -> Value {
    let response = client.try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    let payload = response.data()["signIn"].clone();
    assert_eq!(payload["session"], Value::Null);
    payload
}

fn confirmation(challenge: &Value, code: &str) -> Value {
    json!({ "challengeToken": challenge["mfaChallenge"]["token"], "verifyCode": code })
}

const TOKENS: &str = "session { accessToken refreshToken }";

/// An attacker who knows the password may have started a sign-in before the user revoked all sessions.
#[tokio::test(flavor = "multi_thread")]
async fn revoking_sessions_invalidates_the_challenges_of_pending_sign_ins() {
    for is_by_operator in [true, false] {
        let app = app_with_email_mfa().await;
        let first = challenge(&app.client()).await;
        let session =
            app.client().mutate_ok("confirmSignIn", confirmation(&first, &app.code(MAIL).await), TOKENS).await;
        let owner = app.client().with_tokens(Tokens::from(&session["session"]));
        app.clock.advance(TimeDelta::minutes(2));
        let pending = challenge(&app.client()).await;
        let code = app.code(MAIL).await;
        if is_by_operator {
            let (domain, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
            app.services.revoke_user_sessions(&domain, &login).await.unwrap();
        } else {
            owner.mutate_ok("revokeOtherSessions", Value::Null, "revoked").await;
        }
        assert_eq!(app.client().error_code("confirmSignIn", confirmation(&pending, &code)).await, "INVALID_TOKEN");
        assert_eq!(owner.is_authenticated().await, !is_by_operator);
        app.clock.advance(TimeDelta::minutes(2));
        let next = challenge(&app.client()).await;
        app.client().mutate_ok("confirmSignIn", confirmation(&next, &app.code(MAIL).await), TOKENS).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emailed_code_completes_only_its_own_challenge_and_only_once() {
    let app = app_with_email_mfa().await;
    let client = app.client();
    let first = challenge(&client).await;
    assert_eq!(first["errors"], json!([]));
    assert_eq!(first["mfaChallenge"]["mfaType"], "EMAIL");
    assert_eq!(first["mfaChallenge"]["sentTo"], "f…@example.com");
    assert_eq!(first["mfaChallenge"]["expiresAt"], "2026-11-23T09:05:00Z");
    assert!(!client.with_tokens(Tokens { access: "upa_x".into(), refresh: String::new() }).is_authenticated().await);
    let code = app.code(MAIL).await;

    // Within a minute no other code is sent; the payload contains a challenge anyway, and the first code stays valid.
    let second = challenge(&client).await;
    assert_eq!(
        (&second["mfaChallenge"]["sentTo"], &second["errors"][0]["code"]),
        (&Value::Null, &json!("RATE_LIMITED"))
    );
    assert_eq!(client.error_code("confirmSignIn", confirmation(&second, &code)).await, "INVALID_CODE");
    let done = client.mutate_ok("confirmSignIn", confirmation(&first, &code), TOKENS).await;
    let client = client.with_tokens(Tokens::from(&done["session"]));
    assert!(client.is_authenticated().await);
    for challenge in [&first, &second] {
        let code = app.client().error_code("confirmSignIn", confirmation(challenge, &code)).await;
        assert!(matches!(code.as_str(), "INVALID_TOKEN" | "INVALID_CODE"), "{code}");
    }
    assert_eq!(
        client.error_code("confirmSignIn", json!({ "challengeToken": "upc_x", "verifyCode": "123456" })).await,
        "INVALID_TOKEN"
    );
    let errors = client.errors("confirmSignIn", json!({ "challengeToken": "upc_x", "verifyCode": "12" })).await;
    let codes: Vec<&str> = errors.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["INVALID_TOKEN", "INVALID"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_expires() {
    let app = app_with_email_mfa().await;
    let client = app.client();
    let given = challenge(&client).await;
    let code = app.code(MAIL).await;
    app.clock.advance(TimeDelta::minutes(5));
    assert_eq!(client.error_code("confirmSignIn", confirmation(&given, &code)).await, "EXPIRED_CODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_wrong_codes_end_a_challenge_and_notify_the_user() {
    let app = app_with_email_mfa().await;
    let client = app.client();
    let given = challenge(&client).await;
    let code = app.code(MAIL).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(client.error_code("confirmSignIn", confirmation(&given, wrong)).await, "INVALID_CODE");
    }
    assert_eq!(client.error_code("confirmSignIn", confirmation(&given, &code)).await, "TOO_MANY_TRIES");
    let notification = app.last_message(MAIL).await;
    assert!(notification.text.contains("192.0.2.1"), "{}", notification.text);
    assert_eq!(app.messages().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_fifty_concurrent_correct_codes_completes_a_challenge() {
    let app = app_with_email_mfa().await;
    let client = app.client();
    let given = challenge(&client).await;
    let code = app.code(MAIL).await;
    let responses = (0..50).map(|_| {
        let (client, input) = (client.clone(), confirmation(&given, &code));
        tokio::spawn(async move { client.mutate("confirmSignIn", input, TOKENS).await })
    });
    let responses = futures_util::future::join_all(responses).await;
    assert_eq!(responses.iter().filter(|response| response.as_ref().unwrap()["session"].is_object()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn correct_passwords_without_the_factor_cause_no_backoff() {
    let app = app_with_email_mfa().await;
    let client = app.client();
    for _ in 0..12 {
        challenge(&client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_action_forbids_other_operations() {
    let app = TestApp::with_user(User::new("wonny").required_action("UPDATE_PASSWORD")).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    assert_eq!(client.me("requiredActions").await, json!({ "requiredActions": ["UPDATE_PASSWORD"] }));
    let denied = client.try_mutate("updateProfile", json!({ "name": "x" }), "user { id }").await;
    assert_eq!(denied.error_code(), "FORBIDDEN");
    assert_eq!(denied.body["errors"][0]["extensions"]["requiredActions"], json!(["UPDATE_PASSWORD"]));
    let done = client
        .mutate_ok("updatePassword", json!({ "newPassword": "quite another 4" }), "user { requiredActions }")
        .await;
    assert_eq!(done["user"]["requiredActions"], json!([]));
    client.mutate_ok("updateProfile", json!({ "name": "x" }), "user { id }").await;
}

async fn refresh(client: &mut Client) {
    let refreshed = client.refresh(&client.tokens.as_ref().unwrap().refresh).await;
    client.tokens = Some(Tokens::from(&refreshed.data()["refreshSession"]["session"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn reauthentication_allows_sensitive_operations_for_ten_minutes() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    app.clock.advance(TimeDelta::minutes(10));
    let email = json!({ "email": "w@example.com" });
    assert_eq!(client.error_code("verifyEmail", email.clone()).await, "REAUTHENTICATION_REQUIRED");
    assert_eq!(
        client.errors("reauthenticate", json!({ "password": "wrong" })).await,
        [("WRONG_PASSWORD".to_owned(), Some("password".to_owned()))]
    );
    assert_eq!(client.error_code("verifyEmail", email.clone()).await, "REAUTHENTICATION_REQUIRED");
    client.mutate_ok("reauthenticate", json!({ "password": PASSWORD }), "user { id } mfaChallenge { token }").await;
    client.mutate_ok("verifyEmail", email, "sentTo").await;
    // Also in a single request.
    let mut client = client;
    app.clock.advance(TimeDelta::minutes(10));
    refresh(&mut client).await;
    let both = format!(
        "mutation {{ reauthenticate(input: {{ password: \"{PASSWORD}\" }}) {{ errors {{ code }} }} \
         revokeOtherSessions {{ errors {{ code }} }} }}"
    );
    let response = client.query(&both).await;
    assert_eq!(
        response.data(),
        &json!({ "reauthenticate": { "errors": [] }, "revokeOtherSessions": { "errors": [] } })
    );
    // Refreshing the session is no authentication.
    app.clock.advance(TimeDelta::minutes(10));
    refresh(&mut client).await;
    assert_eq!(client.error_code("revokeOtherSessions", Value::Null).await, "REAUTHENTICATION_REQUIRED");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_cause_backoff_in_every_mutation() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for n in 0..6 {
        let code = if n % 2 == 0 {
            client.error_code("reauthenticate", json!({ "password": "wrong" })).await
        } else {
            let input = json!({ "currentPassword": "wrong", "newPassword": "quite another 4" });
            client.error_code("updatePassword", input).await
        };
        assert_eq!(code, "WRONG_PASSWORD");
    }
    let payload = client.mutate("reauthenticate", json!({ "password": PASSWORD }), "user { id }").await;
    assert_eq!(
        (&payload["errors"][0]["code"], &payload["errors"][0]["retryAfter"]),
        (&json!("RATE_LIMITED"), &json!(1))
    );
    assert_eq!(app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await.user_errors("signIn"), ["RATE_LIMITED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reauthentication_with_mfa_requires_password_and_factor() {
    let app = app_with_email_mfa().await;
    let client = app.client();
    let given = challenge(&client).await;
    let done = client.mutate_ok("confirmSignIn", confirmation(&given, &app.code(MAIL).await), TOKENS).await;
    let client = client.with_tokens(Tokens::from(&done["session"]));
    app.clock.advance(TimeDelta::minutes(10));
    let fields = "user { id } mfaChallenge { mfaType sentTo }";
    let payload = client.mutate_ok("reauthenticate", json!({ "password": PASSWORD }), fields).await;
    assert_eq!((&payload["user"], &payload["mfaChallenge"]["sentTo"]), (&Value::Null, &json!("f…@example.com")));
    assert_eq!(client.error_code("disableMfa", Value::Null).await, "REAUTHENTICATION_REQUIRED");
    let code = app.code(MAIL).await;
    assert_eq!(
        client.error_code("reauthenticate", json!({ "password": "wrong", "verifyCode": code })).await,
        "WRONG_PASSWORD"
    );
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(
        client.error_code("reauthenticate", json!({ "password": PASSWORD, "verifyCode": wrong })).await,
        "INVALID_CODE"
    );
    let payload = client.mutate_ok("reauthenticate", json!({ "password": PASSWORD, "verifyCode": code }), fields).await;
    assert!(payload["user"].is_object());
    client.mutate_ok("disableMfa", Value::Null, "sentTo").await;
    assert_eq!(
        client.error_code("reauthenticate", json!({ "password": PASSWORD, "verifyCode": code })).await,
        "NOTHING_PENDING"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_totp_code_is_accepted_once_per_time_step() {
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let app = TestApp::with_user(User::new("wonny").otp_mfa(secret)).await;
    let authenticator = Authenticator::new(secret);
    let client = app.client();
    let given = challenge(&client).await;
    assert_eq!((&given["mfaChallenge"]["mfaType"], &given["mfaChallenge"]["sentTo"]), (&json!("OTP"), &Value::Null));
    let code = authenticator.code(&app);
    client.mutate_ok("confirmSignIn", confirmation(&given, &code), TOKENS).await;
    let again = challenge(&client).await;
    assert_eq!(client.error_code("confirmSignIn", confirmation(&again, &code)).await, "INVALID_CODE");
    app.clock.advance(TimeDelta::seconds(30));
    client.mutate_ok("confirmSignIn", confirmation(&again, &authenticator.code(&app)), TOKENS).await;
    assert!(app.messages().await.is_empty());
}

/// Rounds between two comparisons of the medians.
const ROUNDS: usize = 100;
/// On a loaded machine, the medians of the first rounds may differ by chance. A real difference stays, however many rounds
/// are measured.
const MOST_ROUNDS: usize = 5 * ROUNDS;

async fn timed(operation: impl Future<Output = ()>) -> Duration {
    let start = Instant::now();
    operation.await;
    start.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Whether the difference is less than a quarter or less than a third of a millisecond, and so lost in the noise of any
/// network.
fn is_indistinguishable(known: Duration, unknown: Duration) -> bool {
    known.abs_diff(unknown) < (known.min(unknown) / 4).max(Duration::from_micros(333))
}

/// Asserts that an operation takes the same time for known and unknown users. Their order alternates, so that changes of the
/// machine's load affect both alike.
pub async fn assert_same_time(operation: &str, mut known: impl AsyncFnMut(usize), mut unknown: impl AsyncFnMut(usize)) {
    let (mut known_times, mut unknown_times) = (Vec::new(), Vec::new());
    for round in 0..MOST_ROUNDS {
        if round % 2 == 0 {
            known_times.push(timed(known(round)).await);
            unknown_times.push(timed(unknown(round)).await);
        } else {
            unknown_times.push(timed(unknown(round)).await);
            known_times.push(timed(known(round)).await);
        }
        let is_compared = (round + 1) % ROUNDS == 0;
        if is_compared && is_indistinguishable(median(&mut known_times), median(&mut unknown_times)) {
            return;
        }
    }
    panic!("{operation}: known {:?}, unknown {:?}", median(&mut known_times), median(&mut unknown_times));
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_response_nor_timing_reveals_whether_a_user_exists() {
    let app = TestApp::start().await;
    let user = |n: usize| User::new(&format!("known{n}")).verified_email(&format!("k{n}@example.com"));
    app.import_users(&(0..MOST_ROUNDS).map(user).collect::<Vec<_>>()).await;
    // Each request has its own client address, so that none reaches a limit.
    let client = |n: usize| app.client().at(&format!("10.{}.{}.1", n / 200, n % 200));
    let reset = async |client: Client, user: String| {
        client
            .execute(
                "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { ok errors { code } } }",
                json!({ "input": { "userId": user, "domainId": DOMAIN } }),
            )
            .await
    };
    let known = reset(client(998), "known0".to_owned()).await;
    let unknown = reset(client(999), "unknown".to_owned()).await;
    assert_eq!((&known.body, known.status), (&unknown.body, unknown.status));
    assert_eq!(known.headers, unknown.headers);
    assert_eq!(known.data()["resetPassword"], json!({ "ok": true, "errors": [] }));

    assert_same_time(
        "resetPassword",
        async |n| drop(reset(client(n), format!("known{n}")).await),
        async |n| drop(reset(client(n), format!("unknown{n}")).await),
    )
    .await;
    assert_same_time(
        "signIn",
        async |n| drop(client(n).try_sign_in(DOMAIN, &format!("known{n}"), "wrong").await),
        async |n| drop(client(n).try_sign_in(DOMAIN, &format!("unknown{n}"), "wrong").await),
    )
    .await;
}
