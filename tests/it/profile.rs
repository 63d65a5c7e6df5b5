//! `updateProfile`: omitted, null, and given values; all changes or none.

use serde_json::{Value, json};

use crate::support::{DOMAIN, PASSWORD, TestApp, User};

const PROFILE: &str = "name language timezone tags email emailVerified pendingEmail";

/// A server with a user whose user id is their verified address.
async fn app_with_verified_user() -> TestApp {
    TestApp::with_user(User::new("wonny@example.com").verified_email("wonny@example.com")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn omitted_fields_stay_null_clears_and_values_replace() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let input =
        json!({ "name": " Wonny Kim ", "language": "KO", "timezone": "Asia/Seoul", "tags": { "b": 1, "a": [2] } });
    let done = client.mutate_ok("updateProfile", input, &format!("user {{ {PROFILE} }} sentTo expiresAt")).await;
    assert_eq!(
        done["user"],
        json!({ "name": "Wonny Kim", "language": "ko", "timezone": "Asia/Seoul", "tags": { "a": [2], "b": 1 },
                "email": null, "emailVerified": false, "pendingEmail": null })
    );
    assert_eq!((&done["sentTo"], &done["expiresAt"]), (&Value::Null, &Value::Null));
    let before = client.me(PROFILE).await;
    assert_eq!(before, done["user"]);

    client.mutate_ok("updateProfile", json!({}), "user { name }").await;
    assert_eq!(client.me(PROFILE).await, before);
    client.mutate_ok("updateProfile", json!({ "tags": { "c": true } }), "user { name }").await;
    assert_eq!(client.me("tags name").await, json!({ "tags": { "c": true }, "name": "Wonny Kim" }));

    let nothing = json!({ "name": null, "language": null, "timezone": null, "tags": null });
    client.mutate_ok("updateProfile", nothing, "user { name }").await;
    assert_eq!(
        client.me("name language timezone tags").await,
        json!({ "name": null, "language": "en", "timezone": "UTC", "tags": {} })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_input_errors_are_reported_at_once_and_nothing_changes() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let before = client.me(PROFILE).await;
    let input = json!({
        "name": "x".repeat(129), "language": "?", "timezone": "Mars/Base", "tags": { "a": "\u{0}" }, "email": null,
        "password": "something new 5",
    });
    let errors = client.errors("updateProfile", input).await;
    let errors: Vec<_> = errors.iter().map(|(code, field)| (code.as_str(), field.as_deref().unwrap())).collect();
    assert_eq!(
        errors,
        [
            ("TOO_LONG", "name"),
            ("INVALID", "language"),
            ("INVALID", "timezone"),
            ("INVALID", "tags"),
            ("REQUIRED", "email"),
            ("REQUIRED", "currentPassword"),
        ]
    );
    assert_eq!(client.errors("updateProfile", json!({ "name": "new", "password": null })).await.len(), 2);
    assert_eq!(client.me(PROFILE).await, before);
    assert!(app.messages().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_field_refuses_the_whole_update() {
    let app = app_with_verified_user().await;
    let client = app.signed_in(DOMAIN, "wonny@example.com").await;
    let before = client.me(PROFILE).await;
    let input =
        json!({ "name": "Other", "email": "new@example.com", "password": "something new 5", "currentPassword": "no" });
    assert_eq!(client.error_code("updateProfile", input).await, "WRONG_PASSWORD");
    let input =
        json!({ "name": "Other", "email": "new@example.com", "password": "password1", "currentPassword": PASSWORD });
    assert_eq!(client.error_code("updateProfile", input).await, "PASSWORD_TOO_COMMON");
    assert_eq!(client.me(PROFILE).await, before);

    client.mutate_ok("updateProfile", json!({ "email": "new@example.com" }), "sentTo").await;
    // A second code within a minute exceeds the rate limit, so the name does not change either.
    assert_eq!(
        client.error_code("updateProfile", json!({ "name": "Other", "email": "new@example.com" })).await,
        "RATE_LIMITED"
    );
    assert_eq!(client.me("name").await, json!({ "name": "WONNY" }));
    assert_eq!(app.messages().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn profile_email_and_password_change_in_one_mutation() {
    let app = app_with_verified_user().await;
    let mut client = app.signed_in(DOMAIN, "wonny@example.com").await;
    let other = app.signed_in(DOMAIN, "wonny@example.com").await;
    let input = json!({
        "name": "W", "email": "new@example.com", "password": "something new 5", "currentPassword": PASSWORD,
    });
    let done = client.mutate_ok("updateProfile", input, "user { name email pendingEmail } sentTo expiresAt").await;
    assert_eq!(done["user"], json!({ "name": "W", "email": "wonny@example.com", "pendingEmail": "new@example.com" }));
    assert_eq!(done["sentTo"], "new@example.com");
    assert_eq!(done["expiresAt"], "2026-11-23T09:10:00Z");
    assert!(client.is_authenticated().await && !other.is_authenticated().await);
    // The code was sent after the password change, which therefore did not invalidate it.
    let code = app.code("new@example.com").await;
    client.mutate_ok("confirmEmail", json!({ "verifyCode": code }), "user { email }").await;
    client.sign_in(DOMAIN, "wonny@example.com", "something new 5").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_input_is_stored_verbatim_or_refused_with_its_field() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for name in ["<b>&\"'", "가나다", "e\u{301}", "a\u{202e}b", "🦀".repeat(128).as_str()] {
        let done = client.mutate_ok("updateProfile", json!({ "name": name }), "user { name }").await;
        assert_eq!(done["user"]["name"], name);
    }
    let deep = (0..9).fold(json!(1), |inner, _| json!({ "k": inner }));
    for (input, field) in [
        (json!({ "name": "a\r\nBcc: x@y.zz" }), "name"),
        (json!({ "name": "a\u{0}b" }), "name"),
        (json!({ "name": "  " }), "name"),
        (json!({ "email": "v@x,e@y" }), "email"),
        (json!({ "email": "v@x.org\r\nBcc: e@y.org" }), "email"),
        (json!({ "email": "a\u{202e}b@x.org" }), "email"),
        (json!({ "tags": { "k": "x".repeat(17 * 1024) } }), "tags"),
        (json!({ "tags": deep }), "tags"),
        // `serde_json` would read this key as a marker for raw JSON, here a list.
        (json!({ "tags": { "$serde_json::private::RawValue": "[1]" } }), "tags"),
        (json!({ "tags": { "a": [{ "$serde_json::private::RawValue": "[1]" }] } }), "tags"),
    ] {
        let errors = client.errors("updateProfile", input).await;
        assert_eq!(errors.iter().map(|(_, field)| field.as_deref()).collect::<Vec<_>>(), [Some(field)]);
    }
    // Values over the size or depth limit of requests are refused before fields are checked.
    let (large, deep) =
        (json!({ "k": "x".repeat(1024 * 1024) }), (0..200).fold(json!({}), |inner, _| json!({ "k": inner })));
    for (tags, code) in [(large, "LIMIT_EXCEEDED"), (deep, "BAD_USER_INPUT")] {
        let response = client.try_mutate("updateProfile", json!({ "tags": tags }), "__typename").await;
        assert!(response.status.is_client_error());
        assert_eq!(response.error_code(), code);
    }
    let surrogate = r#"{"query":"mutation { updateProfile(input: { name: \"\ud800\" }) { errors { code } } }"}"#;
    let request = client.request(axum::http::Method::POST, "/graphql").header("content-type", "application/json");
    let response = client.send(request.body(surrogate.into()).unwrap()).await;
    assert!(response.status.is_client_error() || response.body.get("errors").is_some(), "{}", response.text);
}
