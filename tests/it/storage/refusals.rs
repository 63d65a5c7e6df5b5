//! A refusal costs no connection and leaves no lock: what is refused in a transaction is rolled back, and its connection
//! serves the next request.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Client, DOMAIN, TestApp, user};

/// How many connections the tests' servers may have open at once.
const CONNECTIONS: u64 = 8;

/// Everything that opens a transaction and is refused in it, by the name of the mutation.
fn refusals() -> Vec<(&'static str, Value)> {
    let wrong_code = json!({ "verifyCode": "000000" });
    vec![
        ("resetPassword", json!({ "domainId": DOMAIN, "userId": "wonny" })),
        ("confirmPasswordReset", json!({ "token": "upp_wrong", "newPassword": "battery staple 8" })),
        ("updatePassword", json!({ "currentPassword": "wrong horse 7", "newPassword": "battery staple 8" })),
        ("updatePassword", json!({ "newPassword": "battery staple 8" })),
        ("updateProfile", json!({ "password": "battery staple 8", "currentPassword": "wrong horse 7" })),
        ("updateProfile", json!({ "email": "limited@x.org" })),
        ("verifyEmail", json!({ "email": "limited@x.org" })),
        ("confirmEmail", wrong_code.clone()),
        ("enableMfa", json!({ "mfaType": "EMAIL", "options": { "email": "limited@x.org" } })),
        ("confirmMfa", wrong_code.clone()),
        ("disableMfa", Value::Null),
        ("regenerateRecoveryCodes", Value::Null),
        ("revokeSession", json!({ "id": "session-000000000000" })),
        ("reauthenticate", json!({ "password": "wrong horse 7" })),
        ("refreshSession", json!({ "refreshToken": "upr_wrong" })),
        ("confirmSignIn", json!({ "challengeToken": "upc_wrong", "verifyCode": "000000" })),
        ("undoEmailChange", json!({ "token": "upu_wrong" })),
        ("requestAccountDeletion", Value::Null),
        ("confirmAccountDeletion", wrong_code.clone()),
        ("cancelAccountDeletion", json!({ "token": "upd_wrong" })),
        ("signIn", json!({ "domainId": DOMAIN, "userId": "wonny", "password": "wrong horse 7" })),
    ]
}

/// A mutation that may be refused for whatever reason, but must not fail.
async fn refuse(client: &Client, name: &str, input: Value) {
    let answer = client.try_mutate(name, input, "__typename").await;
    assert!(answer.body.get("errors").is_none(), "{name}: {}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_mutations_lose_no_connection() {
    let app = TestApp::with_users(&["wonny"]).await;
    app.import(&user(DOMAIN, "kim", r#""email":"kim@x.org","email_verified":true"#)).await;
    let client = app.signed_in(DOMAIN, "kim").await;
    for round in 0..6 {
        for (name, input) in refusals() {
            refuse(&client.at(&format!("192.0.2.{round}")), name, input).await;
        }
    }
    let opened = app.services.db.connections_opened();
    assert!(opened <= CONNECTIONS, "{opened} connections were opened");
}

/// From one address, over the limit of mails that it may cause: 300 refusals.
#[tokio::test(flavor = "multi_thread")]
async fn resets_over_the_limit_lose_no_connection_and_leave_no_lock() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.client();
    let mut limited = 0;
    for number in 0..330 {
        let input = json!({ "domainId": DOMAIN, "userId": format!("user{number}") });
        let errors = client.mutate("resetPassword", input, "ok").await["errors"].clone();
        limited += usize::from(errors[0]["code"] == "RATE_LIMITED");
    }
    assert_eq!(limited, 300);
    let opened = app.services.db.connections_opened();
    assert!(opened <= CONNECTIONS, "{opened} connections were opened");
    let other = client.at("192.0.2.77");
    let again = other.mutate_ok("resetPassword", json!({ "domainId": DOMAIN, "userId": "wonny" }), "ok");
    tokio::time::timeout(Duration::from_secs(4), again).await.expect("a lock was left behind");
}

/// A client that is refused and asks again at once meets its own transaction, which may still be rolled back: it waits for
/// it and gets the same answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refused_clients_that_retry_at_once_all_get_a_response() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let ask = |_| {
        let client = client.clone();
        tokio::spawn(async move { client.error_code("confirmEmail", json!({ "verifyCode": "000000" })).await })
    };
    for answer in futures_util::future::join_all((0..60).map(ask)).await {
        assert_eq!(answer.unwrap(), "NOTHING_PENDING");
    }
    assert!(app.services.db.connections_opened() <= CONNECTIONS);
}

/// Nobody refused anything, and nobody hangs up: the answer is 200, on both databases, and asking costs no connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_writable_database_is_ready() {
    let app = TestApp::with_users(&["wonny"]).await;
    let ready = |_| {
        let client = app.client();
        let request = client.request(Method::GET, "/readyz").body(axum::body::Body::empty()).unwrap();
        async move { client.send(request).await.status.as_u16() }
    };
    let answers = futures_util::future::join_all((0..100).map(ready)).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    assert!(app.signed_in(DOMAIN, "wonny").await.is_authenticated().await);
}
