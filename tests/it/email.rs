//! Email addresses: requesting a change, verifying the address, and undoing the change.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, User};

const OLD: &str = "old@example.com";
const NEW: &str = "New@Example.com";

async fn app() -> (TestApp, Client) {
    let app = TestApp::start().await;
    app.import_users(&[User::new("wonny").verified_email(OLD), User::new("other")]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    (app, client)
}

async fn state(client: &Client) -> Value {
    client.me("email emailVerified pendingEmail").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_pending_until_its_code_verifies_it() {
    let (app, client) = app().await;
    let done =
        client.mutate_ok("updateProfile", json!({ "email": NEW }), "sentTo expiresAt user { pendingEmail }").await;
    assert_eq!(
        done,
        json!({ "sentTo": NEW, "expiresAt": "2026-11-23T09:10:00Z", "user": { "pendingEmail": NEW }, "errors": [] })
    );
    assert_eq!(state(&client).await, json!({ "email": OLD, "emailVerified": true, "pendingEmail": NEW }));

    let messages = app.messages().await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].recipients, ["New@example.com"]);
    let code = messages[0].code();
    let done = client
        .mutate_ok("confirmEmail", json!({ "verifyCode": code }), "user { email emailVerified pendingEmail }")
        .await;
    assert_eq!(done["user"], json!({ "email": NEW, "emailVerified": true, "pendingEmail": null }));
    assert_eq!(client.error_code("confirmEmail", json!({ "verifyCode": code })).await, "NOTHING_PENDING");

    // Both addresses are notified; only the old one gets an undo link.
    let notifications = &app.messages().await[1..];
    let mut recipients: Vec<_> = notifications.iter().map(|message| message.recipients[0].as_str()).collect();
    recipients.sort_unstable();
    assert_eq!(recipients, ["New@example.com", OLD]);
    let to_new = notifications.iter().find(|message| message.recipients != [OLD]).unwrap();
    assert!(!to_new.text.contains("token="));
    assert!(app.last_message(OLD).await.text.contains("https://id.test/undo-email-change#token=upe_"));
    assert_eq!(app.messages().await.len(), 3, "one code and two notifications");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_are_compared_over_all_sessions() {
    let (app, client) = app().await;
    let elsewhere = app.signed_in(DOMAIN, "wonny").await;
    client.mutate_ok("updateProfile", json!({ "email": NEW }), "sentTo").await;
    let code = app.code(NEW).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for text in ["12345", "abcdef", "", "7QK4-M0ZT-3XNE-V81B"] {
        let errors = client.errors("confirmEmail", json!({ "verifyCode": text })).await;
        assert!(matches!(errors[0].0.as_str(), "INVALID" | "REQUIRED"), "{errors:?}");
        assert_eq!(errors[0].1.as_deref(), Some("verifyCode"));
    }
    for (left, client) in [(4, &client), (3, &elsewhere), (2, &client), (1, &elsewhere), (0, &client)] {
        let payload = client.mutate("confirmEmail", json!({ "verifyCode": wrong }), "user { id }").await;
        assert_eq!(payload["errors"][0]["code"], "INVALID_CODE");
        assert_eq!(payload["errors"][0]["attemptsLeft"], left);
    }
    assert_eq!(client.error_code("confirmEmail", json!({ "verifyCode": code })).await, "TOO_MANY_TRIES");
    // A new code has new attempts.
    app.clock.advance(TimeDelta::minutes(1));
    client.mutate_ok("verifyEmail", json!({}), "sentTo").await;
    client.mutate_ok("confirmEmail", json!({ "verifyCode": app.code(NEW).await }), "user { id }").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_wrong_codes_a_day_are_compared() {
    let (app, client) = app().await;
    let mut compared = 0;
    let mut last = String::new();
    for round in 0..6 {
        let email = format!("new{round}@example.com");
        client.mutate_ok("updateProfile", json!({ "email": email }), "sentTo").await;
        let code = app.code(&email).await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for _ in 0..5 {
            last = client.error_code("confirmEmail", json!({ "verifyCode": wrong })).await;
            compared += i32::from(last == "INVALID_CODE");
        }
        app.clock.advance(TimeDelta::minutes(1));
    }
    assert_eq!((compared, last.as_str()), (20, "TOO_MANY_TRIES"));
    let payload = client.mutate("confirmEmail", json!({ "verifyCode": "000000" }), "user { id }").await;
    assert!(payload["errors"][0]["retryAfter"].as_u64().unwrap() > 23 * 3600);
    // A day later, codes are compared again.
    app.clock.advance(TimeDelta::hours(24));
    let client = app.signed_in(DOMAIN, "wonny").await;
    client.mutate_ok("verifyEmail", json!({}), "sentTo").await;
    client.mutate_ok("confirmEmail", json!({ "verifyCode": app.code("new5@example.com").await }), "user { id }").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_fifty_concurrent_correct_codes_succeeds() {
    let (app, client) = app().await;
    client.mutate_ok("updateProfile", json!({ "email": NEW }), "sentTo").await;
    let code = app.code(NEW).await;
    let responses = (0..50).map(|_| {
        let (client, code) = (client.clone(), code.clone());
        tokio::spawn(async move { client.mutate("confirmEmail", json!({ "verifyCode": code }), "user { id }").await })
    });
    let responses = futures_util::future::join_all(responses).await;
    let won = responses.iter().filter(|response| response.as_ref().unwrap()["user"].is_object()).count();
    assert_eq!(won, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_wrong_codes_do_not_exceed_the_limit() {
    let (app, client) = app().await;
    client.mutate_ok("updateProfile", json!({ "email": NEW }), "sentTo").await;
    let code: u32 = app.code(NEW).await.parse().unwrap();
    let requests = (0..50).map(|n| {
        let (client, code) = (client.clone(), format!("{:06}", (code + 1 + n) % 1_000_000));
        tokio::spawn(
            async move { client.mutate("confirmEmail", json!({ "verifyCode": code }), "errors { code }").await },
        )
    });
    let mut compared = 0;
    for payload in futures_util::future::join_all(requests).await {
        compared += usize::from(payload.unwrap()["errors"][0]["code"] == "INVALID_CODE");
    }
    assert_eq!(compared, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_codes_in_one_request_are_refused_without_comparing_any() {
    let (app, client) = app().await;
    client.mutate_ok("updateProfile", json!({ "email": NEW }), "sentTo").await;
    let code = app.code(NEW).await;
    let field = |alias: &str, code: &str| {
        format!(
            "{alias}: confirmEmail(input: {{ verifyCode: \"{code}\" }}) {{ user {{ id }} errors {{ attemptsLeft }} }} "
        )
    };
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let response = client.query(&format!("mutation {{ {} {} }}", field("a", wrong), field("b", &code))).await;
    assert_eq!(response.error_code(), "LIMIT_EXCEEDED");
    let limit = &response.body["errors"][0]["extensions"];
    assert_eq!((&limit["limit"], &limit["allowed"], &limit["asked"]), (&json!("attempts"), &json!(1), &json!(2)));
    // No attempt was counted, and nothing was changed.
    let response = client.query(&format!("mutation {{ {} }}", field("a", wrong))).await;
    assert_eq!(response.data()["a"]["errors"], json!([{ "attemptsLeft": 4 }]));
    let response = client.query(&format!("mutation {{ {} }}", field("a", &code))).await;
    assert!(response.data()["a"]["user"].is_object(), "{}", response.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_expires_and_a_new_one_invalidates_it() {
    let (app, client) = app().await;
    client.mutate_ok("updateProfile", json!({ "email": NEW }), "sentTo").await;
    let first = app.code(NEW).await;
    app.clock.advance(TimeDelta::minutes(1));
    client.mutate_ok("verifyEmail", json!({}), "sentTo").await;
    let second = app.code(NEW).await;
    if first != second {
        assert_eq!(client.error_code("confirmEmail", json!({ "verifyCode": first })).await, "INVALID_CODE");
    }
    // A refused message invalidates nothing.
    assert_eq!(client.error_code("verifyEmail", json!({})).await, "RATE_LIMITED");
    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(client.error_code("confirmEmail", json!({ "verifyCode": second })).await, "EXPIRED_CODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_address_is_replaced_or_cancelled() {
    let (app, client) = app().await;
    client.mutate_ok("updateProfile", json!({ "email": NEW }), "sentTo").await;
    let first = app.code(NEW).await;
    client.mutate_ok("updateProfile", json!({ "email": "third@example.com" }), "sentTo").await;
    assert_eq!(client.me("pendingEmail").await, json!({ "pendingEmail": "third@example.com" }));
    let code = app.code("third@example.com").await;
    if code != first {
        assert_eq!(client.error_code("confirmEmail", json!({ "verifyCode": first })).await, "INVALID_CODE");
    }
    let done = client
        .mutate_ok("updateProfile", json!({ "email": OLD.to_uppercase() }), "sentTo user { email pendingEmail }")
        .await;
    assert_eq!(done["sentTo"], Value::Null);
    assert_eq!(done["user"], json!({ "email": OLD, "pendingEmail": null }));
    assert_eq!(client.error_code("confirmEmail", json!({ "verifyCode": code })).await, "NOTHING_PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_email_defaults_to_the_pending_then_to_the_current_address() {
    let app = TestApp::start().await;
    app.import_users(&[User::new("wonny").email("w@example.com"), User::new("bare")]).await;
    let bare = app.signed_in(DOMAIN, "bare").await;
    assert_eq!(bare.errors("verifyEmail", json!({})).await, [("REQUIRED".to_owned(), Some("email".to_owned()))]);
    let response = bare.query("mutation { verifyEmail { errors { code } } }").await;
    assert_eq!(response.user_errors("verifyEmail"), ["REQUIRED"]);

    let client = app.signed_in(DOMAIN, "wonny").await;
    let done = client.mutate_ok("verifyEmail", json!({}), "sentTo").await;
    assert_eq!(done["sentTo"], "w@example.com");
    let code = app.code("w@example.com").await;
    client.mutate_ok("confirmEmail", json!({ "verifyCode": code }), "user { id }").await;
    assert_eq!(state(&client).await, json!({ "email": "w@example.com", "emailVerified": true, "pendingEmail": null }));
    assert_eq!(app.messages().await.len(), 1, "verifying the current address sends no notification");
    assert_eq!(client.error_code("verifyEmail", json!({})).await, "EMAIL_ALREADY_VERIFIED");
    assert_eq!(client.error_code("verifyEmail", json!({ "email": "W@example.com" })).await, "EMAIL_ALREADY_VERIFIED");
    let done = client.mutate_ok("verifyEmail", json!({ "email": "next@example.com" }), "sentTo").await;
    assert_eq!(done["sentTo"], "next@example.com");
    assert_eq!(client.me("pendingEmail").await, json!({ "pendingEmail": "next@example.com" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn that_an_address_is_taken_is_revealed_only_after_it_is_verified() {
    let (app, client) = app().await;
    let other = app.signed_in(DOMAIN, "other").await;
    let free = other.mutate("verifyEmail", json!({ "email": "free@example.com" }), "sentTo expiresAt").await;
    let mut taken = other.mutate("verifyEmail", json!({ "email": OLD }), "sentTo expiresAt").await;
    assert_eq!(taken["sentTo"], OLD);
    taken["sentTo"] = free["sentTo"].clone();
    assert_eq!(taken, free);
    let code = app.code(OLD).await;
    assert_eq!(other.error_code("confirmEmail", json!({ "verifyCode": code })).await, "EMAIL_TAKEN");
    assert_eq!(state(&other).await, json!({ "email": null, "emailVerified": false, "pendingEmail": null }));
    assert_eq!(state(&client).await["email"], OLD);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_users_who_verify_one_address_concurrently_one_gets_it_and_no_other_keeps_it_pending() {
    const USERS: [&str; 4] = ["one", "two", "three", "four"];
    let app = TestApp::with_users(&USERS).await;
    let mut users = Vec::new();
    for user in USERS {
        let client = app.signed_in(DOMAIN, user).await;
        client.mutate_ok("verifyEmail", json!({ "email": NEW }), "sentTo").await;
        users.push((client, app.code(NEW).await));
    }
    let confirmed =
        users.iter().map(|(client, code)| client.mutate("confirmEmail", json!({ "verifyCode": code }), "user { id }"));
    let responses = futures_util::future::join_all(confirmed).await;
    let taken = responses.iter().filter(|response| response["errors"][0]["code"] == "EMAIL_TAKEN").count();
    assert_eq!(taken, USERS.len() - 1, "{responses:?}");
    for (client, _) in &users {
        assert_eq!(state(client).await["pendingEmail"], json!(null));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_link_restores_the_old_address_and_invalidates_later_links() {
    let (app, client) = app().await;
    client.mutate_ok("updateProfile", json!({ "email": NEW }), "sentTo").await;
    client.mutate_ok("confirmEmail", json!({ "verifyCode": app.code(NEW).await }), "user { id }").await;
    let first = app.last_message(OLD).await.token();
    // An attacker changes the address twice; the first undo link stays valid.
    app.clock.advance(TimeDelta::minutes(1));
    client.mutate_ok("updateProfile", json!({ "email": "attacker@example.com" }), "sentTo").await;
    client
        .mutate_ok("confirmEmail", json!({ "verifyCode": app.code("attacker@example.com").await }), "user { id }")
        .await;
    let second = app.last_message(NEW).await.token();
    client.mutate_ok("updateProfile", json!({ "email": "more@example.com" }), "sentTo").await;
    let input = json!({ "password": "taken over 99", "currentPassword": PASSWORD });
    client.mutate_ok("updateProfile", input, "user { id }").await;

    app.clock.advance(TimeDelta::days(7) - TimeDelta::minutes(2));
    let anonymous = app.client();
    assert_eq!(anonymous.error_code("undoEmailChange", json!({ "token": "upe_nonsense" })).await, "INVALID_TOKEN");
    anonymous.mutate_ok("undoEmailChange", json!({ "token": first }), "ok").await;
    assert!(!client.is_authenticated().await);
    let mut client = app.client();
    client.sign_in(DOMAIN, "wonny", "taken over 99").await;
    assert_eq!(state(&client).await, json!({ "email": OLD, "emailVerified": true, "pendingEmail": null }));
    // Links to later addresses, which may be an attacker's, are invalidated.
    for token in [first, second] {
        assert_eq!(anonymous.error_code("undoEmailChange", json!({ "token": token })).await, "INVALID_TOKEN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_link_expires_after_seven_days() {
    let (app, client) = app().await;
    client.mutate_ok("updateProfile", json!({ "email": NEW }), "sentTo").await;
    client.mutate_ok("confirmEmail", json!({ "verifyCode": app.code(NEW).await }), "user { id }").await;
    let token = app.last_message(OLD).await.token();
    app.clock.advance(TimeDelta::days(7));
    assert_eq!(app.client().error_code("undoEmailChange", json!({ "token": token })).await, "INVALID_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn emails_are_rate_limited_by_address_user_and_client() {
    let (app, client) = app().await;
    // Five per hour to one address.
    for _ in 0..5 {
        client.mutate_ok("verifyEmail", json!({ "email": NEW }), "sentTo").await;
        app.clock.advance(TimeDelta::minutes(1));
    }
    let payload = client.mutate("verifyEmail", json!({ "email": NEW }), "sentTo").await;
    assert_eq!(payload["errors"][0]["code"], "RATE_LIMITED");
    assert_eq!(payload["errors"][0]["retryAfter"], 55 * 60);
    // Twenty per hour for one user.
    for n in 5..20 {
        client.mutate_ok("verifyEmail", json!({ "email": format!("n{n}@example.com") }), "sentTo").await;
    }
    assert_eq!(client.error_code("verifyEmail", json!({ "email": "n20@example.com" })).await, "RATE_LIMITED");
    // Thirty per hour for one client address: another user at this address has ten left.
    let other = app.signed_in(DOMAIN, "other").await;
    for n in 0..10 {
        other.mutate_ok("verifyEmail", json!({ "email": format!("o{n}@example.com") }), "sentTo").await;
    }
    assert_eq!(other.error_code("verifyEmail", json!({ "email": "o10@example.com" })).await, "RATE_LIMITED");
    other.at("198.51.100.7").mutate_ok("verifyEmail", json!({ "email": "o10@example.com" }), "sentTo").await;
    assert_eq!(app.messages().await.len(), 31);
}
