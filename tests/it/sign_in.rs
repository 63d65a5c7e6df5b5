//! Signing in with a second factor, and proving again who one is.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;

use crate::mfa::Authenticator;
use crate::support::{Client, DOMAIN, PASSWORD, TestApp, Tokens, domain, user};

const MAIL: &str = "factor@example.com";

/// A user whose second factor is a mailed code.
async fn by_mail() -> TestApp {
    let app = TestApp::start().await;
    let mfa = format!(
        r#""email":"{MAIL}","email_verified":true,"mfa":{{"state":"ENABLED","mfa_type":"EMAIL","options":{{"email":"{MAIL}"}}}}"#
    );
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &mfa))).await;
    app
}

async fn challenge(client: &Client) -> Value {
    let answer = client.try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    let payload = answer.data()["signIn"].clone();
    assert_eq!(payload["session"], Value::Null);
    payload
}

fn answer(challenge: &Value, code: &str) -> Value {
    json!({ "challengeToken": challenge["mfaChallenge"]["token"], "verifyCode": code })
}

const TOKENS: &str = "session { accessToken refreshToken }";

/// A thief who knows the password may have begun a sign-in before the owner ended all sessions.
#[tokio::test(flavor = "multi_thread")]
async fn revoking_sessions_invalidates_the_challenges_of_pending_sign_ins() {
    for is_by_operator in [true, false] {
        let app = by_mail().await;
        let first = challenge(&app.client()).await;
        let session = app.client().done("confirmSignIn", answer(&first, &app.code(MAIL).await), TOKENS).await;
        let owner = app.client().with_tokens(Tokens::from(&session["session"]));
        app.clock.advance(TimeDelta::minutes(2));
        let pending = challenge(&app.client()).await;
        let code = app.code(MAIL).await;
        if is_by_operator {
            let (domain, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
            app.services.revoke_user_sessions(&domain, &login).await.unwrap();
        } else {
            owner.done("revokeOtherSessions", Value::Null, "revoked").await;
        }
        assert_eq!(app.client().refusal("confirmSignIn", answer(&pending, &code)).await, "INVALID_TOKEN");
        assert_eq!(owner.is_somebody().await, !is_by_operator);
        app.clock.advance(TimeDelta::minutes(2));
        let next = challenge(&app.client()).await;
        app.client().done("confirmSignIn", answer(&next, &app.code(MAIL).await), TOKENS).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_code_answers_its_own_challenge_once() {
    let app = by_mail().await;
    let client = app.client();
    let first = challenge(&client).await;
    assert_eq!(first["errors"], json!([]));
    assert_eq!(first["mfaChallenge"]["mfaType"], "EMAIL");
    assert_eq!(first["mfaChallenge"]["sentTo"], "f…@example.com");
    assert_eq!(first["mfaChallenge"]["expiresAt"], "2026-11-23T09:05:00Z");
    assert!(!client.with_tokens(Tokens { access: "upa_x".into(), refresh: String::new() }).is_somebody().await);
    let code = app.code(MAIL).await;

    // Within the minute no other mail goes out; the challenge is given all the same, and the code that was sent stays.
    let second = challenge(&client).await;
    assert_eq!(
        (&second["mfaChallenge"]["sentTo"], &second["errors"][0]["code"]),
        (&Value::Null, &json!("RATE_LIMITED"))
    );
    assert_eq!(client.refusal("confirmSignIn", answer(&second, &code)).await, "INVALID_CODE");
    let done = client.done("confirmSignIn", answer(&first, &code), TOKENS).await;
    let client = client.with_tokens(Tokens::from(&done["session"]));
    assert!(client.is_somebody().await);
    for challenge in [&first, &second] {
        let refusal = app.client().refusal("confirmSignIn", answer(challenge, &code)).await;
        assert!(matches!(refusal.as_str(), "INVALID_TOKEN" | "INVALID_CODE"), "{refusal}");
    }
    assert_eq!(
        client.refusal("confirmSignIn", json!({ "challengeToken": "upc_x", "verifyCode": "123456" })).await,
        "INVALID_TOKEN"
    );
    let refused = client.refused("confirmSignIn", json!({ "challengeToken": "upc_x", "verifyCode": "12" })).await;
    let codes: Vec<&str> = refused.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["INVALID_TOKEN", "INVALID"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_runs_out() {
    let app = by_mail().await;
    let client = app.client();
    let given = challenge(&client).await;
    let code = app.code(MAIL).await;
    app.clock.advance(TimeDelta::minutes(5));
    assert_eq!(client.refusal("confirmSignIn", answer(&given, &code)).await, "EXPIRED_CODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_end_a_challenge_and_its_owner_is_told() {
    let app = by_mail().await;
    let client = app.client();
    let given = challenge(&client).await;
    let code = app.code(MAIL).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(client.refusal("confirmSignIn", answer(&given, wrong)).await, "INVALID_CODE");
    }
    assert_eq!(client.refusal("confirmSignIn", answer(&given, &code)).await, "TOO_MANY_TRIES");
    let told = app.last_mail(MAIL).await;
    assert!(told.text.contains("192.0.2.1"), "{}", told.text);
    assert_eq!(app.mails().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_right_answers_to_a_challenge_one_wins() {
    let app = by_mail().await;
    let client = app.client();
    let given = challenge(&client).await;
    let code = app.code(MAIL).await;
    let answers = (0..50).map(|_| {
        let (client, input) = (client.clone(), answer(&given, &code));
        tokio::spawn(async move { client.mutate("confirmSignIn", input, TOKENS).await })
    });
    let answers = futures_util::future::join_all(answers).await;
    assert_eq!(answers.iter().filter(|answer| answer.as_ref().unwrap()["session"].is_object()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn right_passwords_without_a_second_factor_cost_no_waits() {
    let app = by_mail().await;
    let client = app.client();
    for _ in 0..12 {
        challenge(&client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_asked_for_an_action_may_do_that_and_little_else() {
    let app = TestApp::start().await;
    let lines = domain(DOMAIN) + &user(DOMAIN, "wonny", r#""required_actions":["UPDATE_PASSWORD"]"#);
    app.import(&lines).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    assert_eq!(client.me("requiredActions").await, json!({ "requiredActions": ["UPDATE_PASSWORD"] }));
    let denied = client.try_mutate("updateProfile", json!({ "name": "x" }), "user { id }").await;
    assert_eq!(denied.error_code(), "FORBIDDEN");
    assert_eq!(denied.body["errors"][0]["extensions"]["requiredActions"], json!(["UPDATE_PASSWORD"]));
    let done =
        client.done("updatePassword", json!({ "newPassword": "quite another 4" }), "user { requiredActions }").await;
    assert_eq!(done["user"]["requiredActions"], json!([]));
    client.done("updateProfile", json!({ "name": "x" }), "user { id }").await;
}

async fn refresh(client: &mut Client) {
    let refreshed = client.refresh(&client.tokens.as_ref().unwrap().refresh).await;
    client.tokens = Some(Tokens::from(&refreshed.data()["refreshSession"]["session"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn proving_again_makes_a_session_fresh() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    app.clock.advance(TimeDelta::minutes(10));
    let email = json!({ "email": "w@example.com" });
    assert_eq!(client.refusal("verifyEmail", email.clone()).await, "REAUTHENTICATION_REQUIRED");
    assert_eq!(
        client.refused("reauthenticate", json!({ "password": "wrong" })).await,
        [("WRONG_PASSWORD".to_owned(), Some("password".to_owned()))]
    );
    assert_eq!(client.refusal("verifyEmail", email.clone()).await, "REAUTHENTICATION_REQUIRED");
    client.done("reauthenticate", json!({ "password": PASSWORD }), "user { id } mfaChallenge { token }").await;
    client.done("verifyEmail", email, "sentTo").await;
    // In one request, too.
    let mut client = client;
    app.clock.advance(TimeDelta::minutes(10));
    refresh(&mut client).await;
    let both = format!(
        "mutation {{ reauthenticate(input: {{ password: \"{PASSWORD}\" }}) {{ errors {{ code }} }} \
         revokeOtherSessions {{ errors {{ code }} }} }}"
    );
    let answer = client.query(&both).await;
    assert_eq!(answer.data(), &json!({ "reauthenticate": { "errors": [] }, "revokeOtherSessions": { "errors": [] } }));
    // A refresh renews nothing.
    app.clock.advance(TimeDelta::minutes(10));
    refresh(&mut client).await;
    assert_eq!(client.refusal("revokeOtherSessions", Value::Null).await, "REAUTHENTICATION_REQUIRED");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_make_wait_wherever_they_are_tried() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for n in 0..6 {
        let refusal = if n % 2 == 0 {
            client.refusal("reauthenticate", json!({ "password": "wrong" })).await
        } else {
            let input = json!({ "currentPassword": "wrong", "newPassword": "quite another 4" });
            client.refusal("updatePassword", input).await
        };
        assert_eq!(refusal, "WRONG_PASSWORD");
    }
    let payload = client.mutate("reauthenticate", json!({ "password": PASSWORD }), "user { id }").await;
    assert_eq!(
        (&payload["errors"][0]["code"], &payload["errors"][0]["retryAfter"]),
        (&json!("RATE_LIMITED"), &json!(1))
    );
    assert_eq!(app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await.user_errors("signIn"), ["RATE_LIMITED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn proving_again_with_a_second_factor_takes_both() {
    let app = by_mail().await;
    let client = app.client();
    let given = challenge(&client).await;
    let done = client.done("confirmSignIn", answer(&given, &app.code(MAIL).await), TOKENS).await;
    let client = client.with_tokens(Tokens::from(&done["session"]));
    app.clock.advance(TimeDelta::minutes(10));
    let fields = "user { id } mfaChallenge { mfaType sentTo }";
    let payload = client.done("reauthenticate", json!({ "password": PASSWORD }), fields).await;
    assert_eq!((&payload["user"], &payload["mfaChallenge"]["sentTo"]), (&Value::Null, &json!("f…@example.com")));
    assert_eq!(client.refusal("disableMfa", Value::Null).await, "REAUTHENTICATION_REQUIRED");
    let code = app.code(MAIL).await;
    assert_eq!(
        client.refusal("reauthenticate", json!({ "password": "wrong", "verifyCode": code })).await,
        "WRONG_PASSWORD"
    );
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(
        client.refusal("reauthenticate", json!({ "password": PASSWORD, "verifyCode": wrong })).await,
        "INVALID_CODE"
    );
    let payload = client.done("reauthenticate", json!({ "password": PASSWORD, "verifyCode": code }), fields).await;
    assert!(payload["user"].is_object());
    client.done("disableMfa", Value::Null, "sentTo").await;
    assert_eq!(
        client.refusal("reauthenticate", json!({ "password": PASSWORD, "verifyCode": code })).await,
        "NOTHING_PENDING"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authenticator_app_signs_in_once_a_step() {
    let app = TestApp::start().await;
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let mfa = format!(r#""mfa":{{"state":"ENABLED","mfa_type":"OTP","otp_secret":"{secret}"}}"#);
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &mfa))).await;
    let authenticator = Authenticator::new(secret);
    let client = app.client();
    let given = challenge(&client).await;
    assert_eq!((&given["mfaChallenge"]["mfaType"], &given["mfaChallenge"]["sentTo"]), (&json!("OTP"), &Value::Null));
    let code = authenticator.code(&app);
    client.done("confirmSignIn", answer(&given, &code), TOKENS).await;
    let again = challenge(&client).await;
    assert_eq!(client.refusal("confirmSignIn", answer(&again, &code)).await, "INVALID_CODE");
    app.clock.advance(TimeDelta::seconds(30));
    client.done("confirmSignIn", answer(&again, &authenticator.code(&app)), TOKENS).await;
    assert!(app.mails().await.is_empty());
}

/// The medians of many tries, turn by turn.
async fn median_times(
    rounds: usize,
    mut one: impl AsyncFnMut(usize),
    mut other: impl AsyncFnMut(usize),
) -> (Duration, Duration) {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let began = Instant::now();
        one(round).await;
        ones.push(began.elapsed());
        let began = Instant::now();
        other(round).await;
        others.push(began.elapsed());
    }
    ones.sort_unstable();
    others.sort_unstable();
    (ones[rounds / 2], others[rounds / 2])
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_answer_nor_time_tells_whether_there_is_such_a_user() {
    let app = TestApp::start().await;
    let verified =
        |n: usize| user(DOMAIN, &format!("known{n}"), &format!(r#""email":"k{n}@example.com","email_verified":true"#));
    app.import(&(domain(DOMAIN) + &(0..100).map(verified).collect::<String>())).await;
    // Each try from an address of its own, so that no limit is met.
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

    let (known, unknown) = median_times(
        100,
        async |n| drop(reset(client(n), format!("known{n}")).await),
        async |n| drop(reset(client(n), format!("unknown{n}")).await),
    )
    .await;
    assert_alike("resetPassword", known, unknown);
    let (known, unknown) = median_times(
        100,
        async |n| drop(client(n).try_sign_in(DOMAIN, &format!("known{n}"), "wrong").await),
        async |n| drop(client(n).try_sign_in(DOMAIN, &format!("unknown{n}"), "wrong").await),
    )
    .await;
    assert_alike("signIn", known, unknown);
}

/// What differs by less than a quarter, or by less than a third of a millisecond, is lost in the noise of any network.
#[track_caller]
fn assert_alike(what: &str, known: Duration, unknown: Duration) {
    let difference = known.abs_diff(unknown);
    let bound = (known.min(unknown) / 4).max(Duration::from_micros(333));
    assert!(difference < bound, "{what}: known {known:?}, unknown {unknown:?}");
}
