//! `updateProfile`: what is absent, null or a value; all of it, or nothing.

use serde_json::{Value, json};

use crate::support::{DOMAIN, TestApp, domain, user};

const PROFILE: &str = "name language timezone tags email emailVerified pendingEmail";

fn verified(user_id: &str) -> String {
    user(DOMAIN, user_id, &format!(r#""email":"{user_id}","email_verified":true"#))
}

#[tokio::test(flavor = "multi_thread")]
async fn absent_leaves_null_empties_and_values_replace() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let input =
        json!({ "name": " Wonny Kim ", "language": "KO", "timezone": "Asia/Seoul", "tags": { "b": 1, "a": [2] } });
    let done = client.done("updateProfile", input, &format!("user {{ {PROFILE} }} sentTo expiresAt")).await;
    assert_eq!(
        done["user"],
        json!({ "name": "Wonny Kim", "language": "ko", "timezone": "Asia/Seoul", "tags": { "a": [2], "b": 1 },
                "email": null, "emailVerified": false, "pendingEmail": null })
    );
    assert_eq!((&done["sentTo"], &done["expiresAt"]), (&Value::Null, &Value::Null));
    let before = client.me(PROFILE).await;
    assert_eq!(before, done["user"]);

    client.done("updateProfile", json!({}), "user { name }").await;
    assert_eq!(client.me(PROFILE).await, before);
    client.done("updateProfile", json!({ "tags": { "c": true } }), "user { name }").await;
    assert_eq!(client.me("tags name").await, json!({ "tags": { "c": true }, "name": "Wonny Kim" }));

    let nothing = json!({ "name": null, "language": null, "timezone": null, "tags": null });
    client.done("updateProfile", nothing, "user { name }").await;
    assert_eq!(
        client.me("name language timezone tags").await,
        json!({ "name": null, "language": "en", "timezone": "UTC", "tags": {} })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_faults_are_told_at_once_and_nothing_is_changed() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let before = client.me(PROFILE).await;
    let input = json!({
        "name": "x".repeat(129), "language": "?", "timezone": "Mars/Base", "tags": { "a": "\u{0}" }, "email": null,
        "password": "something new 5",
    });
    let refused = client.refused("updateProfile", input).await;
    let told: Vec<_> = refused.iter().map(|(code, field)| (code.as_str(), field.as_deref().unwrap())).collect();
    assert_eq!(
        told,
        [
            ("TOO_LONG", "name"),
            ("INVALID", "language"),
            ("INVALID", "timezone"),
            ("INVALID", "tags"),
            ("REQUIRED", "email"),
            ("REQUIRED", "currentPassword"),
        ]
    );
    assert_eq!(client.refused("updateProfile", json!({ "name": "new", "password": null })).await.len(), 2);
    assert_eq!(client.me(PROFILE).await, before);
    assert!(app.mails().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_part_that_is_refused_refuses_all() {
    let app = TestApp::start().await;
    app.import(&(domain(DOMAIN) + &verified("wonny@example.com"))).await;
    let client = app.signed_in(DOMAIN, "wonny@example.com").await;
    let before = client.me(PROFILE).await;
    let input =
        json!({ "name": "Other", "email": "new@example.com", "password": "something new 5", "currentPassword": "no" });
    assert_eq!(client.refusal("updateProfile", input).await, "WRONG_PASSWORD");
    let input = json!({ "name": "Other", "email": "new@example.com", "password": "password1", "currentPassword": crate::support::PASSWORD });
    assert_eq!(client.refusal("updateProfile", input).await, "PASSWORD_TOO_COMMON");
    assert_eq!(client.me(PROFILE).await, before);

    client.done("updateProfile", json!({ "email": "new@example.com" }), "sentTo").await;
    // A second code within the minute is too much, and so the name stays too.
    assert_eq!(
        client.refusal("updateProfile", json!({ "name": "Other", "email": "new@example.com" })).await,
        "RATE_LIMITED"
    );
    assert_eq!(client.me("name").await, json!({ "name": "WONNY" }));
    assert_eq!(app.mails().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_at_once() {
    let app = TestApp::start().await;
    app.import(&(domain(DOMAIN) + &verified("wonny@example.com"))).await;
    let mut client = app.signed_in(DOMAIN, "wonny@example.com").await;
    let other = app.signed_in(DOMAIN, "wonny@example.com").await;
    let input = json!({
        "name": "W", "email": "new@example.com", "password": "something new 5", "currentPassword": crate::support::PASSWORD,
    });
    let done = client.done("updateProfile", input, "user { name email pendingEmail } sentTo expiresAt").await;
    assert_eq!(done["user"], json!({ "name": "W", "email": "wonny@example.com", "pendingEmail": "new@example.com" }));
    assert_eq!(done["sentTo"], "new@example.com");
    assert_eq!(done["expiresAt"], "2026-11-23T09:10:00Z");
    assert!(client.is_somebody().await && !other.is_somebody().await);
    // The code was sent after the password was changed, so that change did not void it.
    let code = app.code("new@example.com").await;
    client.done("confirmEmail", json!({ "verifyCode": code }), "user { email }").await;
    client.sign_in(DOMAIN, "wonny@example.com", "something new 5").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hostile_is_kept_as_it_is_or_refused_by_its_field() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for name in ["<b>&\"'", "가나다", "e\u{301}", "a\u{202e}b", "🦀".repeat(128).as_str()] {
        let done = client.done("updateProfile", json!({ "name": name }), "user { name }").await;
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
        // What reads JSON for us would take this for a list.
        (json!({ "tags": { "$serde_json::private::RawValue": "[1]" } }), "tags"),
        (json!({ "tags": { "a": [{ "$serde_json::private::RawValue": "[1]" }] } }), "tags"),
    ] {
        let refused = client.refused("updateProfile", input).await;
        assert_eq!(refused.iter().map(|(_, field)| field.as_deref()).collect::<Vec<_>>(), [Some(field)]);
    }
    // Larger than any request may be, or deeper, is refused before anybody looks for fields.
    let (large, deep) =
        (json!({ "k": "x".repeat(1024 * 1024) }), (0..200).fold(json!({}), |inner, _| json!({ "k": inner })));
    for (tags, code) in [(large, "LIMIT_EXCEEDED"), (deep, "BAD_USER_INPUT")] {
        let answer = client.try_mutate("updateProfile", json!({ "tags": tags }), "__typename").await;
        assert!(answer.status.is_client_error());
        assert_eq!(answer.error_code(), code);
    }
    let surrogate = r#"{"query":"mutation { updateProfile(input: { name: \"\ud800\" }) { errors { code } } }"}"#;
    let request = client.request(axum::http::Method::POST, "/graphql").header("content-type", "application/json");
    let answer = client.send(request.body(surrogate.into()).unwrap()).await;
    assert!(answer.status.is_client_error() || answer.body.get("errors").is_some(), "{}", answer.text);
}
